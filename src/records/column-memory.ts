/** What columns under construction are made of: arrays that grow, and the bitmap of the rows that have a value. */
import type { ColumnData } from './record-batch.ts';
import { giveBack, takeMemory } from './spare-memory.ts';

/** A column under construction; `take` hands its buffers out and leaves it empty. */
export interface ColumnBuilder {
  take(rows: number): ColumnData;
}

/** Columns begin with room for so many rows. */
export const INITIAL_ROWS = 1024;

/** Longer, with zeros behind what was there. The array is of no use afterwards. */
export function grown(array: Uint8Array, needed: number): Uint8Array {
  const larger = new Uint8Array(takeMemory(Math.max(needed, array.length * 2)));
  larger.set(array);
  larger.fill(0, array.length);
  giveBack([array.buffer as ArrayBuffer]);
  return larger;
}

export function grownInts(array: Int32Array, needed: number): Int32Array {
  const bytes = grown(new Uint8Array(array.buffer), 4 * needed);
  return new Int32Array(bytes.buffer);
}

/** Arrow's validity bitmap for the rows that were set, in ascending order. There is none as long as none was left out. */
export class Validity {
  count = 0;
  private bitmap: Uint8Array | null = null;
  private last = -1;

  /** False where the row is set already: a header sent twice counts once, the first time. */
  set(row: number): boolean {
    if (row === this.last) return false;
    this.last = row;
    if (this.bitmap !== null || row !== this.count) this.setBit(row);
    this.count++;
    return true;
  }

  /** The first rows. */
  fill(rows: number): void {
    this.count = rows;
    this.last = rows - 1;
  }

  private setBit(row: number): void {
    const byte = row >> 3;
    this.bitmap ??= ones(this.count);
    if (byte >= this.bitmap.length) this.bitmap = grown(this.bitmap, byte + 1);
    this.bitmap[byte] = this.bitmap[byte]! | (1 << (row & 7));
  }

  /** Whether this row, the last that was set, is set. */
  has(row: number): boolean {
    return row === this.last;
  }

  /** The bitmap, long enough for `rows`, or null where every row is valid. */
  take(rows: number): Uint8Array | null {
    return this.count === rows ? null : this.bits(rows);
  }

  /** The bitmap, long enough for `rows`. */
  bits(rows: number): Uint8Array {
    const bitmap = this.bitmap ?? ones(this.count);
    const bytes = (rows + 7) >> 3;
    return bitmap.length < bytes ? grown(bitmap, bytes) : bitmap;
  }
}

/** A bitmap of so many ones, and zeros behind them. */
function ones(count: number): Uint8Array {
  const bitmap = new Uint8Array(Math.max((count + 7) >> 3, INITIAL_ROWS / 8)).fill(0xff, 0, count >> 3);
  if ((count & 7) !== 0) bitmap[count >> 3] = (1 << (count & 7)) - 1;
  return bitmap;
}
