/**
 * Places as intervals of bytes, so that what is done and what is left to do is worked out by one code whatever the
 * source (R2). A record number is written as eight bytes, most significant first, which sort as numbers do.
 */
import type { Interval } from '../keyspace/interval.ts';
import type { Place } from './key-batch.ts';

const RECORD_BYTES = 8;

/** The end of the interval that this record is the last one of. */
export function recordEnd(record: number): Uint8Array {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeBigUInt64BE(BigInt(record));
  return bytes;
}

/** The beginning of a key file, empty as that of the keyspace is, is record 0. */
export function recordOfEnd(end: Uint8Array): number {
  return end.length === 0 ? 0 : Number(Buffer.from(end.buffer, end.byteOffset, end.length).readBigUInt64BE());
}

export function intervalOf(place: Place): Interval {
  if (place.kind === 'keyspace') return { after: place.after, through: place.through };
  return { after: recordEnd(place.after), through: recordEnd(place.through) };
}
