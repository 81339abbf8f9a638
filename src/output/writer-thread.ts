/**
 * The writer thread: takes record batches from its ports one after the other and hands them to the output. One thread
 * for one output, so that rows stay whole however many producers there are.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { toFailureMessage } from '../failure.ts';
import type { RecordAck, RecordMessage } from '../records/channel.ts';
import { transferList } from '../records/record-batch.ts';
import { SingleOutput, type Output } from './output.ts';
import { PartsOutput } from './parts-output.ts';
import type { WriterCommand, WriterEvent, WriterOptions } from './protocol.ts';
import { OutputClosed } from './sink.ts';

class WriterThread {
  private readonly main: MessagePort;
  private readonly output: Output;
  private readonly producers: MessagePort[] = [];
  /** what was asked so far, done one by one */
  private work: Promise<void> = Promise.resolve();
  private takenIn = 0;
  private rows = 0;
  private expectedBatches: number | null = null;
  private isWhole = true;
  /** nobody reads standard output any more */
  private closed = false;
  /** finished, failed or aborted: what is still asked is not done */
  private over = false;

  constructor(main: MessagePort, single: SingleOutput | null, options: WriterOptions) {
    this.main = main;
    this.output = single ?? this.parts(options);
  }

  private parts(options: WriterOptions): Output {
    const output = new PartsOutput(options, options.parts!, {
      onPart: (part) => this.tell({ kind: 'part', part }),
      onAge: () => this.enqueue(() => output.endPart()),
    });
    return output;
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
        this.hearFrom(command.port, command.producer);
        break;
      case 'finish':
        this.enqueue(() => {
          this.expectedBatches = command.expectedBatches;
          this.isWhole = command.isWhole;
          return this.finishIfAllIn();
        });
        break;
      case 'abort':
        void this.endAfterWork({ kind: 'aborted' });
        break;
    }
  }

  private hearFrom(port: MessagePort, producer: number): void {
    let recordBatches = 0;
    this.producers.push(port);
    port.on('message', (message: RecordMessage) => {
      recordBatches++;
      this.enqueue(() => this.takeIn(message, port));
    });
    // Behind all that it had posted, even where its thread died.
    port.on('close', () => {
      this.enqueue(() => Promise.resolve(this.tell({ kind: 'producer ended', producer, recordBatches })));
    });
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

  private async takeIn({ batch, keyBatches, failed }: RecordMessage, producer: MessagePort): Promise<void> {
    this.takenIn++;
    if (batch.rows > 0) await this.unlessClosed(() => this.output.write(batch, failed));
    if (!this.closed) {
      this.rows += batch.rows;
      this.tell({ kind: 'written', rows: batch.rows, keyBatches });
    }
    const spare = transferList(batch);
    const ack: RecordAck = { spare };
    producer.postMessage(ack, spare);
    await this.finishIfAllIn();
  }

  private async unlessClosed(work: () => Promise<void>): Promise<void> {
    if (this.closed) return;
    try {
      await work();
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
    await this.unlessClosed(() => this.output.finish(this.isWhole));
    this.end({ kind: 'finished', rows: this.rows, bytes: this.output.bytes });
  }

  private fail(error: unknown): void {
    void this.endAfterWork({ kind: 'failed', failure: toFailureMessage(error) });
  }

  /** Lets the write under way come to its end, then leaves nothing that is not whole (R8). */
  private async endAfterWork(event: WriterEvent): Promise<void> {
    if (this.over) return;
    this.over = true;
    await this.work;
    await this.output.abort();
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
    const single = options.parts === null ? await SingleOutput.open(options) : null;
    new WriterThread(main, single, options).start();
  } catch (error) {
    const event: WriterEvent = { kind: 'failed', failure: toFailureMessage(error) };
    main.postMessage(event, []);
  }
}

if (parentPort !== null) await run(parentPort, workerData as WriterOptions);
