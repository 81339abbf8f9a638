/**
 * A number of keys to compare with another number of keys, whatever the order they come in and how they are divided: how
 * many there are, and two sums of hashes, 64 bits together. Not made to withstand someone who chooses the keys.
 */
import type { Utf8Values } from '../records/record-batch.ts';

/** FNV-1a's prime; and the multipliers and shifts of MurmurHash3's finalizer, without which sums of alike keys would be alike. */
const PRIME = 0x01000193;

function scrambled(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

export class KeyDigest {
  keys = 0;
  private first = 0;
  private second = 0;

  add({ values, offsets }: Utf8Values, rows: number): void {
    for (let row = 0; row < rows; row++) {
      let a = 0x811c9dc5;
      let b = 0x2f0b4c47;
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
        const byte = values[at]!;
        a = Math.imul(a ^ byte, PRIME);
        b = (Math.imul(b, 33) + byte) | 0;
      }
      this.first = (this.first + scrambled(a)) | 0;
      this.second = (this.second + scrambled(b ^ a)) | 0;
    }
    this.keys += rows;
  }

  equals(other: KeyDigest): boolean {
    return this.keys === other.keys && this.first === other.first && this.second === other.second;
  }
}
