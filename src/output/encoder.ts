/** What every format's encoder does. Encoders make bytes; they know nothing of files. */
import type { Schema } from '../records/columns.ts';
import type { RecordBatchData } from '../records/record-batch.ts';
import type { OutputFormat } from './format.ts';

/** Bytes for the file, in order. They are valid until the encoder is called again: it may use their memory anew. */
export type Encoded = readonly Uint8Array[];

/** One call at a time. */
export interface Encoder {
  /**
   * Takes a batch of at least one row in. Formats that need many rows at once keep some bytes back, and nothing of the
   * batch itself: what it is in serves others once the bytes returned are written.
   */
  encode(batch: RecordBatchData): Encoded | Promise<Encoded>;
  /** The rest of the file. With no batch before it: a valid file of no rows. */
  end(): Encoded | Promise<Encoded>;
}

export interface EncoderOptions extends OutputFormat {
  readonly schema: Schema;
  /** what the file says of itself, in the formats that have a place for it: Parquet and Arrow */
  readonly fileMetadata: Readonly<Record<string, string>>;
  /** rows that are near each other have keys that are: the least and the greatest key of each row group are worth their while */
  readonly keysAreNear: boolean;
  /** the reader is a terminal: escape what would steer it */
  readonly terminal: boolean;
}
