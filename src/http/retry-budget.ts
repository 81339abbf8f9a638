/**
 * One retry budget for the whole scan, shared by all threads. Each retry after a failure takes a token and each
 * answer gives one back: it drains where more than half of the requests fail. So a server that fails fewer is
 * asked to the end, and one that fails more ends the scan, the sooner the more it fails. Being told to slow down
 * takes none: fewer requests are what meets that (admission.ts).
 *
 * Where nothing but failures comes, the server is out. That is no reason to spend the budget in a moment, since
 * it may be starting anew: from then on hardly anything is asked, and the scan ends when it has been out too long.
 */
import type { RetryCause } from './retry.ts';

const TOKENS = 0;
const CAPACITY = 1;
/** failures since the last answer */
const FAILURES = 2;
/** so many of them are an outage */
const OUTAGE = 3;
/** in `times`: ms since the epoch when the outage began; 0 for none */
const OUT_SINCE = 2;
const BYTES = 24;

/** How long a server may be out. */
export const PATIENCE_MS = 30_000;
/** Between two requests to a server that is out, whoever sends them. */
export const OUTAGE_GAP_MS = 100;

export class RetryBudget {
  private readonly counts: Int32Array;
  private readonly times: Float64Array;
  private readonly capacity: number;
  private readonly outage: number;

  /**
   * Enough for ten attempts of everything in flight, and never fewer than 500 (the AWS SDKs' figure). An outage is
   * when all that is in flight has failed twice.
   */
  static allocate(concurrency: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(BYTES);
    const tokens = Math.max(500, concurrency * 10);
    new Int32Array(buffer).set([tokens, tokens, 0, Math.max(20, concurrency * 2)]);
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.counts = new Int32Array(buffer);
    this.times = new Float64Array(buffer);
    this.capacity = this.counts[CAPACITY]!;
    this.outage = this.counts[OUTAGE]!;
  }

  /** Nothing but failures comes. */
  get isOut(): boolean {
    return this.counts[FAILURES]! >= this.outage;
  }

  /** A request failed: whether it may be sent again. `nowMs` since the epoch. */
  spend(cause: RetryCause, nowMs: number): boolean {
    const failures = Atomics.add(this.counts, FAILURES, 1) + 1;
    if (failures >= this.outage) {
      if (failures === this.outage) this.times[OUT_SINCE] = nowMs;
      const since = this.times[OUT_SINCE]!;
      return since === 0 || nowMs - since < PATIENCE_MS;
    }
    if (cause === 'throttled') return true;
    if (Atomics.sub(this.counts, TOKENS, 1) > 0) return true;
    Atomics.add(this.counts, TOKENS, 1);
    return false;
  }

  /** Called for each answer; the checks first, since nearly always there is nothing to do. */
  earn(): void {
    if (this.counts[FAILURES] !== 0) {
      this.times[OUT_SINCE] = 0;
      this.counts[FAILURES] = 0;
    }
    if (this.counts[TOKENS]! < this.capacity) Atomics.add(this.counts, TOKENS, 1);
  }
}
