/** A prefix of 900 bytes that all keys share: only their last bytes differ, close to S3's limit of 1,024. */
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

const PREFIX_BYTES = 900;
const PREFIX = `${'a-folder-whose-name-is-long/'.repeat(40).slice(0, PREFIX_BYTES - 1)}/`;

export const long: LayoutFactory = (count) => {
  const digits = digitsFor(count);
  return {
    keyAt: (index) => `${PREFIX}object-${padded(index, digits)}`,
    guess: (key) => numberBefore(key, key.length, digits),
  };
};
