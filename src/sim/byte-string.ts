/**
 * Keys as byte strings: JavaScript strings that hold one byte of UTF-8 in each character (R3).
 *
 * `<` on them is the order of the bytes, which is S3's; slices and comparisons are V8's one-byte fast path; and written with
 * the encoding `latin1` they are the key's bytes again. Nothing here knows of objects or of HTTP.
 */

/** Every character is U+0000 to U+00FF and stands for a byte. An ASCII string is its own byte string. */
export type ByteString = string;

export function toByteString(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The first byte string after all that begin with `prefix`; null if there is none. */
export function afterPrefix(prefix: ByteString): ByteString | null {
  let end = prefix.length;
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xff) end--;
  if (end === 0) return null;
  return prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1);
}

/** Percent-decodes what arrived on the wire; null where a `%` is not followed by two hex digits. */
export function percentDecode(wire: string): ByteString | null {
  let percent = wire.indexOf('%');
  if (percent === -1) return wire;
  let decoded = '';
  let from = 0;
  while (percent !== -1) {
    const high = hexDigit(wire.charCodeAt(percent + 1));
    const low = hexDigit(wire.charCodeAt(percent + 2));
    if (high === -1 || low === -1) return null;
    decoded += wire.slice(from, percent) + String.fromCharCode(high * 16 + low);
    from = percent + 3;
    percent = wire.indexOf('%', from);
  }
  return decoded + wire.slice(from);
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** How each of the 256 bytes is written; bytes of `kept` stand for themselves. */
export function percentTable(kept: RegExp): readonly string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    return kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

export function writeWith(table: readonly string[], bytes: ByteString): string {
  let written = '';
  for (let at = 0; at < bytes.length; at++) written += table[bytes.charCodeAt(at)];
  return written;
}
