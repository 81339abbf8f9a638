/**
 * The thread that decodes a Parquet file: only the columns needed, some thousand rows at a time, as Arrow IPC.
 *
 * A thread of its own because parquet-wasm aborts on damaged data, and what waits for it then waits for ever:
 * a thread that dies is noticed. It sends one answer for each message it gets, so it never runs ahead (R5).
 * It does without apache-arrow, which would double the time it takes to start.
 */
import { openAsBlob } from 'node:fs';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { ParquetFile, RecordBatch } from 'parquet-wasm';
import { Failure, toFailureMessage, type FailureMessage } from '../failure.ts';
import { parquet } from '../records/parquet-wasm.ts';
import { keyColumns } from './key-columns.ts';

/** `workerData` */
export interface ParquetThreadData {
  readonly path: string;
}

export type ParquetAnswer =
  /** a record batch as an IPC stream of its own */
  | { readonly type: 'batch'; readonly ipc: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly failure: FailureMessage };

const BATCH_ROWS = 8192;

/** The names of the columns to read; none where the file has no rows. */
function neededColumns(file: ParquetFile, path: string): string[] {
  const metadata = file.metadata();
  if (metadata.numRowGroups() === 0) return [];
  const leaves = metadata.rowGroup(0).columns();
  const names = [...new Set(leaves.map((leaf) => leaf.columnPath()[0]!))];
  const needed = new Set<number>(Object.values(keyColumns(names, path)));
  return names.filter((_, index) => needed.has(index));
}

async function* ipcBatches(path: string): AsyncGenerator<Uint8Array> {
  const file = await parquet.ParquetFile.fromFile(await openAsBlob(path));
  const columns = neededColumns(file, path);
  if (columns.length === 0) return;
  const stream = (await file.stream({ columns, batchSize: BATCH_ROWS })) as AsyncIterable<RecordBatch>;
  for await (const batch of stream) yield batch.intoIPCStream();
}

function failed(path: string, error: unknown): ParquetAnswer {
  const failure =
    error instanceof Failure
      ? error
      : new Failure('usage', `${path} cannot be read as Parquet: ${error instanceof Error ? error.message : String(error)}`, 'look whether the file is whole');
  return { type: 'failed', failure: toFailureMessage(failure) };
}

async function answer(port: MessagePort, path: string, batches: AsyncGenerator<Uint8Array>): Promise<void> {
  let message: ParquetAnswer;
  try {
    const next = await batches.next();
    message = next.done === true ? { type: 'end' } : { type: 'batch', ipc: next.value };
  } catch (error) {
    message = failed(path, error);
  }
  port.postMessage(message, message.type === 'batch' ? [message.ipc.buffer as ArrayBuffer] : []);
}

if (parentPort !== null) {
  const port = parentPort;
  const { path } = workerData as ParquetThreadData;
  const batches = ipcBatches(path);
  port.on('message', () => void answer(port, path, batches));
}
