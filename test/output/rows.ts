/** Rows of every column type for the output tests: as plain values, at random, and as record batches. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import type { Column, ColumnType, Schema } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { transferList, type RecordBatchData } from '../../src/records/record-batch.ts';
import type { EncoderOptions } from '../../src/output/encoder.ts';
import type { Format } from '../../src/output/format.ts';
import { createEncoder } from '../../src/output/create-encoder.ts';

function column(name: string, type: ColumnType, nullable = true): Column {
  return { name, type, nullable, header: null, option: null, about: '' };
}

/** `never_*` columns are null in every row, `bucket` is one value in every row. */
export const SCHEMA: Schema = [
  column('bucket', 'utf8', false),
  column('key', 'utf8', false),
  column('note', 'utf8'),
  column('status', 'int32'),
  column('size', 'int64'),
  column('seen', 'timestamp_ms'),
  column('flag', 'bool'),
  column('metadata', 'map'),
  column('never_utf8', 'utf8'),
  column('never_int32', 'int32'),
  column('never_int64', 'int64'),
  column('never_bool', 'bool'),
  column('never_seen', 'timestamp_ms'),
  column('never_map', 'map'),
];

export const BUCKET = 'bucket "ü"';

export interface Row {
  readonly key: string;
  readonly note: string | null;
  readonly status: number | null;
  readonly size: bigint | null;
  /** milliseconds */
  readonly seen: number | null;
  readonly flag: boolean | null;
  /** in order */
  readonly metadata: readonly (readonly [string, string])[] | null;
}

export const NASTY: readonly string[] = [
  '',
  ' ',
  '"',
  '\\',
  ',',
  "'",
  '\n',
  'a\r\nb',
  '\u0000',
  '\u001b[31m',
  '\u007f\u0085\u009b',
  '\u2028\u2029',
  '\u202edcba\u2066',
  '\ufeff',
  '__proto__',
  'constructor',
  '=1+1',
  "'=1+1",
  "''@x",
  '-1',
  '+x',
  '\tx',
  '＝1',
  'null',
  '😀',
  '\u{e0041}',
  'Ünïcödé/ключ/鍵',
];

/** Every code point but surrogates. (fast-check's own unit for it takes a second to set up.) */
const codePoint = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point));

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: codePoint, maxLength: 20 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
);

export const row: fc.Arbitrary<Row> = fc.record({
  key: text,
  note: fc.option(text),
  status: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  size: fc.option(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n))),
  seen: fc.option(fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: 1.5e12, max: 1.8e12 }))),
  flag: fc.option(fc.boolean()),
  metadata: fc.option(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 4 })),
});

/** Without a leading U+FEFF in any string: the readers' TextDecoder takes it for a byte order mark and drops it. */
export const rowWithoutMarks: fc.Arbitrary<Row> = row.filter(({ key, note, metadata }) =>
  [key, note, ...(metadata ?? []).flat()].every((string) => string?.startsWith('\ufeff') !== true),
);

/** A row of which nothing matters. */
export const PLAIN: Row = { key: 'k', note: null, status: 200, size: 5n, seen: 0, flag: true, metadata: [['a', 'b']] };

const encoder = new TextEncoder();

/** The rows as record batches of `size` rows, by the builder that the stages use. */
export function batchesOf(rows: readonly Row[], size = 7): RecordBatchData[] {
  const builder = new RecordBuilder(SCHEMA, new Map([['bucket', BUCKET]]));
  const batches: RecordBatchData[] = [];
  for (const { key, note, status, size: bytes, seen, flag, metadata } of rows) {
    const at = builder.rows;
    builder.utf8('key')!.setText(at, key);
    if (note !== null) builder.utf8('note')!.setText(at, note);
    if (status !== null) builder.int32('status')!.set(at, status);
    if (bytes !== null) builder.int64('size')!.setBigInt(at, bytes);
    if (seen !== null) builder.int64('seen')!.set(at, seen);
    if (flag !== null) builder.bool('flag')!.set(at, flag);
    if (metadata !== null) {
      const map = builder.map('metadata')!;
      map.begin(at);
      for (const [name, value] of metadata) {
        const [n, v] = [encoder.encode(name), encoder.encode(value)];
        map.entry(n, 0, n.length, v, 0, v.length);
      }
    }
    builder.endRow();
    if (builder.rows === size) batches.push(builder.take());
  }
  if (builder.rows > 0) batches.push(builder.take());
  return batches;
}

export function options(format: Format, changes: Partial<EncoderOptions> = {}): EncoderOptions {
  const compression = format === 'parquet' ? 'zstd' : 'none';
  return { format, compression, schema: SCHEMA, fileMetadata: { made: 'für Tests' }, keysAreNear: true, terminal: false, ...changes };
}

/** The whole file that an encoder makes of the batches. What each was in holds something else once its bytes are written. */
export async function encodeAll(encoding: EncoderOptions, batches: readonly RecordBatchData[]): Promise<Buffer> {
  const made = await createEncoder(encoding);
  const chunks: Buffer[] = [];
  for (const batch of batches) {
    const own = structuredClone(batch);
    for (const bytes of await made.encode(own)) chunks.push(Buffer.from(bytes));
    for (const buffer of transferList(own)) new Uint8Array(buffer).fill(0xaa);
  }
  for (const bytes of await made.end()) chunks.push(Buffer.from(bytes));
  return Buffer.concat(chunks);
}

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 's3scan-output-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
