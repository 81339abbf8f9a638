/** What a scan tells about itself: the metrics file in its forms, the metadata of its Parquet, and the demo. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scanDone } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';
import { readNdjson, readRows, sql } from '../support/tables.ts';

const OBJECTS = 500;
const SHARDS = 8;

/** Rows a shard, by what the rows of the output say. */
async function rowsByShard(output: string): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const row of (await readRows(output)).values()) counts.set(row['shard'] as number, (counts.get(row['shard'] as number) ?? 0) + 1);
  return counts;
}

describe('metrics', { concurrency: 2 }, () => {
  test('beside the output unless told', async (t) => {
    const sim = await startSimCommand(t, ['--objects', String(OBJECTS)]);
    const folder = await temporaryFolder(t);
    const output = join(folder, 'headers.ndjson.gz');
    await s3scanDone(['head', ...sim.target, '--shards', String(SHARDS), '-o', output]);
    assert.deepEqual([...(await filesIn(folder)).keys()].sort(), ['headers.metrics.json', 'headers.ndjson.gz']);
    const { command, shards, overall, listing } = JSON.parse(await readFile(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
    assert.equal(command, 'head');
    assert.equal(shards.length, SHARDS);
    const counts = await rowsByShard(output);
    for (const { shard, batch_size: rows, ok } of shards) assert.deepEqual([rows, ok], [counts.get(shard) ?? 0, rows]);
    assert.deepEqual([overall.keys, overall.ok, overall.failed, overall.gone], [OBJECTS, OBJECTS, 0, 0]);
    assert.deepEqual([overall.complete, overall.stopped, overall.rows_written], [true, null, OBJECTS]);
    assert.equal(listing?.keys, OBJECTS);
    const starts = shards.map((shard) => shard.start_time).filter((time) => time !== null);
    assert.equal(overall.start_time, starts.sort()[0]);
  });

  for (const form of ['ndjson', 'parquet'] as const) {
    test(`as ${form}, a row a shard`, async (t) => {
      const sim = await startSimCommand(t, ['--objects', String(OBJECTS)]);
      const folder = await temporaryFolder(t);
      const output = join(folder, 'headers.ndjson');
      const metrics = join(folder, `run.${form}`);
      await s3scanDone(['head', ...sim.target, '--shards', String(SHARDS), '-o', output, '--metrics', metrics]);
      assert.deepEqual([...(await filesIn(folder)).keys()].sort(), ['headers.ndjson', `run.${form}`]);
      const shards = form === 'parquet' ? await sql(`SELECT * FROM '${metrics}'`) : readNdjson(await readFile(metrics, 'utf8'));
      const counts = await rowsByShard(output);
      assert.deepEqual(new Map(shards.map((row) => [Number(row['shard']), Number(row['batch_size'])])), new Map(Array.from({ length: SHARDS }, (_, shard) => [shard, counts.get(shard) ?? 0])));
    });
  }

  test('of list', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '2500']);
    const folder = await temporaryFolder(t);
    await s3scanDone(['list', ...sim.target, '--list-concurrency', '1', '-o', join(folder, 'keys.csv')]);
    const { command, overall, listing } = JSON.parse(await readFile(join(folder, 'keys.metrics.json'), 'utf8')) as MetricsReport;
    assert.deepEqual([command, overall.keys, listing?.keys, listing?.pages], ['list', 2500, 2500, 3]);
    assert.deepEqual([overall.complete, overall.stopped, overall.rows_written], [true, null, 2500]);
  });

  test('a Parquet file says who wrote it, and of what', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '10']);
    const output = join(await temporaryFolder(t), 'keys.parquet');
    await s3scanDone(['list', ...sim.target, '-o', output]);
    const { stdout: version } = await s3scanDone(['--version']);
    const pairs = await sql(`SELECT decode(key) AS name, decode(value) AS value FROM parquet_kv_metadata('${output}')`);
    const said = new Map(pairs.map(({ name, value }) => [name, value]));
    assert.equal(said.get('s3scan.version'), version.trim());
    assert.equal(said.get('s3scan.bucket'), 'sim');
    assert.equal(said.get('s3scan.endpoint_host'), new URL(sim.endpoint).host);
    const [file] = await sql(`SELECT created_by FROM parquet_file_metadata('${output}')`);
    assert.match(String(file?.['created_by']), new RegExp(`^s3scan version ${version.trim().replaceAll('.', '\\.')}`));
  });

  test('the demo writes a table, and the SQL that it shows runs', async (t) => {
    const cwd = await temporaryFolder(t);
    const { stderr } = await s3scanDone(['demo', '--objects', '2000'], { cwd });
    const statement = /duckdb -c "(.+)"/.exec(stderr)?.[1];
    assert.ok(statement !== undefined, stderr);
    const groups = await sql(statement.replace('demo-headers.parquet', join(cwd, 'demo-headers.parquet')));
    assert.equal(groups.reduce((sum, group) => sum + Number(group['count_star()']), 0), 2000);
    assert.ok(groups.every((group) => typeof group['content_type'] === 'string'));
  });
});
