/** How many requests a second a simulation admits, over time: the others are refused as an overloaded server does it. */
import { Failure } from '../failure.ts';

/** So many a second, for so many seconds from the first request on; the last step lasts. */
export interface AdmissionStep {
  readonly rate: number;
  readonly seconds: number;
}

/** What an idle server has saved up: no more than it admits in this time. */
const BURST_MS = 50;

/** `4000` for good, or `4000:20,1000:20,4000`: a rate, and how many seconds it lasts. */
export function parseAdmission(text: string): AdmissionStep[] {
  return text.split(',').map((step, at, steps) => {
    const [, rate, seconds] = /^(\d{1,7})(?::(\d{1,6}))?$/.exec(step) ?? [];
    const isLast = at === steps.length - 1;
    if (rate === undefined || (seconds === undefined) !== isLast) {
      throw new Failure('usage', `simulation: ${JSON.stringify(text)} is no admission rate`, 'Such as 4000, or 4000:20,1000:20,4000: requests a second, and for how many seconds.');
    }
    return { rate: Number(rate), seconds: isLast ? Number.MAX_SAFE_INTEGER : Number(seconds) };
  });
}

/** Whether a request is admitted that comes `nowMs`. `share`: of the rate, where several processes serve. */
export function admission(steps: readonly AdmissionStep[], share: number): (nowMs: number) => boolean {
  let startMs = -1;
  let lastMs = 0;
  let tokens = 0;
  const rateAt = (nowMs: number): number => {
    let endMs = startMs;
    return steps.find(({ seconds }) => (endMs += seconds * 1000) > nowMs)!.rate * share;
  };
  return (nowMs) => {
    if (startMs < 0) startMs = lastMs = nowMs;
    const rate = rateAt(nowMs);
    tokens = Math.min(Math.max(1, (rate * BURST_MS) / 1000), tokens + ((nowMs - lastMs) * rate) / 1000);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
