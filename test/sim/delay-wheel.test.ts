import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DelayWheel } from '../../src/sim/delay-wheel.ts';

test('nothing is early, all arrives within two milliseconds, and what is due together arrives in order', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  fc.assert(
    fc.property(
      fc.array(fc.record({ pause: fc.nat(30), delay: fc.double({ min: 0, max: 50, noNaN: true }), notBefore: fc.nat(20) }), { maxLength: 40 }),
      (requests) => {
        let now = 0.25;
        const arrived = new Map<number, number>();
        const wheel = new DelayWheel<number>(50, (due) => due.forEach((item) => arrived.set(item, now)), () => now);
        const pass = (ms: number): void => {
          for (let step = 0; step < ms; step++) {
            now += 1;
            context.mock.timers.tick(1);
          }
        };
        const dues: number[] = [];
        const ticks = requests.map(({ pause, delay, notBefore }, item) => {
          pass(pause);
          dues.push(now + delay);
          return wheel.add(item, delay, Math.floor(now) + notBefore);
        });
        pass(120);
        const order = [...arrived.keys()];
        assert.equal(arrived.size, requests.length);
        for (const [item, due] of dues.entries()) {
          assert.ok(arrived.get(item)! >= due, 'early');
          assert.ok(arrived.get(item)! <= ticks[item]! + 2, 'late');
        }
        assert.deepEqual(order, [...order].sort((a, b) => ticks[a]! - ticks[b]! || a - b));
        wheel.close();
      },
    ),
  );
});

test('what came in while the process stood still is not lost, nor early', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const arrived: [string, number][] = [];
  const wheel = new DelayWheel<string>(10, (due) => due.forEach((item) => arrived.push([item, now])), () => now);
  wheel.add('first', 10, 0);
  // Far more than a turn of the wheel goes by without its timer.
  now = 1_000;
  wheel.add('second', 10, 0);
  context.mock.timers.tick(20);
  assert.deepEqual(arrived, [['first', 1_000]]);
  now = 1_012;
  context.mock.timers.tick(20);
  assert.deepEqual(arrived.slice(1), [['second', 1_012]]);
});
