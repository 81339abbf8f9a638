import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { PATIENCE_MS, RetryBudget } from '../../src/http/retry-budget.ts';

/** Failures with an answer now and then, so that it is no outage; how many tokens there were. */
function drain(budget: RetryBudget): number {
  let spent = 0;
  let earned = 0;
  while (budget.spend('transient', 0)) {
    if (++spent % 10 !== 0) continue;
    budget.earn();
    earned++;
  }
  return spent - earned;
}

test('ten attempts of everything in flight, and never fewer than 500', () => {
  assert.equal(drain(new RetryBudget(RetryBudget.allocate(1))), 500);
  assert.equal(drain(new RetryBudget(RetryBudget.allocate(200))), 2000);
});

test('the threads share one budget: never over what it began with, never below nothing', () => {
  const step = fc.record({ thread: fc.nat(2), times: fc.nat(400), earn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const memory = RetryBudget.allocate(250);
      const threads = [new RetryBudget(memory), new RetryBudget(memory), new RetryBudget(memory)];
      let tokens = 2500;
      for (const { thread, times, earn } of steps) {
        for (let i = 0; i < times; i++) {
          if (earn || i % 100 === 0) {
            threads[thread]!.earn();
            tokens = Math.min(2500, tokens + 1);
          } else {
            assert.equal(threads[thread]!.spend('transient', 0), tokens > 0);
            tokens = Math.max(0, tokens - 1);
          }
        }
      }
      threads[0]!.earn();
      assert.equal(drain(threads[0]!), Math.min(2500, tokens + 1));
    }),
  );
});

test('being told to slow down takes nothing from it, as long as something is answered', () => {
  const budget = new RetryBudget(RetryBudget.allocate(80));
  for (let refused = 0; refused < 100_000; refused++) {
    assert.ok(budget.spend('throttled', refused));
    if (refused % 100 === 0) budget.earn();
  }
  budget.earn();
  assert.equal(drain(budget), 800);
});

test('a server that is out for a while costs no more than what was in flight; out for too long, it ends the scan', () => {
  for (const cause of ['transient', 'throttled'] as const) {
    const memory = RetryBudget.allocate(80);
    const [budget, other] = [new RetryBudget(memory), new RetryBudget(memory)];
    for (let failed = 0; failed < 159; failed++) assert.ok(budget.spend(cause, 1000));
    assert.equal(other.isOut, false);
    for (let ms = 0; ms < PATIENCE_MS; ms += 50) {
      assert.ok((ms % 100 === 0 ? budget : other).spend(cause, 2000 + ms));
      assert.ok(other.isOut);
    }
    // The first answer, and all is as it was; the next outage has its own time.
    other.earn();
    assert.equal(budget.isOut, false);
    for (let failed = 0; failed < 160; failed++) assert.ok(budget.spend(cause, 90_000));
    assert.ok(budget.isOut);
    assert.ok(budget.spend(cause, 90_000 + PATIENCE_MS - 1));
    assert.equal(budget.spend(cause, 90_000 + PATIENCE_MS), false);
  }
});
