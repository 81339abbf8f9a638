/**
 * Memory for the bodies of answers. Each one made anew brings the next garbage collection nearer, so those that were read
 * and are of no use any more are kept for others, within bounds (R5).
 */

/** A page of 1,000 keys of 1,024 bytes, each byte escaped, is 12 MB. */
export const MAX_BODY_BYTES: number = 64 * 1024 * 1024;

/** The answer is longer than any listing. */
export class BodyTooLarge extends Error {
  readonly code = 'S3SCAN_BODY_TOO_LARGE';

  constructor() {
    super(`the body of the answer is over ${MAX_BODY_BYTES} bytes`);
  }
}

const SMALLEST = 64 * 1024;
/** A page of S3 of 1,000 keys has 240 to 400 KB; of long keys, 1.2 MB and more. */
const LARGEST_KEPT = 4 * 1024 * 1024;
/** As much as arrives at once on 64 connections. */
const MOST_KEPT = 32 * 1024 * 1024;

/** by size, a power of two */
const spare = new Map<number, Buffer[]>();
let kept = 0;
/** what is in use: nothing else is taken back, and nothing twice, or two answers would stand in the same place */
const lent = new WeakSet<ArrayBufferLike>();

function sizeFor(length: number): number {
  let size = SMALLEST;
  while (size < length) size *= 2;
  return size;
}

/** Room for so many bytes or more, with anything in it. */
export function bodyRoom(length: number): Buffer {
  const size = sizeFor(length);
  const found = spare.get(size)?.pop();
  if (found !== undefined) kept -= size;
  const room = found ?? Buffer.allocUnsafeSlow(size);
  lent.add(room.buffer);
  return room;
}

/** Another answer may be read to where this one stands. For who keeps nothing of it but copies. */
export function recycle({ buffer }: Buffer): void {
  const size = buffer.byteLength;
  if (!lent.delete(buffer) || size > LARGEST_KEPT || kept + size > MOST_KEPT) return;
  kept += size;
  const room = Buffer.from(buffer as ArrayBuffer);
  const same = spare.get(size);
  if (same === undefined) spare.set(size, [room]);
  else same.push(room);
}
