/** The last keys are spread over all connections: a scan of few keys is as fast as its rounds. The only timing here. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';

const LATENCY_MS = 20;
const KEYS = 1_000;
const CONCURRENCY = 80;
const LEAST_SECONDS = (Math.ceil(KEYS / CONCURRENCY) * LATENCY_MS) / 1000;
const MOST_SECONDS = 1.6 * LEAST_SECONDS;

test('1,000 keys at 20 ms a HEAD and 80 in flight take 13 rounds', async (t) => {
  const sim = await startSimCommand(t, ['--objects', String(KEYS), '--head-latency', String(LATENCY_MS)]);
  const folder = await temporaryFolder(t);
  const seconds: number[] = [];
  // The best of three: the machine may be busy with something else.
  for (let run = 0; run < 3 && !seconds.some((elapsed) => elapsed <= MOST_SECONDS); run++) {
    const metrics = join(folder, `${run}.json`);
    await s3scanDone(['head', ...sim.target, '--concurrency', String(CONCURRENCY), '-o', join(folder, `${run}.ndjson`), '--metrics', metrics, '--quiet']);
    const { overall } = JSON.parse(await readFile(metrics, 'utf8')) as MetricsReport;
    assert.equal(overall.ok, KEYS);
    seconds.push(overall.elapsed_time);
  }
  const best = Math.min(...seconds);
  t.diagnostic(`${seconds.join(', ')} s; from ${LEAST_SECONDS} to ${MOST_SECONDS} s are right`);
  assert.ok(best >= LEAST_SECONDS && best <= MOST_SECONDS, `${best} s`);
});
