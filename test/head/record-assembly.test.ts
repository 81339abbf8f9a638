import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RecordAssembly, type OpenRecords } from '../../src/head/record-assembly.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { fileBatch, keysOf } from '../queue/key-batches.ts';
import { recordSink, type Received } from './record-sink.ts';

const SCHEMA = HEAD_COLUMNS.filter(({ name }) => ['key', 'attempts'].includes(name));

/** A key batch whose rows are written one by one. */
interface Asked {
  readonly id: number;
  readonly batch: KeyBatch;
  readonly records: OpenRecords;
  written: number;
}

function writeRow(assembly: RecordAssembly, asked: Asked): void {
  const { id, batch, records } = asked;
  records.rows.write(batch, asked.written++, { shard: 0, attempts: 1, versionId: null, status: 200, latencyUs: 1, drift: null }, null, null);
  records.owners.push(id);
  if (asked.written === batch.count) assembly.complete(records, id);
}

function sorted(received: readonly Received[]): string[] {
  return received.flatMap(({ rows }) => rows.map(({ key }) => key as string)).sort();
}

test('whatever order rows come in and whenever it ends: whole key batches, once, and nothing of the others (R1)', (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 14 });
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat()), fc.nat(6000), (counts, dice, rowsBeforeEnd) => {
      const sink = recordSink(t, SCHEMA);
      const assembly = new RecordAssembly(SCHEMA, sink.sender);
      let after = 0;
      let now = 0;
      const all: Asked[] = [];
      const open: Asked[] = [];
      const received: Received[] = [];
      let rows = 0;
      while (rows < rowsBeforeEnd && (open.length > 0 || all.length < counts.length)) {
        if (all.length < counts.length && (open.length === 0 || dice.next().value % 300 === 0)) {
          const batch = fileBatch(after, counts[all.length]!);
          after += batch.count;
          now += dice.next().value % 700;
          const asked: Asked = { id: all.length, batch, records: assembly.assign(all.length, batch.count, now), written: 0 };
          all.push(asked);
          open.push(asked);
        }
        const at = dice.next().value % open.length;
        writeRow(assembly, open[at]!);
        rows++;
        if (open[at]!.written === open[at]!.batch.count) open.splice(at, 1);
      }
      received.push(...sink.received());
      assembly.flush();
      received.push(...sink.received());
      const whole = all.filter((asked) => asked.written === asked.batch.count);
      assert.deepEqual(received.flatMap(({ keyBatches }) => keyBatches).sort((a, b) => a - b), whole.map(({ id }) => id));
      assert.deepEqual(sorted(received), whole.flatMap(({ batch }) => keysOf(batch)));
      // each record batch holds just the rows of the key batches that it names
      for (const each of received) assert.deepEqual(sorted([each]), each.keyBatches.flatMap((id) => keysOf(all[id]!.batch)).sort());
      assert.equal(sink.sender.sent, received.length);
    }),
    { numRuns: 40 },
  );
});

test('a record batch leaves when it is full and whole, not before', (t) => {
  const sink = recordSink(t, SCHEMA);
  const assembly = new RecordAssembly(SCHEMA, sink.sender);
  const ask = (id: number, count: number): Asked => ({ id, batch: fileBatch(id * 10_000, count), records: assembly.assign(id, count, 0), written: 0 });
  const finish = (asked: Asked): void => {
    while (asked.written < asked.batch.count) writeRow(assembly, asked);
  };
  const [first, second] = [ask(0, 4000), ask(1, 200)];
  finish(first);
  assert.equal(sink.sender.sent, 0);
  // The next key batch is in another record batch, and not held up by the one before.
  const third = ask(2, 5000);
  finish(third);
  assert.deepEqual(sink.received().map(({ keyBatches }) => keyBatches), [[2]]);
  finish(second);
  assert.deepEqual(sink.received().map(({ keyBatches, rows }) => [keyBatches, rows.length]), [[[0, 1], 4200]]);
});

test('a record batch that is a second old takes no more key batches, so that a slow scan shows its rows', (t) => {
  const sink = recordSink(t, SCHEMA);
  const assembly = new RecordAssembly(SCHEMA, sink.sender);
  for (const [id, now] of [[0, 0], [1, 900], [2, 1100]] as const) {
    const asked: Asked = { id, batch: fileBatch(id, 1), records: assembly.assign(id, 1, now), written: 0 };
    writeRow(assembly, asked);
  }
  assert.deepEqual(sink.received().map(({ keyBatches }) => keyBatches), [[0, 1]]);
});

test('no new key batch while the writer is behind, and again once it has caught up (R5)', async (t) => {
  const sink = recordSink(t, SCHEMA);
  const assembly = new RecordAssembly(SCHEMA, sink.sender);
  for (let id = 0; id < 3; id++) {
    assert.ok(assembly.ready);
    const asked: Asked = { id, batch: fileBatch(0, 5000), records: assembly.assign(id, 5000, 0), written: 0 };
    for (let row = 0; row < 5000; row++) writeRow(assembly, asked);
  }
  assert.equal(assembly.ready, false);
  await sink.acknowledge();
  assert.ok(assembly.ready);
});

test('record batches that wait for a last key are bounded in number (R5)', (t) => {
  const assembly = new RecordAssembly(SCHEMA, recordSink(t, SCHEMA).sender);
  let assigned = 0;
  while (assembly.ready && assigned < 1000) assembly.assign(assigned++, 5000, 0);
  assert.ok(assigned > 1 && assigned <= 32, `${assigned}`);
});
