/**
 * Cuts a stream of bytes into blocks of whole lines, wherever its chunks begin and end, so that readers of
 * lines need no state between chunks. Lines end in '\n'; the last of a file may lack it.
 */

const NEWLINE = 0x0a;

/**
 * Yields blocks that end with a line. A line longer than `limit` may come cut short as the last block, and
 * nothing follows: readers refuse it, and a file without line ends does not fill the memory (R5).
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) yield bytes.subarray(0, end);
    rest = bytes.subarray(end);
    if (rest.length > limit) break;
  }
  if (rest.length > 0) yield rest;
}
