import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RetryBudget } from '../../src/http/retry-budget.ts';

function drain(budget: RetryBudget): number {
  let spent = 0;
  while (budget.spend()) spent++;
  return spent;
}

test('ten attempts of everything in flight, and never fewer than 500', () => {
  assert.equal(drain(new RetryBudget(RetryBudget.allocate(1))), 500);
  assert.equal(drain(new RetryBudget(RetryBudget.allocate(200))), 2000);
});

test('the threads share one budget: never over what it began with, never below nothing', () => {
  const step = fc.record({ thread: fc.nat(2), times: fc.nat(400), earn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const memory = RetryBudget.allocate(1);
      const threads = [new RetryBudget(memory), new RetryBudget(memory), new RetryBudget(memory)];
      let tokens = 500;
      for (const { thread, times, earn } of steps) {
        for (let i = 0; i < times; i++) {
          if (earn) {
            threads[thread]!.earn();
            tokens = Math.min(500, tokens + 1);
          } else {
            assert.equal(threads[thread]!.spend(), tokens > 0);
            tokens = Math.max(0, tokens - 1);
          }
        }
      }
      assert.equal(drain(threads[0]!), tokens);
    }),
  );
});
