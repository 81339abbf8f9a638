/** 32 hex digits that look like hashes, no folder: content-addressed stores, evenly spread over the keyspace. */
import { hex8, mix, share } from '../mix.ts';
import type { LayoutFactory } from './layout.ts';

/** The first 13 digits order the keys: 52 bits, which a double holds exactly. The others are noise. */
const ORDERING_DIGITS = 13;

export const hex: LayoutFactory = (count, seed) => {
  const gap = 2 ** (4 * ORDERING_DIGITS) / count;
  return {
    keyAt: (index) => {
      // Half a gap of jitter at most: two neighbours stay apart by half a gap, and that is above 2^14.
      const place = Math.floor((index + share(seed, index, 1) / 2) * gap);
      const noise = hex8(mix(seed, index, 2)) + hex8(mix(seed, index, 3)) + hex8(mix(seed, index, 4));
      return place.toString(16).padStart(ORDERING_DIGITS, '0') + noise.slice(0, 19);
    },
    // Between `index` less a rounding and `index` + ½.
    guess: (key) => Math.floor(Number.parseInt(key.slice(0, ORDERING_DIGITS), 16) / gap + 0.25),
  };
};
