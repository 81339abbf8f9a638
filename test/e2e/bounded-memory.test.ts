/** No more memory for more keys (R5): the long forms are `npm run test:soak` and `npm run bench:memory`. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startS3scan } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';
import { watch } from '../support/watched.ts';

/** Of 900 bytes and more each. */
const KEYS = 500_000;

test('out of memory on many keys: a listing never holds as much as its keys alone would take', { skip: process.platform !== 'linux' && 'only Linux tells how much a process holds' }, async (t) => {
  const { target } = await startSimCommand(t, ['--objects', String(KEYS), '--layout', 'long']);
  const output = join(await temporaryFolder(t), 'keys.txt');
  const { child, ended } = await startS3scan(['list', ...target, '-o', output, '--progress', 'never'], { timeoutMs: 110_000 });
  const samples = await watch(child, 50);
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  const { size } = await stat(output);
  assert.ok(size > KEYS * 900);
  const most = Math.max(...samples.map(({ rssBytes }) => rssBytes));
  assert.ok(most < size, `${most} bytes held of ${size} written`);
});
