import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { RecordMessage } from '../../src/records/channel.ts';
import { GatheringSender } from '../../src/records/gathering-sender.ts';
import type { ColumnData, RecordBatchData } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { column } from './arrow-rows.ts';

const SCHEMA = [column('text', 'utf8')];

function rows(count: number, text = 'x'): RecordBatchData {
  const builder = new RecordBuilder(SCHEMA);
  for (let row = 0; row < count; row++) {
    builder.utf8('text')!.setText(row, text);
    builder.endRow();
  }
  return builder.take();
}

function open(t: TestContext): { readonly sender: GatheringSender; readonly writer: MessagePort; readonly received: () => [rows: number, keyBatches: readonly number[]] | null } {
  const { port1, port2 } = new MessageChannel();
  const sender = new GatheringSender(port1, () => {});
  t.after(() => {
    sender.close();
    port2.close();
  });
  const received = (): [number, readonly number[]] | null => {
    const message = receiveMessageOnPort(port2)?.message as RecordMessage | undefined;
    return message === undefined ? null : [message.batch.rows, message.keyBatches];
  };
  return { sender, writer: port2, received };
}

test('small batches cross together, each key batch named once, in its order', (t) => {
  const { sender, received } = open(t);
  for (let id = 0; id < 20; id++) sender.add(rows(1000), id);
  assert.deepEqual([sender.sent, received()], [1, [17_000, Array.from({ length: 17 }, (_, id) => id)]]);
  assert.equal(received(), null);
  sender.flush();
  assert.deepEqual([sender.sent, received()], [2, [3000, [17, 18, 19]]]);
  sender.flush();
  assert.deepEqual([sender.sent, received()], [2, null]);
});

/** Each page leaves out other rows, so that what an earlier one left there would show. */
function isNull(row: number): boolean {
  return (row * 7919) % 3 === 0;
}

test('memory that is used again holds nothing of what was sent: each row arrives as it was built', (t) => {
  const { port1, port2 } = new MessageChannel();
  const sender = new GatheringSender(port1, () => {});
  t.after(() => {
    sender.close();
    port2.close();
  });
  const schema = [column('text', 'utf8'), column('number', 'int64')];
  const builder = new RecordBuilder(schema);
  let sent = 0;
  for (let page = 0; page < 60; page++) {
    for (let i = 0; i < 1000; i++, sent++) {
      builder.utf8('text')!.setText(builder.rows, `row ${sent}`);
      if (!isNull(sent)) builder.int64('number')!.set(builder.rows, sent);
      builder.endRow();
    }
    sender.add(builder.take(), page);
  }
  sender.flush();
  let row = 0;
  for (let message = receiveMessageOnPort(port2)?.message as RecordMessage | undefined; message !== undefined; message = receiveMessageOnPort(port2)?.message as RecordMessage | undefined) {
    const [text, number] = message.batch.columns as [ColumnData, ColumnData];
    assert.ok(text.kind === 'utf8' && number.kind === 'int64');
    for (let i = 0; i < message.batch.rows; i++, row++) {
      assert.equal(Buffer.from(text.values.subarray(text.offsets[i], text.offsets[i + 1])).toString(), `row ${row}`);
      const isSet: boolean = number.validity === null || (number.validity[i >> 3]! & (1 << (i & 7))) !== 0;
      assert.deepEqual([isSet, isSet && number.values[i]], isNull(row) ? [false, false] : [true, BigInt(row)]);
    }
  }
  assert.equal(row, sent);
});

test('few large rows do not pile up (R5)', (t) => {
  const { sender, received } = open(t);
  for (let id = 0; id < 12; id++) sender.add(rows(1, 'x'.repeat(400_000)), id);
  sender.add(rows(2, 'x'.repeat(3_000_000)), 12);
  assert.deepEqual([received(), received(), received(), received()], [[10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], [2, [10, 11]], [2, [12]], null]);
});

test('what is there is not held back from who reads along', async (t) => {
  const { sender, writer } = open(t);
  sender.add(rows(1), 7);
  const [message] = (await once(writer, 'message')) as [RecordMessage];
  assert.deepEqual([message.batch.rows, message.keyBatches], [1, [7]]);
});
