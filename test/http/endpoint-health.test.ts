import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';

const AT_ONCE = (): number => 0;

function health(endpoints: number): EndpointHealth {
  return new EndpointHealth(EndpointHealth.allocate(endpoints));
}

/** Fails until it is out. Returns how many failures that took. */
function takeOut(of: EndpointHealth, endpoint: number, nowMs: number): number {
  const { outages } = of.state(endpoint);
  for (let failures = 1; failures <= 100; failures++) {
    of.failed(endpoint, nowMs);
    if (of.state(endpoint).outages > outages) return failures;
  }
  assert.fail('it is never out');
}

test('an endpoint is out after failures in a row, and one answer among them begins anew', () => {
  const most = takeOut(health(2), 0, 0);
  assert.ok(most > 1);
  const some = health(2);
  for (let at = 0; at < 100; at++) {
    if (at % (most - 1) === 0) some.answered(0, AT_ONCE);
    assert.equal(some.failed(0, 0), false);
  }
  assert.deepEqual([some.state(0).isOut, some.state(0).outages, some.pick(0, 0, AT_ONCE)], [false, 0, 0]);
});

test('a request that was sent to find out takes it out by itself', () => {
  const two = health(2);
  assert.equal(two.failed(1, 5, true), true);
  assert.deepEqual(two.state(1), { isOut: true, outages: 1, outSince: 5, backAt: 0, outMs: 0 });
});

test('the lanes of an endpoint that is out are spread over the others evenly, and no other lane moves', () => {
  const four = health(4);
  takeOut(four, 1, 0);
  const asked = [0, 0, 0, 0];
  for (let lane = 0; lane < 30; lane++) {
    asked[four.pick(1, lane, AT_ONCE)]!++;
    for (const home of [0, 2, 3]) assert.equal(four.pick(home, lane, AT_ONCE), home);
  }
  assert.deepEqual(asked, [10, 0, 10, 10]);
});

test('it is tried by one request at a time, ever more seldom, for as long as it takes', () => {
  const two = health(2);
  takeOut(two, 0, 0);
  const tries: number[] = [];
  for (let ms = 0; ms < 100_000; ms += 100) {
    for (let request = 0; request < 10; request++) {
      if (two.pick(0, request, () => ms) === 1) continue;
      two.asks(0, () => ms);
      tries.push(ms);
      assert.equal(two.failed(0, ms), true);
    }
  }
  const gaps = tries.slice(1).map((ms, at) => ms - tries[at]!);
  assert.deepEqual(gaps, gaps.toSorted((a, b) => a - b));
  assert.ok(tries[0]! <= 1000 && gaps[0]! < gaps.at(-1)! && gaps.at(-1)! <= 10_000, String(tries));
  assert.deepEqual([two.state(0).outages, two.state(0).isOut], [1, true]);
});

test('its first answer brings it back, and the time it was out is told', () => {
  const two = health(2);
  takeOut(two, 0, 1000);
  two.answered(0, () => 4000);
  assert.equal(two.pick(0, 0, () => 4000), 0);
  takeOut(two, 0, 6000);
  two.answered(0, () => 6500);
  assert.deepEqual(two.state(0), { isOut: false, outages: 2, outSince: 6000, backAt: 6500, outMs: 3500 });
});

test('where all are out, or there is one, each is asked as if it were the only one', () => {
  for (const endpoints of [1, 3]) {
    const all = health(endpoints);
    for (let endpoint = 0; endpoint < endpoints; endpoint++) takeOut(all, endpoint, 0);
    for (let home = 0; home < endpoints; home++) {
      for (let lane = 0; lane < 5; lane++) assert.equal(all.pick(home, lane, AT_ONCE), home);
      assert.equal(all.failed(home, 0), false);
    }
  }
});

test('whatever comes, no endpoint is asked that is out, but its own to try it; all threads see the same', () => {
  const step = fc.record({ thread: fc.nat(1), endpoint: fc.nat(3), answers: fc.boolean(), times: fc.integer({ min: 1, max: 8 }), ms: fc.nat(3000) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (count, steps) => {
      const memory = EndpointHealth.allocate(count);
      const threads = [new EndpointHealth(memory), new EndpointHealth(memory)];
      let now = 0;
      for (const { thread, endpoint, answers, times, ms } of steps) {
        const of = threads[thread]!;
        const home = endpoint % count;
        now += ms;
        const picked = of.pick(home, times, () => now);
        of.asks(picked, () => now);
        const states = Array.from({ length: count }, (_, at) => threads[1 - thread]!.state(at));
        assert.ok(picked === home || (states[home]!.isOut && !states[picked]!.isOut));
        for (let time = 0; time < times; time++) {
          if (answers) of.answered(home, () => now);
          else assert.equal(of.failed(home, now), of.state(home).isOut && states.some(({ isOut }, at) => at !== home && !isOut));
        }
        if (answers) assert.equal(of.state(home).isOut, false);
      }
    }),
  );
});
