import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordableHistogram } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { createLatencyHistogram, mergeLatencies, recordLatency, summarizeLatency, totalLatencySeconds } from '../../src/metrics/latency.ts';

const PERCENTILES = [['p50', 50], ['p90', 90], ['p99', 99], ['p99_9', 99.9], ['max', 100]] as const;

/** `value` is the nearest-rank percentile of `sorted`, within 0.1%; at a rank's edge either neighbour will do. */
function assertPercentile(value: number, sorted: readonly number[], percentile: number): void {
  const rank = (percentile / 100) * sorted.length;
  const low = sorted[Math.max(0, Math.floor(rank) - 1)]!;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(rank))]!;
  assert.ok(value >= low * 0.999 && value <= high * 1.001, `p${percentile} is ${value}, should be ${low} to ${high}`);
}

const latencies = fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3_600_000_000 })), { minLength: 1, maxLength: 300 });

test('property: percentiles are those of the sorted latencies within 0.1%', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const histogram = createLatencyHistogram();
      for (const us of values) recordLatency(histogram, us);
      const sorted = values.toSorted((a, b) => a - b);
      const summary = summarizeLatency(histogram);
      for (const [name, percentile] of PERCENTILES) assertPercentile(summary[name], sorted, percentile);
    }),
  );
});

test('property: merged histograms are one histogram of all', () => {
  fc.assert(
    fc.property(fc.array(latencies.map((values) => values.slice(0, 40)), { maxLength: 6 }), (shards) => {
      const all = createLatencyHistogram();
      const parts = shards.map((values) => {
        const part = createLatencyHistogram();
        for (const us of values) {
          recordLatency(part, us);
          recordLatency(all, us);
        }
        return part;
      });
      const merged = mergeLatencies([...parts, createLatencyHistogram()]);
      assert.deepEqual(summarizeLatency(merged), summarizeLatency(all));
      const seconds = shards.flat().reduce((sum, us) => sum + us, 0) / 1e6;
      assert.ok(Math.abs(totalLatencySeconds(merged) - seconds) <= seconds * 0.001);
    }),
    { numRuns: 40 },
  );
});

test('latencies out of range, or with a fraction, count at the nearest value', () => {
  const histogram = createLatencyHistogram();
  for (const us of [0, -3, 0.2, 1.4]) recordLatency(histogram, us);
  assert.deepEqual([histogram.count, histogram.max], [4, 1]);
  recordLatency(histogram, 1e12);
  assert.equal(histogram.count, 5);
  assert.ok(Math.abs(histogram.max / 3_600_000_000 - 1) < 0.001);
});

test('an empty histogram sums up to zeros', () => {
  const zeros = { p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0 };
  assert.deepEqual(summarizeLatency(createLatencyHistogram()), zeros);
  assert.deepEqual(summarizeLatency(mergeLatencies([])), zeros);
  assert.equal(totalLatencySeconds(createLatencyHistogram()), 0);
});

test('a histogram posted by a worker shows what the worker records afterwards, even when the worker is gone', async () => {
  const module = new URL('../../src/metrics/latency.js', import.meta.url).href;
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ createLatencyHistogram, recordLatency }) => {
      const histogram = createLatencyHistogram();
      parentPort.postMessage(histogram);
      parentPort.once('message', () => {
        for (let us = 1; us <= 10000; us++) recordLatency(histogram, us);
      });
    });`;
  const worker = new Worker(source, { eval: true });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const histogram = await new Promise<RecordableHistogram>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.equal(histogram.count, 0);
  worker.postMessage('record', []);
  await ended;
  const merged = mergeLatencies([histogram, histogram]);
  assert.equal(histogram.count, 10_000);
  assert.equal(merged.count, 20_000);
  const sorted = Array.from({ length: 10_000 }, (_, index) => index + 1);
  for (const [name, percentile] of PERCENTILES) assertPercentile(summarizeLatency(merged)[name], sorted, percentile);
});
