/**
 * The thread that decodes a Parquet file: only the columns needed, some thousand rows at a time, as Arrow IPC.
 *
 * A thread of its own because parquet-wasm aborts on damaged data, and what waits for it then waits for ever:
 * a thread that dies is noticed. It sends one answer for each message it gets, so it never runs ahead (R5).
 */
import { openAsBlob } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { RecordBatchReader } from 'apache-arrow';
import { ParquetFile, type RecordBatch } from 'parquet-wasm';
import { Failure, toFailureMessage, type FailureMessage } from '../failure.ts';
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

function neededColumns(file: ParquetFile, path: string): string[] {
  const reader = RecordBatchReader.from(file.schema().intoIPCStream()).open();
  const names = reader.schema.fields.map((field) => field.name);
  const needed = new Set<number>(Object.values(keyColumns(names, path)));
  return names.filter((_, index) => needed.has(index));
}

async function* ipcBatches(path: string): AsyncGenerator<Uint8Array> {
  const file = await ParquetFile.fromFile(await openAsBlob(path));
  const columns = neededColumns(file, path);
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

async function answer(path: string, batches: AsyncGenerator<Uint8Array>): Promise<ParquetAnswer> {
  try {
    const next = await batches.next();
    return next.done === true ? { type: 'end' } : { type: 'batch', ipc: next.value };
  } catch (error) {
    return failed(path, error);
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const { path } = workerData as ParquetThreadData;
  const batches = ipcBatches(path);
  port.on('message', () => {
    void answer(path, batches).then((message) => {
      port.postMessage(message, message.type === 'batch' ? [message.ipc.buffer as ArrayBuffer] : []);
    });
  });
}
