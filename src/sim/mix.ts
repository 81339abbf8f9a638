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

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

/** Writes 32 bits as eight hex digits. By the byte: building strings of pairs takes twice as long. */
export function writeHex8(into: Uint8Array, at: number, bits: number): void {
  for (let digit = 0; digit < 8; digit++) into[at + digit] = DIGITS[(bits >>> (28 - 4 * digit)) & 15]!;
}

const scratch = Buffer.alloc(8);

/** 32 bits as eight hex digits. */
export function hex8(bits: number): string {
  writeHex8(scratch, 0, bits);
  return scratch.toString('latin1', 0, 8);
}
