/** An endpoint that refuses a third of the HEADs and drops connections costs requests, not rows. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKeySpace, startSimProcess } from '../../src/sim/sim.ts';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';
import { readRows } from '../support/tables.ts';

/** Few, since the wait of the unluckiest key decides how long it takes. */
const OBJECTS = 600;
const SLOTS = 80;

test('every key has its headers, once, and the attempts are told', async (t) => {
  const sim = await startSimCommand(t, ['--objects', String(OBJECTS), '--error-rate', '0.3', '--reset-rate', '0.02', '--list-error-rate', '0.3']);
  const folder = await temporaryFolder(t);
  const output = join(folder, 'headers.parquet');
  const { stderr } = await s3scanDone(['head', ...sim.target, '-o', output]);
  assert.match(stderr, /^retries /m);

  const rows = await readRows(output);
  const space = createKeySpace('dated', OBJECTS, 1);
  const expected = Array.from({ length: OBJECTS }, (_, index) => space.keyAt(index));
  assert.deepEqual([...rows.keys()].sort(), expected.sort());
  for (const row of rows.values()) assert.equal(row['status'], 200);

  const attempts = [...rows.values()].reduce((sum, row) => sum + (row['attempts'] as number), 0);
  // 30% of 503s alone make 1.43 requests a key.
  assert.ok(attempts > 1.3 * OBJECTS, `${attempts} attempts`);
  const { shards, overall } = JSON.parse(await readFile(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
  assert.equal(shards.reduce((sum, shard) => sum + shard.attempts, 0), attempts);
  // A connection that the server had closed is no failed request: asking again is counted as a reconnect alone.
  const retries = shards.reduce((sum, shard) => sum + shard.retries.transient + shard.retries.throttled, 0);
  // The last that a slot's connection saw may be its end.
  const reconnects = shards.reduce((sum, shard) => sum + shard.reconnects, 0);
  assert.ok(retries <= attempts - OBJECTS && attempts - OBJECTS <= retries + reconnects + SLOTS, `${attempts} attempts, ${retries} retries, ${reconnects} reconnects`);
  assert.equal(overall.ok, OBJECTS);
});

test('a server that is gone for seconds costs no key its row, however few retries a key has', async (t) => {
  const objects = 3000;
  const options = { bucket: 'sim', objects, layout: 'dated', headLatencyMs: 20 } as const;
  const sim = await startSimProcess(options);
  const port = Number(new URL(sim.endpoint).port);
  const output = join(await temporaryFolder(t), 'headers.parquet');
  const again = (async () => {
    while (sim.stats().heads < 500) await sleep(5);
    await sim.close();
    // A request every 100 ms: more of them than the slots have retries.
    await sleep(4000);
    return startSimProcess({ ...options, port });
  })();
  t.after(async () => (await again).close());
  await s3scanDone(['head', 's3://sim', '--endpoint', sim.endpoint, '--no-sign-request', '--concurrency', '8', '--retries', '2', '-o', output]);
  const rows = await readRows(output);
  assert.equal(rows.size, objects);
  for (const row of rows.values()) assert.equal(row['status'], 200);
});
