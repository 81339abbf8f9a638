/**
 * Sets the pace of an endpoint while HEADs run: counts what its shards were answered, and decides anew several
 * times a second (http/admission.ts). The shards hear of it through the memory that they share.
 */
import { admissionAfter, OPEN, type Admission } from '../http/admission.ts';
import { Pace } from '../http/pace.ts';
import { COUNTER, type ShardCounters } from '../metrics/shard-counters.ts';

const INTERVAL_MS = 200;
/** Fewer answers than this tell little: a longer interval is taken, up to a second. */
const ENOUGH = 40;
const LONGEST_MS = 1000;

interface Reading {
  readonly atMs: number;
  readonly served: number;
  readonly refused: number;
}

export class PaceKeeper {
  private readonly pace: Pace;
  private readonly counters: ShardCounters;
  private readonly timer: NodeJS.Timeout;
  private admission: Admission = OPEN;
  private last: Reading;

  constructor(pace: SharedArrayBuffer, counters: ShardCounters) {
    this.pace = new Pace(pace);
    this.counters = counters;
    this.last = this.read();
    this.timer = setInterval(() => this.decide(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private read(): Reading {
    const total = (counter: number): number => this.counters.total(counter);
    const refused = total(COUNTER.throttled);
    // What failed without being told to slow down says nothing of the rate.
    const served = total(COUNTER.attempts) - total(COUNTER.inFlight) - refused - total(COUNTER.retriesTransient);
    return { atMs: performance.now(), served, refused };
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
    this.admission = admissionAfter(this.admission, { ms, served, refused, inFlight: this.counters.total(COUNTER.inFlight) });
    if (this.admission.limit !== limit) this.pace.limit(this.admission.limit);
  }
}
