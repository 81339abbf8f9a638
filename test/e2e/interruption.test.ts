/** A scan that is interrupted publishes what is whole, and says so in its exit code (R1, R8). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { createKeySpace, startSim, type Sim } from '../../src/sim/sim.ts';
import { startS3scan } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { readRows } from '../support/tables.ts';

const OBJECTS = 100_000;

/** So slow that no scan of it ends by itself here. */
async function slowSim(t: TestContext): Promise<Sim> {
  const sim = await startSim({ bucket: 'sim', objects: OBJECTS, layout: 'dated', headLatencyMs: 20 });
  t.after(() => sim.close());
  return sim;
}

/** Resolves when the endpoint has seen so many. */
async function seen(sim: Sim, what: 'heads' | 'connections', count: number): Promise<void> {
  while (sim.stats()[what] < count) await sleep(10);
}

function targetOf(sim: Sim): string[] {
  return ['s3://sim', '--endpoint', sim.endpoint, '--no-sign-request'];
}

describe('interruption', { concurrency: 2 }, () => {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    test(`${signal} publishes what is done`, async (t) => {
      const sim = await slowSim(t);
      const folder = await temporaryFolder(t);
      const { child, ended } = await startS3scan(['head', ...targetOf(sim), '--shards', '4', '-o', join(folder, 'headers.parquet')]);
      // Rows are published by whole batches: each shard has done one by now.
      await seen(sim, 'heads', 3_000);
      child.kill(signal);
      const result = await ended;
      assert.equal(result.code, code, result.stderr);
      // It says what was done.
      assert.match(result.stderr, /^keys +[\d,]+ \(ok/m);
      assert.match(result.stderr, /headers\.parquet/);
      assert.doesNotMatch(result.stderr, /^\s+at |defect/m);

      assert.deepEqual([...(await filesIn(folder)).keys()].sort(), ['headers.metrics.json', 'headers.parquet']);
      const rows = await readRows(join(folder, 'headers.parquet'));
      assert.ok(rows.size > 0 && rows.size < OBJECTS, `${rows.size} rows`);
      // What is told is what is there, and what is missing of what was answered.
      const { overall } = JSON.parse(await readFile(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
      assert.deepEqual([overall.complete, overall.stopped, overall.rows_written], [false, signal, rows.size]);
      const told = new RegExp(`^stopped +by ${signal}: ${rows.size.toLocaleString('en-US')} rows are published; ([\\d,]+) more keys were answered`, 'm').exec(result.stderr);
      assert.equal(Number(told?.[1]?.replaceAll(',', '')), overall.keys - rows.size, result.stderr);
      const space = createKeySpace('dated', OBJECTS, 1);
      for (const [key, row] of rows) {
        assert.ok(space.find(key) !== -1, `there is no key ${key}`);
        assert.equal(row['status'], 200);
      }
      assert.ok(sim.stats().heads < OBJECTS / 10, 'it stopped asking');
    });
  }

  test('a second signal stops at once, and publishes nothing', async (t) => {
    const sim = await startSim({ bucket: 'sim', objects: OBJECTS, headLatencyMs: 60_000 });
    t.after(() => sim.close());
    const folder = await temporaryFolder(t);
    const { child, ended } = await startS3scan(['head', ...targetOf(sim), '--timeout', '100', '-o', join(folder, 'headers.parquet')]);
    // All are under way, and none will be answered.
    await seen(sim, 'connections', 80);
    child.kill('SIGINT');
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const result = await ended;
    assert.equal(result.code, 130, result.stderr);
    assert.deepEqual([...(await filesIn(folder)).keys()], []);
  });

  for (const command of ['head', 'list'] as const) {
    test(`${command}: a reader that has read enough, as \`| head -1\` has, is no error`, async (t) => {
      // More than is listed ahead of the rows, however long a busy machine takes to close the pipe.
      const objects = 3_000_000;
      const sim = await startSim({ bucket: 'sim', objects, layout: 'dated' });
      t.after(() => sim.close());
      const { child, ended } = await startS3scan([command, ...targetOf(sim), '--progress', 'never']);
      const [first] = (await once(child.stdout!, 'data')) as [Buffer];
      child.stdout!.destroy();
      const result = await ended;
      assert.equal(result.code, 0, result.stderr);
      assert.equal(result.stderr, '');
      assert.equal((JSON.parse(first.toString().split('\n')[0]!) as { bucket: string }).bucket, 'sim');
      assert.ok(sim.stats().keysListed < objects, 'it stopped asking');
    });
  }
});
