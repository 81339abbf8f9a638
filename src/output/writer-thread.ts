/**
 * The writer thread: takes record batches from its ports one after the other, encodes them and hands the bytes
 * to the file. One thread for one file, so that rows stay whole however many producers there are.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { toFailureMessage } from '../failure.ts';
import type { RecordAck, RecordMessage } from '../records/channel.ts';
import { createEncoder } from './create-encoder.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { FileSink } from './file-sink.ts';
import type { WriterCommand, WriterEvent, WriterOptions } from './protocol.ts';
import { OutputClosed, type Sink } from './sink.ts';
import { StdoutSink } from './stdout-sink.ts';

const ACK: RecordAck = { written: 1 };

class WriterThread {
  private readonly main: MessagePort;
  private readonly sink: Sink;
  /** still loading while the scan already starts */
  private readonly encoder: Promise<Encoder>;
  private readonly producers: MessagePort[] = [];
  /** what was asked so far, done one by one */
  private work: Promise<void> = Promise.resolve();
  private takenIn = 0;
  private rows = 0;
  private expectedBatches: number | null = null;
  /** nobody reads standard output any more */
  private closed = false;
  /** finished, failed or aborted: what is still asked is not done */
  private over = false;

  constructor(main: MessagePort, sink: Sink, options: WriterOptions) {
    this.main = main;
    this.sink = sink;
    this.encoder = createEncoder(options);
    this.encoder.catch((error: unknown) => this.fail(error));
  }

  start(): void {
    this.main.on('message', (command: WriterCommand) => this.obey(command));
    this.tell({ kind: 'ready' });
  }

  private tell(event: WriterEvent): void {
    this.main.postMessage(event, []);
  }

  private obey(command: WriterCommand): void {
    switch (command.kind) {
      case 'port':
        this.producers.push(command.port);
        command.port.on('message', (message: RecordMessage) => this.enqueue(() => this.takeIn(message, command.port)));
        break;
      case 'finish':
        this.enqueue(() => {
          this.expectedBatches = command.expectedBatches;
          return this.finishIfAllIn();
        });
        break;
      case 'abort':
        void this.endAfterWork({ kind: 'aborted' });
        break;
    }
  }

  /** Does it when all that was asked before is done. */
  private enqueue(task: () => Promise<void>): void {
    this.work = this.after(this.work, task);
  }

  private async after(work: Promise<void>, task: () => Promise<void>): Promise<void> {
    await work;
    if (this.over) return;
    try {
      await task();
    } catch (error) {
      this.fail(error);
    }
  }

  private async takeIn({ batch, keyBatches }: RecordMessage, producer: MessagePort): Promise<void> {
    this.takenIn++;
    const encoder = await this.encoder;
    if (!this.closed && batch.rows > 0) await this.write(await encoder.encode(batch));
    if (!this.closed) {
      this.rows += batch.rows;
      this.tell({ kind: 'written', rows: batch.rows, keyBatches });
    }
    producer.postMessage(ACK, []);
    await this.finishIfAllIn();
  }

  private async write(encoded: Encoded): Promise<void> {
    try {
      for (const bytes of encoded) await this.sink.write(bytes);
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
      this.closed = true;
      this.tell({ kind: 'closed' });
    }
  }

  private async finishIfAllIn(): Promise<void> {
    if (this.expectedBatches === null || this.takenIn < this.expectedBatches) return;
    if (this.takenIn > this.expectedBatches) {
      throw new Error(`the writer took in ${this.takenIn} record batches, ${this.expectedBatches} were expected (R1)`);
    }
    const encoder = await this.encoder;
    if (!this.closed) await this.write(await encoder.end());
    await this.sink.commit();
    this.end({ kind: 'finished', rows: this.rows, bytes: this.sink.bytes });
  }

  private fail(error: unknown): void {
    void this.endAfterWork({ kind: 'failed', failure: toFailureMessage(error) });
  }

  /** Lets the write under way come to its end, then leaves nothing that is not whole (R8). */
  private async endAfterWork(event: WriterEvent): Promise<void> {
    if (this.over) return;
    this.over = true;
    await this.work;
    await this.sink.abort();
    this.end(event);
  }

  /** The last word. Without open ports the thread ends by itself. */
  private end(event: WriterEvent): void {
    this.over = true;
    this.tell(event);
    for (const producer of this.producers) producer.close();
    this.main.close();
  }
}

async function run(main: MessagePort, options: WriterOptions): Promise<void> {
  try {
    const sink = options.path === null ? new StdoutSink() : await FileSink.open(options.path, options.overwrite);
    new WriterThread(main, sink, options).start();
  } catch (error) {
    const event: WriterEvent = { kind: 'failed', failure: toFailureMessage(error) };
    main.postMessage(event, []);
  }
}

if (parentPort !== null) await run(parentPort, workerData as WriterOptions);
