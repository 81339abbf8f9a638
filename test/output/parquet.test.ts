import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { COMPRESSIONS_OF } from '../../src/output/format.ts';
import { query, readParquet } from './readers.ts';
import { batchesOf, BUCKET, encodeAll, options, PLAIN, rowWithoutMarks, SCHEMA, temporaryFolder, type Row } from './rows.ts';

const NEVERS = SCHEMA.filter(({ name }) => name.startsWith('never_')).map(() => null);
test('DuckDB reads every row back, maps, timestamps and the largest int64 included', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  await fc.assert(
    fc.asyncProperty(fc.array(rowWithoutMarks, { maxLength: 100, size: 'max' }), fc.integer({ min: 1, max: 50 }), async (rows, size) => {
      await writeFile(path, await encodeAll(options('parquet'), batchesOf(rows, size)));
      assert.deepEqual(
        await readParquet(path),
        rows.map((given) => ({ bucket: BUCKET, ...given, nevers: NEVERS })),
      );
    }),
    { numRuns: 8 },
  );
});

test('every compression is what the file says it is', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  for (const compression of COMPRESSIONS_OF.parquet) {
    await writeFile(path, await encodeAll(options('parquet', { compression }), batchesOf([PLAIN])));
    const [said] = await query(`select distinct compression from parquet_metadata('${path}')`);
    assert.equal(said!['compression'], compression === 'none' ? 'UNCOMPRESSED' : compression.toUpperCase());
  }
});

test('no row: a file with the whole schema and its metadata', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  await writeFile(path, await encodeAll(options('parquet'), []));
  assert.deepEqual(await readParquet(path), []);
  const columns = await query(`describe select * from read_parquet('${path}')`);
  const types: Record<string, string> = {
    utf8: 'VARCHAR',
    int32: 'INTEGER',
    int64: 'BIGINT',
    bool: 'BOOLEAN',
    timestamp_ms: 'TIMESTAMP WITH TIME ZONE',
    map: 'MAP(VARCHAR, VARCHAR)',
  };
  assert.deepEqual(
    columns.map(({ column_name: name, column_type: type }) => [name, type]),
    SCHEMA.map(({ name, type }) => [name, types[type]]),
  );
  const metadata = await query(`select decode(key) k, decode(value) v from parquet_kv_metadata('${path}')`);
  assert.ok(metadata.some(({ k, v }) => k === 'made' && v === 'für Tests'));
});

test('many rows make several row groups of a bounded size, with statistics', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  const rows = Array.from({ length: 20_000 }, (_, index): Row => ({ ...PLAIN, key: String(index), size: BigInt(index) }));
  const [batch] = batchesOf(rows, rows.length);
  await writeFile(path, await encodeAll(options('parquet'), Array.from({ length: 10 }, () => batch!)));
  const groups = await query(`select distinct row_group_id, row_group_num_rows n from parquet_metadata('${path}') order by 1`);
  assert.deepEqual(groups.map(({ n }) => n), [122_880n, 77_120n]);
  const [sums] = await query(`select count(*) n, sum(size)::bigint total, count(distinct key) keys from read_parquet('${path}')`);
  assert.deepEqual(sums, { n: 200_000n, total: 10n * ((20_000n * 19_999n) / 2n), keys: 20_000n });
  const [statistics] = await query(`select min(stats_min_value) low from parquet_metadata('${path}') where path_in_schema = 'size'`);
  assert.equal(statistics!['low'], '0');
});

test('row groups tell their least and greatest key where keys come in order, and spare it where they come from everywhere', async (context) => {
  const folder = await temporaryFolder(context);
  const keyStatistics = async (keysAreNear: boolean): Promise<unknown> => {
    const path = join(folder, `${keysAreNear}.parquet`);
    await writeFile(path, await encodeAll(options('parquet', { keysAreNear }), batchesOf([{ ...PLAIN, key: 'a' }, { ...PLAIN, key: 'b' }])));
    assert.deepEqual(await query(`select key from read_parquet('${path}') where key >= 'b'`), [{ key: 'b' }]);
    return query(`select stats_min_value low, stats_max_value high from parquet_metadata('${path}') where path_in_schema = 'key'`);
  };
  assert.deepEqual(await keyStatistics(true), [{ low: 'a', high: 'b' }]);
  assert.deepEqual(await keyStatistics(false), [{ low: null, high: null }]);
});

test('a key that begins with U+FEFF keeps it', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  await writeFile(path, await encodeAll(options('parquet'), batchesOf([{ ...PLAIN, key: '\ufeffk' }])));
  assert.deepEqual(await query(`select hex(encode(key)) bytes from read_parquet('${path}')`), [{ bytes: 'EFBBBF6B' }]);
});

test('a row group stays small where rows are large', async (context) => {
  const path = join(await temporaryFolder(context), 'a.parquet');
  const rows = Array.from({ length: 100 }, (): Row => ({ ...PLAIN, note: randomBytes(32_768).toString('hex') }));
  const [batch] = batchesOf(rows, rows.length);
  await writeFile(path, await encodeAll(options('parquet', { compression: 'none' }), Array.from({ length: 12 }, () => batch!)));
  const groups = await query(`select distinct row_group_id, row_group_bytes n from parquet_metadata('${path}')`);
  assert.ok(groups.length > 1);
  for (const { n } of groups) assert.ok((n as bigint) <= 80n * 1024n * 1024n, String(n));
});
