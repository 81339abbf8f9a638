/** A bucket behind `ListPage`: real pages of XML, no socket, and answers that come in the order that dice choose. */
import type { ListPage, PageRequest } from '../../src/listing/listing.ts';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { plainObject, renderPage } from './render-page.ts';

export type Dice = () => number;

/** Numbers in [0, 1) that a seed determines (mulberry32). */
export function diceOf(seed: number): Dice {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MAX_STEPS = 200_000;

export const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Who waits goes on in the order of the dice, one at a time, when nothing else is left to do. */
export class Schedule {
  private readonly waiting: (() => void)[] = [];
  private readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  /** Until the work has ended; throws where it never would. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { ended: false };
    const done = work.finally(() => {
      state.ended = true;
    });
    done.catch(() => {});
    for (let steps = 0, stuck = 0; !state.ended; steps++) {
      await idle();
      if (steps > MAX_STEPS || stuck > 20) throw new Error('it never ends');
      const [next] = this.waiting.splice(Math.floor(this.dice() * this.waiting.length), 1);
      stuck = next === undefined ? stuck + 1 : 0;
      next?.();
    }
    return done;
  }
}

/** A page as the server composes it. */
export interface Answer {
  keys: string[];
  /** with a delimiter */
  folders?: string[];
  /** null at the end */
  token: string | null;
  isTruncated: boolean;
}

/** What a server makes of a request; `nth` counts from 1. */
export type Server = (request: PageRequest, nth: number) => Answer;

export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
export const compareText = (a: string, b: string): number => Buffer.compare(bytes(a), bytes(b));

export interface HonestOptions {
  /** at most so many keys a page */
  readonly most?: number;
  /** pages are short, or empty, as the dice will */
  readonly dice?: Dice;
}

/** What an honest server takes the request to begin after. */
export function beginning({ startAfter, continuationToken }: PageRequest): string {
  if (continuationToken !== null) return Buffer.from(continuationToken.split('.')[1]!, 'hex').toString();
  return startAfter === null ? '' : Buffer.from(startAfter).toString();
}

/** Serves `all` as it is when it is asked: the set may change. */
export function honest(all: () => Iterable<string>, { most = 1000, dice }: HonestOptions = {}, after: (request: PageRequest) => string = beginning): Server {
  return (request, nth) => {
    const from = after(request);
    const prefix = Buffer.from(request.prefix).toString();
    const left = [...all()].filter((key) => key.startsWith(prefix) && compareText(key, from) > 0).sort(compareText);
    if (request.delimiter !== undefined) {
      const folders = left.filter((key) => key.includes('/', prefix.length)).map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1));
      return { keys: left.filter((key) => !key.includes('/', prefix.length)), folders: [...new Set(folders)], isTruncated: false, token: null };
    }
    let size = Math.min(most, request.maxKeys);
    if (dice !== undefined && dice() < 0.3) size = Math.floor(dice() * (size + 1));
    const keys = left.slice(0, size);
    const isTruncated = left.length > keys.length;
    return { keys, isTruncated, token: isTruncated ? `${nth}.${bytes(keys.at(-1) ?? from).toString('hex')}` : null };
  };
}

/** Counts the requests of a `ListPage`. */
export interface Asked {
  readonly requests: PageRequest[];
  inFlight: number;
  mostInFlight: number;
}

/** Pages of the server, when the schedule lets them pass: on the way there and on the way back. */
export function serve(server: Server, schedule: Schedule): { listPage: ListPage; asked: Asked } {
  const asked: Asked = { requests: [], inFlight: 0, mostInFlight: 0 };
  const listPage: ListPage = async (request, builder) => {
    asked.requests.push(request);
    const nth = asked.requests.length;
    asked.mostInFlight = Math.max(asked.mostInFlight, ++asked.inFlight);
    await schedule.turn();
    const { keys, token, isTruncated, folders = [] } = server(request, nth);
    const body = renderPage(keys.map(plainObject), { token, commonPrefixes: folders });
    await schedule.turn();
    asked.inFlight--;
    const text = body.toString('latin1').replace(/<IsTruncated>\w+</, `<IsTruncated>${isTruncated}<`);
    return decodeListPage(Buffer.from(text, 'latin1'), request.window, builder);
  };
  return { listPage, asked };
}
