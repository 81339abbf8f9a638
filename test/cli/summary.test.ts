import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { renderSummary, type SummaryOptions } from '../../src/cli/summary.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { painter } from '../../src/cli/terminal.ts';
import type { Limit } from '../../src/metrics/limit.ts';
import type { ListingReport, MetricsReport, OverallReport, ShardReport } from '../../src/metrics/report.ts';

function none(): Promise<number> {
  return Promise.resolve(0);
}

const LATENCY = { p50: 4870, p90: 7000, p99: 12_340, p99_9: 20_000, max: 151_000 };

const SHARD: ShardReport = {
  shard: 0, endpoint: 'http://127.0.0.1:9000', worker: 0, batch_size: 31_250,
  start_time: '2026-01-02T03:04:05.000Z', end_time: '2026-01-02T03:05:08.300Z', elapsed_time: 63.3, headers_per_second: 493.68,
  ok: 31_240, gone: 8, failed: 2, attempts: 31_260, retries: { transient: 0, throttled: 0 }, throttled: 0, reconnects: 3,
  bytes_in: 0, bytes_out: 0, latency_us: LATENCY,
};

const LISTING: ListingReport = {
  pages: 1001, keys: 1_000_000, start_time: SHARD.start_time, end_time: SHARD.end_time, elapsed_time: 12.5, keys_per_second: 80_000,
  verified_keys: 0, api_calls: 1010, calls_per_1000_keys: 1.01, ranges: 14, splits: 3, mode: 'parallel', note: null, retries: 0, throttled: 0, bytes_in: 0,
  page_latency_us: { p50: 90_000, p90: 91_000, p99: 92_000, p99_9: 93_000, max: 94_000 },
};

const OVERALL: OverallReport = {
  complete: true, stopped: null, rows_written: 1_000_000,
  keys: 1_000_000, filtered: 0, ok: 999_990, gone: 8, failed: 2, start_time: SHARD.start_time, end_time: SHARD.end_time, elapsed_time: 63.3,
  headers_per_second: 15_803.79, cpu_seconds: 25.12, peak_rss_bytes: 123_456_789, limit: 'concurrency', latency_us: LATENCY,
  told: 0, via_note: null,
  connections: { closed: 3, closed_share: 0, reconnects: 3, connecting_time: 0.01, connecting_share: 0 },
};

function report(part: Partial<MetricsReport> = {}): MetricsReport {
  const whole = { overall: OVERALL, listing: LISTING, endpoints: [], shards: [SHARD], series: [] };
  return { version: '0.1.0', node: 'v20.18.1', command: 'head', options: {}, ...whole, ...part };
}

const PLAIN: SummaryOptions = { output: 'heads.parquet', directory: null, metricsFile: 'heads.metrics.json', width: Infinity, paint: (_style, text) => text };

/** The lines above the first blank one. */
function table(text: string): string[] {
  return text.slice(0, text.indexOf('\n\n')).split('\n');
}

/** The text after a label of the block below the table. */
function line(text: string, label: string): string | undefined {
  return text.split('\n').find((each) => each.startsWith(`${label} `))?.slice(label.length).trim();
}

test('a head scan: one row a shard, then the whole', () => {
  const text = renderSummary(report(), PLAIN);
  const [titles, row, blank] = text.split('\n');
  const columns = 'shard, batch_size, start, end, elapsed, headers/s, p50 ms, p99 ms, max ms, failed';
  assert.equal(titles!.trim().split(/ {2,}/).join(', '), columns);
  assert.equal(row!.trim().split(/ {2,}/).join(' '), '0 31,250 03:04:05 03:05:08 1:03 494 4.87 12.34 151 2');
  assert.equal(titles!.length, row!.length);
  assert.equal(blank, '');
  assert.equal(line(text, 'keys'), '1,000,000 (ok 999,990 · gone 8 · failed 2)');
  assert.equal(line(text, 'speed'), '15,804 headers/s');
  assert.equal(line(text, 'elapsed'), '1:03 (03:04:05 to 03:05:08 UTC)');
  assert.equal(line(text, 'latency'), 'p50 4.87 · p90 7.00 · p99 12.34 · p99.9 20.00 · max 151 ms');
  assert.equal(line(text, 'listing'), '1,000,000 keys · 80,000 keys/s');
  assert.equal(line(text, 'pages'), '1,001 in 1,010 calls (1.01 per 1,000 keys) · 14 ranges, 3 splits');
  assert.equal(line(text, 'client'), 'CPU 25.1 s, 25.1 µs a key · peak memory 123.5 MB');
  assert.match(line(text, 'limit')!, /^concurrency: .*--concurrency/);
  assert.equal(line(text, 'output'), 'heads.parquet');
  assert.equal(line(text, 'metrics'), 'heads.metrics.json');
  assert.equal(line(text, 'retries'), undefined);
  assert.equal(line(text, 'note'), undefined);
  assert.ok(text.endsWith('\n'));
});

test('several endpoints: what each was asked, and when one was out', () => {
  const one = {
    endpoint: 'http://a:1', keys: 20_000, ok: 20_000, gone: 0, failed: 0, head_requests: 20_040, list_requests: 21, throttled: 0, unanswered: 0,
    outages: 0, out_time: 0, out_at: null, back_at: null,
  };
  const out = { ...one, endpoint: 'http://b:2', unanswered: 40, outages: 1, out_time: 3.5, out_at: '2026-01-02T03:04:06.000Z', back_at: '2026-01-02T03:04:09.500Z' };
  const text = renderSummary(report({ endpoints: [one, out, { ...out, outages: 3, list_requests: 0 }, { ...out, head_requests: 0, list_requests: 0, back_at: null }] }), PLAIN);
  assert.deepEqual(text.split('\n').filter((each) => each.startsWith('endpoint')).map((each) => each.slice('endpoint'.length).trim()), [
    'http://a:1: 20,000 keys in 20,040 HEADs · 21 LISTs',
    'http://b:2: 20,000 keys in 20,040 HEADs · 21 LISTs · 40 not answered · taken out at 03:04:06 until 03:04:09 UTC',
    'http://b:2: 20,000 keys in 20,040 HEADs · 40 not answered · taken out 3 times, 3.5 s in all, the last at 03:04:06 until 03:04:09 UTC',
    'http://b:2: 40 not answered · not asked · taken out at 03:04:06 UTC and did not come back',
  ]);
});

test('a list command tells keys and pages, and names no option that it has not', () => {
  const text = renderSummary(report({ command: 'list', shards: [], overall: { ...OVERALL, headers_per_second: 0 } }), PLAIN);
  assert.doesNotMatch(text, /shard|headers\/s|HEAD/);
  assert.equal(line(text, 'speed'), '80,000 keys/s');
  assert.equal(line(text, 'page latency'), 'p50 90.00 · p90 91.00 · p99 92.00 · p99.9 93.00 · max 94.00 ms');
});

test('what the limits advise is an option of the command, in every case', () => {
  const { commands } = buildProgram('0', { list: none, head: none, sim: none, demo: none }, () => {});
  for (const command of ['head', 'list'] as const) {
    const known = commands.find((each) => each.name() === command)!.options.map(({ long }) => long);
    for (const limit of ['rate cap', 'client CPU', 'concurrency', 'server', 'listing'] as const satisfies readonly Limit[]) {
      const text = line(renderSummary(report({ command, overall: { ...OVERALL, limit } }), PLAIN), 'limit')!;
      assert.ok(text.startsWith(`${limit}: `) && !text.includes('`'), text);
      for (const [option] of text.matchAll(/--[a-z-]+/g)) assert.ok(known.includes(option), `${command}: ${text}`);
    }
  }
});

function stopped(part: Partial<OverallReport>, command: 'head' | 'list' = 'head'): string | undefined {
  return line(renderSummary(report({ command, overall: { ...OVERALL, complete: false, ...part } }), PLAIN), 'stopped');
}

test('a scan that was stopped says what is published, and what is not', () => {
  assert.equal(stopped({ stopped: null }), undefined);
  assert.equal(
    stopped({ stopped: 'SIGINT', keys: 3000, rows_written: 1792 }),
    'by SIGINT: 1,792 rows are published; 1,208 more keys were answered and are not, since only whole batches are',
  );
  assert.equal(stopped({ stopped: 'SIGTERM', keys: 3000, rows_written: 3000 }), 'by SIGTERM: 3,000 rows are published');
  assert.match(stopped({ stopped: 'exhausted', keys: 9, rows_written: 8 })!, /^by too many failed requests: 8 rows .*; 1 more /);
  assert.match(stopped({ stopped: 'SIGINT', keys: 3000, rows_written: 2000 }, 'list')!, /1,000 more keys were listed and are not/);
});

test('keys from a file: no line about a listing; standard output: no line about an output', () => {
  const text = renderSummary(report({ listing: null }), { ...PLAIN, output: null, metricsFile: null });
  for (const label of ['listing', 'pages', 'output', 'metrics']) assert.equal(line(text, label), undefined);
});

test('what filters left out is told beside what is left', () => {
  const overall = { ...OVERALL, keys: 250, filtered: 1_999_750 };
  assert.equal(line(renderSummary(report({ overall }), PLAIN), 'filters'), 'left out 1,999,750 of 2,000,000 keys · 250 asked');
  const list = renderSummary(report({ command: 'list', shards: [], overall }), PLAIN);
  assert.equal(line(list, 'filters'), 'left out 1,999,750 of 2,000,000 keys · 250 written');
  assert.equal(line(list, 'keys'), '250');
  assert.equal(line(renderSummary(report(), PLAIN), 'filters'), undefined);
});

test('a scan that did nothing has dashes for times and no division by zero', () => {
  const zero = { p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0 };
  const never = { start_time: null, end_time: null, elapsed_time: 0, headers_per_second: 0, latency_us: zero };
  const idle: ShardReport = { ...SHARD, ...never, batch_size: 0, attempts: 0, reconnects: 0 };
  const connections = { closed: 0, closed_share: 0, reconnects: 0, connecting_time: 0, connecting_share: 0 };
  const overall: OverallReport = { ...OVERALL, ...never, keys: 0, limit: null, connections };
  const text = renderSummary(report({ shards: [idle], overall }), PLAIN);
  assert.doesNotMatch(text, /NaN|Infinity|null|undefined/);
  assert.equal(line(text, 'elapsed'), '0.000 s (- to - UTC)');
  assert.equal(line(text, 'limit'), 'none that stands out');
  assert.equal(line(text, 'note'), undefined);
});

/** 1,000 answers, and so many connections closed behind them. */
function closing(closed: number): OverallReport {
  return { ...OVERALL, connections: { closed, closed_share: closed / 1000, reconnects: 421, connecting_time: 2.5, connecting_share: 0.125 } };
}

test('retries are told, and a server that closes its connections', () => {
  const shard = { ...SHARD, attempts: 1000, retries: { transient: 1200, throttled: 34 } };
  const text = renderSummary(report({ shards: [shard, { ...shard, attempts: 0 }], listing: { ...LISTING, retries: 5 }, overall: closing(501) }), PLAIN);
  assert.equal(line(text, 'retries'), '2,400 after errors · 68 after being told to slow down');
  assert.equal(line(text, 'LIST retries'), '5');
  assert.match(line(text, 'note')!, /closes connections, after 50% of its answers: 421 were opened anew, 13% of the time of the requests;/);
  assert.equal(line(renderSummary(report({ shards: [shard], overall: closing(500) }), PLAIN), 'note'), undefined);
});

/** The table's lines below its titles, for so many shards. */
function rows(count: number, options: SummaryOptions): string[] {
  const shards = Array.from({ length: count }, (_, shard) => ({ ...SHARD, shard }));
  return table(renderSummary(report({ shards }), options)).slice(1);
}

test('32 shards are shown, of more the rest is in the metrics file', () => {
  assert.equal(rows(32, PLAIN).length, 32);
  const many = rows(100, PLAIN);
  assert.equal(many.length, 33);
  assert.match(many[31]!, /^ +31 /);
  assert.equal(many[32], '… 68 more, in the metrics file');
  assert.equal(rows(33, { ...PLAIN, metricsFile: null })[32], '… 1 more');
});

test('property: the table fits the width down to its four key columns, aligned, the rows in full', () => {
  fc.assert(
    fc.property(fc.integer({ min: 34, max: 120 }), fc.array(fc.nat(9_999_999), { minLength: 1, maxLength: 32 }), (width, sizes) => {
      const shards = sizes.map((size, shard) => ({ ...SHARD, shard, batch_size: size }));
      const lines = table(renderSummary(report({ shards }), { ...PLAIN, width }));
      assert.equal(lines.length, sizes.length + 1);
      for (const row of lines) assert.ok(row.length <= width && row.length === lines[0]!.length);
      assert.match(lines[0]!, /^shard +batch_size .*failed$/);
    }),
  );
});

test('file names are shown harmless', () => {
  const text = renderSummary(report(), { ...PLAIN, output: 'a\u001b[2Jb', metricsFile: 'c\u202ed' });
  assert.equal(line(text, 'output'), 'a\\u{1b}[2Jb');
  assert.equal(line(text, 'metrics'), 'c\\u{202e}d');
});

test('colours change nothing but the colour', () => {
  const coloured = renderSummary(report(), { ...PLAIN, paint: painter({ isTTY: true }, {}) });
  assert.ok(coloured.includes('\u001b[31mfailed 2\u001b[39m'));
  assert.equal(stripVTControlCharacters(coloured), renderSummary(report(), PLAIN));
});
