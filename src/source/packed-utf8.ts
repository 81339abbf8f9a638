/**
 * Values packed one after the other while a key batch fills. Its buffers serve batch after batch; what it
 * hands out is a copy of exactly the bytes used, fit to be transferred.
 */
import type { Utf8Values } from '../records/record-batch.ts';

const INITIAL_BYTES = 64 * 1024;
/** Below this many bytes a loop in JavaScript beats TypedArray.set with its subarray. */
const LOOP_COPY_BYTES = 64;

export class PackedUtf8 {
  readonly offsets: Int32Array;
  values: Uint8Array = new Uint8Array(INITIAL_BYTES);
  count = 0;

  constructor(capacity: number) {
    this.offsets = new Int32Array(capacity + 1);
  }

  /** Appends `source[start, end)`. */
  push(source: Uint8Array, start: number, end: number): void {
    let at = this.offsets[this.count]!;
    const needed = at + end - start;
    if (needed > this.values.length) this.grow(needed);
    const { values } = this;
    if (end - start <= LOOP_COPY_BYTES) {
      for (let i = start; i < end; i++) values[at++] = source[i]!;
    } else {
      values.set(source.subarray(start, end), at);
    }
    this.offsets[++this.count] = needed;
  }

  /** Appends empty values until there are `count`. */
  padTo(count: number): void {
    const end = this.offsets[this.count]!;
    while (this.count < count) this.offsets[++this.count] = end;
  }

  /** The values so far; it is empty afterwards. */
  take(): Utf8Values {
    const { count } = this;
    this.count = 0;
    return { offsets: this.offsets.slice(0, count + 1), values: this.values.slice(0, this.offsets[count]) };
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.values.length * 2));
    larger.set(this.values);
    this.values = larger;
  }
}
