/**
 * What held a scan back: a rule of thumb over a run's totals, as a hint for the next run. Not a measurement:
 * only a run with another setting proves it.
 *
 * The first that holds, in this order:
 * 1. rate cap: the requests came to 90% of what `--rate` allows;
 * 2. client CPU: the busiest thread's event loop, or all cores together, were busy 90% of the time;
 * 3. server: it refused more than 1% of the requests, or closed the connection after more than half of them;
 * 4. slots full, that is 70% of them waiting for an answer on average (by Little's law: time in flight summed,
 *    over elapsed time): server, where the median latency is five times what the fastest 1% needed, for then
 *    requests queue there and more of them would only wait longer; else concurrency;
 * 5. listing: in half of the samples taken before the last key was listed, no key was waiting to be asked.
 * Otherwise null: too short or too mixed to tell.
 */
import type { SeriesSample } from './series.ts';

export type Limit = 'rate cap' | 'client CPU' | 'concurrency' | 'server' | 'listing';

export interface LimitFacts {
  /** first request to last answer */
  readonly elapsedSeconds: number;
  readonly requests: number;
  /** requests a second that the user allows; null for any number */
  readonly rate: number | null;
  readonly throttled: number;
  readonly reconnects: number;
  /** requests allowed in flight */
  readonly concurrency: number;
  /** sum of all latencies */
  readonly inFlightSeconds: number;
  /** what the fastest 1% of the requests needed at most, µs */
  readonly fastestUs: number;
  readonly medianUs: number;
  /** greatest event loop utilization of any thread, 0 to 1 */
  readonly busiestThread: number;
  /** process CPU time over process life time and cores, 0 to 1 */
  readonly cpuShare: number;
  readonly series: readonly SeriesSample[];
}

const CAPPED = 0.9;
const BUSY = 0.9;
const THROTTLED = 0.01;
const CLOSING = 0.5;
const FULL = 0.7;
const QUEUEING = 5;
const STARVED = 0.5;

/** True where the server closes the connection after most answers, so that nearly every request pays for a new one. */
export function closesConnections(reconnects: number, attempts: number): boolean {
  return reconnects > attempts * CLOSING;
}

/** Share of the samples taken while the source still had keys to yield in which none was left waiting. */
function starvedShare(series: readonly SeriesSample[], concurrency: number): number {
  const listed = series.at(-1)?.listed ?? 0;
  const listing = series.filter((sample) => sample.listed < listed);
  if (listing.length === 0) return 0;
  const starved = listing.filter(({ done, in_flight: inFlight, listed: sofar }) => {
    return inFlight < concurrency * FULL && sofar - done - inFlight < concurrency;
  });
  return starved.length / listing.length;
}

export function findLimit(facts: LimitFacts): Limit | null {
  const { elapsedSeconds, requests, concurrency } = facts;
  if (requests === 0 || elapsedSeconds <= 0) return null;
  if (facts.rate !== null && requests >= facts.rate * elapsedSeconds * CAPPED) return 'rate cap';
  if (facts.busiestThread >= BUSY || facts.cpuShare >= BUSY) return 'client CPU';
  if (facts.throttled > requests * THROTTLED || closesConnections(facts.reconnects, requests)) return 'server';
  if (facts.inFlightSeconds >= elapsedSeconds * concurrency * FULL) {
    return facts.medianUs >= facts.fastestUs * QUEUEING ? 'server' : 'concurrency';
  }
  if (starvedShare(facts.series, concurrency) >= STARVED) return 'listing';
  return null;
}
