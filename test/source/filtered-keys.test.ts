/** A filter on key files: the rows it wants, in places that still tile the file, or why it cannot be applied. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { RowFilter, type Filter } from '../../src/source/filter.ts';
import { readKeyFile } from '../../src/source/key-file.ts';
import { keysOf } from '../queue/key-batches.ts';
import { temporaryFolder } from '../support/folder.ts';
import { sql } from '../support/tables.ts';
import { usage } from './key-rows.ts';

const NONE: Filter = { include: [], exclude: [], minSize: null, maxSize: null, newerThan: null, olderThan: null, storageClasses: [], sample: null };

async function read(t: TestContext, name: string, content: string | null, filter: Partial<Filter>): Promise<KeyBatch[]> {
  const path = join(await temporaryFolder(t), name);
  if (content === null) await sql(`COPY (${TABLE}) TO '${path}' (FORMAT parquet)`);
  else await writeFile(path, content);
  const batches: KeyBatch[] = [];
  for await (const batch of readKeyFile({ path, format: null, bucket: 'photos' }, new RowFilter({ ...NONE, ...filter }))) batches.push(batch);
  return batches;
}

const TABLE = `SELECT * FROM (VALUES
  ('a', 10::BIGINT, TIMESTAMPTZ '2026-01-01 00:00:00Z', NULL),
  ('b', NULL, NULL, 'GLACIER'),
  ('c', 30, TIMESTAMPTZ '2026-03-01 00:00:00Z', 'STANDARD')) AS t(key, size, last_modified, storage_class)`;
const CSV = 'key,size,last_modified,storage_class\na,10,2026-01-01T00:00:00Z,\nb,,,GLACIER\nc,30,2026-03-01T00:00:00Z,STANDARD\n';
const NDJSON = [
  { key: 'a', content_length: 10, last_modified: '2026-01-01T00:00:00Z', storage_class: null },
  { key: 'b', content_length: null, last_modified: null, storage_class: 'GLACIER' },
  { key: 'c', content_length: 30, last_modified: '2026-03-01T00:00:00Z', storage_class: 'STANDARD' },
].map((row) => `${JSON.stringify(row)}\n`).join('');

for (const [name, content] of [['keys.csv', CSV], ['keys.ndjson', NDJSON], ['keys.parquet', null]] as const) {
  test(`${name}: every kind of condition, and what is left has its place`, async (t) => {
    const keys = async (filter: Partial<Filter>): Promise<string[]> => (await read(t, name, content, filter)).flatMap(keysOf);
    assert.deepEqual(await keys({ include: ['[bc]'] }), ['b', 'c']);
    assert.deepEqual(await keys({ exclude: ['b'] }), ['a', 'c']);
    assert.deepEqual(await keys({ minSize: 11 }), ['c']);
    assert.deepEqual(await keys({ olderThan: Date.UTC(2026, 1) }), ['a']);
    assert.deepEqual(await keys({ storageClasses: ['STANDARD'] }), ['a', 'c']);
    const [batch] = await read(t, name, content, { storageClasses: ['STANDARD'], minSize: 20 });
    assert.deepEqual(batch!.place, { kind: 'records', after: 0, through: 3, kept: Int32Array.of(3) });
    assert.deepEqual([...batch!.listed!.size!], [30n]);
  });
}

test('text tells keys alone: globs and samples apply, the others cannot', async (t) => {
  const [batch] = await read(t, 'keys.txt', 'a\nb\nc\n', { include: ['[bc]'] });
  assert.deepEqual(keysOf(batch!), ['b', 'c']);
  await assert.rejects(read(t, 'keys.txt', 'a\n', { minSize: 1 }), usage(/keys\.txt has no "size", which --min-size and --max-size ask for/));
});

test('a column that the file does not have is said before any key is asked', async (t) => {
  await assert.rejects(read(t, 'keys.csv', 'key,size\na,1\n', { olderThan: 5 }), usage(/keys\.csv has no "last_modified".*--older-than/));
  await assert.rejects(read(t, 'keys.csv', 'key,size\na,1\n', { storageClasses: ['X'] }), usage(/"storage_class".*--storage-class/));
  await assert.rejects(read(t, 'keys.ndjson', '{"key":"a","size":1}\n{"key":"b"}\n', { minSize: 1 }), usage(/line 2: has no "size"|line 2.*no "size"/));
});

test('many batches: all places together are the whole file, also where nothing of a batch is wanted', async (t) => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `key-${n}\n`).join('');
  const batches = await read(t, 'keys.txt', lines, { include: ['key-9*'] });
  let through = 0;
  for (const { place, count, keys } of batches) {
    assert.ok(place.kind === 'records');
    assert.equal(place.after, through);
    assert.equal(keys.offsets.length, count + 1);
    through = place.through;
  }
  assert.equal(through, 10_000);
  const expected = Array.from({ length: 10_000 }, (_, n) => `key-${n}`).filter((key) => key.startsWith('key-9'));
  assert.deepEqual(batches.flatMap(keysOf), expected);
});

function classOf(n: number): string | null {
  return n % 7 === 4 ? 'GLACIER' : n % 5 === 1 ? 'STANDARD' : null;
}

test('storage classes stay with their rows from batch to batch, also where most rows have none', async (t) => {
  const numbers = Array.from({ length: 6_000 }, (_, n) => n);
  const lines = numbers.map((n) => `${JSON.stringify({ key: `key-${n}`, storage_class: classOf(n) })}\n`).join('');
  const batches = await read(t, 'keys.ndjson', lines, { storageClasses: ['STANDARD'] });
  assert.deepEqual(batches.flatMap(keysOf), numbers.filter((n) => classOf(n) !== 'GLACIER').map((n) => `key-${n}`));
});
