import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readCsv } from '../../src/source/csv-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey, chunkSizes } from './arbitrary-keys.ts';
import { withDuckDB } from './duckdb.ts';
import { inChunks, keysOf, rowsOf, usage } from './key-rows.ts';

function read(content: string | Uint8Array, bucket: string | null = 'photos', sizes: readonly number[] = [1 << 20]): AsyncGenerator<KeyBatch> {
  return readCsv(inChunks(content, sizes), new KeyBatcher('keys.csv', 'row', bucket));
}

const plainKey = anyKey.filter((key) => !/^'+[=+\-@\t\r\n＝＋－＠]/u.test(key));

test('any key comes back exact from another writer, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plainKey, { maxLength: 20 }), chunkSizes, fc.constantFrom('\n', '\r\n'), fc.boolean(), async (keys, sizes, lineEnd, alone) => {
      const records = alone ? keys.map((key) => [key]) : keys.map((key) => [key, 'x,y']);
      const columns = alone ? ['key'] : ['key', 'other'];
      // RFC 4180 wants a cell with CR or LF in quotes, csv-stringify quotes for its own line end only
      const content = stringify(records, { header: true, columns, record_delimiter: lineEnd, quoted_match: /[\r\n]/ });
      assert.deepEqual(await keysOf(read(content, 'photos', sizes)), keys);
    }),
  );
});

test('any key comes back exact from DuckDB, with what else it tells', async () => {
  await withDuckDB(async (database) => {
    await fc.assert(
      fc.asyncProperty(fc.array(plainKey, { minLength: 1, maxLength: 50 }), async (keys) => {
        await database.keys(keys);
        const path = database.path('keys.csv');
        await database.run(
          `COPY (SELECT key, n AS size, 'e' || n AS etag, TIMESTAMPTZ '2024-05-06 07:08:09.5+00' AS last_modified, NULL AS bucket FROM keys ORDER BY n) TO '${path}' (FORMAT csv, HEADER)`,
        );
        const rows = await rowsOf(read(await readFile(path)));
        assert.deepEqual(
          rows,
          keys.map((key, n) => ({ bucket: 'photos', key, size: n, etag: `e${n}`, lastModified: Date.UTC(2024, 4, 6, 7, 8, 9, 500) })),
        );
      }),
      { numRuns: 20 },
    );
  });
});

test('columns are found by name, in any order; content_length serves as size', async () => {
  assert.deepEqual(await rowsOf(read('x,bucket,content_length,key,etag\r\n1,first,7,a,"""q"""\r\n2,second,,b,\n', null)), [
    { bucket: 'first', key: 'a', size: 7, etag: 'q', lastModified: -1 },
    { bucket: 'second', key: 'b', size: -1, etag: '', lastModified: -1 },
  ]);
});

test('blank lines are no rows, and an empty file has none', async () => {
  assert.deepEqual(await keysOf(read('\nkey\n\na\n\nb')), ['a', 'b']);
  assert.deepEqual(await keysOf(read('key\n')), []);
  assert.deepEqual(await keysOf(read('')), []);
});

test("an apostrophe before a formula is taken off in s3scan's own tables, and refused elsewhere", async () => {
  await assert.rejects(rowsOf(read("key\na\n'=1\n")), usage(/row 2: .*apostrophe/));
  await assert.rejects(rowsOf(read("key\n''＝1\n")), usage(/row 1: .*apostrophe/));
  assert.deepEqual(await keysOf(read("key\n'a\n=1\n-\n'é\n")), ["'a", '=1', '-', "'é"]);
});

test('what cannot be used is refused by row or line', async () => {
  const cases: [string, RegExp][] = [
    ['Key,size\na,1\n', /has no column "key": it has "Key", "size"/],
    ['\u0000\u001b[2J\n', /it has "\\u0000\\u001b\[2J"/],
    ['key,x\n,1\n', /row 1: the key is empty/],
    ['key,x\na,1\n"",1\n', /row 2: the key is empty/],
    ['key,x\na,1\nb\n', /line 3: malformed CSV/],
    ['key,x\na,1,2\n', /line 2: malformed CSV/],
    ['key\na"b\n', /line 2: malformed CSV/],
    ['key\n"a"b\n', /line 2: malformed CSV/],
    ['key\n"a\n', /malformed CSV/],
    [`key\n"${'x'.repeat(1_100_000)}`, /malformed CSV/],
    [`key\n${'x'.repeat(1025)}\n`, /row 1: .*1024 bytes/],
    ['key,bucket\na,other\n', /row 1: names bucket "other"/],
    ['key,size\na,1\nb,many\n', /row 2: the size/],
    ['key,last_modified\na,today\n', /row 1: last_modified/],
  ];
  for (const [content, message] of cases) await assert.rejects(rowsOf(read(content)), usage(message));
  await assert.rejects(rowsOf(read('key\na\n', null)), usage(/row 1: .*no bucket/));
  await assert.rejects(rowsOf(read(Buffer.from('key\na\nb\xff\n', 'latin1'))), usage(/row 2: .*UTF-8/));
});
