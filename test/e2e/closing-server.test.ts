/** versitygw ends the connection after each HEAD: every row is there, and the summary says what that costs. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { inParallel } from '../support/sdk-oracle.ts';
import { readRows } from '../support/tables.ts';
import { startVersitygw, withoutVersitygw } from '../support/versitygw.ts';

const OBJECTS = 300;
const SLOTS = 10;

test('a server that closes the connection after each answer costs connections, not rows', { skip: withoutVersitygw }, async (t) => {
  const server = await startVersitygw();
  t.after(() => server.stop());
  await server.client.send(new CreateBucketCommand({ Bucket: 'closing' }));
  const keys = Array.from({ length: OBJECTS }, (_, at) => `object-${at}`);
  await inParallel(keys, async (Key) => {
    await server.client.send(new PutObjectCommand({ Bucket: 'closing', Key, Body: Key }));
  });
  const folder = await temporaryFolder(t);
  const output = join(folder, 'headers.parquet');
  const { stderr } = await s3scanDone(['head', 's3://closing', '--endpoint', server.endpoint, '--concurrency', String(SLOTS), '-o', output], { env: server.env });

  const rows = await readRows(output);
  assert.deepEqual([...rows.keys()].sort(), keys.sort());
  for (const row of rows.values()) assert.deepEqual([row['status'], row['attempts']], [200, 1]);
  const { overall } = JSON.parse(await readFile(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
  const { closed, closed_share: share, reconnects, connecting_time: seconds, connecting_share: ofTime } = overall.connections;
  assert.deepEqual([closed, share, reconnects], [OBJECTS, 1, OBJECTS - SLOTS]);
  assert.ok(seconds > 0 && ofTime > 0 && ofTime < 1, `${seconds} s, ${ofTime}`);
  assert.match(stderr, /^note +the server closes connections, after 100% of its answers: 290 were opened anew, \d+% of the time/m);
});
