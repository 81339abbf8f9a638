/**
 * Names in many scripts, and the characters that break tools: combining forms beside their composed twins, characters beyond
 * U+FFFF (whose order as UTF-16 differs from that of their bytes), spaces, `%`, `+`, `&`, `<`, quotes, dots, empty
 * folders, and control characters, which XML 1.0 cannot carry and a listing can only with `encoding-type=url`.
 */
import { toByteString, type ByteString } from '../byte-string.ts';
import { mix } from '../mix.ts';
import { digitsFor, numberBefore, padded, type LayoutFactory } from './layout.ts';

const NAMES = [
  ['', ' ', '  two  spaces ', '.', '..', '...', '~', '-', '_', '!', '*', "'", '"quoted"', '(brackets)', '[1]', '{a}', '^', '`'],
  ['100%', '%41', '%2F', '%', 'a+b', '+', 'a&b', '&amp;', '<tag>', ']]>', 'a=b', 'a?b', '#', 'a;b', ',', ':', '@', '$', '|', '\\'],
  ['\t', 'line\nfeed', 'return\r', '\u0001', '\u001b[31m', '\u001f', '\u007f', '\u0085', '\u00a0', '\u200b', '\u202e', '\ufeff'],
  ['007', '1e5', 'null', '__proto__', 'CON', 'a', 'A', '\u00e9', 'e\u0301', 'ñ', 'ß', '\ufb01', '\u03a9', '\u2126', 'İ', 'ı', '\uac00', '\u1100\u1161'],
  ['Ελληνικά', 'русский', 'українська', 'العربية', 'עברית', 'हिन्दी', 'தமிழ்', 'ไทย', 'ქართული', 'አማርኛ', '日本語', '中文', '한국어'],
  ['\ue000', '\ufffd', 'ﷺ', '😀', '👩‍👩‍👧', '🏳️‍🌈', '𝒜', '𠮷野家', '𐍈', '\u{10fffd}'],
]
  .flat()
  .map(toByteString);

export const unicode: LayoutFactory = (count, seed) => {
  const digits = digitsFor(count);
  // Sorted with the slash that will follow them: a name may be the beginning of another, and some bytes sort below a slash.
  const folders = NAMES.map((name) => `${name}/`).sort(byBytes);
  const pairs = folders.length ** 2;
  return {
    keyAt: (index) => {
      const pair = Math.floor((index * pairs) / count);
      const folder = folders[Math.floor(pair / folders.length)]! + folders[pair % folders.length]!;
      return `${folder}${padded(index, digits)}${NAMES[mix(seed, index, 7) % NAMES.length]!}`;
    },
    guess: (key) => {
      const numberAt = key.indexOf('/', key.indexOf('/') + 1) + 1;
      return numberBefore(key, numberAt + digits, digits);
    },
  };
};

function byBytes(a: ByteString, b: ByteString): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
