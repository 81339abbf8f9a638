import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readParquet } from '../../src/source/parquet-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey } from './arbitrary-keys.ts';
import { withDuckDB } from './duckdb.ts';
import { keysOf, rowsOf, usage } from './key-rows.ts';

function read(path: string, bucket: string | null = 'photos'): AsyncGenerator<KeyBatch> {
  return readParquet(path, new KeyBatcher('keys.parquet', 'row', bucket));
}

// reading starts a thread, so that there are few files, each with much in it

test('any key comes back exact from DuckDB, text or bytes', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await fc.assert(
      fc.asyncProperty(fc.array(anyKey, { minLength: 100, maxLength: 300 }), fc.constantFrom('snappy', 'zstd', 'gzip'), fc.boolean(), async (keys, compression, bytes) => {
        await database.keys(keys);
        const key = bytes ? 'encode(key)' : 'key';
        await database.run(`COPY (SELECT ${key} AS key FROM keys ORDER BY n) TO '${path}' (FORMAT parquet, COMPRESSION ${compression})`);
        assert.deepEqual(await keysOf(read(path)), keys);
      }),
      { numRuns: 4 },
    );
  });
});

test('the columns needed are read in any type that fits, the others not at all', async () => {
  await withDuckDB(async (database) => {
    const path = database.path('keys.parquet');
    await database.keys(['a', 'b']);
    for (const [size, time] of [
      ['UBIGINT', 'TIMESTAMPTZ'],
      ['VARCHAR', 'VARCHAR'],
    ] as const) {
      await database.run(
        `COPY (SELECT {'key': 1} AS nested, 'photos' AS bucket, if(n = 1, NULL, '"e"') AS etag, if(n = 1, NULL, 500)::${size} AS size,
           if(n = 1, NULL, '2024-05-06 07:08:09.678')::${time} AS last_modified, [1] AS list, key
         FROM keys ORDER BY n) TO '${path}' (FORMAT parquet)`,
      );
      assert.deepEqual(await rowsOf(read(path)), [
        { bucket: 'photos', key: 'a', size: 500, etag: 'e', lastModified: Date.UTC(2024, 4, 6, 7, 8, 9, 678) },
        { bucket: 'photos', key: 'b', size: -1, etag: '', lastModified: -1 },
      ]);
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
    const select = async (sql: string): Promise<unknown> => {
      await database.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
      return rowsOf(read(path));
    };
    await assert.rejects(select("SELECT 'a' AS object, {'key': 1} AS nested"), usage(/keys\.parquet has no column "key": it has "object", "nested"/));
    await assert.rejects(select('SELECT 7 AS key'), usage(/column "key" is Int32, not text/));
    await assert.rejects(select("SELECT * FROM (VALUES ('a'), (NULL)) t(key)"), usage(/row 2: the key is null/));
    await assert.rejects(select("SELECT '\\xC3'::BLOB AS key"), usage(/row 1: .*UTF-8/));
    await assert.rejects(select("SELECT 'a' AS key, NULL::VARCHAR AS bucket, -5 AS size"), usage(/row 1: the size/));
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
    for (const bytes of [Buffer.alloc(0), whole.subarray(0, whole.length - 1), damaged]) {
      await writeFile(path, bytes);
      await assert.rejects(rowsOf(read(path)), usage(/keys\.parquet cannot be read as Parquet: /));
    }
  });
});
