/**
 * Keys from a Parquet file. It is read from its end, so it has to be a file, not a pipe.
 *
 * Imported only with this format: apache-arrow takes long to load.
 */
import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RecordBatch } from 'apache-arrow';
import { Failure, fromFailureMessage } from '../failure.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { arrow } from '../records/apache-arrow.ts';
import { readRecordBatches } from './arrow-rows.ts';
import type { KeyBatcher } from './key-batcher.ts';
import type { ParquetAnswer, ParquetThreadData } from './parquet-thread.ts';

function startThread(path: string): Worker {
  const workerData: ParquetThreadData = { path };
  return new Worker(new URL(`./parquet-thread${extname(import.meta.url)}`, import.meta.url), { workerData });
}

/** Asks for the next record batch, while the one before is being worked on. */
async function ask(worker: Worker): Promise<ParquetAnswer> {
  worker.postMessage('next');
  const [answer] = (await once(worker, 'message')) as [ParquetAnswer];
  return answer;
}

async function* recordBatches(path: string): AsyncGenerator<RecordBatch> {
  const worker = startThread(path);
  const died = new Promise<never>((_, reject) => {
    worker.once('error', (cause) => {
      reject(new Failure('usage', `${path} cannot be read as Parquet: the decoder gave up`, 'look whether the file is damaged', { cause }));
    });
  });
  died.catch(() => {});
  try {
    for (let asked = ask(worker); ; ) {
      const answer = await Promise.race([died, asked]);
      if (answer.type === 'failed') throw fromFailureMessage(answer.failure);
      if (answer.type === 'end') return;
      asked = ask(worker);
      // awaited in the next round, if there is one
      asked.catch(() => {});
      yield* arrow.RecordBatchReader.from(answer.ipc);
    }
  } finally {
    await worker.terminate();
  }
}

export function readParquet(path: string, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  return readRecordBatches(recordBatches(path), batcher);
}
