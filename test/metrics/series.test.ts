import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MAX_SAMPLES, Series, type ScanSnapshot } from '../../src/metrics/series.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A scan that speeds up. */
function at(tick: number): ScanSnapshot {
  return { done: tick * tick, inFlight: 1, errors: 0, listed: tick * tick };
}

test('samples carry the rate since the one before', () => {
  const series = new Series(START);
  series.sample(START + 1000, { done: 500, inFlight: 80, errors: 1, listed: 3000 });
  series.sample(START + 3000, { done: 4500, inFlight: 79, errors: 1, listed: 6000 });
  series.end(START + 3500, { done: 6000, inFlight: 0, errors: 2, listed: 6000 });
  assert.deepEqual(series.samples(), [
    { time: '2026-01-02T03:04:06.000Z', done: 500, headers_per_second: 500, in_flight: 80, errors: 1, listed: 3000 },
    { time: '2026-01-02T03:04:08.000Z', done: 4500, headers_per_second: 2000, in_flight: 79, errors: 1, listed: 6000 },
    { time: '2026-01-02T03:04:08.500Z', done: 6000, headers_per_second: 3000, in_flight: 0, errors: 2, listed: 6000 },
  ]);
});

test('two samples in one millisecond have a finite rate', () => {
  const series = new Series(START);
  series.end(START, { done: 7, inFlight: 0, errors: 0, listed: 7 });
  assert.ok(Number.isFinite(series.samples()[0]!.headers_per_second));
});

test('property: however long a scan is, the series is bounded, evenly spaced, and its rates sum up to all keys (R5)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20_000 }), (ticks) => {
      const series = new Series(START);
      for (let tick = 1; tick <= ticks; tick++) series.sample(START + tick * 1000, at(tick));
      series.end(START + (ticks + 1) * 1000, at(ticks + 1));
      const samples = series.samples();
      assert.ok(samples.length <= MAX_SAMPLES);
      if (ticks >= MAX_SAMPLES) assert.ok(samples.length >= MAX_SAMPLES / 2);
      const times = [START, ...samples.map((sample) => Date.parse(sample.time))];
      const steps = samples.map((_, index) => times[index + 1]! - times[index]!);
      assert.ok(new Set(steps.slice(0, -1)).size <= 1, `steps ${[...new Set(steps)].join()}`);
      const keys = samples.reduce((sum, sample, index) => sum + (sample.headers_per_second * steps[index]!) / 1000, 0);
      assert.ok(Math.abs(keys - (ticks + 1) ** 2) < 1 + samples.length);
      assert.equal(samples.at(-1)!.done, (ticks + 1) ** 2);
    }),
    { numRuns: 30 },
  );
});
