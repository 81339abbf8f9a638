/**
 * What becomes of a request besides its answer: how long it waits, and whether it fails. Drawn from the seed and the number of the
 * request, so that a run can be repeated, and never from the key, so that asking again draws anew.
 */
import { share } from './mix.ts';
import type { SimOptions } from './options.ts';

export interface Fate {
  readonly delayMs: number;
  /** slow-down: answered 503; reset: the connection is reset instead of an answer */
  readonly fault: 'none' | 'slow-down' | 'reset';
}

export const PLAIN_FATE: Fate = { delayMs: 0, fault: 'none' };

const SALT = { reset: 60, slowDown: 61, jitter: 62 } as const;

/** The longest that a request can be made to wait. */
export function maxDelayMs(options: SimOptions): number {
  return Math.max(options.headLatencyMs, options.listLatencyMs) * (1 + options.latencyJitter);
}

/** `stream` tells apart the processes of one simulation, which count their requests each. */
export function fateDrawer(options: SimOptions, stream: number): (method: string) => Fate {
  const { headLatencyMs, listLatencyMs, latencyJitter, errorRate, listErrorRate, resetRate } = options;
  if (maxDelayMs(options) + errorRate + listErrorRate + resetRate === 0) return () => PLAIN_FATE;
  const seed = (options.seed + Math.imul(stream, 0x9e3779b1)) | 0;
  let requests = 0;
  const faultOf = (number: number, slowDownRate: number): Fate['fault'] => {
    if (share(seed, number, SALT.reset) < resetRate) return 'reset';
    return share(seed, number, SALT.slowDown) < slowDownRate ? 'slow-down' : 'none';
  };
  return (method) => {
    const number = requests++;
    const head = method === 'HEAD';
    const latency = head ? headLatencyMs : listLatencyMs;
    return {
      delayMs: latency * (1 + latencyJitter * (2 * share(seed, number, SALT.jitter) - 1)),
      fault: faultOf(number, head ? errorRate : listErrorRate),
    };
  };
}
