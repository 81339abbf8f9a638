/** The part of parquetjs-lite that the benchmarks write with; the package brings no types. */
declare module 'parquetjs-lite' {
  import type { Writable } from 'node:stream';

  namespace parquet {
    interface FieldDefinition {
      readonly type?: 'UTF8' | 'INT32' | 'INT64' | 'BOOLEAN' | 'TIMESTAMP_MILLIS';
      readonly optional?: boolean;
      readonly repeated?: boolean;
      readonly compression?: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP';
      readonly fields?: Readonly<Record<string, FieldDefinition>>;
    }
    interface ParquetWriter {
      appendRow(row: object): Promise<void>;
      close(): Promise<void>;
    }
  }

  const parquet: {
    readonly ParquetSchema: new (fields: Readonly<Record<string, parquet.FieldDefinition>>) => object;
    readonly ParquetWriter: { openStream(schema: object, stream: Writable): Promise<parquet.ParquetWriter> };
  };
  export = parquet;
}
