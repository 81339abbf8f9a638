import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Pace, sharedNow } from '../../src/http/pace.ts';

const START = 1_760_000_000_000;

/** The most that any second sees, of times in ms, ascending. */
function busiestSecond(times: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [at, time] of times.entries()) {
    while (times[from]! < time - 1000) from++;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

function rolled(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

test('without a limit nothing is counted, and a limit that is lifted is none', () => {
  const pace = new Pace(Pace.allocate(null));
  assert.equal(pace.isLimited, false);
  pace.limit(100);
  assert.equal(pace.isLimited, true);
  pace.limit(Infinity);
  assert.equal(pace.isLimited, false);
});

test('a cap of N a second: no second sees one more, and hardly one less, whoever asks and however late', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 3, 50, 999, 4000, 20_000), fc.integer(), (cap, seed) => {
      const dice = rolled(seed);
      const memory = Pace.allocate(cap);
      const threads = [new Pace(memory), new Pace(memory), new Pace(memory)];
      const times: number[] = [];
      let now = START;
      const until = START + 3000;
      while (now < until) {
        const toWait = threads[Math.floor(dice() * 3)]!.take(now);
        if (toWait === 0) times.push(now);
        // As late as timers are; sooner where it is worth nothing.
        else now += Math.min(toWait, 5) + dice() * 4;
      }
      assert.ok(busiestSecond(times) <= cap, `${busiestSecond(times)} in one second`);
      assert.ok(times.length >= Math.floor(((until - START) / 1000) * cap * 0.97) - 1, `${times.length} in all`);
    }),
    { numRuns: 40 },
  );
});

test('idle time is not saved up', () => {
  const pace = new Pace(Pace.allocate(100));
  let sent = 0;
  while (pace.take(START + 60_000) === 0) sent++;
  assert.ok(sent <= 2);
});

function about(count: number, expected: number): void {
  assert.ok(Math.abs(count - expected) <= expected * 0.02 + 3, `${count}, not ${expected}`);
}

test('a limit holds for all threads at once, within the cap, and the slower of gap and limit counts', () => {
  const memory = Pace.allocate(1000);
  const [main, worker] = [new Pace(memory), new Pace(memory)];
  const sentIn = (ms: number, gap = 0): number => {
    let sent = 0;
    for (let at = 0; at < ms; at++) while (worker.take(now + at, gap) === 0) sent++;
    now += ms + 1000;
    return sent;
  };
  let now = START;
  about(sentIn(2000), 1980);
  main.limit(100);
  about(sentIn(2000), 201);
  about(sentIn(2000, 100), 20);
  main.limit(5000);
  about(sentIn(2000), 1980);
  assert.equal(new Pace(Pace.allocate(null)).take(START, 100), 0);
});

test('several endpoints: each has its own limit, and all together the cap', () => {
  fc.assert(
    fc.property(fc.constantFrom(60, 900, 5000), fc.tuple(fc.constantFrom(40, 700), fc.constantFrom(300, Infinity)), fc.integer(), (cap, limits, seed) => {
      const dice = rolled(seed);
      const memory = Pace.allocate(cap, 2);
      limits.forEach((limit, endpoint) => new Pace(memory, endpoint).limit(limit));
      const paces = [0, 1].map((endpoint) => new Pace(memory, endpoint));
      const times: number[][] = [[], []];
      let now = START;
      const until = START + 3000;
      while (now < until) {
        // Both want all that they get.
        for (const endpoint of dice() < 0.5 ? [0, 1] : [1, 0]) while (paces[endpoint]!.take(now) === 0) times[endpoint]!.push(now);
        now += dice() * 4;
      }
      assert.ok(busiestSecond(times.flat().sort((a, b) => a - b)) <= cap);
      for (const [endpoint, limit] of limits.entries()) assert.ok(times[endpoint]!.length <= 3 * limit * 1.02 + 2, `${times[endpoint]!.length} at ${limit} a second`);
      // What one may not send is left to the other.
      const allowed = Math.min(cap, limits[0] + limits[1]);
      assert.ok(times.flat().length >= 3 * allowed * 0.95 - 3, `${times.flat().length} in all, of ${allowed} a second`);
    }),
    { numRuns: 30 },
  );
});

test('who waits for a turn has it before those who come back for theirs', async () => {
  const pace = new Pace(Pace.allocate(20));
  const signal = new AbortController().signal;
  const before = sharedNow();
  await pace.wait(signal);
  const waiting = pace.wait(signal);
  // What is reserved is counted: nobody else gets that turn.
  assert.ok(pace.take(before) > 40);
  await waiting;
  const then = sharedNow();
  pace.charge();
  assert.ok(pace.take(then) > 0);
});
