import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Tiling } from '../../src/keyspace/tiling.ts';
import type { Interval } from '../../src/keyspace/interval.ts';
import { keyAt, type KeyBatch } from '../../src/queue/key-batch.ts';
import { KeyQueue } from '../../src/queue/key-queue.ts';
import { fileBatch, keyBatch, keysOf, packed, pageBatch, unpacked } from './key-batches.ts';

/** True once the promise has resolved. */
async function settled(promise: Promise<void>): Promise<boolean> {
  const turn = new Promise((resolve) => setImmediate(resolve, false));
  return (await Promise.race([promise.then(() => true), turn])) === true;
}

const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(700) }), fc.record({ take: fc.integer({ min: 1, max: 80 }) })), { maxLength: 40 });

test('whatever is pulled: every key once and in order, places without gap or overlap (R1, R2)', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (sequence, listing) => {
      const queue = new KeyQueue(Infinity, 80);
      const pushed: string[] = [];
      const taken: KeyBatch[] = [];
      let after: Uint8Array = new Uint8Array(0);
      const push = (count: number): void => {
        let batch = fileBatch(pushed.length, count);
        if (listing && count > 0) {
          batch = pageBatch(pushed.length, count, { after, through: keyAt(batch, count - 1).slice() });
          after = keyAt(batch, count - 1).slice();
        }
        pushed.push(...keysOf(batch));
        void queue.push(batch);
      };
      const take = (slots: number): void => {
        const batch = queue.take(slots);
        if (batch === null) assert.equal(queue.queued, 0);
        else taken.push(batch);
      };
      for (const step of sequence) {
        if ('push' in step) push(step.push);
        else take(step.take);
        assert.equal(queue.queued, pushed.length - taken.reduce((sum, batch) => sum + batch.count, 0));
      }
      while (queue.queued > 0) take(2);
      take(2);

      assert.deepEqual(taken.flatMap(keysOf), pushed);
      assert.ok(taken.every((batch) => batch.count > 0));
      if (listing) {
        const places = taken.map(({ place }) => place as Interval);
        const tiling = new Tiling();
        for (const place of places) assert.ok(tiling.add(place), 'places overlap');
        assert.deepEqual(tiling.missing({ after: new Uint8Array(0), through: after }), []);
        // and each key lies in the place of its batch
        for (const batch of taken) assert.deepEqual((batch.place as Interval).through, keyAt(batch, batch.count - 1));
      } else {
        let record = 0;
        for (const { place, count } of taken) {
          assert.deepEqual(place, { kind: 'records', after: record, through: record + count });
          record += count;
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('versions of a key are taken together: a place cannot end between them (R2)', () => {
  const counts = fc.array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 100, max: 400 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(counts, fc.infiniteStream(fc.integer({ min: 1, max: 80 })), (versions, slots) => {
      const keys = versions.flatMap((count, at) => Array.from({ length: count }, () => `key-${String(at).padStart(4, '0')}`));
      const ids = keys.map((_key, at) => `v${at}`);
      const queue = new KeyQueue(Infinity, 80);
      void queue.push(keyBatch(keys, { kind: 'keyspace', after: new Uint8Array(0), through: null }, null, packed(ids)));
      const tiling = new Tiling();
      const taken: string[] = [];
      const seen = new Set<string>();
      while (queue.queued > 0) {
        const batch = queue.take(slots.next().value)!;
        assert.ok(tiling.add(batch.place as Interval));
        taken.push(...unpacked(batch.versions!, batch.count));
        for (const key of new Set(keysOf(batch))) {
          assert.ok(!seen.has(key), `${key} is in two batches`);
          seen.add(key);
        }
      }
      assert.deepEqual(taken, ids);
      assert.deepEqual(tiling.missing({ after: new Uint8Array(0), through: null }), []);
    }),
    { numRuns: 50 },
  );
});

test('the producer waits while the queue is full, and goes on when there is room (R5)', async () => {
  const queue = new KeyQueue(100, 4);
  assert.ok(await settled(queue.push(fileBatch(0, 99))));
  const full = queue.push(fileBatch(99, 50));
  assert.equal(await settled(full), false);
  let room = false;
  while (!room) {
    const before = queue.queued;
    assert.notEqual(queue.take(1), null);
    room = await settled(full);
    assert.equal(room, queue.queued < 100, `${before} keys waited`);
  }
  assert.ok(queue.queued >= 80);
});

test('clear forgets what waits and lets the producer go', async () => {
  const queue = new KeyQueue(10, 4);
  const full = queue.push(fileBatch(0, 50));
  queue.take(4);
  assert.equal(await settled(full), false);
  queue.clear();
  assert.ok(await settled(full));
  assert.equal(queue.queued, 0);
  assert.equal(queue.take(4), null);
  // a batch half taken leaves no trace on the next
  await queue.push(fileBatch(0, 3));
  assert.deepEqual(keysOf(queue.take(4)!), ['key-0000000', 'key-0000001']);
});

test('an empty batch is nothing to take', async () => {
  const queue = new KeyQueue(10, 4);
  assert.ok(await settled(queue.push(fileBatch(0, 0))));
  assert.equal(queue.take(1), null);
});
