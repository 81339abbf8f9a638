import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { Failure } from '../../src/failure.ts';
import { createLatencyHistogram, recordLatency } from '../../src/metrics/latency.ts';
import { buildReport, type MetricsReport, type ShardInput } from '../../src/metrics/report.ts';
import { ShardCounters } from '../../src/metrics/shard-counters.ts';
import { metricsFormat, writeMetricsFile } from '../../src/scan/metrics-file.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const IDLE = new ShardCounters(ShardCounters.allocate(1)).ofShard(0);

function twoShards(): MetricsReport {
  const latency = createLatencyHistogram();
  recordLatency(latency, 1234);
  const busy: ShardInput = {
    endpoint: 'http://127.0.0.1:9000',
    worker: 1,
    totals: { ...IDLE, done: 3, ok: 2, failed: 1, attempts: 4, retriesTransient: 1, bytesIn: 5_000_000_000, startMs: START, endMs: START + 1500 },
    latency,
  };
  const idle: ShardInput = { ...busy, totals: IDLE, latency: createLatencyHistogram() };
  return buildReport({
    command: 'head', version: '0.1.0', node: 'v20.18.1', options: {}, endpoints: [], shards: [busy, idle], listing: null, filtered: 0, viaNote: null, series: [], concurrency: 80, rate: null,
    complete: true, stopped: null, rowsWritten: 3, cores: 2, busiestThread: 0, cpuUsage: { user: 1, system: 1 }, uptimeSeconds: 1, maxRss: 1,
  });
}

function time(value: unknown): number | null {
  return typeof value === 'string' ? Date.parse(value) : null;
}

function isUsage(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'usage' && error.hint !== null;
}

async function fails(file: string): Promise<void> {
  const isOutput = (error: unknown): boolean => error instanceof Failure && error.kind === 'output' && error.message.includes(file);
  await assert.rejects(writeMetricsFile(file, twoShards(), false), isOutput);
}

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 's3scan-metrics-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('JSON: the whole report, in place of an earlier one, and nothing else is left (R8)', async (context) => {
  const path = await folder(context);
  const file = join(path, 'run.json');
  await writeFile(file, 'an earlier, longer run'.repeat(1000));
  await writeMetricsFile(file, twoShards(), false);
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), twoShards());
  assert.deepEqual(await readdir(path), ['run.json']);
});

test('NDJSON and Parquet: DuckDB reads the same rows from both', async (context) => {
  const path = await folder(context);
  const parquet = join(path, 'run.parquet');
  const ndjson = join(path, 'run.ndjson');
  await writeMetricsFile(parquet, twoShards(), false);
  await writeMetricsFile(ndjson, twoShards(), false);
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  context.after(() => database.closeSync());
  const columns = await database.runAndReadAll(`describe select * from '${parquet}'`);
  const types = Object.fromEntries(columns.getRows().map(([name, type]) => [name, type]));
  assert.equal(types['batch_size'], 'BIGINT');
  assert.equal(types['headers_per_second'], 'DOUBLE');
  assert.equal(types['start_time'], 'TIMESTAMP WITH TIME ZONE');

  const lines = (await readFile(ndjson, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(new Set(Object.keys(types)), new Set(Object.keys(lines[0]!)));
  const text = await database.runAndReadAll(
    `select * exclude (start_time, end_time), epoch_ms(start_time) as start_time, epoch_ms(end_time) as end_time from '${parquet}' order by shard`,
  );
  const [busy, idle, ...more] = text.getRowObjects().map((row) => {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]));
  });
  assert.equal(busy!['start_time'], START);
  assert.equal(busy!['bytes_in'], 5_000_000_000);
  assert.equal(idle!['start_time'], null);
  const expected = lines.map((line) => ({ ...line, start_time: time(line['start_time']), end_time: time(line['end_time']) }));
  assert.deepEqual([busy, idle, ...more], expected);
});

test('a report without shards is an empty Parquet table', async (context) => {
  const path = await folder(context);
  await writeMetricsFile(join(path, 'run.parquet'), { ...twoShards(), shards: [] }, false);
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  context.after(() => database.closeSync());
  const rows = await database.runAndReadAll(`select count(*), count(headers_per_second) from '${join(path, 'run.parquet')}'`);
  assert.deepEqual(rows.getRows(), [[0n, 0n]]);
});

test('the ending tells the format; any other is a usage failure, and so is a table of shards of a list', () => {
  assert.equal(metricsFormat('a/b.JSON', 'head'), 'json');
  assert.equal(metricsFormat('b.ndjson', 'head'), 'ndjson');
  assert.equal(metricsFormat('b.parquet', 'head'), 'parquet');
  assert.equal(metricsFormat('b.json', 'list'), 'json');
  for (const path of ['metrics', 'json', 'run.csv', 'run.json.gz', '-', '']) assert.throws(() => metricsFormat(path, 'head'), isUsage);
  assert.throws(() => metricsFormat('run.ndjson', 'list'), isUsage);
});

test('a file that cannot be written is an output failure that names it, and leaves nothing behind', async (context) => {
  const path = await folder(context);
  await fails(join(path, 'missing', 'run.json'));
  // The name is taken by a folder: the rename fails after the write.
  await mkdir(join(path, 'taken.json'));
  await writeFile(join(path, 'taken.json', 'inside'), '');
  await fails(join(path, 'taken.json'));
  assert.deepEqual(await readdir(path), ['taken.json']);
});
