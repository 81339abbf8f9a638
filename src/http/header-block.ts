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

function latin1({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer as ArrayBuffer, byteOffset + start, end - start).toString('latin1');
}

/** Values by name in lower case; repeated headers joined by `, `. */
export function headersOf({ count, names, bytes, spans }: HeaderBlock): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (let i = 0; i < count; i++) {
    const name = latin1(names[i]!, 0, names[i]!.length).toLowerCase();
    const value = latin1(bytes, spans[2 * i]!, spans[2 * i + 1]!);
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
