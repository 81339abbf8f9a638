/**
 * A key batch: a run of consecutive keys of the source, packed. The unit of work and of completeness: it
 * reaches the output whole, once, or not at all (R1).
 */
import { compareKeys, type Interval } from '../keyspace/interval.ts';
import type { Utf8Values } from '../records/record-batch.ts';
import { selectUtf8 } from '../records/select-rows.ts';

/** Where in its source a batch lies. What is committed is known by these (R2). */
export type Place =
  | ({ readonly kind: 'keyspace' } & Interval)
  /** records `(after, through]` of a key file, counted from 1; blank lines are no records */
  | {
      readonly kind: 'records';
      readonly after: number;
      readonly through: number;
      /** of each key its record, counted from `after`; only where filters left records out: they are in the place, too */
      readonly kept?: Int32Array;
    };

/** What the source already knows of each key, to cross-check the HEAD with (R4). Absent values are null in all rows. */
export interface Listed {
  /** bytes; -1 where unknown */
  readonly size: BigInt64Array | null;
  /** without quotes; empty where unknown */
  readonly etag: Utf8Values | null;
  /** milliseconds since the epoch; -1 where unknown */
  readonly lastModified: BigInt64Array | null;
  /** the head of the answer that a HEAD would have, where the listing tells as much; empty where it does not */
  readonly heads?: Utf8Values;
}

type RecordsPlace = Extract<Place, { kind: 'records' }>;

export interface KeyBatch {
  readonly bucket: string;
  readonly place: Place;
  readonly count: number;
  /** count + 1 offsets, the first may be above 0 */
  readonly keys: Utf8Values;
  /** the version to ask for, empty for the latest; null: the latest in all rows */
  readonly versions: Utf8Values | null;
  readonly listed: Listed | null;
}

/** A record that was left out is in the slice of the key behind it, or in the last one. */
function sliceRecords({ after, through, kept }: RecordsPlace, from: number, to: number, count: number): RecordsPlace {
  if (kept === undefined) return { kind: 'records', after: after + from, through: after + to };
  const skipped = from === 0 ? 0 : kept[from - 1]!;
  return {
    kind: 'records',
    after: after + skipped,
    through: to === count ? through : after + kept[to - 1]!,
    kept: kept.slice(from, to).map((record) => record - skipped),
  };
}

function slicePlace(batch: KeyBatch, from: number, to: number): Place {
  const { place } = batch;
  if (place.kind === 'records') return sliceRecords(place, from, to, batch.count);
  return {
    kind: 'keyspace',
    after: from === 0 ? place.after : keyAt(batch, from - 1).slice(),
    through: to === batch.count ? place.through : keyAt(batch, to - 1).slice(),
  };
}

/** The key's bytes, a view on the batch. */
export function keyAt(batch: KeyBatch, row: number): Uint8Array {
  return batch.keys.values.subarray(batch.keys.offsets[row], batch.keys.offsets[row + 1]);
}

/**
 * The end of a slice that is to hold about `[from, to)`: versions of one key stay together, since a place is made of keys
 * and cannot end between two of them.
 */
export function sliceEnd(batch: KeyBatch, to: number): number {
  if (batch.versions === null || batch.place.kind === 'records') return to;
  let end = to;
  while (end < batch.count && compareKeys(keyAt(batch, end), keyAt(batch, end - 1)) === 0) end++;
  return end;
}

function sliceUtf8(source: Utf8Values, from: number, to: number): Utf8Values {
  const start = source.offsets[from]!;
  const end = source.offsets[to]!;
  const offsets = new Int32Array(to - from + 1);
  for (let row = from; row <= to; row++) offsets[row - from] = source.offsets[row]! - start;
  return { offsets, values: source.values.slice(start, end) };
}

/** Rows `[from, to)` as a batch of its own, with its own place and its own buffers, fit to be copied to a thread. */
export function sliceBatch(batch: KeyBatch, from: number, to: number): KeyBatch {
  const { listed } = batch;
  return {
    bucket: batch.bucket,
    place: slicePlace(batch, from, to),
    count: to - from,
    keys: sliceUtf8(batch.keys, from, to),
    versions: batch.versions && sliceUtf8(batch.versions, from, to),
    listed: listed && {
      size: listed.size && listed.size.slice(from, to),
      etag: listed.etag && sliceUtf8(listed.etag, from, to),
      lastModified: listed.lastModified && listed.lastModified.slice(from, to),
      ...(listed.heads && { heads: sliceUtf8(listed.heads, from, to) }),
    },
  };
}

/** What of a batch of a key file is in records `(after, through]`, which lie in its place. */
export function recordsWithin(batch: KeyBatch, after: number, through: number): KeyBatch {
  const { place } = batch;
  if (place.kind !== 'records') throw new Error('the batch is of a listing');
  const { kept, after: begin } = place;
  const rowsUpTo = (record: number): number => {
    if (kept === undefined) return record - begin;
    const row = kept.findIndex((at) => begin + at > record);
    return row < 0 ? kept.length : row;
  };
  const [from, to] = [rowsUpTo(after), rowsUpTo(through)];
  const within: Place = { kind: 'records', after, through, ...(kept && { kept: kept.slice(from, to).map((at) => begin + at - after) }) };
  return { ...sliceBatch(batch, from, to), place: within };
}

/** Some of the rows, ascending, in the place of all of them: those left out are done with. */
export function selectKeys(batch: KeyBatch, rows: readonly number[]): KeyBatch {
  const { bucket, place, keys, versions, listed } = batch;
  const ints = (values: BigInt64Array | null): BigInt64Array | null => values && BigInt64Array.from(rows, (row) => values[row]!);
  return {
    bucket,
    place: place.kind === 'records' ? { ...place, kept: Int32Array.from(rows, (row) => (place.kept?.[row] ?? row + 1)) } : place,
    count: rows.length,
    keys: selectUtf8(keys, rows),
    versions: versions && selectUtf8(versions, rows),
    listed: listed && {
      size: ints(listed.size),
      etag: listed.etag && selectUtf8(listed.etag, rows),
      lastModified: ints(listed.lastModified),
      ...(listed.heads && { heads: selectUtf8(listed.heads, rows) }),
    },
  };
}
