/** The headers of one answer, where they lie in the bytes that came. */

export interface HeaderBlock {
  readonly count: number;
  /** as sent; the same object stands for the same bytes in one answer and the next */
  readonly names: readonly Uint8Array[];
  readonly bytes: Uint8Array;
  /** where each value begins and ends in `bytes` */
  readonly spans: Int32Array;
}

/** Names and values in turn, as undici hands them over. */
export function blockOf(raw: readonly Uint8Array[]): HeaderBlock {
  const count = raw.length >> 1;
  const spans = new Int32Array(count * 2);
  let length = 0;
  for (let i = 0; i < count; i++) {
    spans[i * 2] = length;
    length += raw[i * 2 + 1]!.length;
    spans[i * 2 + 1] = length;
  }
  return { count, names: raw.filter((_part, at) => at % 2 === 0), bytes: Buffer.concat(raw.filter((_part, at) => at % 2 === 1)), spans };
}
