/**
 * One retry budget for the whole scan, shared by all threads. Each retry takes a token and each success gives
 * one back: it drains where more than half of the requests fail. So a server that fails fewer is asked to the
 * end, and one that fails more ends the scan, the sooner the more it fails, instead of being asked for ever.
 */

const TOKENS = 0;

export class RetryBudget {
  private readonly tokens: Int32Array;
  private readonly capacity: number;

  /** Enough for ten attempts of everything in flight, and never fewer than 500 (the AWS SDKs' figure). */
  static allocate(concurrency: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(8);
    const view = new Int32Array(buffer);
    view.fill(Math.max(500, concurrency * 10));
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.tokens = new Int32Array(buffer);
    this.capacity = this.tokens[1]!;
  }

  /** False when the budget is spent. */
  spend(): boolean {
    if (Atomics.sub(this.tokens, TOKENS, 1) > 0) return true;
    Atomics.add(this.tokens, TOKENS, 1);
    return false;
  }

  /** Called for each success; the check first, since nearly always the budget is full. */
  earn(): void {
    if (this.tokens[TOKENS]! < this.capacity) Atomics.add(this.tokens, TOKENS, 1);
  }
}
