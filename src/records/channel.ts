/**
 * How record batches cross to the writer thread: one MessagePort a producer, with credits, so that a slow
 * disk holds the producers back (back pressure) and memory stays bounded (R5).
 */
import type { MessagePort } from 'node:worker_threads';
import { transferList, type RecordBatchData } from './record-batch.ts';
import { giveBack } from './spare-memory.ts';

/** Producer → writer. */
export interface RecordMessage {
  readonly batch: RecordBatchData;
  /** ids of the key batches that this record batch holds whole */
  readonly keyBatches: readonly number[];
  /** rows that hold an error, apart from objects that are gone */
  readonly failed: number;
}

/** Writer → producer, once the batch is encoded and handed to the file. */
export interface RecordAck {
  /** what the batch was in: for the producer's next ones */
  readonly spare: readonly ArrayBuffer[];
}

/** Record batches a producer may have under way at the writer. */
const CREDITS = 3;

/** The producer's end. */
export class RecordSender {
  /** record batches posted so far */
  sent = 0;
  private credits = CREDITS;
  private readonly port: MessagePort;
  private readonly onCredit: () => void;

  /** `onCredit` is called each time the writer has taken a batch in. */
  constructor(port: MessagePort, onCredit: () => void) {
    this.port = port;
    this.onCredit = onCredit;
    port.on('message', ({ spare }: RecordAck) => {
      giveBack(spare);
      this.credits++;
      this.onCredit();
    });
  }

  /** False while the writer is behind: produce no more, wait for `onCredit`. */
  get ready(): boolean {
    return this.credits > 0;
  }

  /** Posts even without credit: a batch that is whole is never held back, the producer just starts no new one. */
  send(batch: RecordBatchData, keyBatches: readonly number[], failed: number = 0): void {
    this.credits--;
    this.sent++;
    const message: RecordMessage = { batch, keyBatches, failed };
    this.port.postMessage(message, transferList(batch));
  }

  close(): void {
    this.port.close();
  }
}
