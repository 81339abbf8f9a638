/**
 * The dice of the simulation: numbers that look random and are pure functions of what is put in, so that a bucket of
 * any size needs no memory and a run can be repeated. No cryptography.
 */

/** 32 bits of (seed, number, salt), unsigned. `number` is an integer below 2^53. */
export function mix(seed: number, number: number, salt: number): number {
  let hash = Math.imul(seed ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b) ^ (number | 0);
  hash = scramble(hash ^ Math.imul((number / 0x1_0000_0000) | 0, 0xc2b2ae35));
  return scramble(hash ^ salt) >>> 0;
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function scramble(input: number): number {
  let hash = input ^ (input >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A share in [0, 1) of (seed, number, salt). */
export function share(seed: number, number: number, salt: number): number {
  return mix(seed, number, salt) / 0x1_0000_0000;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Eight hex digits. */
export function hex8(bits: number): string {
  return PAIRS[bits >>> 24]! + PAIRS[(bits >>> 16) & 255]! + PAIRS[(bits >>> 8) & 255]! + PAIRS[bits & 255]!;
}
