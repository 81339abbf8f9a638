/** MinIO whose disk is filled by somebody else while it is scanned: the rows are right, and s3scan adds nothing (R6). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand, type S3ServiceException } from '@aws-sdk/client-s3';
import { s3scanDone } from '../support/cli.ts';
import { diskOf } from '../support/disk.ts';
import { temporaryFolder } from '../support/folder.ts';
import { MINIO, withoutMinio } from '../support/minio.ts';
import { startRelay } from '../support/relay.ts';
import { listRows } from '../support/sdk-oracle.ts';
import { startServer } from '../support/server.ts';
import { readRows } from '../support/tables.ts';

const BUCKET = 'filling-up';
const KEYS = Array.from({ length: 200 }, (_, n) => `key-${String(n).padStart(3, '0')}`);
const MEGABYTE = 2 ** 20;

test("a server's disk that is filled to refusal in the middle of a scan: every row is right, and nothing is written by the scan (R6)", { skip: withoutMinio }, async (t) => {
  const disk = await diskOf(t, '64m');
  if (disk === null) return;
  const { args } = MINIO;
  const minio = await startServer({ ...MINIO, args: (host, port) => args(host, port, join(disk, 'data')) });
  try {
    const put = (key: string, body: string | Buffer): Promise<unknown> => minio.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, Metadata: { key } }));
    await minio.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const key of KEYS) await put(key, key);
    /** In pieces that get smaller, until the server takes not even a small one; what it had begun to write of a refused one it removes. */
    const fill = async (): Promise<number> => {
      let status = 0;
      for (const [turn, size] of [4 * MEGABYTE, MEGABYTE, 200_000, 200_000, 200_000].entries()) {
        status = 0;
        for (let piece = 0; status === 0; piece++) {
          status = await put(`filling/${turn}-${piece}`, Buffer.alloc(size, 1)).then(() => 0, (error: S3ServiceException) => error.$metadata.httpStatusCode!);
        }
      }
      return status;
    };

    let heads = 0;
    const filled: Promise<number>[] = [];
    const relay = await startRelay(t, minio.endpoint, {
      before: async (line) => {
        if (!line.startsWith('HEAD') || ++heads <= 50) return;
        // What is asked from here on is asked of a server that takes no more.
        if (filled.length === 0) filled.push(fill());
        await filled[0];
      },
    });
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await s3scanDone(['head', `s3://${BUCKET}/key-`, '--endpoint', relay.endpoint, '--concurrency', '8', '-o', output], { env: minio.env, timeoutMs: 120_000 });

    // MinIO says XMinioStorageFull (507) or, where it noticed in the midst of a body, other things.
    assert.ok((await filled[0])! >= 400);
    const { bavail, bsize } = await statfs(disk);
    assert.ok(bavail * bsize < 4 * MEGABYTE, `${bavail * bsize} bytes are left`);
    const rows = await readRows(output);
    assert.deepEqual([...rows.keys()].sort(), KEYS);
    for (const [key, row] of rows) assert.deepEqual([row['status'], row['etag'], row['metadata'], row['drift']], [200, createHash('md5').update(key).digest('hex'), [['key', key]], undefined], key);
    for (const line of relay.requests) assert.match(line, /^(GET|HEAD) /);
    assert.deepEqual([...(await listRows(minio.client, BUCKET)).keys()].filter((key) => !key.startsWith('filling/')), KEYS);
  } finally {
    await minio.stop();
  }
});
