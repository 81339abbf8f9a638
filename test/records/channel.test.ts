import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { RecordSender, type RecordAck, type RecordMessage } from '../../src/records/channel.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { takeMemory } from '../../src/records/spare-memory.ts';
import { column, rowsOf } from './arrow-rows.ts';

const SCHEMA = [column('text', 'utf8')];
const ACK: RecordAck = { spare: [] };

function open(t: TestContext): { readonly sender: RecordSender; readonly writer: MessagePort; readonly credits: EventEmitter } {
  const { port1, port2 } = new MessageChannel();
  const credits = new EventEmitter();
  const sender = new RecordSender(port1, () => credits.emit('credit'));
  t.after(() => {
    sender.close();
    port2.close();
  });
  return { sender, writer: port2, credits };
}

test('what a batch was in, and the writer has no more use for, serves the next', async (t) => {
  const { writer, credits } = open(t);
  const spare = takeMemory(300_000);
  new Uint8Array(spare).set([1, 2, 3]);
  const ack: RecordAck = { spare: [spare] };
  const credited = once(credits, 'credit');
  writer.postMessage(ack, [spare]);
  await credited;
  assert.deepEqual([...new Uint8Array(takeMemory(300_000)).subarray(0, 3)], [1, 2, 3]);
});

test('a producer is held back while three batches are under way, and goes on with each that is written (R5)', async (t) => {
  const { sender, writer, credits } = open(t);
  let credited = 0;
  credits.on('credit', () => credited++);
  const builder = new RecordBuilder(SCHEMA);
  const send = (text: string): void => {
    builder.utf8('text')!.setText(0, text);
    builder.endRow();
    sender.send(builder.take(), [sender.sent, 100]);
  };
  const received = (): [string, readonly number[]] => {
    const { batch, keyBatches } = (receiveMessageOnPort(writer) as { message: RecordMessage }).message;
    return [rowsOf(SCHEMA, batch)[0]!['text'] as string, keyBatches];
  };

  for (const text of ['a', 'b', 'c']) {
    assert.ok(sender.ready);
    send(text);
  }
  assert.equal(sender.ready, false);
  // A batch that is whole goes all the same.
  send('d');
  assert.deepEqual([received(), received()], [['a', [0, 100]], ['b', [1, 100]]]);
  let next = once(credits, 'credit');
  writer.postMessage(ACK);
  await next;
  assert.equal(sender.ready, false);
  next = once(credits, 'credit');
  writer.postMessage(ACK);
  await next;
  assert.ok(sender.ready);
  assert.deepEqual([credited, sender.sent], [2, 4]);
  assert.deepEqual([received(), received()], [['c', [2, 100]], ['d', [3, 100]]]);
});
