/** A client that obeys `admissionAfter` and an endpoint that refuses some of its requests, in virtual time, by the millisecond. */
import { admissionAfter, OPEN } from '../../src/http/admission.ts';

/** Whether a request that comes now is served. */
export type Server = (nowMs: number) => boolean;

export interface Client {
  readonly seconds: number;
  readonly slots: number;
  readonly answerMs: number;
  readonly refusalMs: number;
}

/** What came back in one second. */
export interface Second {
  served: number;
  refused: number;
}

/** Admits a rate, and what that saved up in `burstMs`. */
export function bucketServer(rateAt: (nowMs: number) => number, burstMs: number): Server {
  let tokens = 0;
  let last = 0;
  return (now) => {
    const rate = rateAt(now);
    tokens = Math.min(Math.max(1, (rate * burstMs) / 1000), tokens + ((now - last) * rate) / 1000);
    last = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

/** Counts anew in each window, and refuses what exceeds the rate. */
export function windowServer(rateAt: (nowMs: number) => number, windowMs: number): Server {
  let window = -1;
  let count = 0;
  return (now) => {
    const current = Math.floor(now / windowMs);
    if (current !== window) count = 0;
    window = current;
    return count++ < (rateAt(now) * windowMs) / 1000;
  };
}

/** Refuses a share of what another would see, whatever the rate. */
export function noisyServer(share: number, seed: number, inner: Server): Server {
  let state = seed | 0;
  return (now) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24 >= share && inner(now);
  };
}

const INTERVAL_MS = 200;
const OUTAGE_GAP_MS = 100;
/** Of a thread, whatever the limit. */
const MOST_A_MS = 20;

/** As the head workers do it: slots, the token bucket of pace.ts, the outage of retry-budget.ts, and the intervals of the pace keeper. */
export function scan(server: Server, { seconds, slots, answerMs, refusalMs }: Client): Second[] {
  const course = Array.from({ length: seconds }, (): Second => ({ served: 0, refused: 0 }));
  const coming = Array.from({ length: seconds * 1000 + Math.max(answerMs, refusalMs) + 1 }, (): Second => ({ served: 0, refused: 0 }));
  let admission = OPEN;
  let inFlight = 0;
  let credit = 0;
  let failures = 0;
  let outUntil = 0;
  let tally = { ms: 0, served: 0, refused: 0 };
  for (let now = 0; now < seconds * 1000; now++) {
    const { served, refused } = coming[now]!;
    const second = course[Math.floor(now / 1000)]!;
    second.served += served;
    second.refused += refused;
    tally = { ms: tally.ms + 1, served: tally.served + served, refused: tally.refused + refused };
    inFlight -= served + refused;
    failures = served > 0 ? 0 : failures + refused;
    const isOut = failures >= slots * 2;
    credit = Math.min(credit + admission.limit / 1000, admission.limit / 100 + 1);
    for (let sent = 0; sent < MOST_A_MS && inFlight < slots && credit >= 1; sent++) {
      if (isOut && now < outUntil) break;
      outUntil = now + OUTAGE_GAP_MS;
      credit--;
      inFlight++;
      if (server(now)) coming[now + answerMs]!.served++;
      else coming[now + refusalMs]!.refused++;
    }
    if (now % INTERVAL_MS !== INTERVAL_MS - 1) continue;
    if (tally.served + tally.refused < 40 && tally.ms < 1000) continue;
    admission = admissionAfter(admission, { ...tally, inFlight });
    tally = { ms: 0, served: 0, refused: 0 };
  }
  return course;
}
