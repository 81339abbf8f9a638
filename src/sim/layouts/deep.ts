/** Twenty levels of folders, sixteen keys in each of the innermost: first one long corridor, then a tree that forks at each level. */
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

const LEVELS = 20;
const KEYS_PER_FOLDER = 16;

export const deep: LayoutFactory = (count) => {
  const digits = digitsFor(count);
  let fork = 2;
  while (fork ** LEVELS < count / KEYS_PER_FOLDER) fork++;
  const folderOf = (number: number): string => {
    let path = '';
    for (let level = LEVELS, rest = number; level > 0; level--, rest = Math.floor(rest / fork)) {
      path = `l${padded(level, 2)}-${rest % fork}/${path}`;
    }
    return path;
  };
  let latest = { number: 0, path: folderOf(0) };
  return {
    keyAt: (index) => {
      const number = Math.floor(index / KEYS_PER_FOLDER);
      if (number !== latest.number) latest = { number, path: folderOf(number) };
      return `${latest.path}object-${padded(index, digits)}`;
    },
    guess: (key) => numberBefore(key, key.length, digits),
  };
};
