/**
 * How many LIST requests may be on their way at once. Where the user did not say: doubled while pages come quickly
 * and someone waits for them. In any case: times 0.7 when the server says to slow down, one more a round after that.
 * Pure (R9): counts and latencies are passed in. Sends nothing, and knows no clock.
 */

export interface Pace {
  /** requests that may be on their way */
  readonly limit: number;
  /** what the limit never exceeds */
  readonly most: number;
  /** nothing was refused so far: the limit doubles */
  readonly isDoubling: boolean;
  /** answers that count since the limit was set: as many as the limit are a round */
  readonly answers: number;
  /** what the full pages of the round took, ms, and how many there were */
  readonly spentMs: number;
  readonly fullPages: number;
  /** what a full page took on average in the quickest round, ms */
  readonly quickestMs: number;
  /** refusals are answers to requests that were sent before the limit was lowered */
  readonly isLowered: boolean;
}

/** One page, as the pace sees it. */
export interface PageTime {
  readonly ms: number;
  /** others follow it: shorter ones tell nothing of how quick the server is */
  readonly isFull: boolean;
  /** the consumer waited for it: where it does not, more requests are of no use */
  readonly isWanted: boolean;
  /** the server said to slow down since the page before it came */
  readonly isThrottled: boolean;
}

const FIRST_LIMIT = 4;
export const MAX_LIST_CONCURRENCY = 64;
const LOWERED = 0.7;
/** A round that takes this many times as long as the quickest one waits in a queue, at the server or here. */
const SLOW = 3;

function at(limit: number, pace: Pace, isLowered: boolean): Pace {
  return { ...pace, limit, isDoubling: pace.isDoubling && !isLowered, isLowered, answers: 0, spentMs: 0, fullPages: 0 };
}

export const FIRST_PACE: Pace = { limit: FIRST_LIMIT, most: MAX_LIST_CONCURRENCY, isDoubling: true, answers: 0, spentMs: 0, fullPages: 0, quickestMs: Infinity, isLowered: false };

/** Where the user said how many. */
export function givenPace(concurrency: number): Pace {
  return { ...FIRST_PACE, limit: concurrency, most: concurrency, isDoubling: false };
}

export function paceAfter(pace: Pace, { ms, isFull, isWanted, isThrottled }: PageTime): Pace {
  // Once a round: the other requests on their way were refused for the same reason.
  if (isThrottled && !pace.isLowered) return at(Math.max(1, Math.floor(pace.limit * LOWERED)), pace, true);
  if (!isWanted && !pace.isLowered) return pace;
  const answers = pace.answers + 1;
  const spentMs = pace.spentMs + (isFull ? ms : 0);
  const fullPages = pace.fullPages + (isFull ? 1 : 0);
  if (answers < pace.limit) return { ...pace, answers, spentMs, fullPages };
  const averageMs = fullPages === 0 ? pace.quickestMs : spentMs / fullPages;
  const quickestMs = Math.min(pace.quickestMs, averageMs);
  const isSlow = averageMs > quickestMs * SLOW;
  const more = pace.isDoubling ? pace.limit * 2 : pace.limit + 1;
  const limit = pace.isLowered || isSlow ? pace.limit : Math.min(pace.most, more);
  return at(limit, { ...pace, quickestMs, isLowered: false }, false);
}
