/** Text inside XML, as S3 writes it. */
import { writeWith, type ByteString } from './byte-string.ts';

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become references, which is what S3 does though XML 1.0 allows few of them: `encoding-type=url` is there for that. */
const TABLE: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return NAMED[character] ?? (byte < 32 ? `&#x${byte.toString(16)};` : character);
});
// oxlint-disable-next-line no-control-regex
const SPECIAL = /[\u0000-\u001f&<>"]/;

export function xmlText(text: ByteString): string {
  return SPECIAL.test(text) ? writeWith(TABLE, text) : text;
}
