/**
 * What a layout of keys is: a bucket's keys as a function of their number, ascending as S3 lists them. The layouts beside this
 * file are a few lines each; searching in them is `../key-space.ts`.
 */
import type { ByteString } from '../byte-string.ts';

interface KeyLayout {
  /** The key of number `index`, 0 ≤ index < count; strictly ascending in byte order. */
  readonly keyAt: (index: number) => ByteString;
  /** The number `key` must have if it is a key of this layout at all; anything, NaN too, if it is none. */
  readonly guess: (key: ByteString) => number;
}

/** `count` is below 10^11, so that what layouts compute stays exact in doubles. */
export type LayoutFactory = (count: number, seed: number) => KeyLayout;

/** Digits that every number below `count` fits in: nine, as people write them, or more. */
export function digitsFor(count: number, least: number = 9): number {
  return Math.max(least, String(count - 1).length);
}

export function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

/** Writes `number` as `padded` does, by the byte. */
export function writeDigits(into: Uint8Array, at: number, number: number, digits: number): void {
  let rest = number;
  for (let digit = digits - 1; digit >= 0; digit--) {
    const tens = Math.floor(rest / 10);
    into[at + digit] = 48 + rest - 10 * tens;
    rest = tens;
  }
}

/** The number that the last `digits` characters before `end` spell. */
export function numberBefore(key: ByteString, end: number, digits: number): number {
  return Number(key.slice(end - digits, end));
}
