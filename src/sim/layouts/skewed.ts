/** A thousand tenants, one of which owns 95% of the keys: what an even split over prefixes gets wrong. */
import { mix } from '../mix.ts';
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

const PREFIXES = 1_000;
const SMALL_PREFIXES = PREFIXES - 1;
const BIG_SHARE = 0.95;

export const skewed: LayoutFactory = (count, seed) => {
  const digits = digitsFor(count);
  const bigPrefix = mix(seed, 0, 6) % PREFIXES;
  const bigCount = Math.ceil(count * BIG_SHARE);
  const smallCount = count - bigCount;
  const bigFrom = Math.ceil((bigPrefix * smallCount) / SMALL_PREFIXES);
  const prefixOf = (index: number): number => {
    if (index >= bigFrom && index < bigFrom + bigCount) return bigPrefix;
    const small = index < bigFrom ? index : index - bigCount;
    const prefix = Math.floor((small * SMALL_PREFIXES) / smallCount);
    return index < bigFrom ? prefix : prefix + 1;
  };
  return {
    keyAt: (index) => `tenant-${padded(prefixOf(index), 4)}/object-${padded(index, digits)}`,
    guess: (key) => numberBefore(key, key.length, digits),
  };
};
