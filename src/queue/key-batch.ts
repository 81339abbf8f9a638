/**
 * A key batch: a run of consecutive keys of the source, packed. The unit of work and of completeness: it
 * reaches the output whole, once, or not at all (R1).
 */
import type { Interval } from '../keyspace/interval.ts';
import type { Utf8Values } from '../records/record-batch.ts';

/** Where in its source a batch lies. What is committed is known by these (R2). */
export type Place =
  | ({ readonly kind: 'keyspace' } & Interval)
  /** records `(after, through]` of a key file, counted from 1; blank lines are no records */
  | { readonly kind: 'records'; readonly after: number; readonly through: number };

/** What the source already knows of each key, to cross-check the HEAD with (R4). Absent values are null in all rows. */
export interface Listed {
  /** bytes; -1 where unknown */
  readonly size: BigInt64Array | null;
  /** without quotes; empty where unknown */
  readonly etag: Utf8Values | null;
  /** milliseconds since the epoch; -1 where unknown */
  readonly lastModified: BigInt64Array | null;
}

export interface KeyBatch {
  readonly bucket: string;
  readonly place: Place;
  readonly count: number;
  /** count + 1 offsets, the first may be above 0 */
  readonly keys: Utf8Values;
  readonly listed: Listed | null;
}

function slicePlace(batch: KeyBatch, from: number, to: number): Place {
  const { place } = batch;
  if (place.kind === 'records') return { kind: 'records', after: place.after + from, through: place.after + to };
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

function sliceUtf8(source: Utf8Values, from: number, to: number): Utf8Values {
  const start = source.offsets[from]!;
  const end = source.offsets[to]!;
  const offsets = new Int32Array(to - from + 1);
  for (let row = from; row <= to; row++) offsets[row - from] = source.offsets[row]! - start;
  return { offsets, values: source.values.slice(start, end) };
}

/** Rows `[from, to)` as a batch of its own, with its own place and its own buffers, fit to be transferred. */
export function sliceBatch(batch: KeyBatch, from: number, to: number): KeyBatch {
  const { listed } = batch;
  return {
    bucket: batch.bucket,
    place: slicePlace(batch, from, to),
    count: to - from,
    keys: sliceUtf8(batch.keys, from, to),
    listed: listed && {
      size: listed.size && listed.size.slice(from, to),
      etag: listed.etag && sliceUtf8(listed.etag, from, to),
      lastModified: listed.lastModified && listed.lastModified.slice(from, to),
    },
  };
}

/** The buffers to name in `postMessage`. */
export function batchTransferList(batch: KeyBatch): ArrayBuffer[] {
  const arrays: (ArrayBufferView | null | undefined)[] = [
    batch.keys.offsets,
    batch.keys.values,
    batch.listed?.size,
    batch.listed?.etag?.offsets,
    batch.listed?.etag?.values,
    batch.listed?.lastModified,
  ];
  const buffers = arrays.filter((array) => array != null).map((array) => array.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}
