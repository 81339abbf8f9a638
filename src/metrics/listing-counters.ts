/**
 * What the parallel LIST counts while it runs. The listing lives on the main thread, so these are plain
 * numbers: no shared memory.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import { createLatencyHistogram } from './latency.ts';

export class ListingCounters {
  /** pages decoded */
  pages = 0;
  /** keys on those pages, before any filter */
  keys = 0;
  /** keys listed a second time, to compare */
  verified = 0;
  /** about how many keys are left to list; null where nobody knows. An estimate */
  keysLeft: () => number | null = () => null;
  /** LIST requests sent, probes and retries included: what a provider bills */
  apiCalls = 0;
  bytesIn = 0;
  /** ranges the keyspace was cut into, those made by splits included */
  ranges = 0;
  /** ranges taken over in part by an idle lister */
  splits = 0;
  retries = 0;
  /** answers that said to slow down */
  throttled = 0;
  /** LIST requests on their way now */
  inFlight = 0;
  /** most LIST requests that were allowed on their way at once */
  concurrency = 1;
  /** many ranges at once, or one chain of pages */
  mode: 'parallel' | 'chain' = 'chain';
  /** why it is a chain where ranges were asked for, in words */
  note: string | null = null;
  /** epoch ms of the first request sent; 0 = none */
  startMs = 0;
  /** epoch ms of the last page decoded; 0 = none */
  endMs = 0;
  /** request sent to page received, µs */
  readonly pageLatency: RecordableHistogram = createLatencyHistogram();
}
