/** MinIO that is killed and started again, and whose objects change, while it is scanned; and that it is only read (R1, R4, R6). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { startRelay } from '../support/relay.ts';
import { readRows } from '../support/tables.ts';

const BUCKET = 'changing-while-read';
const KEYS = Array.from({ length: 300 }, (_, n) => `key-${String(n).padStart(3, '0')}`);

function etagOf(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

describe('a server that changes meanwhile', { skip: withoutMinio }, () => {
  let minio: Minio;

  const put = async (key: string, body: string): Promise<void> => {
    await minio.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, Metadata: { key } }));
  };

  before(async () => {
    minio = await startMinio();
    await minio.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const key of KEYS) await put(key, key);
  });
  after(() => minio.stop());

  test('killed and started again in the middle of a scan: every key has its row (R1)', async (t) => {
    let heads = 0;
    const restarts: Promise<void>[] = [];
    const relay = await startRelay(t, minio.endpoint, {
      before: async (line) => {
        // A third of the keys have been asked for; those on their way are cut off.
        if (line.startsWith('HEAD') && ++heads === 100) restarts.push(minio.restart());
        return Promise.resolve();
      },
    });
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await s3scanDone(['head', `s3://${BUCKET}`, '--endpoint', relay.endpoint, '--concurrency', '8', '-o', output], { env: minio.env, timeoutMs: 120_000 });
    assert.equal(restarts.length, 1);
    await Promise.all(restarts);
    const rows = await readRows(output);
    assert.deepEqual([...rows.keys()].sort(), KEYS);
    for (const [key, row] of rows) assert.deepEqual([row['status'], row['etag'], row['metadata'], row['drift']], [200, etagOf(key), [['key', key]], undefined], key);
    assert.ok([...rows.values()].some((row) => Number(row['attempts']) > 1), 'none was asked again');
  });

  test('objects deleted and overwritten between the listing and their HEADs: the rows say so (R4)', async (t) => {
    const changes: Promise<void>[] = [];
    const change = async (): Promise<void> => {
      await minio.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'key-001' }));
      await put('key-002', 'another size');
      await put('key-003', 'yek-003');
    };
    const relay = await startRelay(t, minio.endpoint, {
      before: async (line) => {
        if (!line.startsWith('HEAD')) return;
        if (changes.length === 0) changes.push(change());
        await changes[0];
      },
    });
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await s3scanDone(['head', `s3://${BUCKET}`, '--endpoint', relay.endpoint, '-o', output], { env: minio.env });
    const rows = await readRows(output);
    assert.deepEqual([...rows.keys()].sort(), KEYS);
    const named = (key: string): string[] => String(rows.get(key)?.['drift'] ?? '').split(',').filter((name) => name !== '' && name !== 'last_modified').sort();
    assert.deepEqual([rows.get('key-001')?.['status'], named('key-001')], [404, ['gone']]);
    assert.deepEqual([rows.get('key-002')?.['etag'], named('key-002')], [etagOf('another size'), ['etag', 'size']]);
    assert.deepEqual([rows.get('key-003')?.['etag'], named('key-003')], [etagOf('yek-003'), ['etag']]);
    for (const key of KEYS) if (!['key-001', 'key-002', 'key-003'].includes(key)) assert.deepEqual([rows.get(key)?.['status'], named(key)], [200, []], key);
  });

  test('nothing but GET and HEAD reaches it, and the bucket is as it was (R6)', async (t) => {
    const relay = await startRelay(t, minio.endpoint);
    const contents = async (): Promise<unknown> => (await minio.client.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents;
    const untouched = await contents();
    const target = [`s3://${BUCKET}`, '--endpoint', relay.endpoint];
    const cwd = await temporaryFolder(t);
    const runs: readonly (readonly string[])[] = [
      ['list', ...target, '-o', 'keys.parquet'],
      ['list', ...target, '--versions', '-o', 'versions.ndjson'],
      ['head', ...target, '-o', 'headers/'],
      ['head', ...target, '--engine', 'sdk', '--max-keys', '20', '-o', 'sdk.csv'],
      ['head', ...target, '--from', 'keys.parquet', '--checksums', '-o', 'checked.arrow'],
      ['head', ...target, '--via', 'auto', '-o', 'via.ndjson'],
      // What fails asks no more than what does not.
      ['list', 's3://no-such-bucket', '--endpoint', relay.endpoint],
      ['head', ...target, '--region', 'eu-west-1', '--max-keys', '5'],
    ];
    for (const args of runs) await s3scan(args, { env: minio.env, cwd });
    const methods = new Set(relay.requests.map((line) => line.slice(0, line.indexOf(' '))));
    assert.deepEqual([...methods].sort(), ['GET', 'HEAD']);
    assert.ok(relay.requests.length > 3 * KEYS.length);
    assert.deepEqual(await contents(), untouched);
  });
});
