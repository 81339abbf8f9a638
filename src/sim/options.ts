/** What a simulated endpoint can be asked for, the values it has if it is not, and what is refused. */
import { Failure } from '../failure.ts';
import type { AdmissionStep } from './admission.ts';
import { LAYOUTS, type Layout } from './layouts/registry.ts';

export interface SimOptions {
  /** 0: any free one */
  port: number;
  host: string;
  bucket: string;
  objects: number;
  layout: Layout;
  seed: number;
  headLatencyMs: number;
  listLatencyMs: number;
  /** share of the latency by which it varies, 0 to 1 */
  latencyJitter: number;
  /** share of HEADs that are answered 503 SlowDown */
  errorRate: number;
  /** share of LISTs that are answered 503 SlowDown */
  listErrorRate: number;
  /** share of requests whose connection is reset instead of an answer */
  resetRate: number;
  /** share of HEADs that are never answered */
  silentRate: number;
  /** ms between two resets of all connections; 0: none */
  resetEveryMs: number;
  /** requests a second that are admitted, over time; the others are answered 503 SlowDown; null: all */
  admit: readonly AdmissionStep[] | null;
  /** 1: in this process; more: in as many child processes, which share the port */
  workers: number;
  /** null: signatures are not checked */
  credentials: SimCredentials | null;
  region: string;
  /** most keys a LIST page */
  pageSize: number;
}

export interface SimCredentials {
  accessKeyId: string;
  secretAccessKey: string;
}

const DEFAULTS: Readonly<SimOptions> = {
  port: 0,
  host: '127.0.0.1',
  bucket: 'sim-bucket',
  objects: 1_000_000,
  layout: 'flat',
  seed: 1,
  headLatencyMs: 0,
  listLatencyMs: 0,
  latencyJitter: 0,
  errorRate: 0,
  listErrorRate: 0,
  resetRate: 0,
  silentRate: 0,
  resetEveryMs: 0,
  admit: null,
  workers: 1,
  credentials: null,
  region: 'us-east-1',
  pageSize: 1_000,
};

type NumberOption = { [Name in keyof SimOptions]: SimOptions[Name] extends number ? Name : never }[keyof SimOptions];

/** Least, most, and whether it is a whole number. Beyond 10^11 objects the layouts' arithmetic would round. */
const RANGES: Readonly<Record<NumberOption, readonly [number, number, 'whole' | 'any']>> = {
  port: [0, 65_535, 'whole'],
  objects: [0, 100_000_000_000, 'whole'],
  seed: [0, 0xffff_ffff, 'whole'],
  headLatencyMs: [0, 60_000, 'any'],
  listLatencyMs: [0, 60_000, 'any'],
  latencyJitter: [0, 1, 'any'],
  errorRate: [0, 1, 'any'],
  listErrorRate: [0, 1, 'any'],
  resetRate: [0, 1, 'any'],
  silentRate: [0, 1, 'any'],
  resetEveryMs: [0, 3_600_000, 'any'],
  workers: [0, 256, 'whole'],
  pageSize: [1, 1_000, 'whole'],
};

export function resolveSimOptions(given: Partial<SimOptions>): SimOptions {
  const options = { ...DEFAULTS, ...given };
  for (const [name, [least, most, kind]] of Object.entries(RANGES)) {
    const value = options[name as NumberOption];
    if (!(value >= least && value <= most) || (kind === 'whole' && !Number.isInteger(value))) {
      const wanted = kind === 'whole' ? 'a whole number' : 'a number';
      throw new Failure('usage', `simulation: ${name} is ${value}, not ${wanted} from ${least} to ${most}`);
    }
  }
  if (!LAYOUTS.includes(options.layout)) {
    throw new Failure('usage', `simulation: no such layout: ${options.layout}`, `Layouts: ${LAYOUTS.join(', ')}.`);
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(options.bucket)) {
    const hint = '3 to 63 lower-case letters, digits, dots and hyphens.';
    throw new Failure('usage', `simulation: not a bucket name: ${JSON.stringify(options.bucket)}`, hint);
  }
  return options;
}
