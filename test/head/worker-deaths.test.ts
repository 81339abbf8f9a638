/** Workers that throw or run out of memory: another takes their place, and each key has its row, once. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { HeadWorkers, planShards } from '../../src/head/head-workers.ts';
import type { HeadSettings } from '../../src/head/protocol.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import { COUNTER, ShardCounters } from '../../src/metrics/shard-counters.ts';
import { Writer } from '../../src/output/writer.ts';
import { KeyQueue } from '../../src/queue/key-queue.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { Ledger } from '../../src/scan/ledger.ts';
import { DIRECT } from '../http/direct.ts';
import { fileBatch } from '../queue/key-batches.ts';
import { startSim } from '../../src/sim/sim.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { temporaryFolder } from '../support/folder.ts';
import { readRows } from '../support/tables.ts';

const KEYS = 3000;
const CONCURRENCY = 8;
const POISON = 'key-0001234';

interface Outcome {
  readonly keys: readonly string[];
  readonly replaced: readonly string[];
  readonly broken: Failure | null;
  readonly ledger: Ledger;
  readonly counters: ShardCounters;
}

/** Keys `key-0000000` and so on through `workers` threads of which some die. */
async function headed(t: TestContext, how: 'throw' | 'memory', once: boolean): Promise<Outcome> {
  const folder = await temporaryFolder(t);
  const sim = await startSim({ bucket: 'bucket', objects: 10, headLatencyMs: 2 });
  t.after(() => sim.close());
  const file = join(folder, 'once');
  writeFileSync(file, '');
  const path = join(folder, 'rows.parquet');
  const ledger = new Ledger(false);
  const replaced: string[] = [];
  let broken: Failure | null = null;
  const queue = new KeyQueue(100_000, CONCURRENCY);
  const memory = ShardCounters.allocate(CONCURRENCY);
  const workers = new HeadWorkers({
    workers: 2,
    shards: planShards(CONCURRENCY, 4),
    queue,
    counters: memory,
    retryBudget: RetryBudget.allocate(CONCURRENCY),
    pace: Pace.allocate(null),
    endpoints: EndpointHealth.allocate(1),
    onIssued: (id, { count, place }) => ledger.issue(id, count, place),
    onExhausted: () => {},
    onRefused: () => Promise.resolve(),
    onReplaced: (reason) => replaced.push(reason),
    onBroken: (failure) => {
      broken = failure;
      queue.clear();
      workers.stop();
    },
    thread: { entry: new URL('./dying-worker.js', import.meta.url), argv: [POISON, how, ...(once ? [file] : [])], heapMb: 48 },
  });
  t.after(() => workers.terminate());
  const options = { path, format: 'parquet', compression: 'none', schema: HEAD_COLUMNS, fileMetadata: {}, keysAreNear: true, terminal: false, overwrite: false, private: false, loadsEarly: true, parts: null } as const;
  const writer = await Writer.start(options, {
    onWritten: (_rows, ids) => {
      ledger.write(ids);
      workers.wrote(ids);
    },
    onPart: () => {},
    onClosed: () => {},
    onFailure: (failure) => assert.fail(failure),
  });
  const settings: HeadSettings = {
    endpoint: sim.endpoint, region: 'us-east-1', addressing: 'path', variants: PLAIN, network: DIRECT, credentials: null, clockOffsetMs: 0, engine: 'fast',
    schema: HEAD_COLUMNS, recordRows: 200, requestHeaders: [], parts: false, mayBeTold: false, timeoutMs: 5000, maxAttempts: 3,
  };
  workers.start(settings, (onEnded) => writer.port(onEnded));
  workers.useAddresses('bucket', [pathAddress(sim.endpoint, 'bucket')]);
  void queue.push(fileBatch(0, KEYS));
  queue.end();
  workers.dispatch();
  const { rows } = await writer.finish(await workers.done);
  assert.equal(rows, ledger.keysWritten);
  return { keys: [...(await readRows(path)).keys()], replaced, broken, ledger, counters: new ShardCounters(memory) };
}

const ALL = Array.from({ length: KEYS }, (_, at) => `key-${String(at).padStart(7, '0')}`);

for (const [how, says] of [['throw', /a defect in the worker/], ['memory', /memory/]] as const) {
  test(`a worker that dies (${how}) is replaced, and what it had not finished is asked again: each key one row (R1)`, async (t) => {
    const { keys, replaced, broken, ledger, counters } = await headed(t, how, true);
    assert.deepEqual(keys.toSorted(), ALL);
    assert.equal(broken, null);
    assert.equal(replaced.length, 1);
    assert.match(replaced[0]!, says);
    ledger.prove(KEYS);
    assert.deepEqual([counters.total(COUNTER.done), counters.total(COUNTER.gone), counters.total(COUNTER.inFlight)], [KEYS, KEYS, 0]);
  });
}

test('a key that every worker dies of ends the scan the third time, and what is written is kept', async (t) => {
  const { keys, replaced, broken, ledger } = await headed(t, 'throw', false);
  assert.ok(broken instanceof Failure);
  assert.equal(broken.kind, 'defect');
  assert.ok(replaced.length >= 2);
  assert.ok(keys.length > 0 && !keys.includes(POISON));
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(ledger.keysWritten, keys.length);
});
