/** The last keys are spread over all connections: a scan of few keys takes as many rounds as it must. Counted, not timed. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { planShards } from '../../src/head/head-workers.ts';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';

const KEYS = 1_000;
const CONCURRENCY = 80;
const SHARDS = 32;
const ROUNDS = KEYS / CONCURRENCY;
/** bench/startup.ts measures the time: 1.6 times that of the rounds at most. */
const MOST_ROUNDS = 1.6 * ROUNDS;

test('1,000 keys at 20 ms a HEAD and 80 in flight take 13 rounds, and few more', async (t) => {
  const sim = await startSimCommand(t, ['--objects', String(KEYS), '--head-latency', '20']);
  const metrics = join(await temporaryFolder(t), 'metrics.json');
  await s3scanDone(['head', ...sim.target, '--concurrency', String(CONCURRENCY), '--shards', String(SHARDS), '--metrics', metrics, '--quiet']);
  const { overall, shards } = JSON.parse(await readFile(metrics, 'utf8')) as MetricsReport;
  assert.equal(overall.ok, KEYS);
  for (const { shard, slots } of planShards(CONCURRENCY, SHARDS)) {
    const rounds = shards[shard]!.batch_size / slots;
    assert.ok(rounds > 1 && rounds <= MOST_ROUNDS, `shard ${shard} took ${rounds} rounds, ${ROUNDS} would be even`);
  }
});
