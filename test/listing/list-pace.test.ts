import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_PACE, givenPace, MAX_LIST_CONCURRENCY, paceAfter, type Pace, type PageTime } from '../../src/listing/list-pace.ts';

const PAGE: PageTime = { ms: 50, isFull: true, isWanted: true, isThrottled: false };

/** As many pages as the limit is, one after the other. */
function round(pace: Pace, page: Partial<PageTime> = {}): Pace {
  let after = pace;
  for (let i = 0; i < pace.limit; i++) after = paceAfter(after, { ...PAGE, ...page });
  return after;
}

function limits(rounds: readonly Partial<PageTime>[], from = FIRST_PACE): number[] {
  let pace = from;
  return rounds.map((page) => (pace = round(pace, page)).limit);
}

test('from 4, doubled each round while pages come quickly, up to 64', () => {
  assert.equal(FIRST_PACE.limit, 4);
  assert.deepEqual(limits([{}, {}, {}, {}, {}, {}]), [8, 16, 32, 64, 64, 64]);
  assert.equal(MAX_LIST_CONCURRENCY, 64);
});

test('no more than the server answers quickly: a round that takes over three times the quickest does not count', () => {
  assert.deepEqual(limits([{}, { ms: 140 }, { ms: 160 }, { ms: 200 }, { ms: 60 }]), [8, 16, 16, 16, 32]);
});

test('short pages are quick whatever the server: they neither hold the limit back nor are they the measure', () => {
  assert.deepEqual(limits([{ ms: 1, isFull: false }, { ms: 50 }, { ms: 1, isFull: false }, { ms: 60 }]), [8, 16, 32, 64]);
});

test('nothing more for a consumer that is behind', () => {
  assert.deepEqual(limits([{ isWanted: false }, { isWanted: false }, {}]), [4, 4, 8]);
});

test('told to slow down: times 0.7, once a round, and one more a round from then on', () => {
  let pace = round(round(round(FIRST_PACE)));
  assert.equal(pace.limit, 32);
  pace = paceAfter(pace, { ...PAGE, isThrottled: true });
  assert.equal(pace.limit, 22);
  pace = round(pace, { isThrottled: true });
  assert.equal(pace.limit, 22, 'those refusals are of the same burst');
  assert.deepEqual(limits([{}, {}, {}], pace), [23, 24, 25]);
  pace = paceAfter(pace, { ...PAGE, isThrottled: true });
  assert.equal(pace.limit, 15);
  for (let i = 0; i < 30; i++) pace = round(paceAfter(pace, { ...PAGE, isThrottled: true }));
  assert.equal(pace.limit, 1, 'one is always allowed');
});

test('a limit that the user gave: as it is, lowered all the same when told to slow down, and never exceeded', () => {
  assert.deepEqual(limits([{}, { ms: 400 }, { isWanted: false }, {}], givenPace(10)), [10, 10, 10, 10]);
  const lowered = paceAfter(givenPace(10), { ...PAGE, isThrottled: true });
  assert.equal(lowered.limit, 7);
  // The first round is of requests from before.
  assert.deepEqual(limits([{}, {}, {}, {}, {}, {}], lowered), [7, 8, 9, 10, 10, 10]);
});
