/**
 * Adds the rows of Arrow record batches, as Arrow files and Parquet files give them. Keys are taken as bytes
 * from Arrow's buffers: Arrow's own strings replace what is no UTF-8 (R3).
 *
 * Imported only with those formats: apache-arrow takes long to load.
 */
import type { DataType, RecordBatch, Vector } from 'apache-arrow';
import { Failure } from '../failure.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { arrow } from '../records/apache-arrow.ts';
import { hasColumn, keyColumns, type KeyColumns } from './key-columns.ts';
import type { KeyBatcher } from './key-batcher.ts';

/** Rows added between two looks for full key batches: a record batch may hold a million (R5). */
const STRIDE = 4096;

/** The bytes of a row, null where it is null. */
type BytesAt = (row: number) => Uint8Array | null;

/** Bytes of a column of text or bytes in any of Arrow's layouts; null for other types. */
function bytesOf(vector: Vector): BytesAt | null {
  const { type } = vector;
  if (arrow.DataType.isDictionary(type)) {
    const data = vector.data[0]!;
    const { dictionary } = data;
    const entry = dictionary === undefined ? null : bytesOf(dictionary);
    const indices = data.values as ArrayLike<number | bigint>;
    return entry && ((row) => (data.getValid(row) ? entry(Number(indices[row])) : null));
  }
  // the same buffers, seen as bytes
  const bytes =
    arrow.DataType.isUtf8(type) || arrow.DataType.isBinary(type)
      ? new arrow.Binary()
      : arrow.DataType.isLargeUtf8(type) || arrow.DataType.isLargeBinary(type)
        ? new arrow.LargeBinary()
        : arrow.DataType.isUtf8View(type) || arrow.DataType.isBinaryView(type)
          ? new arrow.BinaryView()
          : null;
  if (bytes === null) return null;
  const view = new arrow.Vector<DataType>(vector.data.map((data) => data.clone(bytes as DataType)));
  return (row) => view.get(row) as Uint8Array | null;
}

function bytesColumn(batch: RecordBatch, index: number, file: string): BytesAt | null {
  const vector = batch.getChildAt(index);
  if (vector === null) return null;
  // a column that is null throughout has no type to speak of
  if (arrow.DataType.isNull(vector.type)) return () => null;
  const bytes = bytesOf(vector);
  if (bytes !== null) return bytes;
  const name = batch.schema.fields[index]!.name;
  throw new Failure('usage', `${file}: column "${name}" is ${String(vector.type)}, not text`, 'write it as a column of strings');
}

type Set = (row: number) => void;

/** How the time of a row is set: timestamps of any unit, or text. */
function timeSetter(batch: RecordBatch, index: number, batcher: KeyBatcher): Set | null {
  const vector = batch.getChildAt(index);
  if (vector === null) return null;
  if (!arrow.DataType.isTimestamp(vector.type)) return (row) => batcher.lastModified(vector.get(row));
  return (row) => {
    const milliseconds = vector.get(row) as number | null;
    if (milliseconds !== null) batcher.lastModifiedAt(milliseconds);
  };
}

/** Adds the rows of a record batch; `before` is how many came before it. */
function* arrowRows(batch: RecordBatch, before: number, columns: KeyColumns, batcher: KeyBatcher): Generator<KeyBatch> {
  const keyAt = bytesColumn(batch, columns.key, batcher.file);
  const bucketAt = bytesColumn(batch, columns.bucket, batcher.file);
  const versionAt = bytesColumn(batch, columns.versionId, batcher.file);
  const etagAt = bytesColumn(batch, columns.etag, batcher.file);
  const sizes = batch.getChildAt(columns.size);
  const storageClassAt = batcher.wantsStorageClass ? bytesColumn(batch, columns.storageClass, batcher.file) : null;
  const setTime = timeSetter(batch, columns.lastModified, batcher);
  for (let row = 0; row < batch.numRows; row++) {
    const position = before + row + 1;
    const bucket = bucketAt && bucketAt(row);
    if (bucket === null) batcher.bucketUnnamed(position);
    else batcher.bucketNamed(position, bucket, 0, bucket.length);
    const key = keyAt && keyAt(row);
    if (key === null) throw batcher.refusal(position, 'the key is null', 'remove the row');
    batcher.add(position, key, 0, key.length);
    if (versionAt !== null) batcher.version(versionAt(row));
    if (sizes !== null) batcher.size(sizes.get(row));
    if (etagAt !== null) batcher.etag(etagAt(row));
    if (setTime !== null) setTime(row);
    if (storageClassAt !== null) batcher.storageClass(storageClassAt(row));
    if (row % STRIDE === STRIDE - 1) yield* batcher.take();
  }
  yield* batcher.take();
}

/** All rows of a sequence of record batches of one schema. */
export async function* readRecordBatches(batches: AsyncIterable<RecordBatch>, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  let rows = 0;
  for await (const batch of batches) {
    const columns = keyColumns(batch.schema.fields.map((field) => field.name), batcher.file);
    batcher.requireColumns(hasColumn(columns));
    yield* arrowRows(batch, rows, columns, batcher);
    rows += batch.numRows;
  }
  yield* batcher.end();
}
