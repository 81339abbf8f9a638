/**
 * What every format's encoder does, and which encoder a format has. Encoders make bytes; they know nothing of
 * files. Each is imported only when asked for: Arrow and Parquet together take some 200 ms to load, more than a
 * scan of a few keys.
 */
import type { Schema } from '../records/columns.ts';
import type { RecordBatchData } from '../records/record-batch.ts';
import type { OutputFormat } from './format.ts';

/** Bytes for the file, in order. They are valid until the encoder is called again: it may use their memory anew. */
export type Encoded = readonly Uint8Array[];

/** One call at a time. */
export interface Encoder {
  /** Takes a batch of at least one row in. Formats that need many rows at once keep some bytes back. */
  encode(batch: RecordBatchData): Encoded | Promise<Encoded>;
  /** The rest of the file. With no batch before it: a valid file of no rows. */
  end(): Encoded | Promise<Encoded>;
}

export interface EncoderOptions extends OutputFormat {
  readonly schema: Schema;
  /** what the file says of itself, in the formats that have a place for it: Parquet and Arrow */
  readonly fileMetadata: Readonly<Record<string, string>>;
  /** the reader is a terminal: escape what would steer it */
  readonly terminal: boolean;
}

export async function createEncoder(options: EncoderOptions): Promise<Encoder> {
  const { format, compression, schema, fileMetadata, terminal } = options;
  if (format === 'parquet') {
    const { ParquetEncoder } = await import('./parquet.ts');
    return new ParquetEncoder(schema, fileMetadata, compression);
  }
  if (format === 'arrow') {
    const { ArrowEncoder } = await import('./arrow.ts');
    return new ArrowEncoder(schema, fileMetadata);
  }
  const encoder = await createTextualEncoder(format, schema, terminal);
  if (compression === 'none') return encoder;
  const { CompressedEncoder } = await import('./compressed.ts');
  return new CompressedEncoder(encoder, compression);
}

async function createTextualEncoder(format: 'ndjson' | 'csv' | 'text', schema: Schema, terminal: boolean): Promise<Encoder> {
  switch (format) {
    case 'ndjson': {
      const { NdjsonEncoder } = await import('./ndjson.ts');
      return new NdjsonEncoder(schema, terminal);
    }
    case 'csv': {
      const { CsvEncoder } = await import('./csv.ts');
      return new CsvEncoder(schema, terminal);
    }
    case 'text': {
      const { KeyTextEncoder } = await import('./text.ts');
      return new KeyTextEncoder(schema, terminal);
    }
  }
}
