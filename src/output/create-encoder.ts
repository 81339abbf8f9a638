/**
 * Which encoder a format has. Each is imported only when asked for: Arrow and Parquet together take some 200 ms to
 * load, more than a scan of a few keys.
 */
import type { Schema } from '../records/columns.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';

export async function createEncoder(options: EncoderOptions): Promise<Encoder> {
  const { format, compression, schema, fileMetadata, terminal } = options;
  if (format === 'parquet') {
    const { ParquetEncoder } = await import('./parquet.ts');
    return new ParquetEncoder(options);
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
