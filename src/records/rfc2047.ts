/**
 * Encoded words (RFC 2047): how AWS and MinIO send user metadata that is not ASCII. They arrive encoded
 * once or twice, in B or Q.
 */

const WORD = /=\?([^\s?*]+)(?:\*[^\s?]*)?\?([bq])\?([!->@-~]*)\?=/giu;
/** White space between two encoded words is not part of the text (RFC 2047, 6.2). */
const BETWEEN_WORDS = /(=\?[^\s?]+\?[bq]\?[!->@-~]*\?=)[ \t\r\n]+(?==\?[^\s?]+\?[bq]\?[!->@-~]*\?=)/giu;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function bytesOf(encoding: string, text: string): Buffer {
  if (encoding === 'b' || encoding === 'B') {
    if (!BASE64.test(text)) throw new Error('not base64');
    return Buffer.from(text, 'base64');
  }
  const plain = text.replaceAll('_', ' ').replaceAll(/=([0-9a-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function decodeOnce(text: string): string {
  return text.replaceAll(BETWEEN_WORDS, '$1').replaceAll(WORD, (word, charset: string, encoding: string, encoded: string) => {
    try {
      return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytesOf(encoding, encoded));
    } catch {
      // A charset nobody knows, or what is not encoded in it: kept as it was sent.
      return word;
    }
  });
}

/** The text with its encoded words decoded; anything else in it is kept as it is. */
export function decodeEncodedWords(text: string): string {
  const once = decodeOnce(text);
  return once === text ? text : decodeOnce(once);
}
