/**
 * A share of the keys, decided by the key alone, so that every run and every machine takes the same ones, and a
 * smaller share is part of a larger one: a hash of the key's bytes below share × 2^32.
 *
 * The hash is MurmurHash3_x86_32 with seed 0 (Austin Appleby, public domain), of which there are implementations and
 * test vectors for every language. It need not withstand anyone: whoever names keys may choose what is sampled.
 */

function mixed(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

/** MurmurHash3_x86_32 of `bytes[start, end)`, from 0 to 2^32 - 1. */
export function keyHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash ^= mixed(block);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let last = end - 1; last >= at; last--) rest = (rest << 8) | bytes[last]!;
  if (at < end) hash ^= mixed(rest);
  hash ^= end - start;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Whether the key is in the share. */
export function isSampled(bytes: Uint8Array, start: number, end: number, share: number): boolean {
  return keyHash(bytes, start, end) < share * 2 ** 32;
}
