import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readParquet } from '../../src/source/parquet-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey } from './arbitrary-keys.ts';
import { withDuckDB } from './duckdb.ts';
import { keysOf, rowsOf, usage } from './key-rows.ts';

function read(path: string, bucket: string | null = 'photos'): AsyncGenerator<KeyBatch> {
  return readParquet(path, new KeyBatcher('keys.parquet', 'row', bucket));
}

test('any key comes back exact from DuckDB, text or bytes', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await fc.assert(
      fc.asyncProperty(fc.array(anyKey, { maxLength: 50 }), fc.constantFrom('snappy', 'zstd', 'gzip', 'uncompressed'), async (keys, compression) => {
        await database.keys(keys);
        for (const key of ['key', 'encode(key)']) {
          await database.run(`COPY (SELECT ${key} AS key FROM keys ORDER BY n) TO '${path}' (FORMAT parquet, COMPRESSION ${compression})`);
          assert.deepEqual(await keysOf(read(path)), keys);
        }
      }),
      { numRuns: 20 },
    );
  });
});

test('the columns needed are read in any type that fits, the others not at all', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await database.keys(['a', 'b', 'c']);
    const expected = (size: number, time: number): unknown[] =>
      ['a', 'b', 'c'].map((key, n) => ({ bucket: 'photos', key, size: n === 1 ? -1 : size, etag: n === 1 ? '' : 'e', lastModified: n === 1 ? -1 : time }));
    const second = Date.UTC(2024, 4, 6, 7, 8, 9);
    const cases: [string, string, number][] = [
      ['BIGINT', 'TIMESTAMP', second + 678],
      ['UBIGINT', 'TIMESTAMPTZ', second + 678],
      ['INTEGER', 'TIMESTAMP_MS', second + 678],
      ['USMALLINT', 'TIMESTAMP_NS', second + 678],
      ['DOUBLE', 'TIMESTAMP_S', second],
      ['VARCHAR', 'VARCHAR', second + 678],
    ];
    for (const [size, time, milliseconds] of cases) {
      await database.run(
        `COPY (SELECT {'key': 1} AS nested, 'photos' AS bucket, if(n = 1, NULL, '"e"') AS etag, if(n = 1, NULL, 500)::${size} AS size,
           if(n = 1, NULL, '2024-05-06 07:08:09${time === 'TIMESTAMP_S' ? '' : '.678'}')::${time} AS last_modified, [1] AS list, key
         FROM keys ORDER BY n) TO '${path}' (FORMAT parquet)`,
      );
      assert.deepEqual(await rowsOf(read(path)), expected(500, milliseconds), `${size} ${time}`);
    }
  });
});

test('each row can name its bucket; batches are cut where it changes', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await database.run(
      `COPY (SELECT 'k' || i AS key, IF(i < 5000, 'first', 'second') AS bucket FROM range(20000) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 3000)`,
    );
    const rows = await rowsOf(read(path, null));
    assert.deepEqual(rows.map(({ bucket, key }) => `${bucket} ${key}`), Array.from({ length: 20_000 }, (_, i) => `${i < 5000 ? 'first' : 'second'} k${i}`));
    await assert.rejects(rowsOf(read(path, 'first')), usage(/^keys\.parquet row 5001: names bucket "second", the command names "first"/));
  });
});

test('what cannot be used is refused by row', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    const select = async (sql: string, bucket: string | null = 'photos'): Promise<unknown> => {
      await database.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
      return rowsOf(read(path, bucket));
    };
    await assert.rejects(select("SELECT 'a' AS object, 1 AS size"), usage(/keys\.parquet has no column "key": it has "object", "size"/));
    await assert.rejects(select('SELECT 7 AS key'), usage(/column "key" is Int32, not text/));
    await assert.rejects(select('SELECT NULL::VARCHAR AS key'), usage(/row 1: the key is null/));
    await assert.rejects(select("SELECT * FROM (VALUES ('a'), (NULL)) t(key)"), usage(/row 2: the key is null/));
    await assert.rejects(select("SELECT * FROM (VALUES ('a'), ('')) t(key)"), usage(/row 2: the key is empty/));
    await assert.rejects(select("SELECT repeat('x', 1025) AS key"), usage(/row 1: .*1024 bytes/));
    await assert.rejects(select("SELECT '\\xC3'::BLOB AS key"), usage(/row 1: .*UTF-8/));
    await assert.rejects(select("SELECT 'a' AS key", null), usage(/row 1: .*no bucket/));
    await assert.rejects(select("SELECT 'a' AS key, NULL::VARCHAR AS bucket", null), usage(/row 1: .*no bucket/));
    await assert.rejects(select("SELECT 'a' AS key, -5 AS size"), usage(/row 1: the size/));
    await assert.rejects(select("SELECT 'a' AS key, 'soon' AS last_modified"), usage(/row 1: last_modified/));
    await assert.rejects(select("SELECT 'a' AS key, 5 AS etag"), usage(/column "etag" is Int32, not text/));
    assert.deepEqual(await select("SELECT 'a' AS key LIMIT 0"), []);
  });
});

test('a file that is cut or damaged is refused', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await database.run(`COPY (SELECT 'some/key/' || i AS key FROM range(20000) t(i)) TO '${path}' (FORMAT parquet)`);
    const whole = await readFile(path);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 4, 2000);
    for (const bytes of [Buffer.alloc(0), whole.subarray(0, 3), whole.subarray(0, 1000), whole.subarray(0, whole.length - 1), damaged]) {
      await writeFile(path, bytes);
      await assert.rejects(rowsOf(read(path)), usage(/keys\.parquet cannot be read as Parquet: /));
    }
  });
});
