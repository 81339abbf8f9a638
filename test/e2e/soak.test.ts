/** A server that fails one request in a hundred: each key has its row, the right one, and nothing is held on to (R1, R5). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startS3scan } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';
import { sql } from '../support/tables.ts';
import { quarters, watch } from '../support/watched.ts';

const KEYS = 20_000;
const CONCURRENCY = 40;

test('a scan under faults: rows exact, open files bounded; the long form is `npm run test:soak`', async (t) => {
  const { target } = await startSimCommand(t, ['--objects', String(KEYS), '--error-rate', '0.005', '--reset-rate', '0.005']);
  const output = join(await temporaryFolder(t), 'out');
  const { child, ended } = await startS3scan(['head', ...target, '-o', `${output}/`, '--concurrency', String(CONCURRENCY), '--progress', 'never'], { timeoutMs: 110_000 });
  const samples = await watch(child, 50);
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  // What was found by listing is compared with each answer: a row of another key's headers would have drifted (R4).
  const [row] = await sql(`SELECT count(*) AS n, count(DISTINCT key) AS keys, count(*) FILTER (status = 200 AND error IS NULL AND drift IS NULL) AS good, max(attempts) AS most FROM read_parquet('${output}/data/*.parquet')`);
  assert.deepEqual([row!['n'], row!['keys'], row!['good']], [BigInt(KEYS), BigInt(KEYS), BigInt(KEYS)]);
  assert.ok(Number(row!['most']) > 1, 'there were faults');
  const files = quarters(samples, ({ openFiles }) => openFiles);
  for (const { most } of files) assert.ok(most < CONCURRENCY + 150, `${most} files open`);
});
