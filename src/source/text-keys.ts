/**
 * Keys as plain text, one a line. Read byte by byte, without a string: this feeds the HEAD workers from the
 * main thread.
 *
 * A line is a key, or `s3://BUCKET/KEY`, taken apart at its slashes and nothing more (R3): `%20` stays
 * `%20`. A key that itself begins with `s3://`, or holds a line end, cannot be written here: NDJSON can.
 * Lines end in '\n'. Where the first ends in "\r\n", all are taken to, and lose one '\r'; elsewhere a '\r'
 * belongs to the key. Empty lines are skipped, and nothing else is trimmed: a space can be a key.
 */
import type { KeyBatch } from '../queue/key-batch.ts';
import { MAX_BUCKET_BYTES, MAX_KEY_BYTES, type KeyBatcher } from './key-batcher.ts';
import { wholeLines } from './whole-lines.ts';

const SCHEME = Buffer.from('s3://');
const MAX_LINE_BYTES = SCHEME.length + MAX_BUCKET_BYTES + 1 + MAX_KEY_BYTES + 1;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SLASH = 0x2f;

function hasScheme(block: Buffer, start: number, end: number): boolean {
  if (end - start < SCHEME.length) return false;
  for (let i = 0; i < SCHEME.length; i++) if (block[start + i] !== SCHEME[i]) return false;
  return true;
}

function addUrl(batcher: KeyBatcher, line: number, block: Buffer, start: number, end: number): void {
  const bucketStart = start + SCHEME.length;
  const slash = block.indexOf(SLASH, bucketStart);
  if (slash === -1 || slash >= end - 1) {
    throw batcher.refusal(line, 'the URL names no key', 'write s3://BUCKET/KEY');
  }
  batcher.bucketNamed(line, block, bucketStart, slash);
  batcher.add(line, block, slash + 1, end);
}

export async function* readText(chunks: AsyncIterable<Buffer>, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  batcher.requireColumns(() => false);
  let line = 0;
  let carriageReturns = false;
  for await (const block of wholeLines(chunks, MAX_LINE_BYTES)) {
    let next = 0;
    while (next < block.length) {
      const start = next;
      const newline = block.indexOf(NEWLINE, start);
      let end = newline === -1 ? block.length : newline;
      next = end + 1;
      line++;
      if (line === 1) carriageReturns = newline > start && block[newline - 1] === RETURN;
      if (carriageReturns && end > start && block[end - 1] === RETURN) end--;
      if (end === start) continue;
      if (hasScheme(block, start, end)) {
        addUrl(batcher, line, block, start, end);
      } else {
        batcher.bucketUnnamed(line);
        batcher.add(line, block, start, end);
      }
    }
    yield* batcher.take();
  }
  yield* batcher.end();
}
