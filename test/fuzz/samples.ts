/** Text as bytes, one byte a character. */
export function buffers(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}
