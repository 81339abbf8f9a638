/** Every layout of the simulation, signatures checked: `list` and `head` give exactly its keys, whatever they look like. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createKeySpace, LAYOUTS } from '../../src/sim/sim.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startSimCommand } from '../support/sim.ts';
import { readRows } from '../support/tables.ts';

const OBJECTS = 3_000;
const SEED = 7;
const ENV = { AWS_ACCESS_KEY_ID: 'layouts', AWS_SECRET_ACCESS_KEY: 'layouts/secret+0123456789' };

function keysOf(layout: (typeof LAYOUTS)[number]): string[] {
  const space = createKeySpace(layout, OBJECTS, SEED);
  return Array.from({ length: OBJECTS }, (_, index) => Buffer.from(space.keyAt(index), 'latin1').toString('utf8'));
}

describe('layouts', { concurrency: 2 }, () => {
  for (const layout of LAYOUTS) {
    test(layout, async (t) => {
      const expected = keysOf(layout).sort();
      const sim = await startSimCommand(t, ['--objects', String(OBJECTS), '--seed', String(SEED), '--layout', layout], ENV);
      const folder = await temporaryFolder(t);
      const keys = join(folder, 'keys.ndjson');
      const headers = join(folder, 'headers.ndjson');
      await s3scanDone(['list', ...sim.target, '-o', keys, '--quiet'], { env: ENV });
      const listed = await readRows(keys);
      assert.deepEqual([...listed.keys()].sort(), expected);
      await s3scanDone(['head', ...sim.target, '-o', headers, '--quiet'], { env: ENV });
      const rows = await readRows(headers);
      assert.deepEqual([...rows.keys()].sort(), expected);
      for (const [key, { status, etag, content_length: length, drift }] of rows) {
        const { etag: listedEtag, size } = listed.get(key)!;
        assert.deepEqual({ status, etag, length, drift }, { status: 200, etag: listedEtag, length: size, drift: undefined }, key);
      }
    });
  }
});
