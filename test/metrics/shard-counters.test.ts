import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { COUNTER, COUNTERS, ShardCounters } from '../../src/metrics/shard-counters.ts';

test('every counter of every shard is a cell of its own', () => {
  const counters = new ShardCounters(ShardCounters.allocate(3));
  assert.equal(counters.shards, 3);
  let n = 1;
  for (let shard = 0; shard < 3; shard++) for (const name of COUNTERS) counters.add(shard, COUNTER[name], n++);
  n = 1;
  for (let shard = 0; shard < 3; shard++) {
    const row = counters.ofShard(shard);
    for (const name of COUNTERS) {
      assert.equal(counters.get(shard, COUNTER[name]), n);
      assert.equal(row[name], n++);
    }
  }
});

test('property: totals are the sums of what was added, whatever the order', () => {
  const step = fc.record({ shard: fc.nat(4), counter: fc.constantFrom(...COUNTERS), n: fc.integer({ min: -5, max: 1000 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const counters = new ShardCounters(ShardCounters.allocate(5));
      for (const { shard, counter, n } of steps) counters.add(shard, COUNTER[counter], n);
      for (const name of COUNTERS) {
        const ofCounter = steps.filter((each) => each.counter === name);
        assert.equal(counters.total(COUNTER[name]), ofCounter.reduce((sum, each) => sum + each.n, 0));
        for (let shard = 0; shard < 5; shard++) {
          const expected = ofCounter.filter((each) => each.shard === shard).reduce((sum, each) => sum + each.n, 0);
          assert.equal(counters.get(shard, COUNTER[name]), expected);
        }
      }
    }),
  );
});

test('the first request and the last answer are kept', () => {
  const counters = new ShardCounters(ShardCounters.allocate(2));
  counters.started(1, 1000);
  counters.started(1, 2000);
  counters.ended(1, 3000);
  counters.ended(1, 4000);
  const { startMs, endMs } = counters.ofShard(1);
  assert.deepEqual({ startMs, endMs }, { startMs: 1000, endMs: 4000 });
  assert.equal(counters.ofShard(0).startMs, 0);
  assert.equal(counters.ofShard(0).endMs, 0);
});

test('main reads what workers write, exactly, without a message', async () => {
  const buffer = ShardCounters.allocate(2);
  const module = new URL('../../src/metrics/shard-counters.js', import.meta.url).href;
  const source = `
    const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ COUNTER, ShardCounters }) => {
      const counters = new ShardCounters(workerData.buffer);
      for (let i = 0; i < 50000; i++) counters.add(workerData.shard, COUNTER.done, 1);
    });`;
  const workers = [0, 1].map((shard) => new Worker(source, { eval: true, workerData: { buffer, shard } }));
  await Promise.all(workers.map((worker) => new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))));
  const counters = new ShardCounters(buffer);
  assert.equal(counters.get(0, COUNTER.done), 50_000);
  assert.equal(counters.get(1, COUNTER.done), 50_000);
  assert.equal(counters.total(COUNTER.done), 100_000);
  assert.equal(counters.total(COUNTER.ok), 0);
});
