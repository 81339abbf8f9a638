/**
 * Whether and when a request is sent again: pure (R9), the dice are passed in.
 *
 * Full jitter as the AWS SDKs do it (@smithy/core 3.41): delay = random × min(cap, base × 2^(attempt − 1)).
 */

/** `transient`: the server or the network failed. `throttled`: the server asked for fewer requests. */
export type RetryCause = 'transient' | 'throttled';

export interface RetryPolicy {
  /** requests sent for one key or page at most, the first included */
  readonly maxAttempts: number;
}

const BASE_MS: Readonly<Record<RetryCause, number>> = { transient: 50, throttled: 100 };
const CAP_MS = 20_000;
/**
 * Of so many waits none is over a second, where the server said to slow down: it is the rate that heeds it
 * (admission.ts), and of requests refused at random all but a few in a million are answered by then.
 */
const SHORT_WAITS = 10;
const SHORT_CAP_MS = 1000;
/** What is refused for the rate is no failure of the key's, and has so many times the retries. */
const THROTTLED_RETRIES = 3;

function ceilingOf(cause: RetryCause, attempt: number): number {
  const doubled = Math.min(CAP_MS, BASE_MS[cause] * 2 ** (attempt - 1));
  if (cause === 'transient') return doubled;
  return attempt <= SHORT_WAITS ? Math.min(SHORT_CAP_MS, doubled) : Math.min(CAP_MS, SHORT_CAP_MS * 2 ** (attempt - SHORT_WAITS));
}

/**
 * How long to wait before attempt number `attempt + 1`, in ms; null to give up.
 * `random` is in [0, 1); `retryAfterMs` is what the server asked for, if it did.
 */
export function retryDelay(
  cause: RetryCause,
  attempt: number,
  policy: RetryPolicy,
  random: number,
  retryAfterMs: number | null = null,
): number | null {
  const retries = (policy.maxAttempts - 1) * (cause === 'throttled' ? THROTTLED_RETRIES : 1);
  if (attempt > retries) return null;
  const jittered = random * ceilingOf(cause, attempt);
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, CAP_MS));
}

/** `Retry-After` in ms: seconds or a date (RFC 9110, 10.2.3); null where it is neither. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
