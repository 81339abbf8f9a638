/**
 * Which of several endpoints are asked, in memory that all threads share; the clock is passed in (R9). Where nothing but
 * failures comes from one, it is out: what it would be asked goes to the others, which have all of `--concurrency`. It is
 * tried again with one request at a time, ever more seldom, and its first answer brings it back.
 *
 * Where all are out there is nothing to choose: each is asked as if it were the only one, and the retry budget decides.
 */

/** So many failures in a row, and no answer in between: fewer may be one connection's bad luck. */
const FAILURES_IN_A_ROW = 5;
/** Until it is tried for the first time; twice as long each time after that. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** In `counts`: how many are out; then by endpoint. */
const OUT = 0;
const FAILURES = 0;
const OUTAGES = 1;
const COUNTS = 2;
/** In `times`, by endpoint: ms since the epoch, 0 for never, or ms. */
const OUT_SINCE = 0;
const BACK_AT = 1;
const OUT_MS = 2;
const TRY_AT = 3;
const WAIT_MS = 4;
const TIMES = 5;

export interface EndpointState {
  readonly isOut: boolean;
  readonly outages: number;
  /** the last time it went out, and came back: ms since the epoch, 0 for never */
  readonly outSince: number;
  readonly backAt: number;
  /** in all outages that are over */
  readonly outMs: number;
}

export class EndpointHealth {
  readonly endpoints: number;
  private readonly counts: Int32Array;
  private readonly times: Float64Array;

  static allocate(endpoints: number): SharedArrayBuffer {
    return new SharedArrayBuffer(8 * (1 + endpoints * (1 + TIMES)));
  }

  constructor(buffer: SharedArrayBuffer) {
    this.endpoints = (buffer.byteLength / 8 - 1) / (1 + TIMES);
    this.times = new Float64Array(buffer, 0, this.endpoints * TIMES);
    this.counts = new Int32Array(buffer, this.times.byteLength);
  }

  /**
   * The endpoint to ask for a lane that belongs to `home`. The lanes of one that is out are spread over the others, until it is
   * to be tried: say so with `asks`.
   */
  pick(home: number, lane: number, now: () => number): number {
    if (this.counts[OUT] === 0 || !this.isOut(home) || now() >= this.times[home * TIMES + TRY_AT]!) return home;
    const others = this.endpoints - 1;
    for (let step = 0; step < others; step++) {
      const other = (home + 1 + ((lane + step) % others)) % this.endpoints;
      if (!this.isOut(other)) return other;
    }
    return home;
  }

  /** The endpoint is being asked: one that is out is next tried after twice the time. Two threads at once are two tries, which does no harm. */
  asks(endpoint: number, now: () => number): void {
    if (this.counts[OUT] === 0 || !this.isOut(endpoint)) return;
    const from = endpoint * TIMES;
    const waitMs = Math.min(LONGEST_WAIT_MS, this.times[from + WAIT_MS]! * 2);
    this.times[from + WAIT_MS] = waitMs;
    this.times[from + TRY_AT] = now() + waitMs;
  }

  /** The endpoint answered. */
  answered(endpoint: number, now: () => number): void {
    const at = this.countAt(endpoint, FAILURES);
    if (this.counts[at] === 0 || Atomics.exchange(this.counts, at, 0) < FAILURES_IN_A_ROW) return;
    Atomics.sub(this.counts, OUT, 1);
    const from = endpoint * TIMES;
    this.times[from + BACK_AT] = now();
    this.times[from + OUT_MS]! += this.times[from + BACK_AT]! - this.times[from + OUT_SINCE]!;
  }

  /**
   * A request to the endpoint failed: whether another endpoint is to be asked in its place. `isTest`: the request was to find
   * out whether there would be an answer, and says as much as many others.
   */
  failed(endpoint: number, nowMs: number, isTest = false): boolean {
    const failures = isTest ? FAILURES_IN_A_ROW : 1;
    const before = Atomics.add(this.counts, this.countAt(endpoint, FAILURES), failures);
    if (before < FAILURES_IN_A_ROW && before + failures >= FAILURES_IN_A_ROW) this.takeOut(endpoint, nowMs);
    return before + failures >= FAILURES_IN_A_ROW && this.counts[OUT]! < this.endpoints;
  }

  state(endpoint: number): EndpointState {
    const from = endpoint * TIMES;
    return {
      isOut: this.isOut(endpoint),
      outages: this.counts[this.countAt(endpoint, OUTAGES)]!,
      outSince: this.times[from + OUT_SINCE]!,
      backAt: this.times[from + BACK_AT]!,
      outMs: this.times[from + OUT_MS]!,
    };
  }

  private countAt(endpoint: number, count: number): number {
    return 1 + endpoint * COUNTS + count;
  }

  private isOut(endpoint: number): boolean {
    return this.counts[this.countAt(endpoint, FAILURES)]! >= FAILURES_IN_A_ROW;
  }

  private takeOut(endpoint: number, nowMs: number): void {
    const from = endpoint * TIMES;
    this.times[from + OUT_SINCE] = nowMs;
    this.times[from + WAIT_MS] = FIRST_WAIT_MS;
    this.times[from + TRY_AT] = nowMs + FIRST_WAIT_MS;
    Atomics.add(this.counts, this.countAt(endpoint, OUTAGES), 1);
    Atomics.add(this.counts, OUT, 1);
  }
}
