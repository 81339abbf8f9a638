/**
 * Half-open intervals `(after, through]` of the keyspace (R2). Keys are UTF-8 bytes (R3): compared as bytes,
 * the order S3 lists in, never as JavaScript strings, whose order differs above U+FFFF.
 */

export interface Interval {
  /** exclusive; empty for the beginning of the keyspace */
  readonly after: Uint8Array;
  /** inclusive; null for the end of the keyspace */
  readonly through: Uint8Array | null;
}

/** Below every key. */
export const BEGINNING: Uint8Array = new Uint8Array(0);
export const EVERYTHING: Interval = { after: BEGINNING, through: null };

/** Negative, zero or positive, by unsigned bytes, a prefix before what it begins. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Compares upper ends, where null is the end of the keyspace. */
export function compareEnds(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null) return b === null ? 0 : 1;
  return b === null ? -1 : compareKeys(a, b);
}

export function hasPrefix(key: Uint8Array, prefix: Uint8Array): boolean {
  return compareKeys(key.subarray(0, prefix.length), prefix) === 0;
}
