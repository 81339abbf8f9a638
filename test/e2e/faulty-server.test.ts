/** Servers that throttle, refuse at random, reset connections, never answer, or are restarted: each key has its row, and it is the right one. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { createKeySpace, startSim, type Sim, type SimOptions } from '../../src/sim/sim.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { readRows } from '../support/tables.ts';

const LIMIT = 500;

async function faulty(t: TestContext, options: Partial<SimOptions>): Promise<Sim> {
  const sim = await startSim({ bucket: 'sim', layout: 'dated', ...options });
  t.after(() => sim.close());
  return sim;
}

interface Scanned {
  readonly metrics: MetricsReport;
  readonly attempts: number;
}

/** Scans all of it: exit code 0, and one row a key, each with the key's own headers. */
async function scanned(t: TestContext, endpoint: string, objects: number, options: readonly string[] = []): Promise<Scanned> {
  const folder = await temporaryFolder(t);
  const output = join(folder, 'headers.parquet');
  await s3scanDone(['head', 's3://sim', '--endpoint', endpoint, '--no-sign-request', '-o', output, ...options]);
  const rows = await readRows(output);
  const space = createKeySpace('dated', objects, 1);
  assert.deepEqual([...rows.keys()].sort(), Array.from({ length: objects }, (_, index) => space.keyAt(index)).sort());
  for (const row of rows.values()) assert.deepEqual([row['status'], row['error'] ?? null, row['drift'] ?? null], [200, null, null]);
  const metrics = JSON.parse(await readFile(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
  return { metrics, attempts: metrics.shards.reduce((sum, shard) => sum + shard.attempts, 0) };
}

test('a server that admits far fewer requests than 80 slots could send is no reason to end the scan', async (t) => {
  const sim = await faulty(t, { objects: 1000, admit: [{ rate: LIMIT, seconds: 3600 }] });
  const { metrics } = await scanned(t, sim.endpoint, 1000);
  assert.equal(metrics.overall.limit, 'server');
  assert.ok(metrics.shards.some(({ throttled }) => throttled > 0));
});

test('503 at random on 30%: few requests more than cannot be avoided', async (t) => {
  const sim = await faulty(t, { objects: 1500, errorRate: 0.3 });
  const { attempts } = await scanned(t, sim.endpoint, 1500);
  assert.ok(attempts <= 1.5 * 1500, `${attempts} requests`);
});

test('all connections reset again and again: no key is lost, and none asked more often than it was cut off', async (t) => {
  const sim = await faulty(t, { objects: 1500, headLatencyMs: 10, resetEveryMs: 200 });
  const { attempts } = await scanned(t, sim.endpoint, 1500);
  const { resets } = sim.stats();
  assert.ok(resets > 0);
  assert.ok(attempts - 1500 <= resets, `${attempts} requests, ${resets} resets`);
});

test('HEADs that are never answered cost a timeout, not the key', async (t) => {
  const sim = await faulty(t, { objects: 800, silentRate: 0.05 });
  const { attempts } = await scanned(t, sim.endpoint, 800, ['--timeout', '0.5']);
  const { silences } = sim.stats();
  assert.ok(silences > 0);
  assert.ok(attempts >= 800 + silences);
});

test('a server that is restarted in the middle of a scan is waited for', async (t) => {
  const options = { objects: 2500, headLatencyMs: 5 };
  const first = await startSim({ bucket: 'sim', layout: 'dated', ...options });
  const port = Number(new URL(first.endpoint).port);
  const restarted = (async (): Promise<Sim> => {
    while (first.stats().heads < 1000) await sleep(5);
    await first.close();
    await sleep(1500);
    return faulty(t, { ...options, port });
  })();
  await scanned(t, first.endpoint, 2500);
  assert.ok((await restarted).stats().heads > 0);
});

test('a rate that is allowed counts LISTs and HEADs alike, and the report says that it was the limit', async (t) => {
  const sim = await faulty(t, { objects: 200 });
  const { metrics } = await scanned(t, sim.endpoint, 200, ['--rate', '100']);
  const { heads, lists } = sim.stats();
  assert.ok(heads + lists <= 100 * (metrics.overall.elapsed_time + 2) + 100, 'no more than the time allows');
  assert.equal(metrics.options['rate'], 100);
  const refused = await s3scan(['head', 's3://sim', '--endpoint', sim.endpoint, '--rate', '0']);
  assert.equal(refused.code, 2);
});
