/** How metrics write times and rates, always finite. */

/** `n` a second over `elapsedMs`, to the hundredth. What took less than the clock's millisecond counts as one. */
export function perSecond(n: number, elapsedMs: number): number {
  return Math.round((n / Math.max(elapsedMs, 1)) * 100_000) / 100;
}

/** ISO 8601, UTC, with milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
