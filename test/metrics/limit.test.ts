import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closesConnections, findLimit, type LimitFacts } from '../../src/metrics/limit.ts';
import type { SeriesSample } from '../../src/metrics/series.ts';

/** Ten seconds of 1,000 requests a second, 80 allowed in flight, 20 of them used: nothing stands out. */
const IDLE: LimitFacts = {
  elapsedSeconds: 10,
  requests: 10_000,
  rate: null,
  throttled: 0,
  reconnects: 80,
  concurrency: 80,
  inFlightSeconds: 200,
  fastestUs: 15_000,
  medianUs: 20_000,
  busiestThread: 0.4,
  cpuShare: 0.3,
  series: [],
};

function sample(done: number, inFlight: number, listed: number): SeriesSample {
  return { time: '2026-01-02T03:04:05.000Z', done, headers_per_second: 0, in_flight: inFlight, errors: 0, listed };
}

test('a run that touched nothing has no limit, and one that did nothing neither', () => {
  assert.equal(findLimit(IDLE), null);
  assert.equal(findLimit({ ...IDLE, requests: 0, busiestThread: 1 }), null);
  assert.equal(findLimit({ ...IDLE, elapsedSeconds: 0 }), null);
});

test('rate cap: as many requests as were allowed, whatever else', () => {
  assert.equal(findLimit({ ...IDLE, rate: 1100, cpuShare: 0.95 }), 'rate cap');
  assert.equal(findLimit({ ...IDLE, rate: 1200 }), null);
});

test('client CPU: one thread is always busy, or all cores are', () => {
  assert.equal(findLimit({ ...IDLE, busiestThread: 0.97, inFlightSeconds: 800 }), 'client CPU');
  assert.equal(findLimit({ ...IDLE, cpuShare: 0.95 }), 'client CPU');
});

test('server: it throttles, closes connections, or lets requests queue', () => {
  assert.equal(findLimit({ ...IDLE, throttled: 500 }), 'server');
  assert.equal(findLimit({ ...IDLE, throttled: 50 }), null);
  assert.equal(findLimit({ ...IDLE, reconnects: 9000 }), 'server');
  assert.equal(findLimit({ ...IDLE, inFlightSeconds: 780, fastestUs: 2000, medianUs: 78_000 }), 'server');
});

test('concurrency: 78 of 80 slots were waiting for answers that were as fast as ever', () => {
  assert.equal(findLimit({ ...IDLE, inFlightSeconds: 780, fastestUs: 60_000, medianUs: 78_000 }), 'concurrency');
});

test('listing: slots were free and no key was waiting, as long as keys were still being listed', () => {
  const starved = [sample(1000, 10, 1010), sample(2000, 12, 2020), sample(3000, 0, 3000), sample(4000, 5, 4010)];
  assert.equal(findLimit({ ...IDLE, series: starved }), 'listing');
  const half = [sample(1000, 50, 1120), sample(3000, 50, 3120), sample(4000, 0, 4000)];
  assert.equal(findLimit({ ...IDLE, series: half }), 'listing');
  const fed = [sample(1000, 10, 5000), sample(2000, 12, 6000), sample(3000, 10, 7000), sample(7000, 0, 7000)];
  assert.equal(findLimit({ ...IDLE, series: fed }), null);
  const tail = [sample(1000, 40, 1100), sample(1040, 30, 1100), sample(1100, 0, 1100)];
  assert.equal(findLimit({ ...IDLE, series: tail }), null);
});

test('a server that closes connections reconnects after more than half of the requests', () => {
  assert.equal(closesConnections(51, 100), true);
  assert.equal(closesConnections(50, 100), false);
  assert.equal(closesConnections(0, 0), false);
});
