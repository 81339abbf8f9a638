/** One timer for all connections of a thread, in place of one a request. Coarse: a deadline is met up to a quarter of a second late. */

const TICK_MS = 250;

export interface Expiring {
  /** ms of `performance.now()`; 0 for none */
  readonly deadline: number;
  expire(): void;
}

export class Deadlines {
  private readonly watched = new Set<Expiring>();
  private timer: NodeJS.Timeout | null = null;

  add(expiring: Expiring): void {
    this.watched.add(expiring);
    this.timer ??= setInterval(() => this.check(performance.now()), TICK_MS).unref();
  }

  remove(expiring: Expiring): void {
    this.watched.delete(expiring);
    if (this.watched.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private check(now: number): void {
    for (const expiring of this.watched) if (expiring.deadline !== 0 && expiring.deadline <= now) expiring.expire();
  }
}
