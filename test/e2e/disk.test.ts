/** A disk that takes no more, or goes away: exit 6 with path and reason, and what is committed is kept (R8). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startSim, type Sim } from '../../src/sim/sim.ts';
import { s3scan, s3scanDone, startS3scan } from '../support/cli.ts';
import { diskOf } from '../support/disk.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { committedParts, committedRows, partsOf, readParts } from '../support/parts.ts';

const run = promisify(execFile);
const OBJECTS = 8000;

async function simOf(t: TestContext, headLatencyMs = 0): Promise<Sim> {
  const sim = await startSim({ bucket: 'sim', objects: OBJECTS, layout: 'dated', headLatencyMs });
  t.after(() => sim.close());
  return sim;
}

function target(sim: Sim): string[] {
  return ['s3://sim', '--endpoint', sim.endpoint, '--no-sign-request', '--progress', 'never'];
}

describe('disk', () => {
  test('ENOSPC: parts are kept and nothing else, and with more room --resume goes on', async (t) => {
    const disk = await diskOf(t, '512k');
    if (disk === null) return;
    const sim = await simOf(t);
    const out = join(disk, 'out');
    const args = ['head', ...target(sim), '--shards', '8', '--part-rows', '1000'];
    const full = await s3scan([...args, '-o', `${out}/`]);
    assert.equal(full.code, 6, full.stderr);
    assert.match(full.stderr, /^s3scan: cannot write ".*out\/.*": no space left on device \(ENOSPC\)\n {2}.*--resume goes on from there$/m);
    assert.ok((await committedParts(out)).size > 0);
    assert.deepEqual([...(await filesIn(out)).keys()].filter((name) => name.endsWith('.partial')), []);
    // Each that is there can be read, the journal knows of it or not.
    assert.ok((await readParts(out)).size >= (await committedRows(out)));

    await run('mount', ['-o', 'remount,size=64m', disk]);
    const committed = await committedRows(out);
    const { heads } = sim.stats();
    await s3scanDone([...args, '--resume', '-o', `${out}/`]);
    assert.equal((await readParts(out)).size, OBJECTS);
    assert.ok(sim.stats().heads - heads < OBJECTS - committed + 100, 'it asked again what was committed');
  });

  test('ENOSPC: a single file is not there, in part or whole', async (t) => {
    const disk = await diskOf(t, '64k');
    if (disk === null) return;
    const full = await s3scan(['list', ...target(await simOf(t)), '-o', join(disk, 'keys.ndjson')]);
    assert.equal(full.code, 6, full.stderr);
    assert.match(full.stderr, /keys\.ndjson\.partial": no space left on device/);
    assert.deepEqual(await readdir(disk), []);
  });

  test('EROFS: said at once, whatever the output', async (t) => {
    const disk = await diskOf(t, '64k');
    if (disk === null) return;
    await run('mount', ['-o', 'remount,ro', disk]);
    const sim = await simOf(t);
    for (const output of ['keys.parquet', 'out/']) {
      const refused = await s3scan(['list', ...target(sim), '-o', join(disk, output)]);
      assert.equal(refused.code, 6, refused.stderr);
      assert.match(refused.stderr, /read-only file system \(EROFS\)/);
    }
    assert.equal(sim.stats().lists, 0);
  });

  test('a folder that is removed underneath ends the scan, and says which', async (t) => {
    const out = join(await temporaryFolder(t), 'out');
    const { child, ended } = await startS3scan(['head', ...target(await simOf(t, 20)), '--shards', '8', '--part-rows', '1000', '-o', `${out}/`]);
    while ((await partsOf(out)).length === 0) {
      if (child.exitCode !== null) break;
      await sleep(5);
    }
    // Again where a part came between.
    await rm(out, { recursive: true, force: true, maxRetries: 50, retryDelay: 2 });
    const result = await ended;
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /^s3scan: .*out/m);
    assert.doesNotMatch(result.stderr, /defect/);
  });
});
