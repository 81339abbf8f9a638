import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Failure } from '../../src/failure.ts';
import { HeadWorkers, planShards } from '../../src/head/head-workers.ts';
import type { HeadSettings } from '../../src/head/protocol.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import { ShardCounters } from '../../src/metrics/shard-counters.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { KeyQueue } from '../../src/queue/key-queue.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { DIRECT } from '../http/direct.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { packed } from '../queue/key-batches.ts';

function batchOf(bucket: string, keys: readonly string[]): KeyBatch {
  return { bucket, place: { kind: 'records', after: 0, through: keys.length }, count: keys.length, keys: packed(keys), versions: null, listed: null };
}

/** One worker, one shard, one slot; ends when the batches are done or refused. */
async function headed(t: TestContext, part: Partial<HeadSettings>, batches: readonly KeyBatch[]): Promise<void> {
  const settings: HeadSettings = {
    endpoint: 'http://127.0.0.1:1', region: 'us-east-1', addressing: 'path', variants: PLAIN, network: DIRECT, credentials: null, clockOffsetMs: 0, engine: 'fast',
    schema: HEAD_COLUMNS, recordRows: 4096, requestHeaders: [], parts: false, mayBeTold: false, timeoutMs: 5000, maxAttempts: 1, ...part,
  };
  const queue = new KeyQueue(1000, 1);
  const workers = new HeadWorkers({
    workers: 1, shards: planShards(1, 1), queue,
    counters: ShardCounters.allocate(1), retryBudget: RetryBudget.allocate(1), pace: Pace.allocate(null), endpoints: EndpointHealth.allocate(1),
    onIssued: () => {},
    onExhausted: () => {},
    onRefused: () => Promise.resolve(),
    onReplaced: () => {},
    onBroken: () => {},
  });
  t.after(() => workers.terminate());
  workers.start(settings, () => new MessageChannel().port1);
  for (const { bucket } of batches) workers.useAddresses(bucket, [pathAddress('http://127.0.0.1:1', bucket)]);
  for (const batch of batches) void queue.push(batch);
  queue.end();
  await workers.done;
}

function isUsage(says: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.kind === 'usage' && says.test(error.message) && error.hint !== null;
}

test('a token that no header can hold is refused in words, with the way out, and not shown (R7)', async (t) => {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'hunter2\nx' };
  await assert.rejects(headed(t, { credentials }, [batchOf('bucket', ['key'])]), (error) => isUsage(/x-amz-security-token/)(error) && !(error as Error).message.includes('hunter2'));
});
