/**
 * The main thread's handle on the writer thread: starts it, gives producers ports to it, and ends it with a whole
 * file or none (R8). However the thread ends, whoever waits here hears of it.
 */
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Failure, fromFailureMessage } from '../failure.ts';
import { columnIndex } from '../records/record-batch.ts';
import { partialOf } from './file-sink.ts';
import { partName, type PublishedPart } from './part.ts';
import type { WriterCommand, WriterEvent, WriterOptions } from './protocol.ts';

export type { WriterOptions } from './protocol.ts';

/** A thread whose output does not take its bytes (a terminal held by ^S) is not waited for longer than this. */
const ABORT_GRACE_MS = 2000;

export interface WriterListener {
  /** A record batch of so many rows, with the key batches it holds, was handed to the file. */
  onWritten(rows: number, keyBatches: readonly number[]): void;
  /** A part was published; it holds what was written since the one before. */
  onPart(part: PublishedPart): void;
  /** The reader of standard output went away: there is no use in going on, and no error. */
  onClosed(): void;
  /** The output cannot be written, and what there was of it is gone. Called once, after `start`. */
  onFailure(failure: Failure): void;
}

export interface WriterResult {
  readonly path: string | null;
  readonly rows: number;
  readonly bytes: number;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (failure: Failure) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (failure: Failure) => void;
  const promise = new Promise<T>((resolve_, reject_) => {
    resolve = resolve_;
    reject = reject_;
  });
  // It may be settled before anyone waits for it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** Refuses at once what no writing can make right. */
function checkOptions({ path, format, compression, schema, terminal }: WriterOptions): void {
  const binary = format === 'parquet' || format === 'arrow' || compression !== 'none';
  if (path === null && terminal && binary) {
    const what = format === 'parquet' || format === 'arrow' ? format : compression;
    throw new Failure('usage', `${what} is not written to a terminal`, 'name a file with --output, or redirect standard output');
  }
  if (format === 'text' && columnIndex(schema, 'key') === -1) {
    throw new Failure('usage', 'text is the key column alone, and --columns leaves it out', 'add key to --columns, or use another --format');
  }
}

export class Writer {
  /** rows handed to the file so far */
  written = 0;
  private readonly options: WriterOptions;
  private partsPublished = 0;
  private readonly worker: Worker;
  private readonly listener: WriterListener;
  private readonly ready: Deferred<void> = deferred();
  private readonly result: Deferred<WriterResult> = deferred();
  private readonly exited: Deferred<void> = deferred();
  private readonly producers: ((recordBatches: number) => void)[] = [];
  private started = false;
  /** the thread has said its last word, or was told to end */
  private over = false;

  private constructor(options: WriterOptions, listener: WriterListener) {
    this.options = options;
    this.listener = listener;
    this.worker = new Worker(new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url), { workerData: options });
    this.worker.on('message', (event: WriterEvent) => this.hear(event));
    this.worker.on('error', (error) => void this.died(error.message));
    this.worker.on('exit', (code) => {
      this.exited.resolve();
      void this.died(`it ended with code ${code}`);
    });
  }

  /** Resolves when the output is open and can be written to. */
  static async start(options: WriterOptions, listener: WriterListener): Promise<Writer> {
    checkOptions(options);
    const writer = new Writer(options, listener);
    await writer.ready.promise;
    return writer;
  }

  private hear(event: WriterEvent): void {
    switch (event.kind) {
      case 'ready':
        this.started = true;
        this.ready.resolve();
        break;
      case 'written':
        this.written += event.rows;
        this.listener.onWritten(event.rows, event.keyBatches);
        break;
      case 'part':
        this.partsPublished++;
        this.listener.onPart(event.part);
        break;
      case 'producer ended':
        this.producers[event.producer]!(event.recordBatches);
        break;
      case 'closed':
        this.listener.onClosed();
        break;
      case 'finished':
        this.over = true;
        this.result.resolve({ path: this.options.path, rows: event.rows, bytes: event.bytes });
        break;
      case 'failed':
        this.fail(fromFailureMessage(event.failure));
        break;
      case 'aborted':
        break;
    }
  }

  private fail(failure: Failure): void {
    if (this.over) return;
    this.over = true;
    this.ready.reject(failure);
    this.result.reject(failure);
    if (this.started) this.listener.onFailure(failure);
  }

  /** The thread ended without a last word, and so without clearing up. */
  private async died(reason: string): Promise<void> {
    if (this.over) return;
    const failure = new Failure('defect', `the writer thread died: ${reason}`);
    if (this.started) await this.removePartial();
    this.fail(failure);
  }

  private async removePartial(): Promise<void> {
    const { path, parts } = this.options;
    const file = path !== null && parts !== null ? join(path, partName(parts.first + this.partsPublished, this.options)) : path;
    if (file !== null) await rm(partialOf(file), { force: true }).catch(() => {});
  }

  private command(command: WriterCommand, transfer: readonly MessagePort[] = []): void {
    this.worker.postMessage(command, transfer);
  }

  /**
   * A producer's end of a new channel to the thread: for a RecordSender, here or in another worker. `onEnded` hears of
   * the producer's end, once what it had sent has been written: how many record batches that was.
   */
  port(onEnded: (recordBatches: number) => void = () => {}): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const producer = this.producers.push(onEnded) - 1;
    this.command({ kind: 'port', port: port2, producer }, [port2]);
    return port1;
  }

  /** Waits until so many record batches have come by all ports, then publishes. `isWhole`: nothing was cut short. */
  finish(expectedBatches: number, isWhole: boolean = true): Promise<WriterResult> {
    this.command({ kind: 'finish', expectedBatches, isWhole });
    return this.result.promise;
  }

  /** Ends the thread and leaves no file. After `finish` has resolved there is nothing left to abort. */
  async abort(): Promise<void> {
    if (!this.over) {
      this.over = true;
      this.result.reject(new Failure('output', 'writing was aborted'));
      this.command({ kind: 'abort' });
    }
    const grace = setTimeout(() => {
      void this.worker.terminate();
      void this.removePartial().then(() => this.exited.resolve());
    }, ABORT_GRACE_MS);
    await this.exited.promise;
    clearTimeout(grace);
  }
}
