/**
 * How a chain of pages goes on: by continuation token, or by start-after with the last key. Decides only (R9),
 * and refuses what would loop or lose keys (R2).
 */
import { Failure } from '../failure.ts';
import { nextSafe, toCodePoints, toKey } from '../keyspace/code-points.ts';
import { NoToken } from './doubts.ts';

/** Where a page begins; both null for the beginning of the bucket. */
export interface Position {
  readonly startAfter: Uint8Array | null;
  readonly continuationToken: string | null;
  /** no token was given: a server that knows only version 1 of ListObjects takes the key as marker */
  readonly byMarker?: boolean;
}

/**
 * A versioned bucket full of delete markers may list empty pages, each with a token of its own and as many markers
 * behind it as the server passes over in one request. More in a row is taken for a server that never ends.
 */
export const MAX_EMPTY_PAGES = 1000;

const PERCENT = 0x25;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DOT = 0x2e;

export function hasPercent(key: Uint8Array): boolean {
  return key.includes(PERCENT);
}

/**
 * How much of the beginning of a key the server takes in a start-after for what it is: S3 refuses characters that XML
 * cannot hold (of those, U+FFFE and U+FFFF are EF BF BE and EF BF BF), and LocalStack percent-decodes twice.
 */
function fitLength(key: Uint8Array, percentIsSafe: boolean): number {
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!;
    if (byte < SPACE && byte !== TAB && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return i;
    if (byte === PERCENT && !percentIsSafe) return i;
    if (byte === 0xef && key[i + 1] === 0xbf && (key[i + 2] === 0xbe || key[i + 2] === 0xbf)) return i;
  }
  return key.length;
}

export function isFitForStartAfter(key: Uint8Array, percentIsSafe: boolean): boolean {
  return fitLength(key, percentIsSafe) === key.length;
}

/**
 * The beginning of the key that is fit; the key itself where all of it is. What is cut off leaves no segment `.` or `..`
 * that the key does not have: MinIO refuses such a start-after.
 */
export function fitBeginning(key: Uint8Array, percentIsSafe: boolean): Uint8Array {
  let length = fitLength(key, percentIsSafe);
  if (length < key.length) while (length > 0 && (key[length - 1] === DOT || key[length - 1]! <= SPACE)) length--;
  return key.subarray(0, length);
}

/** A key that is fit, right above all that share what makes this one unfit. */
export function fitAbove(key: Uint8Array, percentIsSafe: boolean): Uint8Array {
  const length = fitLength(key, percentIsSafe);
  const [unfit] = toCodePoints(key.subarray(length));
  // Not white space: behind a `.` MinIO takes that for nothing.
  return Buffer.concat([key.subarray(0, length), toKey([nextSafe(Math.max(unfit!, SPACE))])]);
}

export class Continuation {
  position: Position;
  private readonly byKey: boolean;
  /** tokens given since the last key */
  private readonly tokens = new Set<string>();

  /**
   * `after`: exclusive; empty for the beginning of the bucket. What began at a start-after goes on by start-after:
   * MinIO releases of 2025 answer a start-after that is no key of the bucket with a token that skips one key
   * (minio/minio#21463). `byKey`: so does what began at the beginning.
   */
  constructor(after: Uint8Array, byKey: boolean = after.length > 0) {
    this.byKey = byKey;
    this.position = { startAfter: after.length > 0 ? after : null, continuationToken: null };
  }

  /**
   * Moves to the page after a truncated one that gave this token and ended in this key (null: it was empty).
   * `percentIsSafe`: the server takes a `%` in a start-after for what it is.
   */
  advance(token: string | null, lastKey: Uint8Array | null, percentIsSafe = false): void {
    if (this.byKey && lastKey !== null && isFitForStartAfter(lastKey, percentIsSafe)) {
      this.tokens.clear();
      this.position = { startAfter: lastKey, continuationToken: null };
      return;
    }
    if (token === null) {
      if (lastKey === null) throw new NoToken();
      this.position = { startAfter: lastKey, continuationToken: null, byMarker: true };
      return;
    }
    if (this.tokens.has(token)) throw new Failure('listing', 'the page gives a continuation token that an earlier page gave: the listing would never end');
    if (lastKey !== null) this.tokens.clear();
    this.tokens.add(token);
    if (this.tokens.size > MAX_EMPTY_PAGES) throw new Failure('listing', `${MAX_EMPTY_PAGES} truncated pages in a row without a key`);
    this.position = { startAfter: null, continuationToken: token };
  }
}
