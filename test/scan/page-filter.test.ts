import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedPage } from '../../src/listing/listing.ts';
import { LIST_COLUMNS, type Schema } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { HEAD_LISTING, keyBatchOf } from '../../src/scan/listing-source.ts';
import { PageFilter } from '../../src/scan/page-filter.ts';
import type { Filter } from '../../src/source/filter.ts';
import { readRows } from '../listing/table.ts';
import { keysOf } from '../queue/key-batches.ts';

const NONE: Filter = { include: [], exclude: [], minSize: null, maxSize: null, newerThan: null, olderThan: null, storageClasses: [], sample: null };
const THROUGH = Buffer.from('c');

/** Keys a, b, c of 1, no and 3 bytes; b is in another storage class. */
function page(schema: Schema): ListedPage {
  const builder = new RecordBuilder(schema, new Map([['bucket', 'bucket']]));
  for (const [row, key] of ['a', 'b', 'c'].entries()) {
    builder.utf8('key')?.setText(row, key);
    if (key !== 'b') builder.int64('size')?.set(row, row + 1);
    builder.int64('last_modified')?.set(row, 1000 * row);
    if (key === 'b') builder.utf8('storage_class')?.setText(row, 'GLACIER');
    builder.endRow();
  }
  return { interval: { after: new Uint8Array(0), through: THROUGH }, rows: builder.take(), lastKey: THROUGH };
}

function columns(...names: readonly string[]): Schema {
  return names.map((name) => LIST_COLUMNS.find((column) => column.name === name)!);
}

test('without a filter a page passes as it is', () => {
  const filter = new PageFilter(null, LIST_COLUMNS);
  assert.equal(filter.schema.length, LIST_COLUMNS.length);
  const whole = page(filter.schema);
  assert.equal(filter.apply(whole), whole);
  assert.equal(filter.filtered, 0);
});

test('pages are listed with what the conditions need, and lose it behind them', () => {
  const wanted = columns('etag', 'key');
  const filter = new PageFilter({ ...NONE, minSize: 2, storageClasses: ['STANDARD'] }, wanted);
  assert.deepEqual(filter.schema.map(({ name }) => name), ['etag', 'key', 'size', 'storage_class']);
  const { rows } = filter.apply(page(filter.schema));
  assert.equal(rows.columns.length, 2);
  assert.deepEqual(readRows(rows, wanted), [{ key: 'c' }]);
  assert.equal(filter.filtered, 2);
  const all = new PageFilter({ ...NONE, include: ['*'] }, columns('size'));
  assert.deepEqual(all.schema.map(({ name }) => name), ['size', 'key']);
  assert.deepEqual(readRows(all.apply(page(all.schema)).rows, columns('size')), [{ size: 1n }, {}, { size: 3n }]);
});

test('what a page proves stays: a key that is left out is listed (R2)', () => {
  const filter = new PageFilter({ ...NONE, exclude: ['**'] }, HEAD_LISTING);
  const left = filter.apply(page(filter.schema));
  assert.deepEqual(left.interval, { after: new Uint8Array(0), through: THROUGH });
  assert.deepEqual([left.rows.rows, left.lastKey, filter.filtered], [0, THROUGH, 3]);
  const batch = keyBatchOf(left, 'bucket', HEAD_LISTING);
  assert.deepEqual([batch.count, keysOf(batch), batch.place], [0, [], { kind: 'keyspace', after: new Uint8Array(0), through: THROUGH }]);
});

test('what was listed of the keys that are left is what their HEADs are checked with (R4)', () => {
  const filter = new PageFilter({ ...NONE, newerThan: 1000 }, HEAD_LISTING);
  const batch = keyBatchOf(filter.apply(page(filter.schema)), 'bucket', HEAD_LISTING);
  assert.deepEqual(keysOf(batch), ['b', 'c']);
  assert.deepEqual([...batch.listed!.size!], [-1n, 3n]);
  assert.deepEqual([...batch.listed!.lastModified!], [1000n, 2000n]);
});
