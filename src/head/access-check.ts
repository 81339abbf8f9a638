/**
 * Keys that were refused, until it is known whether the credentials are still good: the refusal of a HEAD has no words,
 * and may be about the one object, or have become everyone's. Main asks with a request whose answer names the reason.
 */

/** Between two questions, and how long an answer is trusted where nothing but refusals comes. */
const PAUSE_MS = 1000;

export class AccessCheck {
  private readonly ask: () => void;
  private readonly isSigned: boolean;
  /** refused since the question was put: they wait for the next */
  private held: (() => void)[] = [];
  private asked: (() => void)[] | null = null;
  private timer: NodeJS.Timeout | null = null;
  private askedMs = -Infinity;
  private settledMs = Infinity;
  private hasSucceeded = true;

  /** `ask` puts the question to the main thread, which has `settle` called in the end. */
  constructor(isSigned: boolean, ask: () => void) {
    this.isSigned = isSigned;
    this.ask = ask;
  }

  /** Called for each answer that is none of these. */
  succeeded(): void {
    this.hasSucceeded = true;
  }

  /**
   * A request signed at `signedMs` was refused. True: `resume` is called once the credentials are known to be good. False:
   * the refusal is about the key.
   */
  holds(signedMs: number, nowMs: number, resume: () => void): boolean {
    if (!this.isSigned || this.isTrusted(signedMs, nowMs)) return false;
    this.held.push(resume);
    this.askSoon(nowMs);
    return true;
  }

  /** Where all is refused anyway, one question a second is enough: its answer goes for what was signed since. */
  private isTrusted(signedMs: number, nowMs: number): boolean {
    return this.asked === null && !this.hasSucceeded && signedMs > this.settledMs && nowMs - this.settledMs < PAUSE_MS;
  }

  private askSoon(nowMs: number): void {
    if (this.asked !== null) return;
    // No longer than that where the clock was set back.
    this.timer ??= setTimeout(() => this.askNow(), Math.min(PAUSE_MS, Math.max(0, this.askedMs + PAUSE_MS - nowMs)));
  }

  private askNow(): void {
    this.timer = null;
    this.asked = this.held;
    this.held = [];
    this.askedMs = Date.now();
    this.hasSucceeded = false;
    this.ask();
  }

  /** The credentials are good, or have been replaced by such as are. */
  settle(): void {
    const resumed = this.asked ?? [];
    this.asked = null;
    this.settledMs = Date.now();
    for (const resume of resumed) resume();
    if (this.held.length > 0) this.askSoon(Date.now());
  }
}
