/** What is wrong with one key is told in its row, and the other keys have theirs (R1). */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { byKey, readNdjson, readRows } from '../support/tables.ts';

const BUCKET = 'changing';

/** A statement of a bucket policy. */
function everyoneMay(action: string, resource: string): object {
  return { Effect: 'Allow', Principal: { AWS: ['*'] }, Action: [action], Resource: [`arn:aws:s3:::${resource}`] };
}

describe('rows, not crashes', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;

  const put = async (Bucket: string, Key: string, Body: string): Promise<void> => {
    await minio.client.send(new PutObjectCommand({ Bucket, Key, Body }));
  };

  before(async () => {
    minio = await startMinio();
    await minio.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  after(() => minio.stop());

  for (const engine of ['fast', 'sdk'] as const) {
    test(`a key that does not exist, engine ${engine}`, async () => {
      const there = `there-${engine}`;
      await put(BUCKET, there, 'x');
      const args = ['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint, '--from', '-', '--engine', engine];
      const { stdout } = await s3scanDone(args, { env: minio.env, stdin: `never written\n${there}\n` });
      const rows = byKey(readNdjson(stdout));
      assert.equal(rows.size, 2);
      assert.equal(rows.get(there)?.['status'], 200);
      const gone = rows.get('never written');
      assert.equal(gone?.['status'], 404);
      assert.equal(gone['error'], 'NoSuchKey');
      assert.equal(gone['drift'], undefined, 'nothing was listed that it could differ from');
    });
  }

  test('keys that a policy forbids', async (t) => {
    const bucket = 'half-open';
    await minio.client.send(new CreateBucketCommand({ Bucket: bucket }));
    for (const key of ['open/1', 'open/2', 'closed/1']) await put(bucket, key, 'x');
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [everyoneMay('s3:ListBucket', bucket), everyoneMay('s3:GetObject', `${bucket}/open/*`)] });
    await minio.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));

    const output = join(await temporaryFolder(t), 'headers.parquet');
    const { code, stderr } = await s3scan(['head', `s3://${bucket}`, '--endpoint', minio.endpoint, '--no-sign-request', '-o', output]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /failed 1/);
    const rows = await readRows(output);
    assert.deepEqual([...rows.keys()].sort(), ['closed/1', 'open/1', 'open/2']);
    assert.equal(rows.get('closed/1')?.['status'], 403);
    assert.equal(rows.get('closed/1')?.['error'], 'AccessDenied');
    assert.equal(rows.get('closed/1')?.['etag'], undefined);
    assert.equal(rows.get('open/1')?.['status'], 200);
  });

  test('objects that changed since they were listed', async (t) => {
    const keys = ['drift/gone', 'drift/larger', 'drift/other', 'drift/same'];
    for (const key of keys) await put(BUCKET, key, 'before');
    const folder = await temporaryFolder(t);
    const listed = join(folder, 'keys.parquet');
    await s3scanDone(['list', `s3://${BUCKET}/drift/`, '--endpoint', minio.endpoint, '-o', listed], { env: minio.env });
    await minio.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'drift/gone' }));
    await put(BUCKET, 'drift/larger', 'larger than before');
    await put(BUCKET, 'drift/other', 'BEFORE');

    const output = join(folder, 'headers.ndjson');
    await s3scanDone(['head', '--from', listed, '--endpoint', minio.endpoint, '-o', output], { env: minio.env });
    const rows = await readRows(output);
    assert.equal(rows.size, 4);
    const drift = (key: string): string[] => (rows.get(key)?.['drift'] as string | undefined)?.split(',').filter((name) => name !== 'last_modified') ?? [];
    assert.deepEqual(drift('drift/gone'), ['gone']);
    assert.equal(rows.get('drift/gone')?.['status'], 404);
    assert.deepEqual(drift('drift/larger').sort(), ['etag', 'size']);
    assert.equal(rows.get('drift/larger')?.['content_length'], 'larger than before'.length, 'the row tells what the object is now');
    assert.deepEqual(drift('drift/other'), ['etag']);
    assert.equal(rows.get('drift/same')?.['drift'], undefined);
  });

  test('a listing written by hand, with another size and another ETag', async (t) => {
    await put(BUCKET, 'by-hand', 'x');
    const path = join(await temporaryFolder(t), 'keys.csv');
    await writeFile(path, 'key,size,etag\nby-hand,7,0123456789abcdef0123456789abcdef\n');
    const { stdout } = await s3scanDone(['head', `s3://${BUCKET}`, '--from', path, '--endpoint', minio.endpoint], { env: minio.env });
    assert.equal(readNdjson(stdout)[0]?.['drift'], 'etag,size');
  });
});
