/** Text inside XML, as S3 writes it. */
import type { ByteString } from './byte-string.ts';

// eslint-disable-next-line no-control-regex
const SPECIAL = /[\u0000-\u001f&<>"]/;
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become references, which is what S3 does though XML 1.0 allows few of them: `encoding-type=url` is there for that. */
export function xmlText(text: ByteString): string {
  if (!SPECIAL.test(text)) return text;
  let written = '';
  for (const character of text) {
    if (!SPECIAL.test(character)) written += character;
    else written += NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
  }
  return written;
}
