/** What is done with a HEAD's answer: headers to columns, values to columns, columns to Parquet. */
import { Writable } from 'node:stream';
import parquet, { type FieldDefinition } from 'parquetjs-lite';
import { ParquetEncoder } from '../../src/output/parquet.ts';
import { HEAD_COLUMNS, type ColumnType, type Schema } from '../../src/records/columns.ts';
import { blockOf } from '../../src/http/header-block.ts';
import { HeaderDecoder } from '../../src/records/header-decoder.ts';
import type { RecordBatchData } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { BUCKET } from '../head-command.ts';
import { rawHeaders, SAME, sampleObject } from './objects.ts';
import { check, type Part, type Variant } from './part.ts';

const BATCH_ROWS = 4096;
const FULL_SCHEMA: Schema = HEAD_COLUMNS.filter(({ option }) => option === null);
/** The first ones: what describes the object, without locks, counts and what s3scan adds. */
const WRITER_COLUMNS = 26;
const WRITER_SCHEMA: Schema = HEAD_COLUMNS.slice(0, WRITER_COLUMNS);

export function headerDecoding(): Part {
  const answers = Array.from({ length: BATCH_ROWS }, (_, index) => blockOf(rawHeaders(sampleObject(index))));
  const decoder = new HeaderDecoder(FULL_SCHEMA);
  return {
    name: 'headers to columns',
    item: '13 headers',
    variants: [
      {
        name: 's3scan',
        items: BATCH_ROWS,
        run: () => {
          const builder = new RecordBuilder(FULL_SCHEMA);
          for (const headers of answers) {
            decoder.read(headers);
            decoder.write(builder, false);
            builder.endRow();
          }
          return builder.take();
        },
      },
    ],
  };
}

/** A row as bytes and numbers, for the record builder, and as the object that parquetjs-lite takes. */
interface SampleRow {
  readonly key: Buffer;
  readonly etag: Buffer;
  readonly size: number;
  readonly lastModified: number;
  readonly requestId: Buffer;
  readonly plain: object;
}

function sampleRow(_: unknown, index: number): SampleRow {
  const { key, etag, size, lastModified, requestId } = sampleObject(index);
  const { label, source, ...same } = SAME;
  const metadata = [
    { key: 'label', value: label },
    { key: 'source', value: source },
  ];
  const plain = { bucket: BUCKET, key, status: 200, content_length: size, last_modified: new Date(lastModified), etag, ...same, metadata };
  return { key: Buffer.from(key), etag: Buffer.from(etag), size, lastModified, requestId: Buffer.from(requestId), plain };
}

const same = Object.fromEntries(Object.entries(SAME).map(([name, text]) => [name, Buffer.from(text)])) as Record<keyof typeof SAME, Buffer>;
const [LABEL, SOURCE] = [Buffer.from('label'), Buffer.from('source')];

/** All rows to record batches of the size that the workers send. */
function buildBatches(rows: readonly SampleRow[], schema: Schema): RecordBatchData[] {
  const builder = new RecordBuilder(schema, new Map([['via', 'head']]));
  const text = (name: string) => builder.utf8(name)!;
  const [bucket, key, etag, contentType] = [text('bucket'), text('key'), text('etag'), text('content_type')];
  const [acceptRanges, storageClass, encryption] = [text('accept_ranges'), text('storage_class'), text('server_side_encryption')];
  const [status, size, lastModified] = [builder.int32('status')!, builder.int64('content_length')!, builder.int64('last_modified')!];
  const metadata = builder.map('metadata')!;
  // Only among all columns:
  const requestId = builder.utf8('request_id');
  const [shard, attempts, latency] = [builder.int32('shard'), builder.int32('attempts'), builder.int32('latency_us')];
  const batches: RecordBatchData[] = [];
  for (const row of rows) {
    const at = builder.rows;
    bucket.setAscii(at, BUCKET);
    key.setBytes(at, row.key);
    status.set(at, 200);
    size.set(at, row.size);
    contentType.setBytes(at, same.content_type);
    acceptRanges.setBytes(at, same.accept_ranges);
    lastModified.set(at, row.lastModified);
    etag.setBytes(at, row.etag);
    storageClass.setBytes(at, same.storage_class);
    metadata.begin(at);
    metadata.entry(LABEL, 0, LABEL.length, same.label, 0, same.label.length);
    metadata.entry(SOURCE, 0, SOURCE.length, same.source, 0, same.source.length);
    encryption.setBytes(at, same.server_side_encryption);
    requestId?.setBytes(at, row.requestId);
    shard?.set(at, at % 32);
    attempts?.set(at, 1);
    latency?.set(at, 500 + (row.size % 1000));
    builder.endRow();
    if (builder.rows === BATCH_ROWS) batches.push(builder.take());
  }
  if (builder.rows > 0) batches.push(builder.take());
  return batches;
}

async function encodedBytes(batches: readonly RecordBatchData[], schema: Schema): Promise<number> {
  const encoder = new ParquetEncoder({ schema, fileMetadata: {}, compression: 'zstd', keysAreNear: true });
  let bytes = 0;
  for (const batch of batches) for (const chunk of await encoder.encode(batch)) bytes += chunk.length;
  for (const chunk of await encoder.end()) bytes += chunk.length;
  return bytes;
}

/** The nearest that parquetjs-lite has: no zstd, and a repeated group for a map. */
function parquetjsField(type: ColumnType): FieldDefinition {
  const compression = 'SNAPPY';
  const types = { utf8: 'UTF8', int32: 'INT32', int64: 'INT64', bool: 'BOOLEAN', timestamp_ms: 'TIMESTAMP_MILLIS' } as const;
  if (type !== 'map') return { type: types[type], optional: true, compression };
  return { repeated: true, fields: { key: { type: 'UTF8', compression }, value: { type: 'UTF8', compression } } };
}

async function parquetjsBytes(rows: readonly SampleRow[]): Promise<number> {
  const fields = Object.fromEntries(WRITER_SCHEMA.map(({ name, type }) => [name, parquetjsField(type)]));
  let bytes = 0;
  const nowhere = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      done();
    },
  });
  const writer = await parquet.ParquetWriter.openStream(new parquet.ParquetSchema(fields), nowhere);
  for (const { plain } of rows) await writer.appendRow(plain);
  await writer.close();
  return bytes;
}

export async function writing(count: number): Promise<Part[]> {
  const rows = Array.from({ length: count }, sampleRow);
  const batches = buildBatches(rows, WRITER_SCHEMA);
  const allColumns = buildBatches(rows, FULL_SCHEMA);
  check(batches.reduce((sum, batch) => sum + batch.rows, 0) === count, 'record builder');
  const variant = async (name: string, run: () => Promise<number>): Promise<Variant> => ({ name, items: count, run, bytesPerItem: (await run()) / count });
  const whole = await variant(`s3scan, values to Parquet zstd, ${WRITER_COLUMNS} columns`, () => encodedBytes(buildBatches(rows, WRITER_SCHEMA), WRITER_SCHEMA));
  const alone = await variant('s3scan, record batches to Parquet zstd (of it the encoder)', () => encodedBytes(batches, WRITER_SCHEMA));
  const wide = await variant(`s3scan, record batches to Parquet zstd, all ${FULL_SCHEMA.length} columns`, () => encodedBytes(allColumns, FULL_SCHEMA));
  const lite = await variant(`parquetjs-lite, snappy, ${WRITER_COLUMNS} columns`, () => parquetjsBytes(rows));
  return [
    { name: 'record builder', item: 'row', variants: [{ name: 's3scan, values to columns', items: count, run: () => buildBatches(rows, WRITER_SCHEMA) }] },
    { name: 'writer', item: 'row', limit: 6, variants: [whole, alone, wide, lite] },
  ];
}
