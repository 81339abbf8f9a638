/**
 * How fast an endpoint is asked, as one token bucket in memory that all threads share: whoever is about to send
 * takes its turn from it, and a new limit holds for all of them without a message.
 *
 * The bucket is the time at which the next request is due: each one sent moves it on by the time between two
 * (GCRA, ITU-T I.371). It may lie behind by `BURST_MS`, which is what timers are late by.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const BURST_MS = 10;
const BURST_NS = BigInt(BURST_MS) * 1_000_000n;

/** In `times`: ns since the epoch at which the next request is due. */
const DUE = 0;
/** In `gaps`, ns between two requests, 0 for none: what holds now, and what the user allows. */
const GAP = 1;
const CAPPED = 2;

/** So many a second that no second sees one more, whichever second that is: a burst and the one at its edge are in the count. */
function cappedGap(perSecond: number): number {
  return ((1000 + BURST_MS) * 1e6 * (1 + 1e-6)) / perSecond;
}

/** ms since the epoch; of all threads alike, and finer than Date.now(). */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

export class Pace {
  private readonly times: BigInt64Array;
  private readonly gaps: Float64Array;

  /** `most`: requests a second, or null */
  static allocate(most: number | null): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(24);
    if (most !== null) new Float64Array(buffer).fill(cappedGap(most), GAP);
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.times = new BigInt64Array(buffer);
    this.gaps = new Float64Array(buffer);
  }

  /** Requests a second from now on, within what the user allows; Infinity for no limit but that. */
  limit(perSecond: number): void {
    this.gaps[GAP] = Math.max(this.gaps[CAPPED]!, 1e9 / perSecond);
  }

  get isLimited(): boolean {
    return this.gaps[GAP] !== 0;
  }

  /** 0: the request is counted and may go out. Else ms to wait before asking again. `leastGapMs` between two, whatever the limit. */
  take(nowMs: number, leastGapMs = 0): number {
    return this.turn(nowMs, leastGapMs, false);
  }

  /** Waits for its turn, in the order of asking. For requests that are few beside those that `take`. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.isLimited) return;
    const ms = this.turn(sharedNow(), 0, true);
    if (ms >= 1) await sleep(ms, undefined, { signal }).catch(() => {});
  }

  /** Counts a request that is on its way already. */
  charge(): void {
    if (this.isLimited) this.turn(sharedNow(), 0, true);
  }

  private turn(nowMs: number, leastGapMs: number, isReserved: boolean): number {
    const now = BigInt(Math.round(nowMs * 1e6));
    const gap = BigInt(Math.round(Math.max(this.gaps[GAP]!, leastGapMs * 1e6)));
    for (;;) {
      const due = Atomics.load(this.times, DUE);
      const start = due > now - BURST_NS ? due : now - BURST_NS;
      if (start > now && !isReserved) return Number(start - now) / 1e6;
      if (Atomics.compareExchange(this.times, DUE, due, start + gap) === due) return Math.max(0, Number(start - now) / 1e6);
    }
  }
}
