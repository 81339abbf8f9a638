/**
 * The main thread's side of the head workers: starts them, hands batches of the queue to whichever shard
 * pulls, and knows when all of them are done.
 */
import { extname } from 'node:path';
import type { RecordableHistogram } from 'node:perf_hooks';
import { Worker, type MessagePort } from 'node:worker_threads';
import { Failure, fromFailureMessage } from '../failure.ts';
import { batchTransferList, type KeyBatch } from '../queue/key-batch.ts';
import type { KeyQueue } from '../queue/key-queue.ts';
import type { BucketAddress } from '../s3/address.ts';
import type { Credentials } from '../s3/sigv4.ts';
import type { FromHeadWorker, HeadSettings, HeadWorkerData, ShardPlan, ToHeadWorker } from './protocol.ts';

/** Bounds the nursery, where a request's strings and buffers die: with 64 the peak still grew at 2 million keys (R5, bench/memory.ts). */
const YOUNG_GENERATION_MB = 32;

export interface HeadWorkersOptions {
  readonly workers: number;
  readonly shards: readonly ShardPlan[];
  readonly queue: KeyQueue;
  readonly counters: SharedArrayBuffer;
  readonly retryBudget: SharedArrayBuffer;
  readonly pace: SharedArrayBuffer;
  /** a key batch is being handed out under this number */
  readonly onIssued: (id: number, batch: KeyBatch) => void;
  readonly onExhausted: (last: string) => void;
}

/** Divides `concurrency` slots over `count` shards as evenly as it goes. */
export function planShards(concurrency: number, count: number): ShardPlan[] {
  const shards = Math.min(count, concurrency);
  return Array.from({ length: shards }, (_, shard) => ({
    shard,
    slots: Math.floor(((shard + 1) * concurrency) / shards) - Math.floor((shard * concurrency) / shards),
  }));
}

interface Pull {
  readonly worker: Worker;
  readonly shard: number;
}

export class HeadWorkers {
  readonly latencies: Map<number, RecordableHistogram> = new Map();
  /** which worker hosts each shard */
  readonly hosts: Map<number, number> = new Map();
  /** record batches that each worker has posted, all together, once `done` has resolved */
  readonly done: Promise<number>;
  private readonly options: HeadWorkersOptions;
  private readonly workers: Worker[];
  private readonly pulls: Pull[] = [];
  private readonly slots: ReadonlyMap<number, number>;
  private nextId = 0;
  private ended = false;

  constructor(options: HeadWorkersOptions) {
    this.options = options;
    this.slots = new Map(options.shards.map(({ shard, slots }) => [shard, slots]));
    const finished: Promise<number>[] = [];
    this.workers = Array.from({ length: options.workers }, (_, index) => {
      const shards = options.shards.filter((_plan, at) => at % options.workers === index);
      for (const { shard } of shards) this.hosts.set(shard, index);
      const worker = this.spawn(shards);
      finished.push(this.listen(worker));
      return worker;
    });
    this.done = Promise.all(finished).then((sent) => sent.reduce((sum, batches) => sum + batches, 0));
    // Awaited by the scan; this keeps an early failure from being called unhandled.
    this.done.catch(() => {});
  }

  private spawn(shards: readonly ShardPlan[]): Worker {
    const { counters, retryBudget, pace } = this.options;
    const workerData: HeadWorkerData = { shards, counters, retryBudget, pace };
    return new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
  }

  /** Lets the workers ask for keys; `recordPort` gives each a port of its own to the writer. */
  start(settings: HeadSettings, recordPort: () => MessagePort): void {
    for (const worker of this.workers) {
      const records = recordPort();
      this.post(worker, { type: 'start', settings, records }, [records]);
    }
  }

  private listen(worker: Worker): Promise<number> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromHeadWorker) => {
        switch (message.type) {
          case 'ready':
            for (const { shard, histogram } of message.latencies) this.latencies.set(shard, histogram);
            break;
          case 'pull':
            this.pulls.push({ worker, shard: message.shard });
            this.dispatch();
            break;
          case 'exhausted':
            this.options.onExhausted(message.last);
            break;
          case 'finished':
            resolve(message.recordBatches);
            break;
          case 'failed':
            reject(fromFailureMessage(message.failure));
            break;
        }
      });
      worker.on('error', (error) => reject(new Failure('defect', `a head worker failed: ${error.message}`, null, { cause: error })));
      worker.on('exit', (code) => reject(new Failure('defect', `a head worker ended early, with code ${code}`)));
    });
  }

  private post(worker: Worker, message: ToHeadWorker, transfer: (ArrayBuffer | MessagePort)[] = []): void {
    worker.postMessage(message, transfer);
  }

  /** Serves the shards that wait. Call it whenever keys were pushed or the queue has ended. */
  dispatch(): void {
    const { queue, onIssued } = this.options;
    while (this.pulls.length > 0) {
      const pull = this.pulls[0]!;
      const batch = queue.take(this.slots.get(pull.shard)!);
      if (batch === null) break;
      this.pulls.shift();
      const id = this.nextId++;
      onIssued(id, batch);
      this.post(pull.worker, { type: 'batch', shard: pull.shard, id, batch }, batchTransferList(batch));
    }
    if (queue.ended && queue.queued === 0 && !this.ended) {
      this.ended = true;
      for (const worker of this.workers) this.post(worker, { type: 'end' });
    }
  }

  /** The share of its time that the busiest worker was not waiting, 0 to 1. */
  busiest(): number {
    return Math.max(0, ...this.workers.map((worker) => worker.performance.eventLoopUtilization().utilization));
  }

  /** Before a batch of the bucket is pushed. */
  useAddress(bucket: string, address: BucketAddress): void {
    for (const worker of this.workers) this.post(worker, { type: 'address', bucket, address });
  }

  useCredentials(credentials: Credentials): void {
    for (const worker of this.workers) this.post(worker, { type: 'credentials', credentials });
  }

  /** Requests in flight may end; what is not whole by then is not published. */
  stop(): void {
    for (const worker of this.workers) this.post(worker, { type: 'stop' });
  }

  async terminate(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
