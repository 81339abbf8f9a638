/** Key batches for tests of the queue and the shards: keys are the UTF-8 of strings. */
import type { Interval } from '../../src/keyspace/interval.ts';
import type { KeyBatch, Listed, Place } from '../../src/queue/key-batch.ts';
import type { Utf8Values } from '../../src/records/record-batch.ts';

export function packed(texts: readonly string[]): Utf8Values {
  const bytes = texts.map((text) => Buffer.from(text));
  const offsets = new Int32Array(texts.length + 1);
  bytes.forEach((each, row) => {
    offsets[row + 1] = offsets[row]! + each.length;
  });
  return { offsets, values: new Uint8Array(Buffer.concat(bytes)) };
}

export function unpacked({ offsets, values }: Utf8Values, count: number): string[] {
  return Array.from({ length: count }, (_, row) => Buffer.from(values.subarray(offsets[row], offsets[row + 1])).toString());
}

export function keysOf(batch: KeyBatch): string[] {
  return unpacked(batch.keys, batch.count);
}

export function keyBatch(keys: readonly string[], place: Place, listed: Listed | null = null, versions: Utf8Values | null = null): KeyBatch {
  return { bucket: 'bucket', place, count: keys.length, keys: packed(keys), versions, listed };
}

/** Ascending keys `from`, `from` + 1, … as a page of a listing that covers `interval`. */
export function pageBatch(from: number, count: number, interval: Interval): KeyBatch {
  const numbers = Array.from({ length: count }, (_, at) => from + at);
  const keys = numbers.map((number) => `key-${String(number).padStart(7, '0')}`);
  const listed: Listed = {
    size: BigInt64Array.from(numbers, BigInt),
    etag: packed(numbers.map((number) => `e${number}`)),
    lastModified: BigInt64Array.from(numbers, (number) => BigInt(number) * 1000n),
  };
  return keyBatch(keys, { kind: 'keyspace', ...interval }, listed);
}

/** Keys of a file: records `(after, after + count]`. */
export function fileBatch(after: number, count: number): KeyBatch {
  const keys = Array.from({ length: count }, (_, at) => `key-${String(after + at).padStart(7, '0')}`);
  return keyBatch(keys, { kind: 'records', after, through: after + count });
}
