/** `object-000001234`: no folder, numbered. The easiest bucket to list in parallel. */
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

export const flat: LayoutFactory = (count) => {
  const digits = digitsFor(count);
  return {
    keyAt: (index) => `object-${padded(index, digits)}`,
    guess: (key) => numberBefore(key, key.length, digits),
  };
};
