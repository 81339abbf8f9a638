import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Interval } from '../../src/keyspace/interval.ts';
import { complement, Tiling } from '../../src/keyspace/tiling.ts';

/** A keyspace small enough to look at every key of it: '', 'a', 'aa', 'ab', 'b', ... in order, then the end. */
const KEYS: readonly string[] = (() => {
  const keys = [''];
  for (const a of 'abc') {
    keys.push(a);
    for (const b of 'abc') keys.push(a + b);
  }
  return keys;
})();

function interval(after: string, through: string | null): Interval {
  return { after: Buffer.from(after), through: through === null ? null : Buffer.from(through) };
}

function holds({ after, through }: Interval, key: string): boolean {
  return key > Buffer.from(after).toString() && (through === null || key <= Buffer.from(through).toString());
}

/** Keys between those of KEYS too, and one above all. */
const PROBES = [...KEYS.flatMap((key) => [key, `${key}!`, `${key}~`]), 'zzz'];

function pageKey(page: number): Buffer {
  return Buffer.from(String(page).padStart(4, '0'));
}

const anInterval = fc
  .tuple(fc.constantFrom(...KEYS), fc.option(fc.constantFrom(...KEYS)))
  .map(([after, through]) => interval(after, through));

function assertAscending(intervals: readonly Interval[]): void {
  for (const [i, { after, through }] of intervals.entries()) {
    assert.ok(through === null || Buffer.compare(after, through) < 0, 'an empty interval');
    const next = intervals[i + 1];
    assert.ok(next === undefined || (through !== null && Buffer.compare(through, next.after) < 0), 'not ascending or not merged');
  }
}

test('the complement is what no interval covers, and nothing else (R2)', () => {
  fc.assert(
    fc.property(anInterval, fc.array(anInterval, { maxLength: 6 }), (scope, covered) => {
      const missing = complement(covered, scope);
      assertAscending(missing);
      for (const key of PROBES) {
        const expected = holds(scope, key) && !covered.some((one) => holds(one, key));
        assert.equal(missing.some((one) => holds(one, key)), expected, key);
      }
      // What covers it and what is missing are all of it.
      assert.deepEqual(complement([...covered, ...missing], scope), []);
    }),
    { numRuns: 1000 },
  );
});

test('a tiling takes intervals in any order, refuses what it has, and knows what is missing', () => {
  fc.assert(
    fc.property(anInterval, fc.array(anInterval, { maxLength: 10 }), (range, offered) => {
      const tiling = new Tiling();
      const taken: Interval[] = [];
      for (const one of offered) {
        const isFree = !PROBES.some((key) => holds(one, key) && taken.some((other) => holds(other, key)));
        assert.equal(tiling.add(one), isFree);
        if (isFree) taken.push(one);
      }
      assertAscending(tiling.intervals);
      assert.deepEqual(tiling.missing(range), complement(taken, range));
    }),
    { numRuns: 1000 },
  );
});

test('a listing of a thousand pages that arrive out of order is one interval, and complete (R5)', () => {
  const tiling = new Tiling();
  let largest = 0;
  // four chains of 250 pages, interleaved
  for (let step = 0; step < 250; step++) {
    for (const page of [750 + step, step, 500 + step, 250 + step]) {
      assert.ok(tiling.add({ after: page === 0 ? Buffer.alloc(0) : pageKey(page), through: page === 999 ? null : pageKey(page + 1) }));
      largest = Math.max(largest, tiling.intervals.length);
    }
  }
  assert.ok(largest <= 4, `${largest} intervals held at once`);
  assert.deepEqual(tiling.missing({ after: Buffer.alloc(0), through: null }), []);
  assert.deepEqual(tiling.intervals, [{ after: Buffer.alloc(0), through: null }]);
});
