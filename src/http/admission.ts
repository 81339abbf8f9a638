/**
 * How many requests a second an endpoint is asked for, once it refuses some: additive increase, multiplicative
 * decrease. Pure (R9): counts and the time they took are passed in. Sends nothing, and knows no clock.
 *
 * The rate is limited and not the number in flight: a refusal comes back sooner than an answer, so that one slot
 * too many makes any number of refusals. What is in flight falls with the rate.
 *
 * Not every refusal is about the rate: a backend may refuse a share of the requests however few they are, and
 * going slower would only be slower. So each decrease is a trial. Where as large a share is refused at the lower
 * rate, that share is noise: the rate goes back up, and only refusals beyond it count, until the next trial.
 */

/** What came in of answers since the last decision. */
export interface Interval {
  readonly ms: number;
  /** answered, whatever the answer, but for refusals */
  readonly served: number;
  /** told to slow down */
  readonly refused: number;
  /** requests on their way now */
  readonly inFlight: number;
}

interface Tally {
  readonly ms: number;
  readonly served: number;
  readonly refused: number;
}

/** A decrease that is being tried. */
interface Trial {
  /** before it */
  readonly limit: number;
  readonly refusing: Tally;
  /** answers to come to requests that were sent before it */
  readonly stale: number;
  readonly since: Tally;
}

export interface Admission {
  /** requests a second; Infinity while none was refused */
  readonly limit: number;
  /** what was admitted when the limit was last lowered, a second: nearby, the limit rises slowly */
  readonly ceiling: number;
  /** the limit grows by this share of it next */
  readonly growth: number;
  /** share of the requests that is refused at any rate */
  readonly noise: number;
  /** refusals seen: how many requests are admitted is known when two intervals agree */
  readonly refusing: readonly Tally[];
  readonly trial: Trial | null;
  /** the last two seconds: a window and what came before an outage */
  readonly recent: readonly Tally[];
  /** since noise was last put to the trial */
  readonly trustedMs: number;
}

const NOTHING: Tally = { ms: 0, served: 0, refused: 0 };

export const OPEN: Admission = { limit: Infinity, ceiling: 0, growth: 0, noise: 0, refusing: [], trial: null, recent: [], trustedMs: 0 };

/** Fewer a second would never find out that there is room again. */
const LEAST = 10;
/** Of what was admitted. */
const LOWERED = 0.9;
/** So near to the ceiling the limit grows by `SLOWLY` an interval; beyond it by twice as much each time. */
const NEAR = 1.1;
const SLOWLY = 0.02;
const FASTEST = 0.5;
/** Refusals of so many requests are no reason to go slower. */
const TOLERATED = 0.02;
/** Longer than the windows that servers count in, which are a second at most. */
const TRIAL_MS = 1200;
const RECENT_MS = 2000;
const SECOND_MS = 1000;
/** Noise is put to the trial again: what was taken for it may have been a change of what the server admits. */
const TRUSTED_MS = 15_000;
/** A server that refuses nearly all says nothing but that. */
const MOST_NOISE = 0.9;
/** Standard deviations that are more than chance. */
const SURE = 3;

function added(all: Tally, { ms, served, refused }: Tally): Tally {
  return { ms: all.ms + ms, served: all.served + served, refused: all.refused + refused };
}

function answers({ served, refused }: Tally): number {
  return served + refused;
}

function shareOf(tally: Tally): number {
  return tally.refused / Math.max(1, answers(tally));
}

/** A second. */
function servedRate({ served, ms }: Tally): number {
  return (served * 1000) / ms;
}

/** How far the share refused of so many lies from what it is in truth, one time in three. */
function deviation(share: number, count: number): number {
  return Math.sqrt((share * (1 - share)) / Math.max(1, count));
}

function isExcess(tally: Tally, noise: number): boolean {
  return shareOf(tally) > noise + TOLERATED + SURE * deviation(noise, answers(tally));
}

/** Whether the lower rate is what made the refusals fewer. */
function hasFallen(tally: Tally, refusing: Tally, noise: number): boolean {
  const share = shareOf(refusing);
  const seen = shareOf(tally);
  return seen <= noise + (share - noise) / 2 && share - seen >= SURE * deviation(share, answers(tally));
}

function isSame(tally: Tally, refusing: Tally): boolean {
  const share = shareOf(refusing);
  const chance = Math.hypot(deviation(share, answers(tally)), deviation(share, answers(refusing)));
  return Math.abs(share - shareOf(tally)) <= TOLERATED + SURE * chance;
}

function lastOf(tallies: readonly Tally[]): readonly Tally[] {
  let ms = 0;
  let from = tallies.length;
  while (from > 0 && ms < RECENT_MS) ms += tallies[--from]!.ms;
  return tallies.slice(from);
}

export function admissionAfter(before: Admission, { ms, served, refused, inFlight }: Interval): Admission {
  const tally: Tally = { ms, served, refused };
  const recent = lastOf([...before.recent, tally]);
  const now: Admission = { ...before, recent, trustedMs: before.trustedMs + ms };
  if (before.refusing.length > 0) return confirmed(now, tally, inFlight);
  // Nothing is served: the end of a window, or an outage, and neither says which rate would be right.
  if (served === 0) return now;
  if (before.trial !== null) return tried(now, before.trial, tally, inFlight);
  if (isExcess(tally, now.noise)) return { ...now, refusing: [tally] };
  const seen = shareOf(recent.reduce(added, NOTHING));
  if (now.noise > 0 && now.trustedMs >= TRUSTED_MS) return lowered({ ...now, noise: 0, trustedMs: 0 }, overRecent(recent), tally, inFlight);
  return grown({ ...now, noise: now.noise + Math.min(0, seen - now.noise) * 0.2 }, tally);
}

/** Served a second; of the first second, what is not known counts as nothing. */
function overRecent(recent: readonly Tally[]): number {
  const all = recent.reduce(added, NOTHING);
  return servedRate({ ...all, ms: Math.max(SECOND_MS, all.ms) });
}

/** What is admitted is seen in two intervals that agree, the second time at the latest; else over a longer time, where the server counts in windows. */
function confirmed(now: Admission, tally: Tally, inFlight: number): Admission {
  const last = now.refusing.at(-1)!;
  const refusing = [...now.refusing, tally];
  const agree = tally.served > 0 && Math.abs(servedRate(tally) - servedRate(last)) <= 0.1 * servedRate(last);
  const goesOn = tally.served > 0 && isExcess(tally, now.noise);
  if (goesOn && !agree && refusing.length < 3) return { ...now, refusing };
  return lowered(now, goesOn && agree ? servedRate(added(last, tally)) : overRecent(now.recent), goesOn ? tally : last, inFlight);
}

/** The multiplicative decrease: to nearly what was admitted. */
function lowered(now: Admission, served: number, refusing: Tally, inFlight: number): Admission {
  const ceiling = served / (1 - now.noise);
  const limit = Math.min(now.limit, Math.max(LEAST, LOWERED * ceiling));
  return { ...now, limit, ceiling, growth: SLOWLY, refusing: [], trial: { limit: now.limit, refusing, stale: inFlight, since: NOTHING } };
}

function tried(now: Admission, trial: Trial, tally: Tally, inFlight: number): Admission {
  const stale = trial.stale - answers(tally);
  if (trial.stale > 0) return { ...now, trial: { ...trial, stale } };
  const since = added(trial.since, tally);
  // A fall is an answer at once; to know that there is none takes the whole time.
  if (hasFallen(tally, trial.refusing, now.noise) || hasFallen(since, trial.refusing, now.noise)) return { ...now, trial: null };
  if (since.ms < TRIAL_MS) return { ...now, trial: { ...trial, since } };
  const seen = shareOf(since);
  if (seen <= MOST_NOISE && isSame(since, trial.refusing)) return { ...now, limit: trial.limit, ceiling: 0, noise: seen, trustedMs: 0, trial: null };
  return isExcess(since, now.noise) ? lowered(now, servedRate(since), since, inFlight) : { ...now, trial: null };
}

/** The additive increase. */
function grown(now: Admission, tally: Tally): Admission {
  const { limit, ceiling, growth } = now;
  // Not where something else holds the requests back.
  if (limit === Infinity || (answers(tally) * 1000) / tally.ms < 0.8 * limit) return now;
  const isNear = limit < NEAR * ceiling;
  return { ...now, limit: limit * (1 + growth), growth: isNear ? SLOWLY : Math.min(FASTEST, growth * 2) };
}
