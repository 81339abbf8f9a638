/**
 * How fast the endpoints are asked, as token buckets in memory that all threads share: one for all requests, which the user
 * caps, and one an endpoint. Whoever is about to send takes its turn from both, and a new limit holds for all of them
 * without a message.
 *
 * A bucket is the time at which the next request is due: each one sent moves it on by the time between two
 * (GCRA, ITU-T I.371). It may lie behind by `BURST_MS`, which is what timers are late by.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const BURST_MS = 10;
const BURST_NS = BigInt(BURST_MS) * 1_000_000n;

/** The bucket of all requests; those of the endpoints follow. */
const ALL = 0;

/** So many a second that no second sees one more, whichever second that is: a burst and the one at its edge are in the count. */
function cappedGap(perSecond: number): number {
  return ((1000 + BURST_MS) * 1e6 * (1 + 1e-6)) / perSecond;
}

/** ms since the epoch; of all threads alike, and finer than Date.now(). */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

export class Pace {
  /** by bucket: ns since the epoch at which the next request is due */
  private readonly times: BigInt64Array;
  /** by bucket: ns between two requests, 0 for none */
  private readonly gaps: Float64Array;
  private readonly own: number;

  /** `most`: requests a second, or null */
  static allocate(most: number | null, endpoints = 1): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(16 * (1 + endpoints));
    if (most !== null) new Float64Array(buffer, buffer.byteLength / 2)[ALL] = cappedGap(most);
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer, endpoint = 0) {
    const buckets = buffer.byteLength / 16;
    this.times = new BigInt64Array(buffer, 0, buckets);
    this.gaps = new Float64Array(buffer, this.times.byteLength);
    this.own = 1 + endpoint;
  }

  /** Requests a second to the endpoint from now on, within what the user allows; Infinity for no limit but that. */
  limit(perSecond: number): void {
    this.gaps[this.own] = 1e9 / perSecond;
  }

  get isLimited(): boolean {
    return this.gaps[this.own] !== 0 || this.gaps[ALL] !== 0;
  }

  /** 0: the request is counted and may go out. Else ms to wait before asking again. `leastGapMs` between two, whatever the limit. */
  take(nowMs: number, leastGapMs = 0): number {
    const gap = Math.max(this.gaps[ALL]!, leastGapMs * 1e6);
    const waitMs = this.turn(ALL, gap, nowMs, false);
    if (waitMs > 0) return waitMs;
    const ownMs = this.turn(this.own, this.gaps[this.own]!, nowMs, false);
    // Nothing is sent: the turn is another's.
    if (ownMs > 0) Atomics.sub(this.times, ALL, BigInt(Math.round(gap)));
    return ownMs;
  }

  /** Waits for its turn, in the order of asking. For requests that are few beside those that `take`. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.isLimited) return;
    const ms = this.reserve();
    if (ms >= 1) await sleep(ms, undefined, { signal }).catch(() => {});
  }

  /** Counts a request that is on its way already. */
  charge(): void {
    if (this.isLimited) this.reserve();
  }

  private reserve(): number {
    const now = sharedNow();
    return Math.max(...[ALL, this.own].map((bucket) => this.turn(bucket, this.gaps[bucket]!, now, true)));
  }

  private turn(bucket: number, gapNs: number, nowMs: number, isReserved: boolean): number {
    if (gapNs === 0) return 0;
    const now = BigInt(Math.round(nowMs * 1e6));
    const gap = BigInt(Math.round(gapNs));
    for (;;) {
      const due = Atomics.load(this.times, bucket);
      const start = due > now - BURST_NS ? due : now - BURST_NS;
      if (start > now && !isReserved) return Number(start - now) / 1e6;
      if (Atomics.compareExchange(this.times, bucket, due, start + gap) === due) return Math.max(0, Number(start - now) / 1e6);
    }
  }
}
