/**
 * Memory of record batches that have been copied to where they go, for the columns of the next: a listing fills and
 * copies some hundred KB for each page, and V8, which counts them, collects its whole heap after every twenty MB or so.
 * Each thread has its own.
 */
import { transferList, type RecordBatchData } from './record-batch.ts';

/** Sizes of text differ from page to page, and are to meet again. */
const STEP = 16 * 1024;
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

/** by their length */
const spare = new Map<number, ArrayBuffer[]>();
let spareBytes = 0;

/** At least so many bytes, which may hold anything. */
export function takeMemory(bytes: number): ArrayBuffer {
  const length = bytes <= STEP ? bytes : Math.ceil(bytes / STEP) * STEP;
  const buffer = spare.get(length)?.pop();
  if (buffer === undefined) return new ArrayBuffer(length);
  spareBytes -= length;
  return buffer;
}

/** Nothing of the batch may be looked at afterwards. */
export function giveBack(batch: RecordBatchData): void {
  for (const buffer of transferList(batch)) {
    const { byteLength } = buffer;
    if (spareBytes + byteLength > MAX_SPARE_BYTES) return;
    const alike = spare.get(byteLength);
    if (alike === undefined) spare.set(byteLength, [buffer]);
    else alike.push(buffer);
    spareBytes += byteLength;
  }
}
