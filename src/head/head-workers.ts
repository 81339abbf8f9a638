/**
 * The main thread's side of the head workers: starts them, hands batches of the queue to whichever shard pulls,
 * and knows when all of them are done.
 *
 * A worker that dies is replaced. What it was handed and the writer has not reported is asked again, once all that
 * it had sent is written: so each batch still reaches the output once (R1).
 */
import { extname } from 'node:path';
import type { RecordableHistogram } from 'node:perf_hooks';
import { Worker, type MessagePort } from 'node:worker_threads';
import { Failure, fromFailureMessage } from '../failure.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import { COUNTER, ShardCounters } from '../metrics/shard-counters.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import type { KeyQueue } from '../queue/key-queue.ts';
import type { BucketAddress } from '../s3/bucket-address.ts';
import type { Credentials } from '../s3/sigv4.ts';
import type { FromHeadWorker, HeadSettings, HeadWorkerData, ShardPlan, ToHeadWorker } from './protocol.ts';

/** Bounds the nursery, where a request's strings and buffers die: with 64 the peak still grew at 2 million keys (R5, bench/memory.ts). */
const YOUNG_GENERATION_MB = 32;
/** Workers that die one after the other, and nothing of what they left is done in between: the next would die as well. */
const DEATHS_IN_A_ROW = 3;

/** What runs in the threads; tests put in one that dies. */
interface WorkerThread {
  readonly entry: URL;
  readonly argv: readonly string[];
  /** null for Node's own limit */
  readonly heapMb: number | null;
}

const WORKER: WorkerThread = { entry: new URL(`./worker${extname(import.meta.url)}`, import.meta.url), argv: [], heapMb: null };

export interface HeadWorkersOptions {
  readonly workers: number;
  readonly shards: readonly ShardPlan[];
  readonly queue: KeyQueue;
  readonly counters: SharedArrayBuffer;
  readonly retryBudget: SharedArrayBuffer;
  readonly pace: SharedArrayBuffer;
  readonly endpoints: SharedArrayBuffer;
  /** a key batch is being handed out under this number */
  readonly onIssued: (id: number, batch: KeyBatch) => void;
  readonly onExhausted: (last: string) => void;
  /** keys were refused: resolves when the credentials are known to be good; never rejects */
  readonly onRefused: () => Promise<void>;
  /** a worker died and is replaced */
  readonly onReplaced: (reason: string) => void;
  /** workers die again and again: stop; what is written can be published */
  readonly onBroken: (failure: Failure) => void;
  readonly thread?: WorkerThread;
}

/** A port to the writer; `onEnded` hears how many record batches had come by it when its worker was gone. */
export type RecordPort = (onEnded: (recordBatches: number) => void) => MessagePort;

/** Divides `concurrency` slots over `count` shards as evenly as it goes. */
export function planShards(concurrency: number, count: number): ShardPlan[] {
  const shards = Math.min(count, concurrency);
  return Array.from({ length: shards }, (_, shard) => ({
    shard,
    slots: Math.floor(((shard + 1) * concurrency) / shards) - Math.floor((shard * concurrency) / shards),
  }));
}

/** The place of a worker and of those that replace it. */
interface Seat {
  readonly shards: readonly ShardPlan[];
  worker: Worker;
  /** posted by the workers before this one */
  recordBatches: number;
  /** how many this one has posted, once its port has ended and they are written; its death may be heard of later */
  posted: number | null;
  isEnded: boolean;
  state: 'working' | 'lost' | 'finished';
  readonly finish: (recordBatches: number) => void;
  readonly fail: (failure: Failure) => void;
}

interface Pull {
  readonly seat: Seat;
  readonly shard: number;
}

interface Issued {
  readonly id: number;
  readonly seat: Seat;
  readonly shard: number;
  readonly batch: KeyBatch;
  /** asked before, of a worker that died */
  readonly isAgain: boolean;
}

export class HeadWorkers {
  readonly latencies: Map<number, RecordableHistogram> = new Map();
  /** which worker hosts each shard */
  readonly hosts: Map<number, number> = new Map();
  /** record batches that the workers have posted, all together, once `done` has resolved */
  readonly done: Promise<number>;
  private readonly options: HeadWorkersOptions;
  private readonly counters: ShardCounters;
  private readonly seats: Seat[] = [];
  private pulls: Pull[] = [];
  private readonly slots: ReadonlyMap<number, number>;
  /** handed out, and not written */
  private readonly issued = new Map<number, Issued>();
  /** of workers that died: to be asked again */
  private readonly again: Issued[] = [];
  /** keys by shard */
  private readonly written = new Map<number, number>();
  /** by bucket, at each endpoint, as workers that start later have to know them */
  private readonly addresses = new Map<string, readonly BucketAddress[]>();
  private settings: HeadSettings | null = null;
  private recordPort: RecordPort | null = null;
  private nextId = 0;
  private deaths = 0;
  private isStopped = false;

  constructor(options: HeadWorkersOptions) {
    this.options = options;
    this.counters = new ShardCounters(options.counters, new EndpointHealth(options.endpoints).endpoints);
    this.slots = new Map(options.shards.map(({ shard, slots }) => [shard, slots]));
    const finished = Array.from({ length: options.workers }, (_, index) => {
      const shards = options.shards.filter((_plan, at) => at % options.workers === index);
      for (const { shard } of shards) this.hosts.set(shard, index);
      return new Promise<number>((finish, fail) => {
        const seat: Seat = { shards, worker: this.spawn(shards), recordBatches: 0, posted: null, isEnded: false, state: 'working', finish, fail };
        this.seats.push(seat);
        this.listen(seat);
      });
    });
    this.done = Promise.all(finished).then((sent) => sent.reduce((sum, batches) => sum + batches, 0));
    // Awaited by the scan; this keeps an early failure from being called unhandled.
    this.done.catch(() => {});
  }

  private spawn(shards: readonly ShardPlan[]): Worker {
    const { counters, retryBudget, pace, endpoints, thread = WORKER } = this.options;
    const workerData: HeadWorkerData = { shards, counters, retryBudget, pace, endpoints };
    const { entry, argv, heapMb } = thread;
    return new Worker(entry, {
      workerData,
      argv: [...argv],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, ...(heapMb !== null && { maxOldGenerationSizeMb: heapMb }) },
    });
  }

  /** Lets the workers ask for keys. */
  start(settings: HeadSettings, recordPort: RecordPort): void {
    this.settings = settings;
    this.recordPort = recordPort;
    for (const seat of this.seats) this.startWorker(seat, settings, recordPort);
  }

  private startWorker(seat: Seat, settings: HeadSettings, recordPort: RecordPort): void {
    const { worker } = seat;
    const records = recordPort((recordBatches) => {
      if (worker !== seat.worker) return;
      seat.posted = recordBatches;
      if (seat.state === 'lost') this.replace(seat, recordBatches);
    });
    this.post(seat, { type: 'start', settings, records }, [records]);
    for (const [bucket, addresses] of this.addresses) this.post(seat, { type: 'address', bucket, addresses });
  }

  private listen(seat: Seat): void {
    const { worker } = seat;
    worker.on('message', (message: FromHeadWorker) => {
      if (worker !== seat.worker || seat.state !== 'working') return;
      switch (message.type) {
        case 'ready':
          for (const { shard, histogram } of message.latencies) this.latencies.set(shard, histogram);
          break;
        case 'pull':
          this.pulls.push({ seat, shard: message.shard });
          this.dispatch();
          break;
        case 'exhausted':
          this.options.onExhausted(message.last);
          break;
        case 'refused':
          void this.checkAccess(seat);
          break;
        case 'finished':
          seat.state = 'finished';
          seat.finish(seat.recordBatches + message.recordBatches);
          break;
        case 'failed':
          this.failed(seat, fromFailureMessage(message.failure));
          break;
      }
    });
    const died = (failure: Failure): void => {
      if (worker === seat.worker && seat.state === 'working') this.lose(seat, failure);
    };
    worker.on('error', (error) => died(new Failure('defect', `a head worker failed: ${error.message}`, null, { cause: error })));
    worker.on('exit', (code) => died(new Failure('defect', `a head worker ended early, with code ${code}`)));
  }

  private async checkAccess(seat: Seat): Promise<void> {
    const { worker } = seat;
    await this.options.onRefused();
    if (worker === seat.worker) this.post(seat, { type: 'access' });
  }

  /** What was foreseen would fail the next worker as well. */
  private failed(seat: Seat, failure: Failure): void {
    if (failure.kind === 'defect') this.lose(seat, failure);
    else seat.fail(failure);
  }

  private lose(seat: Seat, failure: Failure): void {
    if (this.recordPort === null) {
      seat.fail(failure);
      return;
    }
    seat.state = 'lost';
    this.pulls = this.pulls.filter((pull) => pull.seat !== seat);
    // Its port to the writer ends with it.
    void seat.worker.terminate();
    if (!this.isStopped) {
      if (++this.deaths < DEATHS_IN_A_ROW) this.options.onReplaced(failure.message);
      else this.options.onBroken(failure);
    }
    if (seat.posted !== null) this.replace(seat, seat.posted);
  }

  /** All that the worker had posted is written: what else it was handed is asked again. */
  private replace(seat: Seat, posted: number): void {
    seat.recordBatches += posted;
    seat.posted = null;
    for (const { shard } of seat.shards) this.forget(shard);
    if (this.isStopped) {
      seat.state = 'finished';
      seat.finish(seat.recordBatches);
      return;
    }
    for (const issued of this.issued.values()) if (issued.seat === seat) this.again.push(issued);
    seat.worker = this.spawn(seat.shards);
    seat.state = 'working';
    seat.isEnded = false;
    this.listen(seat);
    this.startWorker(seat, this.settings!, this.recordPort!);
    this.dispatch();
  }

  /** Takes what the worker had counted and will be asked again out of a shard's counters. */
  private forget(shard: number): void {
    const { counters } = this;
    let lost = counters.ofShard(shard).done - (this.written.get(shard) ?? 0);
    for (const row of counters.rowsOf(shard)) {
      counters.set(row, COUNTER.inFlight, 0);
      let lostOfRow = Math.min(lost, counters.get(row, COUNTER.done));
      lost -= lostOfRow;
      counters.add(row, COUNTER.done, -lostOfRow);
      for (const counter of [COUNTER.ok, COUNTER.gone, COUNTER.failed]) {
        const part = Math.min(lostOfRow, counters.get(row, counter));
        counters.add(row, counter, -part);
        lostOfRow -= part;
      }
    }
  }

  private post(seat: Seat, message: ToHeadWorker, transfer: MessagePort[] = []): void {
    seat.worker.postMessage(message, transfer);
  }

  /** The writer has taken these batches in. */
  wrote(ids: readonly number[]): void {
    for (const id of ids) {
      const issued = this.issued.get(id);
      if (issued === undefined) continue;
      this.issued.delete(id);
      if (issued.isAgain) this.deaths = 0;
      this.written.set(issued.shard, (this.written.get(issued.shard) ?? 0) + issued.batch.count);
    }
  }

  /** Serves the shards that wait. Call it whenever keys were pushed or the queue has ended. */
  dispatch(): void {
    const { queue } = this.options;
    while (this.pulls.length > 0) {
      const next = this.nextFor(this.pulls[0]!);
      if (next === null) break;
      this.pulls.shift();
      const { id, seat, shard, batch } = next;
      this.issued.set(id, next);
      // Copied and not transferred: it may have to be asked again.
      this.post(seat, { type: 'batch', shard, id, batch });
    }
    if (!queue.ended || queue.queued > 0 || this.again.length > 0 || this.seats.some(({ state }) => state === 'lost')) return;
    for (const seat of this.seats) {
      if (!seat.isEnded) this.post(seat, { type: 'end' });
      seat.isEnded = true;
    }
  }

  private nextFor({ seat, shard }: Pull): Issued | null {
    const again = this.again.shift();
    if (again !== undefined) return { ...again, seat, shard, isAgain: true };
    const batch = this.options.queue.take(this.slots.get(shard)!);
    if (batch === null) return null;
    const id = this.nextId++;
    this.options.onIssued(id, batch);
    return { id, seat, shard, batch, isAgain: false };
  }

  /** The share of its time that the busiest worker was not waiting, 0 to 1. */
  busiest(): number {
    return Math.max(0, ...this.seats.map(({ worker }) => worker.performance.eventLoopUtilization().utilization));
  }

  /** Before a batch of the bucket is pushed: where it is, at each endpoint. */
  useAddresses(bucket: string, addresses: readonly BucketAddress[]): void {
    this.addresses.set(bucket, addresses);
    for (const seat of this.seats) this.post(seat, { type: 'address', bucket, addresses });
  }

  useCredentials(credentials: Credentials): void {
    if (this.settings !== null) this.settings = { ...this.settings, credentials };
    for (const seat of this.seats) this.post(seat, { type: 'credentials', credentials });
  }

  /** Requests in flight may end; what is not whole by then is not published. */
  stop(): void {
    this.isStopped = true;
    for (const seat of this.seats) this.post(seat, { type: 'stop' });
  }

  async terminate(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.seats.map(({ worker }) => worker.terminate()));
  }
}
