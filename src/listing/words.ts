/** Bytes of a page, compared and looked for several at a time: more than half of a page is what its objects have in common. */

const WORD = 4;
const PAIR = 8;
/** The lowest bit of each byte, and the highest. */
const LOWEST = 0x01010101;
const HIGHEST = 0x80808080 | 0;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * So many bytes at two places are the same, or some more. Eight at a time, as a number: two that are equal have the same
 * bytes, but for zero and minus zero, whose bytes are no UTF-8; and what is no number equals nothing, so more may be.
 */
export function commonLength(view: DataView, a: number, other: DataView, b: number, length: number): number {
  let common = 0;
  while (common + PAIR <= length && view.getFloat64(a + common, true) === other.getFloat64(b + common, true)) common += PAIR;
  return common;
}

/** Whether the bytes at two places are the same; at least a word of them. */
export function isSame(view: DataView, a: number, b: number, length: number): boolean {
  const last = length - WORD;
  for (let i = commonLength(view, a, view, b, length); i < last; i += WORD) if (view.getInt32(a + i, true) !== view.getInt32(b + i, true)) return false;
  return view.getInt32(a + last, true) === view.getInt32(b + last, true);
}

/** The first place of a byte in `[start, end)`, or `end`. */
export function placeOf(view: DataView, byte: number, start: number, end: number): number {
  const each = byte * LOWEST;
  let at = start;
  for (; at + WORD <= end; at += WORD) {
    const word = view.getInt32(at, true) ^ each;
    // Set for each byte that is zero now (and perhaps for one above such a byte).
    if (((word - LOWEST) & ~word & HIGHEST) !== 0) break;
  }
  while (at < end && view.getUint8(at) !== byte) at++;
  return at;
}
