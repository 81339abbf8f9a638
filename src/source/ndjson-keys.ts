/**
 * Keys as NDJSON: an object a line, with `key` and, where known, `bucket`, `version_id`, `size` or
 * `content_length`, `etag` and `last_modified`. The key is exact, never a URL.
 */
import { isUtf8 } from 'node:buffer';
import type { KeyBatch } from '../queue/key-batch.ts';
import type { KeyBatcher } from './key-batcher.ts';
import { wholeLines } from './whole-lines.ts';

/** Far above what s3scan writes for an object with all the metadata that any server allows. */
const MAX_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const BLANK = /^[ \t\r]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const FORM = 'each line is to be one object such as {"key":"a/b.jpg"}';

/** The row of a line; null for a blank one. */
function parseLine(batcher: KeyBatcher, line: number, bytes: Buffer): Record<string, unknown> | null {
  if (bytes.length > MAX_LINE_BYTES) throw batcher.refusal(line, `the line is longer than ${MAX_LINE_BYTES} bytes`, FORM);
  if (!isUtf8(bytes)) throw batcher.refusal(line, 'the line is not UTF-8', 'JSON is UTF-8: convert the file');
  const text = bytes.toString();
  if (BLANK.test(text)) return null;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw batcher.refusal(line, 'the line is no JSON', FORM);
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw batcher.refusal(line, 'the line is no JSON object', FORM);
}

/** The bytes of a string member; null where the row does not have it. */
function stringMember(batcher: KeyBatcher, line: number, row: Record<string, unknown>, name: string): Buffer | null {
  const value = row[name];
  if (value == null) return null;
  if (typeof value !== 'string') throw batcher.refusal(line, `"${name}" is no string`, FORM);
  // JSON can write half a character, UTF-8 cannot: it would silently become another key
  if (LONE_SURROGATE.test(value)) throw batcher.refusal(line, `"${name}" holds a lone surrogate, which UTF-8 cannot`, 'correct the line');
  return Buffer.from(value);
}

function addRow(batcher: KeyBatcher, line: number, row: Record<string, unknown>): void {
  const key = stringMember(batcher, line, row, 'key');
  if (key === null) throw batcher.refusal(line, 'the row has no "key"', FORM);
  const bucket = stringMember(batcher, line, row, 'bucket');
  if (bucket === null) batcher.bucketUnnamed(line);
  else batcher.bucketNamed(line, bucket, 0, bucket.length);
  batcher.requireColumns((column) => column in row || (column === 'size' && 'content_length' in row), line);
  batcher.add(line, key, 0, key.length);
  batcher.version(stringMember(batcher, line, row, 'version_id'));
  batcher.size(row['size'] ?? row['content_length']);
  batcher.etag(stringMember(batcher, line, row, 'etag'));
  batcher.lastModified(row['last_modified']);
  if (batcher.wantsStorageClass) batcher.storageClass(stringMember(batcher, line, row, 'storage_class'));
}

export async function* readNdjson(chunks: AsyncIterable<Buffer>, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  let line = 0;
  for await (const block of wholeLines(chunks, MAX_LINE_BYTES)) {
    let next = 0;
    while (next < block.length) {
      const newline = block.indexOf(NEWLINE, next);
      const end = newline === -1 ? block.length : newline;
      line++;
      const row = parseLine(batcher, line, block.subarray(next, end));
      if (row !== null) addRow(batcher, line, row);
      next = end + 1;
    }
    yield* batcher.take();
  }
  yield* batcher.end();
}
