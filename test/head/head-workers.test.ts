import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Failure } from '../../src/failure.ts';
import { HeadWorkers, planShards } from '../../src/head/head-workers.ts';
import type { HeadSettings } from '../../src/head/protocol.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import { ShardCounters } from '../../src/metrics/shard-counters.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { KeyQueue } from '../../src/queue/key-queue.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { DIRECT } from '../http/direct.ts';
import { packed } from '../queue/key-batches.ts';

function batchOf(bucket: string, keys: readonly string[]): KeyBatch {
  return { bucket, place: { kind: 'records', after: 0, through: keys.length }, count: keys.length, keys: packed(keys), versions: null, listed: null };
}

/** One worker, one shard, one slot; ends when the batches are done or refused. */
async function headed(t: TestContext, part: Partial<HeadSettings>, batches: readonly KeyBatch[]): Promise<void> {
  const settings: HeadSettings = {
    endpoint: 'http://127.0.0.1:1', region: 'us-east-1', addressing: 'path', network: DIRECT, credentials: null,
    clockOffsetMs: 0, engine: 'fast', schema: HEAD_COLUMNS, recordRows: 4096, requestHeaders: [], parts: false, mayBeTold: false, timeoutMs: 5000, maxAttempts: 1, ...part,
  };
  const queue = new KeyQueue(1000, 1);
  const workers = new HeadWorkers({
    workers: 1, shards: planShards(1, 1), queue,
    counters: ShardCounters.allocate(1), retryBudget: RetryBudget.allocate(1), pace: Pace.allocate(null),
    onIssued: () => {},
    onExhausted: () => {},
  });
  t.after(() => workers.terminate());
  workers.start(settings, () => new MessageChannel().port1);
  for (const batch of batches) void queue.push(batch);
  queue.end();
  await workers.done;
}

function isUsage(says: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.kind === 'usage' && says.test(error.message) && error.hint !== null;
}

test('a bucket that cannot be a host name is refused in words, with the way out', async (t) => {
  const settings = { endpoint: 'http://localhost:1', addressing: 'virtual' } as const;
  await assert.rejects(headed(t, settings, [batchOf('No_DNS_name', ['key'])]), isUsage(/"No_DNS_name" cannot be part of a host name/));
});

test('the same where an answer or a timer, and no message, led to the bucket', async (t) => {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const batches = [batchOf('good', ['a', 'b', 'c']), batchOf('bad/bucket', ['d'])];
  await assert.rejects(headed(t, { endpoint }, batches), isUsage(/"bad\/bucket" is not a bucket name/));
});
