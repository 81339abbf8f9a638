/** The keys of a simulated bucket, searched but never held: any number of them takes the same memory. */
import type { ByteString } from './byte-string.ts';
import { LAYOUT_FACTORIES, type Layout } from './layouts/registry.ts';

export interface KeySpace {
  readonly count: number;
  readonly keyAt: (index: number) => ByteString;
  /** The number of `key`, or -1. */
  readonly find: (key: ByteString) => number;
  /** How many keys are ≤ `key`, which is where a listing after `key` begins. */
  readonly indexAfter: (key: ByteString) => number;
  /** The first number from `from` on whose key is ≥ `key`; `count` if there is none. Fast if it is close to `from`. */
  readonly seek: (key: ByteString, from: number) => number;
}

export function createKeySpace(layout: Layout, count: number, seed: number): KeySpace {
  const { keyAt, guess } = LAYOUT_FACTORIES[layout](count, seed);

  /** Steps that double, then halve: a delimiter listing jumps over many small folders and a few huge ones. */
  const seek = (key: ByteString, from: number): number => {
    let low = from;
    let step = 1;
    while (low + step <= count && keyAt(low + step - 1) < key) {
      low += step;
      step *= 2;
    }
    let high = Math.min(count, low + step - 1);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (keyAt(middle) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    count,
    keyAt,
    seek,
    find: (key) => {
      const index = guess(key);
      return index >= 0 && index < count && Number.isInteger(index) && keyAt(index) === key ? index : -1;
    },
    // No byte string lies between a key and the same key with a zero byte after it.
    indexAfter: (key) => seek(`${key}\0`, 0),
  };
}
