/** Half of the keys in eight large folders, the other half each in a folder of its own: a delimiter walk's worst case. */
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

const SITES = 8;
const ALONE = '/data.json';

export const sparse: LayoutFactory = (count) => {
  const digits = digitsFor(count);
  const firstOf = (site: number): number => Math.ceil((site * count) / SITES);
  return {
    keyAt: (index) => {
      const site = Math.floor((index * SITES) / count);
      const number = padded(index, digits);
      const alone = index < Math.floor((firstOf(site) + firstOf(site + 1)) / 2);
      return alone ? `site-${site}-${number}${ALONE}` : `site-${site}-bulk/object-${number}`;
    },
    guess: (key) => numberBefore(key, key.endsWith(ALONE) ? key.length - ALONE.length : key.length, digits),
  };
};
