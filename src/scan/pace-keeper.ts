/**
 * Sets the pace of an endpoint while HEADs run: counts what its shards were answered, and decides anew several
 * times a second (http/admission.ts). The shards hear of it through the memory that they share.
 */
import { admissionAfter, OPEN, type Admission } from '../http/admission.ts';
import type { Pace } from '../http/pace.ts';
import type { ShardTotals } from '../metrics/shard-counters.ts';

const INTERVAL_MS = 200;
/** Fewer answers than this tell little: a longer interval is taken, up to a second. */
const ENOUGH = 40;
const LONGEST_MS = 1000;

interface Reading {
  readonly atMs: number;
  readonly served: number;
  readonly refused: number;
  readonly inFlight: number;
}

export class PaceKeeper {
  private readonly pace: Pace;
  private readonly totals: () => ShardTotals;
  private readonly timer: NodeJS.Timeout;
  private admission: Admission = OPEN;
  private last: Reading;

  /** `totals`: of the HEADs of the endpoint */
  constructor(pace: Pace, totals: () => ShardTotals) {
    this.pace = pace;
    this.totals = totals;
    this.last = this.read();
    this.timer = setInterval(() => this.decide(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private read(): Reading {
    const { attempts, inFlight, throttled: refused, retriesTransient } = this.totals();
    // What failed without being told to slow down says nothing of the rate.
    return { atMs: performance.now(), served: attempts - inFlight - refused - retriesTransient, refused, inFlight };
  }

  private decide(): void {
    const { last } = this;
    const now = this.read();
    const ms = now.atMs - last.atMs;
    const served = Math.max(0, now.served - last.served);
    const refused = now.refused - last.refused;
    if (served + refused < ENOUGH && ms < LONGEST_MS) return;
    this.last = now;
    const { limit } = this.admission;
    this.admission = admissionAfter(this.admission, { ms, served, refused, inFlight: now.inFlight });
    if (this.admission.limit !== limit) this.pace.limit(this.admission.limit);
  }
}
