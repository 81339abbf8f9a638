/** A RecordSender whose record batches stay here, for the test to read and to acknowledge. */
import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { RecordSender, type RecordAck, type RecordMessage } from '../../src/records/channel.ts';
import type { Schema } from '../../src/records/columns.ts';
import { rowsOf, type Row } from '../records/arrow-rows.ts';

export interface Received {
  readonly rows: readonly Row[];
  readonly keyBatches: readonly number[];
}

export interface RecordSink {
  readonly sender: RecordSender;
  /** the record batches sent since it was last called */
  received(): Received[];
  /** Acknowledges one record batch, and waits until the sender knows. */
  acknowledge(): Promise<void>;
}

export function recordSink(t: TestContext, schema: Schema): RecordSink {
  const { port1, port2 } = new MessageChannel();
  const credits = new EventEmitter();
  const sender = new RecordSender(port1, () => credits.emit('credit'));
  t.after(() => {
    sender.close();
    port2.close();
  });
  return {
    sender,
    received: () => {
      const all: Received[] = [];
      for (let next = receiveMessageOnPort(port2); next !== undefined; next = receiveMessageOnPort(port2)) {
        const { batch, keyBatches } = next.message as RecordMessage;
        all.push({ rows: rowsOf(schema, batch), keyBatches });
      }
      return all;
    },
    acknowledge: async () => {
      const credited = once(credits, 'credit');
      const ack: RecordAck = { spare: [] };
      port2.postMessage(ack);
      await credited;
    },
  };
}
