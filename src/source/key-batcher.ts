/**
 * Packs the rows of a key file into key batches, and refuses what cannot be a key: empty, longer than S3
 * allows, not UTF-8, of no bucket or of another than the command names. What a row is and how it is read
 * is the formats' business. Rows that a filter does not want are left out as a batch is cut.
 *
 * For each row a format calls `bucketNamed` or `bucketUnnamed`, then `add`, then what else the row tells.
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../failure.ts';
import type { Utf8Values } from '../records/record-batch.ts';
import { selectKeys, type KeyBatch, type Listed } from '../queue/key-batch.ts';
import { parseS3Url } from '../s3/address.ts';
import type { FilteredColumn, RowFilter } from './filter.ts';
import { parseIsoTime } from './iso-time.ts';
import { PackedUtf8 } from './packed-utf8.ts';

const BATCH_KEYS = 2048;
/** S3's limit on a version id, in bytes of UTF-8 (S3 User Guide, "Version IDs"). */
const MAX_VERSION_BYTES = 1024;
/** S3's limit on a key, in bytes of UTF-8 (S3 User Guide, "Naming Amazon S3 objects"). */
export const MAX_KEY_BYTES = 1024;
/** No ETag is longer; a bound for files that hold something else under that name (R5). */
const MAX_ETAG_BYTES = 1024;
/** The oldest buckets may be as long. */
export const MAX_BUCKET_BYTES = 255;
/** No storage class is longer; a bound as above. */
const MAX_STORAGE_CLASS_BYTES = 1024;
const SHOWN_CHARACTERS = 80;

/** Which options ask for a column of the file. */
const ASKED_BY: Readonly<Record<FilteredColumn, string>> = {
  size: '--min-size and --max-size',
  last_modified: '--newer-than and --older-than',
  storage_class: '--storage-class',
};

const QUOTE = 0x22;
const NO_BYTES = Buffer.alloc(0);

/** Outside text in a message: short, on one line. */
function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

export class KeyBatcher {
  /** how messages call the file */
  readonly file: string;
  private readonly unit: 'line' | 'row';
  /** the bucket that the command names */
  private readonly commanded: string | null;
  private readonly filter: RowFilter | null;

  /** the bucket of the batch under construction */
  private bucket: string;
  private bucketBytes: Uint8Array;

  private readonly keys = new PackedUtf8(BATCH_KEYS);
  private readonly etags = new PackedUtf8(BATCH_KEYS);
  private readonly versions = new PackedUtf8(BATCH_KEYS);
  private sizes: BigInt64Array | null = null;
  private times: BigInt64Array | null = null;
  private readonly storageClasses: PackedUtf8 | null;
  /** line or row number of each key, for messages: blank lines are counted there, but are no records */
  private readonly positions = new Float64Array(BATCH_KEYS);

  /** records in the batches cut so far */
  private after = 0;
  private ready: KeyBatch[] = [];

  constructor(file: string, unit: 'line' | 'row', bucket: string | null, filter: RowFilter | null = null) {
    this.file = file;
    this.unit = unit;
    this.commanded = bucket;
    this.filter = filter;
    this.storageClasses = filter?.columns.has('storage_class') === true ? new PackedUtf8(BATCH_KEYS) : null;
    this.bucket = bucket ?? '';
    this.bucketBytes = bucket === null ? NO_BYTES : Buffer.from(bucket);
  }

  /** Storage classes are read only where the filter asks for them. */
  get wantsStorageClass(): boolean {
    return this.storageClasses !== null;
  }

  /** Throws where the filter asks for a column that the file, or the row at `position`, does not have. */
  requireColumns(has: (column: FilteredColumn) => boolean, position: number | null = null): void {
    if (this.filter === null) return;
    for (const column of this.filter.columns) {
      if (has(column)) continue;
      const what = `has no "${column}", which ${ASKED_BY[column]} ask${column === 'storage_class' ? 's' : ''} for`;
      const hint = 'leave the option out, or give a table that tells it, such as one that `s3scan list` wrote';
      throw position === null ? new Failure('usage', `${this.file} ${what}`, hint) : this.refusal(position, what, hint);
    }
  }

  /** The row names no bucket. */
  bucketUnnamed(position: number): void {
    if (this.commanded !== null) return;
    throw this.refusal(position, 'names a key but no bucket', 'add s3://BUCKET to the command, or a bucket to each row');
  }

  /** The row names the bucket `bytes[start, end)`. */
  bucketNamed(position: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.sameBucket(bytes, start, end)) return;
    const name = Buffer.from(bytes.subarray(start, Math.min(end, start + MAX_BUCKET_BYTES + 1))).toString();
    if (this.commanded !== null) {
      throw this.refusal(
        position,
        `names bucket ${shown(name)}, the command names ${shown(this.commanded)}`,
        'leave s3://BUCKET out of the command to read each row from its own bucket, or remove the other rows',
      );
    }
    this.checkBucket(position, name);
    this.cut();
    this.bucket = name;
    this.bucketBytes = bytes.slice(start, end);
  }

  /** The row's key, exact. Whether it is UTF-8 is found out a batch at a time. */
  add(position: number, bytes: Uint8Array, start: number, end: number): void {
    if (end === start) throw this.refusal(position, 'the key is empty', 'remove the row: no object can have an empty key');
    if (end - start > MAX_KEY_BYTES) {
      throw this.refusal(
        position,
        `the key is longer than ${MAX_KEY_BYTES} bytes`,
        'S3 has no longer keys: look whether the file holds one key a row',
      );
    }
    if (this.keys.count === BATCH_KEYS) this.cut();
    this.positions[this.keys.count] = position;
    this.keys.push(bytes, start, end);
  }

  /** Which version of the row added last to ask for; the latest where null or empty. */
  version(bytes: Uint8Array | null): void {
    if (bytes === null || bytes.length === 0) return;
    if (bytes.length > MAX_VERSION_BYTES || !isUtf8(bytes)) throw this.listedRefusal('version_id is no version id');
    this.versions.padTo(this.keys.count - 1);
    this.versions.push(bytes, 0, bytes.length);
  }

  /** Bytes of the object of the row added last: a number or its digits; nothing where null or empty. */
  size(value: unknown): void {
    if (value == null || value === '' || Number.isNaN(value)) return;
    const digits = typeof value === 'string' && /^\d{1,16}$/.test(value);
    const size = digits || typeof value === 'bigint' ? Number(value) : value;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw this.listedRefusal('the size is no whole number of bytes');
    }
    this.sizes ??= new BigInt64Array(BATCH_KEYS).fill(-1n);
    this.sizes[this.keys.count - 1] = BigInt(size);
  }

  /** ETag of the row added last, with or without its quotes; nothing where null or empty. */
  etag(bytes: Uint8Array | null): void {
    if (bytes === null || bytes.length === 0) return;
    if (bytes.length > MAX_ETAG_BYTES) throw this.listedRefusal(`the etag is longer than ${MAX_ETAG_BYTES} bytes`);
    const quoted = bytes.length >= 2 && bytes[0] === QUOTE && bytes.at(-1) === QUOTE;
    this.etags.padTo(this.keys.count - 1);
    this.etags.push(bytes, quoted ? 1 : 0, quoted ? bytes.length - 1 : bytes.length);
  }

  /** Last-Modified of the row added last, as ISO 8601; nothing where null or empty. */
  lastModified(value: unknown): void {
    if (value == null || value === '') return;
    const time = typeof value === 'string' ? parseIsoTime(value) : null;
    if (time === null) throw this.listedRefusal('last_modified is no ISO 8601 time');
    this.lastModifiedAt(time);
  }

  /** The same in milliseconds. Before 1970 it is unknown: some servers say 0001-01-01 for want of a time. */
  lastModifiedAt(milliseconds: number): void {
    if (milliseconds < 0) return;
    this.times ??= new BigInt64Array(BATCH_KEYS).fill(-1n);
    this.times[this.keys.count - 1] = BigInt(Math.floor(milliseconds));
  }

  /** Storage class of the row added last; nothing where null or empty. */
  storageClass(bytes: Uint8Array | null): void {
    if (this.storageClasses === null || bytes === null) return;
    this.storageClasses.padTo(this.keys.count - 1);
    this.storageClasses.push(bytes, 0, Math.min(bytes.length, MAX_STORAGE_CLASS_BYTES));
  }

  /** The batches that are full. */
  take(): KeyBatch[] {
    const { ready } = this;
    if (ready.length > 0) this.ready = [];
    return ready;
  }

  /** The batches that are left at the end of the file. */
  end(): KeyBatch[] {
    this.cut();
    return this.take();
  }

  /** What to throw for a row that cannot be used. */
  refusal(position: number, what: string, hint: string | null): Failure {
    return new Failure('usage', `${this.file} ${this.unit} ${position}: ${what}`, hint);
  }

  private listedRefusal(what: string): Failure {
    return this.refusal(this.positions[this.keys.count - 1]!, what, 'correct it, or leave the column out: only the key is needed');
  }

  private checkBucket(position: number, name: string): void {
    try {
      if (parseS3Url(`s3://${name}`).bucket === name) return;
    } catch (error) {
      if (error instanceof Failure) throw this.refusal(position, error.message, error.hint);
      throw error;
    }
    throw this.refusal(position, `${shown(name)} is not a bucket name`, 'a "/" belongs to the key');
  }

  private sameBucket(bytes: Uint8Array, start: number, end: number): boolean {
    const current = this.bucketBytes;
    // an empty name never is the current one
    if (end - start !== current.length || end === start) return false;
    for (let i = 0; i < current.length; i++) if (bytes[start + i] !== current[i]) return false;
    return true;
  }

  private cut(): void {
    const { count } = this.keys;
    if (count === 0) return;
    this.checkUtf8();
    const place = { kind: 'records', after: this.after, through: this.after + count } as const;
    const kept = this.keptRows();
    const batch: KeyBatch = { bucket: this.bucket, place, count, versions: this.takeVersions(count), listed: this.takeListed(count), keys: this.keys.take() };
    this.ready.push(kept === null ? batch : selectKeys(batch, kept));
    this.after += count;
  }

  /** null: all of them. */
  private keptRows(): number[] | null {
    const { filter, keys, sizes: size, times: lastModified, storageClasses } = this;
    if (filter === null) return null;
    storageClasses?.padTo(keys.count);
    const kept = filter.kept({ count: keys.count, keys, size, lastModified, storageClass: storageClasses });
    storageClasses?.take();
    return kept;
  }

  private takeVersions(count: number): Utf8Values | null {
    if (this.versions.count === 0) return null;
    this.versions.padTo(count);
    return this.versions.take();
  }

  private takeListed(count: number): Listed | null {
    const { sizes, times } = this;
    const tagged = this.etags.count > 0;
    if (sizes === null && times === null && !tagged) return null;
    this.etags.padTo(count);
    const etag = this.etags.take();
    this.sizes = null;
    this.times = null;
    return {
      size: sizes && sizes.slice(0, count),
      etag: tagged ? etag : null,
      lastModified: times && times.slice(0, count),
    };
  }

  /** Keys are valid each if all of them in a row are valid and none begins within a character (R3). */
  private checkUtf8(): void {
    const { values, offsets, count } = this.keys;
    let valid = isUtf8(values.subarray(0, offsets[count]));
    for (let row = 0; row < count && valid; row++) valid = (values[offsets[row]!]! & 0xc0) !== 0x80;
    if (valid) return;
    let bad = 0;
    while (isUtf8(values.subarray(offsets[bad], offsets[bad + 1]))) bad++;
    throw this.refusal(this.positions[bad]!, 'the key is not UTF-8', 'S3 keys are UTF-8: convert the file, or name its format with --from-format');
  }
}
