/**
 * Memory of record batches that have been copied to where they go, for the columns of the next: what is made anew for
 * each batch, V8 counts, and collects its whole heap after every few dozen MB of it. The writer gives back what it was
 * sent (see RecordAck). Each thread has its own.
 */

const SMALLEST = 1024;
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

/** by their length */
const spare = new Map<number, ArrayBuffer[]>();
let spareBytes = 0;

/** Eight sizes from one power of two to the next: texts differ in length from batch to batch, and are to meet again. */
function sizeFor(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (28 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}

/** At least so many bytes, which may hold anything. */
export function takeMemory(bytes: number): ArrayBuffer {
  const length = sizeFor(bytes);
  const buffer = spare.get(length)?.pop();
  if (buffer === undefined) return new ArrayBuffer(length);
  spareBytes -= length;
  return buffer;
}

/** Nothing in them may be looked at afterwards. Where there is too much, all goes: sizes that nobody asks for any more would stay. */
export function giveBack(buffers: readonly ArrayBuffer[]): void {
  for (const buffer of buffers) {
    const { byteLength } = buffer;
    if (byteLength > MAX_SPARE_BYTES || byteLength !== sizeFor(byteLength)) continue;
    if (spareBytes + byteLength > MAX_SPARE_BYTES) {
      spare.clear();
      spareBytes = 0;
    }
    const alike = spare.get(byteLength);
    if (alike === undefined) spare.set(byteLength, [buffer]);
    else alike.push(buffer);
    spareBytes += byteLength;
  }
}
