import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLatencyHistogram, recordLatency } from '../../src/metrics/latency.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { flatShard, metricsJson, metricsNdjson } from '../../src/metrics/forms.ts';
import { buildReport, type ReportInput, type ShardInput } from '../../src/metrics/report.ts';
import { COUNTER, COUNTERS, ShardCounters, type ShardTotals } from '../../src/metrics/shard-counters.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const NONE = new ShardCounters(ShardCounters.allocate(1)).ofShard(0);

function shard(totals: Partial<ShardTotals>, latenciesUs: readonly number[] = []): ShardInput {
  const latency = createLatencyHistogram();
  for (const us of latenciesUs) recordLatency(latency, us);
  return { endpoint: 'http://127.0.0.1:9000', worker: 0, totals: { ...NONE, ...totals }, latency };
}

function input(part: Partial<ReportInput>): ReportInput {
  return {
    command: 'head',
    version: '0.1.0',
    node: 'v20.18.1',
    options: {},
    endpoints: [],
    shards: [],
    listing: null,
    filtered: 0,
    viaNote: null,
    series: [],
    concurrency: 80,
    rate: null,
    complete: true,
    stopped: null,
    rowsWritten: 0,
    cores: 2,
    busiestThread: 0,
    cpuUsage: { user: 0, system: 0 },
    uptimeSeconds: 10,
    maxRss: 0,
    ...part,
  };
}

test('two shards, by hand', () => {
  const first = shard(
    {
      done: 1000, ok: 990, gone: 8, failed: 2, attempts: 1010, retriesTransient: 7, retriesThrottled: 3, throttled: 4,
      reconnects: 5, bytesIn: 400_000, bytesOut: 300_000, startMs: START, endMs: START + 4000,
    },
    [1000, 2000, 3000, 4000],
  );
  const second = shard({ done: 500, ok: 500, attempts: 500, startMs: START + 1000, endMs: START + 6000 }, [5000]);
  const report = buildReport(
    input({ shards: [first, { ...second, worker: 1 }], cpuUsage: { user: 1_250_000, system: 250_000 }, maxRss: 2048 }),
  );
  const [row, other] = report.shards;
  assert.deepEqual(
    { ...row, latency_us: null },
    {
      shard: 0, endpoint: 'http://127.0.0.1:9000', worker: 0, batch_size: 1000,
      start_time: '2026-01-02T03:04:05.000Z', end_time: '2026-01-02T03:04:09.000Z', elapsed_time: 4,
      headers_per_second: 250, ok: 990, gone: 8, failed: 2, attempts: 1010, retries: { transient: 7, throttled: 3 },
      throttled: 4, reconnects: 5, bytes_in: 400_000, bytes_out: 300_000, latency_us: null,
    },
  );
  assert.equal(other!.worker, 1);
  assert.equal(other!.headers_per_second, 100);
  assert.ok(Math.abs(row!.latency_us.p50 - 2000) <= 2 && Math.abs(row!.latency_us.max - 4000) <= 4);

  const { overall } = report;
  assert.equal(overall.keys, 1500);
  assert.deepEqual([overall.ok, overall.gone, overall.failed], [1490, 8, 2]);
  assert.deepEqual([overall.start_time, overall.end_time, overall.elapsed_time], [row!.start_time, '2026-01-02T03:04:11.000Z', 6]);
  assert.equal(overall.headers_per_second, 250);
  assert.equal(overall.cpu_seconds, 1.5);
  assert.equal(overall.peak_rss_bytes, 2 * 1024 * 1024);
  assert.ok(Math.abs(overall.latency_us.p50 - 3000) <= 3 && Math.abs(overall.latency_us.max - 5000) <= 5);
});

test('what a server costs that closes connections: shares of requests and of time', () => {
  // 4 s of latency, 1 s of connecting
  const closing = shard({ done: 40, ok: 40, attempts: 40, reconnects: 30, closed: 38, connectUs: 1_000_000 }, Array.from({ length: 40 }, () => 100_000));
  const { connections } = buildReport(input({ shards: [closing] })).overall;
  assert.deepEqual({ ...connections, connecting_share: 0 }, { closed: 38, closed_share: 0.95, reconnects: 30, connecting_time: 1, connecting_share: 0 });
  assert.ok(Math.abs(connections.connecting_share - 0.2) < 0.01, String(connections.connecting_share));
});

test('what was published is told apart from what was answered', () => {
  const answered = shard({ done: 1000, ok: 1000, attempts: 1000 });
  const cut = buildReport(input({ shards: [answered], complete: false, stopped: 'SIGINT', rowsWritten: 768 })).overall;
  assert.deepEqual([cut.complete, cut.stopped, cut.rows_written, cut.keys], [false, 'SIGINT', 768, 1000]);
  const whole = buildReport(input({ shards: [answered], rowsWritten: 1000 })).overall;
  assert.deepEqual([whole.complete, whole.stopped, whole.rows_written], [true, null, 1000]);
});

test('a listing, by hand, and the same as the whole of a list command', () => {
  const listing = new ListingCounters();
  Object.assign(listing, { pages: 5, keys: 4000, apiCalls: 6, bytesIn: 1_500_000, ranges: 4, splits: 2, mode: 'chain', note: 'why', retries: 1, startMs: START, endMs: START + 500 });
  for (const us of [80_000, 90_000]) recordLatency(listing.pageLatency, us);
  const report = buildReport(input({ command: 'list', listing }));
  assert.deepEqual(
    { ...report.listing, page_latency_us: null },
    {
      pages: 5, keys: 4000, start_time: '2026-01-02T03:04:05.000Z', end_time: '2026-01-02T03:04:05.500Z', elapsed_time: 0.5,
      verified_keys: 0, keys_per_second: 8000, api_calls: 6, calls_per_1000_keys: 1.5, ranges: 4, splits: 2, mode: 'chain', note: 'why', retries: 1, throttled: 0,
      bytes_in: 1_500_000, page_latency_us: null,
    },
  );
  assert.ok(Math.abs(report.listing!.page_latency_us.max - 90_000) <= 90);
  assert.deepEqual([report.overall.keys, report.overall.elapsed_time, report.overall.headers_per_second], [4000, 0.5, 0]);
});

test('the limit is found from the same totals: 80 slots, 1.9 s of 2 s in flight each', () => {
  const latencies = Array.from({ length: 1600 }, () => 95_000);
  const busy = shard({ done: 1600, ok: 1600, attempts: 1600, startMs: START, endMs: START + 2000 }, latencies);
  assert.equal(buildReport(input({ shards: [busy] })).overall.limit, 'concurrency');
  assert.equal(buildReport(input({ shards: [busy], concurrency: 200 })).overall.limit, null);
  const cpuUsage = { user: 19_000_000, system: 500_000 };
  assert.equal(buildReport(input({ shards: [busy], cpuUsage })).overall.limit, 'client CPU');
});

test('a shard that did nothing keeps its row, with zeros and null times', () => {
  const report = buildReport(input({ shards: [shard({})] }));
  const row = report.shards[0]!;
  assert.deepEqual([row.start_time, row.end_time, row.elapsed_time, row.headers_per_second, row.batch_size], [null, null, 0, 0, 0]);
  assert.deepEqual(row.latency_us, { p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0 });
  assert.deepEqual([report.overall.start_time, report.overall.end_time, report.overall.limit], [null, null, null]);
});

test('an idle shard does not move the start of the whole', () => {
  const report = buildReport(input({ shards: [shard({}), shard({ done: 10, startMs: START, endMs: START + 1000 })] }));
  assert.equal(report.overall.elapsed_time, 1);
  assert.equal(report.overall.headers_per_second, 10);
});

test('no secret of an option or endpoint gets through (R7)', () => {
  const options = {
    endpoint: ['https://AKIA:hunter2@s3.example.com:9000/base?token=hunter2', 'http://plain.example.com'],
    output: 'https://example.com/put?X-Amz-Signature=hunter2',
    proxy: 'http://user:hun@ter2@proxy:3128',
    target: 's3://bucket/a@b?c#d',
    concurrency: 80,
    rate: null,
    resume: false,
    profile: null,
  };
  const hostile = { ...shard({}), endpoint: 'http://u:hunter2@127.0.0.1:9000' };
  const report = buildReport(input({ options, shards: [hostile] }));
  assert.doesNotMatch(metricsJson(report) + metricsNdjson(report), /hunter2|ter2|AKIA/);
  assert.deepEqual(report.options, {
    endpoint: ['https://s3.example.com:9000/base', 'http://plain.example.com'],
    output: 'https://example.com/put',
    proxy: 'http://proxy:3128',
    target: 's3://bucket/a@b?c#d',
    concurrency: 80,
    rate: null,
    resume: false,
    profile: null,
  });
  assert.equal(report.shards[0]!.endpoint, 'http://127.0.0.1:9000');
});

const counters = fc.record(Object.fromEntries(COUNTERS.map((name) => [name, fc.nat(1e9)]))) as fc.Arbitrary<ShardTotals>;
const times = fc.constantFrom(0, START, START, START + 1, START + 0.5, START - 1, START + 100_000);
const anyShard = fc
  .tuple(counters, times, times, fc.array(fc.integer({ min: 1, max: 10_000_000 }), { maxLength: 5 }))
  .map(([totals, startMs, endMs, latencies]) => shard({ ...totals, startMs, endMs }, latencies));

test('property: JSON and NDJSON read back as the report, every number finite, and the sums agree', () => {
  fc.assert(
    fc.property(fc.array(anyShard, { maxLength: 8 }), (shards) => {
      const report = buildReport(input({ shards, listing: new ListingCounters() }));
      // JSON would write null for NaN and Infinity, and -0 as 0.
      assert.deepEqual(JSON.parse(metricsJson(report)), report);
      const lines = metricsNdjson(report).split('\n');
      assert.equal(lines.pop(), '');
      assert.deepEqual(lines.map((line) => JSON.parse(line) as unknown), report.shards.map(flatShard));
      assert.equal(report.overall.keys, shards.reduce((sum, each) => sum + each.totals.done, 0));
      assert.equal(report.overall.failed, report.shards.reduce((sum, row) => sum + row.failed, 0));
      for (const row of report.shards) assert.ok(row.elapsed_time >= 0 && row.headers_per_second >= 0);
    }),
  );
});

test('NDJSON rows are flat and name what they hold', () => {
  const counted = new ShardCounters(ShardCounters.allocate(1));
  counted.add(0, COUNTER.retriesThrottled, 9);
  const report = buildReport(input({ shards: [{ ...shard({}), totals: counted.ofShard(0) }] }));
  const row = JSON.parse(metricsNdjson(report)) as Record<string, unknown>;
  assert.equal(row['retries_throttled'], 9);
  for (const value of Object.values(row)) assert.ok(value === null || typeof value !== 'object');
  const latency = { p50: 1, p90: 2, p99: 3, p99_9: 4, max: 5 };
  const flat = flatShard({ ...report.shards[0]!, latency_us: latency });
  for (const [name, us] of Object.entries(latency)) assert.equal(flat[`latency_us_${name as keyof typeof latency}`], us);
});
