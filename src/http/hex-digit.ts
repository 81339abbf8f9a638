/** A byte of hexadecimal text, in either case: the length of a chunk (RFC 9112, 7.1), a key's percent sequence (RFC 3986, 2.1). */

/** -1 for what is no hexadecimal digit. */
export function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
