/** Objects encrypted with keys that their owner keeps (SSE-C), on a real server: MinIO takes such keys over TLS only. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CERTIFICATE } from '../http/self-signed.ts';
import { s3scan } from '../support/cli.ts';
import { filesIn, temporaryFolder, type Ending } from '../support/folder.ts';
import { startSecureMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { byKey, readRows, type Row, type Rows } from '../support/tables.ts';

const BUCKET = 'customer-keys';
const CUSTOMER_KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => (at * 37 + 5) % 256));
const OTHER_KEY = Buffer.from(CUSTOMER_KEY).reverse();
const SECRETS = [CUSTOMER_KEY, OTHER_KEY].flatMap((key) => [key, key.toString('base64'), key.toString('hex')]);
const SSE_C = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: CUSTOMER_KEY.toString('base64') };
const ENCRYPTED = ['a', 'folder/b +é'];
const PLAIN = 'plain';
const COLUMNS = ['key', 'status', 'error', 'content_length', 'content_type', 'metadata', 'sse_customer_algorithm', 'sse_customer_key_md5', 'drift'];

function refused(key: string, rows: Rows): readonly unknown[] {
  const row = rows.get(key);
  return [row?.['status'], typeof row?.['error'], row?.['content_length']];
}

describe('customer keys (SSE-C) over TLS', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;
  let folder: string;
  const releases: (() => Promise<void>)[] = [];
  const suite: Ending = { after: (release) => releases.push(release) };

  before(async () => {
    folder = await temporaryFolder(suite);
    await writeFile(join(folder, 'ca.pem'), CERTIFICATE);
    await writeFile(join(folder, 'key'), CUSTOMER_KEY);
    await writeFile(join(folder, 'key.txt'), `${CUSTOMER_KEY.toString('base64')}\n`);
    await writeFile(join(folder, 'other'), OTHER_KEY);
    minio = await startSecureMinio();
    await minio.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const object = { Bucket: BUCKET, Body: 'sealed', ContentType: 'text/x-sealed', Metadata: { owner: 'me' } };
    for (const Key of ENCRYPTED) await minio.client.send(new PutObjectCommand({ ...object, ...SSE_C, Key }));
    await minio.client.send(new PutObjectCommand({ ...object, Key: PLAIN }));
  });
  after(async () => {
    await minio?.stop();
    for (const release of releases) await release();
  });

  /** The rows, the exit code, and the proof that no key is anywhere in what was said and written (R7). */
  const head = async (options: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly code: number | null; readonly rows: Rows }> => {
    const written = await temporaryFolder(suite);
    const args = ['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint, '--ca-bundle', join(folder, 'ca.pem'), '--columns', COLUMNS.join(','), '--log-level', 'debug'];
    const output = join(written, 'headers.parquet');
    const { code, stdout, stderr } = await s3scan([...args, '-o', output, '--log-file', join(written, 'log'), ...options], { env: { ...minio.env, ...env } });
    const files = await filesIn(written);
    assert.deepEqual([...files.keys()].sort(), ['headers.metrics.json', 'headers.parquet', 'log']);
    for (const [file, content] of [...files, ['what it said', Buffer.from(stdout + stderr)] as const]) for (const secret of SECRETS) assert.ok(!content.includes(secret), file);
    return { code, rows: await readRows(output) };
  };

  /** What the AWS SDK is told of an object with the key. */
  const told = async (key: string): Promise<Row> => {
    const { ContentLength, ContentType, Metadata, SSECustomerAlgorithm, SSECustomerKeyMD5 } = await minio.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ...SSE_C }));
    assert.ok(SSECustomerKeyMD5);
    return { key, status: 200, content_length: ContentLength!, content_type: ContentType!, metadata: Object.entries(Metadata ?? {}), sse_customer_algorithm: SSECustomerAlgorithm!, sse_customer_key_md5: SSECustomerKeyMD5 };
  };

  for (const engine of ['fast', 'sdk'] as const) {
    for (const [from, options, env] of [
      ['a file of bytes', ['--sse-c-key-file', 'key'], {}],
      ['a file of base64', ['--sse-c-key-file', 'key.txt'], {}],
      ['the environment', [], { S3SCAN_SSE_C_KEY: CUSTOMER_KEY.toString('base64') }],
    ] as const) {
      if (engine === 'sdk' && from !== 'a file of bytes') continue;
      test(`with the key from ${from}: rows as the SDK is told, and what needs no key is refused with it; engine ${engine}`, async () => {
        const files = options.map((option) => (option.startsWith('--') ? option : join(folder, option)));
        const { code, rows } = await head(['--engine', engine, ...files], env);
        assert.deepEqual([...rows.keys()].sort(), [...ENCRYPTED, PLAIN].sort());
        for (const key of ENCRYPTED) assert.deepEqual(rows.get(key), byKey([await told(key)]).get(key));
        // S3, too: a key given for an object that has none is a bad request.
        assert.deepEqual(refused(PLAIN, rows), [400, 'string', undefined]);
        assert.equal(code, 3);
      });
    }

    test(`without a key, or with another: a row that says so for each object, exit code 3; engine ${engine}`, async () => {
      const without = await head(['--engine', engine]);
      assert.deepEqual([without.code, without.rows.get(PLAIN)?.['status']], [3, 200]);
      for (const key of ENCRYPTED) assert.deepEqual(refused(key, without.rows), [400, 'string', undefined]);
      const other = await head(['--engine', engine, '--sse-c-key-file', join(folder, 'other')]);
      assert.equal(other.code, 3);
      for (const key of ENCRYPTED) assert.deepEqual(refused(key, other.rows), [403, 'string', undefined]);
    });
  }
});
