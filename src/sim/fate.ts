/**
 * What becomes of a request besides its answer: how long it waits, and whether it fails. Drawn from the seed and the number of the
 * request, so that a run can be repeated, and never from the key, so that asking again draws anew. Only whether it is admitted
 * depends on when it comes.
 */
import { admission } from './admission.ts';
import { share } from './mix.ts';
import type { SimOptions } from './options.ts';

export interface Fate {
  readonly delayMs: number;
  /** slow-down: answered 503; reset: the connection is reset instead of an answer; silence: no answer ever comes on it */
  readonly fault: 'none' | 'slow-down' | 'reset' | 'silence';
}

export const PLAIN_FATE: Fate = { delayMs: 0, fault: 'none' };
/** At once: that is what makes an overloaded server's refusals cheap, and many. */
const REFUSED: Fate = { delayMs: 0, fault: 'slow-down' };

const SALT = { reset: 60, slowDown: 61, jitter: 62, silence: 63 } as const;

/** The longest that a request can be made to wait. */
export function maxDelayMs(options: SimOptions): number {
  return Math.max(options.headLatencyMs, options.listLatencyMs) * (1 + options.latencyJitter);
}

/** `stream` tells apart the processes of one simulation, which count their requests each. */
export function fateDrawer(options: SimOptions, stream: number, clock: () => number): (method: string) => Fate {
  const { headLatencyMs, listLatencyMs, latencyJitter, errorRate, listErrorRate, resetRate, silentRate } = options;
  if (options.admit === null && maxDelayMs(options) + errorRate + listErrorRate + resetRate + silentRate === 0) return () => PLAIN_FATE;
  const admits = options.admit === null ? () => true : admission(options.admit, 1 / Math.max(1, options.workers));
  const seed = (options.seed + Math.imul(stream, 0x9e3779b1)) | 0;
  let requests = 0;
  const faultOf = (number: number, slowDownRate: number, head: boolean): Fate['fault'] => {
    if (share(seed, number, SALT.reset) < resetRate) return 'reset';
    if (head && share(seed, number, SALT.silence) < silentRate) return 'silence';
    return share(seed, number, SALT.slowDown) < slowDownRate ? 'slow-down' : 'none';
  };
  return (method) => {
    const number = requests++;
    const head = method === 'HEAD';
    if (!admits(clock())) return REFUSED;
    const latency = head ? headLatencyMs : listLatencyMs;
    return {
      delayMs: latency * (1 + latencyJitter * (2 * share(seed, number, SALT.jitter) - 1)),
      fault: faultOf(number, head ? errorRate : listErrorRate, head),
    };
  };
}
