/** Headers that the listing has told in place of a HEAD's answer, read by what reads those. */
import { ResponseHead } from '../http/response-head.ts';
import { HeaderDecoder } from '../records/header-decoder.ts';
import type { Schema } from '../records/columns.ts';
import type { Utf8Values } from '../records/record-batch.ts';
import type { AnswerHeaders } from './engine.ts';

export class ToldHeads {
  private readonly head = new ResponseHead();
  private readonly decoder: HeaderDecoder;

  constructor(schema: Schema) {
    this.decoder = new HeaderDecoder(schema);
  }

  /** Of one key, valid until the next call; null where only a HEAD can tell. */
  read({ offsets, values }: Utf8Values, index: number): AnswerHeaders | null {
    const bytes = values.subarray(offsets[index], offsets[index + 1]);
    if (bytes.length === 0 || this.head.read(bytes, bytes.length) !== 'whole') return null;
    this.decoder.read(this.head);
    return this.decoder;
  }
}
