import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileGlob } from '../../src/source/filter-glob.ts';
import { isSampled } from '../../src/source/filter-sample.ts';
import { RowFilter, type Filter, type FilterRows } from '../../src/source/filter.ts';
import { packed } from '../queue/key-batches.ts';

const NONE: Filter = { include: [], exclude: [], minSize: null, maxSize: null, newerThan: null, olderThan: null, storageClasses: [], sample: null };

interface Item {
  readonly key: string;
  /** null: unknown */
  readonly size: number | null;
  readonly modified: number | null;
  readonly storageClass: string | null;
}

function rowsOf(items: readonly Item[]): FilterRows {
  return {
    count: items.length,
    keys: packed(items.map(({ key }) => key)),
    size: BigInt64Array.from(items, ({ size }) => BigInt(size ?? -1)),
    lastModified: BigInt64Array.from(items, ({ modified }) => BigInt(modified ?? -1)),
    storageClass: packed(items.map(({ storageClass }) => storageClass ?? '')),
  };
}

function kept(filter: Partial<Filter>, items: readonly Item[]): string[] {
  const rows = new RowFilter({ ...NONE, ...filter }).kept(rowsOf(items));
  return (rows ?? [...items.keys()]).map((row) => items[row]!.key);
}

const ITEMS: readonly Item[] = [
  { key: 'small', size: 10, modified: 1000, storageClass: null },
  { key: 'empty', size: 0, modified: 2000, storageClass: 'STANDARD' },
  { key: 'large', size: 5e12, modified: 3000, storageClass: 'GLACIER' },
  { key: 'unknown', size: null, modified: null, storageClass: 'GLACIER_IR' },
];

test('limits of size are inclusive; what has no size is neither small nor large', () => {
  assert.deepEqual(kept({ minSize: 10 }, ITEMS), ['small', 'large']);
  assert.deepEqual(kept({ maxSize: 10 }, ITEMS), ['small', 'empty']);
  assert.deepEqual(kept({ minSize: 0 }, ITEMS), ['small', 'empty', 'large']);
  assert.deepEqual(kept({ minSize: 10, maxSize: 10 }, ITEMS), ['small']);
});

test('a moment parts the objects in two: newer from there on, older before', () => {
  assert.deepEqual(kept({ newerThan: 2000 }, ITEMS), ['empty', 'large']);
  assert.deepEqual(kept({ olderThan: 2000 }, ITEMS), ['small']);
  assert.deepEqual(kept({ newerThan: 2000, olderThan: 3000 }, ITEMS), ['empty']);
});

test('no storage class is STANDARD, and a name is a whole one', () => {
  assert.deepEqual(kept({ storageClasses: ['STANDARD'] }, ITEMS), ['small', 'empty']);
  assert.deepEqual(kept({ storageClasses: ['GLACIER'] }, ITEMS), ['large']);
  assert.deepEqual(kept({ storageClasses: ['GLACIER_IR', 'STANDARD'] }, ITEMS), ['small', 'empty', 'unknown']);
  assert.deepEqual(kept({ storageClasses: ['GLAC', 'standard'] }, ITEMS), []);
});

test('a column that no row of the batch has is unknown for all', () => {
  const rows = { ...rowsOf(ITEMS), size: null, lastModified: null, storageClass: null };
  assert.deepEqual(new RowFilter({ ...NONE, minSize: 0 }).kept(rows), []);
  assert.deepEqual(new RowFilter({ ...NONE, olderThan: 9e12 }).kept(rows), []);
  assert.equal(new RowFilter({ ...NONE, storageClasses: ['STANDARD'] }).kept(rows), null);
});

test('what a condition needs to know, and nothing else', () => {
  assert.deepEqual([...new RowFilter({ ...NONE, include: ['*'], exclude: ['x'], sample: 0.5 }).columns], []);
  assert.deepEqual([...new RowFilter({ ...NONE, maxSize: 1, olderThan: 5, storageClasses: ['X'] }).columns], ['size', 'last_modified', 'storage_class']);
});

const word = fc.constantFrom('a', 'b', 'ab', 'a/b', 'b/a', 'é', '😀', 'a/b/c');
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const item: fc.Arbitrary<Item> = fc.record({
  key: fc.tuple(word, fc.nat(20)).map(([text, n]) => `${text}${n}`),
  size: maybe(fc.nat(8)),
  modified: maybe(fc.nat(8)),
  storageClass: maybe(fc.constantFrom('STANDARD', 'GLACIER', 'DEEP_ARCHIVE')),
});
const globs = fc.array(fc.constantFrom('a*', '**', 'a/**', '*1', '?1', 'b/a{1,2}', '😀*'), { maxLength: 2 });
const anyFilter: fc.Arbitrary<Filter> = fc.record({
  include: globs,
  exclude: globs,
  minSize: maybe(fc.nat(8)),
  maxSize: maybe(fc.nat(8)),
  newerThan: maybe(fc.nat(8)),
  olderThan: maybe(fc.nat(8)),
  storageClasses: fc.subarray(['STANDARD', 'GLACIER']),
  sample: maybe(fc.double({ min: 0.1, max: 1, noNaN: true })),
});

/** A row at a time, on plain values. */
function wanted(filter: Filter, { key, size, modified, storageClass }: Item): boolean {
  const bytes = Buffer.from(key);
  if (filter.include.length > 0 && !filter.include.some((each) => compileGlob(each)(key))) return false;
  if (filter.exclude.some((each) => compileGlob(each)(key))) return false;
  if (filter.minSize !== null && !(size !== null && size >= filter.minSize)) return false;
  if (filter.maxSize !== null && !(size !== null && size <= filter.maxSize)) return false;
  if (filter.newerThan !== null && !(modified !== null && modified >= filter.newerThan)) return false;
  if (filter.olderThan !== null && !(modified !== null && modified < filter.olderThan)) return false;
  if (filter.storageClasses.length > 0 && !filter.storageClasses.includes(storageClass ?? 'STANDARD')) return false;
  return filter.sample === null || isSampled(bytes, 0, bytes.length, filter.sample);
}

test('all conditions must hold, as one looks at each row by itself', () => {
  fc.assert(
    fc.property(anyFilter, fc.array(item, { maxLength: 20 }), (filter, items) => {
      assert.deepEqual(kept(filter, items), items.filter((each) => wanted(filter, each)).map(({ key }) => key));
    }),
    { numRuns: 500 },
  );
});
