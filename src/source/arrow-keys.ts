/**
 * Keys from Arrow IPC: its stream as it comes, its file format from a file, by the index at its end.
 *
 * apache-arrow takes a cut stream or file for a shorter one, so that the end mark is looked at here (R1).
 *
 * Imported only with this format: apache-arrow takes long to load.
 */
import { open } from 'node:fs/promises';
import type { RecordBatch } from 'apache-arrow';
import { Failure } from '../failure.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { arrow } from '../records/apache-arrow.ts';
import { readRecordBatches } from './arrow-rows.ts';
import type { KeyBatcher } from './key-batcher.ts';

/** a file begins and ends with it */
const MAGIC = Buffer.from('ARROW1');
/** end of a stream: a message of no length, behind the mark that Arrow has put before each since 0.15 */
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

function cutShort(file: string): Failure {
  return new Failure('usage', `${file} ends before its end mark`, 'it was cut short: write it again');
}

/** True for the first bytes of the file format. */
export function isArrowFile(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).equals(MAGIC);
}

async function* streamBatches(source: AsyncIterable<Buffer>, file: string): AsyncGenerator<RecordBatch> {
  let last: Buffer = Buffer.alloc(0);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      const tail = chunk.subarray(-END_OF_STREAM.length);
      last = Buffer.concat([last, tail]).subarray(-END_OF_STREAM.length);
      // no Buffer: apache-arrow aligns its arrays with `slice`, which copies no Buffer
      yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  }
  yield* await arrow.RecordBatchReader.from(chunks());
  if (!last.equals(END_OF_STREAM)) throw cutShort(file);
}

async function* fileBatches(path: string): AsyncGenerator<RecordBatch> {
  // closed by the reader, at its end or when it is left
  const handle = await open(path);
  const { size } = await handle.stat();
  const tail = Buffer.alloc(MAGIC.length);
  await handle.read(tail, 0, tail.length, Math.max(0, size - tail.length));
  if (!tail.equals(MAGIC)) {
    await handle.close();
    throw cutShort(path);
  }
  yield* await arrow.RecordBatchReader.from(handle);
}

/** The record batches, with what the library throws turned into a Failure. */
async function* readable(batches: AsyncGenerator<RecordBatch>, file: string): AsyncGenerator<RecordBatch> {
  try {
    yield* batches;
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const compressed = reason.includes('codec not found');
    throw new Failure(
      'usage',
      `${file} cannot be read as Arrow: ${reason}`,
      compressed ? 'write it without compression, or as Parquet' : 'look whether the file is whole and in Arrow IPC format',
      { cause },
    );
  }
}

export function readArrowStream(source: AsyncIterable<Buffer>, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  return readRecordBatches(readable(streamBatches(source, batcher.file), batcher.file), batcher);
}

export function readArrowFile(path: string, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  return readRecordBatches(readable(fileBatches(path), path), batcher);
}
