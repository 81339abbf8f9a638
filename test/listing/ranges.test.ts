import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ranges, type PageNews } from '../../src/listing/ranges.ts';
import { LAYOUTS } from '../../src/sim/sim.ts';
import { diceOf } from './fake-bucket.ts';
import { virtualScan } from './virtual-scan.ts';

const IN_FLIGHT = 64;

test('64 requests in flight list every layout at least 32 times as fast as one, with one request in ten to spare, and know halfway what is left, within a factor of ten', async () => {
  for (const layout of LAYOUTS) {
    const dice = diceOf(1);
    const { time, calls, keys, estimate } = await virtualScan(layout, 2_000_000, IN_FLIGHT, () => 0.9 + 0.2 * dice());
    assert.equal(keys, 2_000_000, layout);
    const speedup = 2000 / time;
    assert.ok(speedup >= 32, `${layout}: ${speedup.toFixed(1)} times`);
    assert.ok(estimate > 0.1 && estimate < 10, `${layout}: estimated ${estimate.toFixed(2)} times what was left`);
    const callsPer1000 = calls / 2000;
    assert.ok(callsPer1000 <= 1.1, `${layout}: ${callsPer1000.toFixed(2)} calls per 1,000 keys`);
  }
});

function page(keys: readonly string[], isLast = false): PageNews {
  const sample = keys.map((key) => Buffer.from(key));
  return { count: keys.length, firstKey: sample[0] ?? null, lastKey: sample.at(-1) ?? null, sample, isLast };
}

const text = (key: Uint8Array | null): string | null => key && Buffer.from(key).toString();

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');

/** Ranges over keys of two letters, `aa` to `cz` listed, and the first order answered. */
function begun(): Ranges {
  const ranges = new Ranges([{ after: Buffer.from(''), through: null }], Buffer.from(''));
  const [first] = ranges.next(8);
  ranges.finish(first!.range, page(LETTERS.slice(0, 3).flatMap((a) => LETTERS.map((b) => a + b))));
  return ranges;
}

test('ranges tile what was asked, and each order begins where its range does', () => {
  const ranges = begun();
  const orders = ranges.next(8);
  assert.ok(orders.length > 2);
  const ends = orders.map(({ range, after }) => [text(after)!, text(ranges.through(range))] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  assert.equal(ends[0]![0], 'cz');
  for (const [i, [, through]] of ends.entries()) assert.equal(through, ends[i + 1]?.[0] ?? null);
});

test('a range whose page is being taken in is not cut until that is done', () => {
  const ranges = begun();
  const [order] = ranges.next(1);
  assert.equal(ranges.through(order!.range), null);
  assert.deepEqual(ranges.next(8), []);
  const { through } = ranges.finish(order!.range, page(LETTERS.map((b) => `d${b}`)));
  assert.equal(text(through), 'dz');
  assert.ok(ranges.next(8).length > 2);
});

test('an empty page that others follow leaves the range where it is', () => {
  const ranges = begun();
  const [order] = ranges.next(1);
  const interval = ranges.finish(order!.range, page([]));
  assert.deepEqual([text(interval.after), text(interval.through)], ['cz', 'cz']);
  assert.deepEqual(ranges.next(1).map(({ after }) => text(after)), ['cz']);
});

function cutsWith(percentIsSafe: boolean): string[] {
  const ranges = new Ranges([{ after: Buffer.from(''), through: null }], Buffer.from(''));
  ranges.percentIsSafe = percentIsSafe;
  const [first] = ranges.next(8);
  ranges.finish(first!.range, page(LETTERS.slice(0, 3).flatMap((a) => LETTERS.map((b) => `%${a}${b}`))));
  return ranges.next(8).slice(1).map(({ after }) => text(after)!);
}

test('a cut holds a `%` only where that is known to be safe', () => {
  assert.ok(cutsWith(true).some((key) => key.includes('%')));
  assert.ok(!cutsWith(false).some((key) => key.includes('%')));
});

test('where all folders are known, ranges begin in one or with one; those that cannot be cut have one begin right below and right above', () => {
  const ranges = new Ranges([{ after: Buffer.from(''), through: null }], Buffer.from(''));
  const [first] = ranges.next(8);
  ranges.finish(first!.range, page(LETTERS.flatMap((a) => LETTERS.map((b) => `a/${a}${b}`))));
  const names = LETTERS.map((letter) => (letter < 'c' || letter > 'k' ? `${letter}-folder/` : `${letter}-\u0001/`));
  ranges.learnNames(names.map((name) => Buffer.from(name)), true);
  const begin = ranges.next(40).slice(1).map(({ after }) => text(after)!).sort();
  for (const key of begin) assert.ok(names.some((name) => key.startsWith(name) || name.startsWith(key)), key);
  assert.match(begin[0]!, /^b-folder\/z/);
  assert.match(begin[1]!, /^l/);
});
