/** `list --sorted`: rows in the order of the keys' bytes, whatever the layout and however many LISTs are in flight. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createKeySpace, startSim, type Layout } from '../../src/sim/sim.ts';
import { s3scanDone, startS3scan } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { readNdjson } from '../support/tables.ts';

const OBJECTS = 6_000;

/** All keys of a layout (the key space has a character a byte) in hex, whose order is that of the bytes. */
function expectedKeys(layout: Layout, objects: number): string[] {
  const space = createKeySpace(layout, objects, 1);
  return Array.from({ length: objects }, (_, index) => Buffer.from(space.keyAt(index), 'latin1').toString('hex')).sort();
}

function hexKeys(ndjson: string): string[] {
  return readNdjson(ndjson).map(({ key }) => Buffer.from(String(key)).toString('hex'));
}

describe('list --sorted', { concurrency: 2 }, () => {
  for (const layout of ['hex', 'skewed', 'unicode'] as const) {
    test(layout, async (t) => {
      const sim = await startSim({ bucket: 'sim', objects: OBJECTS, layout, listLatencyMs: 5, latencyJitter: 1 });
      t.after(() => sim.close());
      const folder = await temporaryFolder(t);
      const output = join(folder, 'keys.ndjson');
      await s3scanDone(['list', 's3://sim', '--endpoint', sim.endpoint, '--no-sign-request', '--sorted', '--list-concurrency', '16', '--page-size', '100', '-o', output]);
      const files = await filesIn(folder);
      assert.deepEqual([...files.keys()].sort(), ['keys.metrics.json', 'keys.ndjson']);
      assert.deepEqual(hexKeys(files.get('keys.ndjson')!.toString()), expectedKeys(layout, OBJECTS));
    });
  }

  test('interrupted: what is published is all up to some key, and no temporary file is left', async (t) => {
    const sim = await startSim({ bucket: 'sim', objects: 1_000_000, layout: 'hex', listLatencyMs: 50 });
    t.after(() => sim.close());
    const folder = await temporaryFolder(t);
    const { child, ended } = await startS3scan(['list', 's3://sim', '--endpoint', sim.endpoint, '--no-sign-request', '--sorted', '--list-concurrency', '8', '-o', join(folder, 'keys.ndjson')]);
    while (sim.stats().lists < 100) await sleep(10);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    const files = await filesIn(folder);
    assert.deepEqual([...files.keys()].sort(), ['keys.metrics.json', 'keys.ndjson']);
    const published = hexKeys(files.get('keys.ndjson')!.toString());
    assert.ok(published.length > 0);
    const space = createKeySpace('hex', 1_000_000, 1);
    const first = Array.from({ length: published.length }, (_, index) => Buffer.from(space.keyAt(index), 'latin1').toString('hex'));
    assert.deepEqual(published, first);
  });
});
