/** 32 hex digits that look like hashes, no folder: content-addressed stores, evenly spread over the keyspace. */
import { mix, share, writeHex8 } from '../mix.ts';
import type { LayoutFactory } from './layout.ts';

/** The first 13 digits order the keys: 52 bits, which a double holds exactly. The others are noise. */
const ORDERING_DIGITS = 13;
/** Ordering digits, in 16, and noise, in 24: the key lies between. As strings of eight put together it takes six times as long. */
const scratch = Buffer.alloc(40);
const START = 16 - ORDERING_DIGITS;
const END = START + 32;

export const hex: LayoutFactory = (count, seed) => {
  const gap = 2 ** (4 * ORDERING_DIGITS) / count;
  return {
    keyAt: (index) => {
      // Half a gap of jitter at most: two neighbours stay apart by half a gap, and that is above 2^14.
      const place = Math.floor((index + share(seed, index, 1) / 2) * gap);
      writeHex8(scratch, 0, place / 2 ** 32);
      writeHex8(scratch, 8, place);
      for (let part = 0; part < 3; part++) writeHex8(scratch, 16 + 8 * part, mix(seed, index, part + 2));
      return scratch.toString('latin1', START, END);
    },
    // Between `index` less a rounding and `index` + ½.
    guess: (key) => Math.floor(Number.parseInt(key.slice(0, ORDERING_DIGITS), 16) / gap + 0.25),
  };
};
