/** Rows from MinIO's listing are the rows of HEADs, and what a listing might tell otherwise is asked. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { fillWith } from '../support/matrix.ts';
import { matrixObjects, type MatrixObject } from '../support/matrix-objects.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { inParallel } from '../support/sdk-oracle.ts';
import { startSimCommand } from '../support/sim.ts';
import { assertSameRows, byKey, readNdjson, readRows, without, type Rows } from '../support/tables.ts';

const BUCKET = 'via';
const PLAIN = 2000;
const COLUMNS = 'bucket,key,status,error,content_length,content_type,cache_control,content_disposition,content_encoding,content_language,last_modified,etag,storage_class,metadata,server_side_encryption,drift,attempts,via';
const OF_THE_REQUEST = ['attempts', 'via'] as const;

describe('head --via', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;
  let heads: Rows;

  const scan = async (...options: readonly string[]): Promise<string> => {
    const { stderr } = await s3scanDone(['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint, '--columns', COLUMNS, ...options], { env: minio.env });
    return stderr;
  };

  before(async () => {
    minio = await startMinio();
    await minio.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await fillWith(minio.client, BUCKET, matrixObjects().filter(({ objectClass }) => objectClass !== 'object lock'));
    const plain = Array.from({ length: PLAIN }, (_, at): MatrixObject => ({ objectClass: '', key: `plain/${at % 50}/${at}`, body: Buffer.from(String(at)), headers: { ContentType: `image/${at % 7}`, Metadata: { label: String(at), split: 'train' } } }));
    await fillWith(minio.client, BUCKET, plain);
  });
  after(() => minio.stop());

  test('every row is that of a HEAD, and the listing tells nearly all', async (t) => {
    const folder = await temporaryFolder(t);
    const [told, asked] = [join(folder, 'told.parquet'), join(folder, 'asked.parquet')];
    const [stderr] = await Promise.all([scan('--via', 'list', '-o', told), scan('--via', 'head', '-o', asked)]);
    const rows = await readRows(told);
    heads = await readRows(asked);
    assertSameRows(without(rows, ...OF_THE_REQUEST), without(heads, ...OF_THE_REQUEST));

    const byHead = [...rows.values()].filter((row) => row['via'] === 'head');
    for (const row of rows.values()) assert.equal(row['attempts'], row['via'] === 'list' ? 0 : 1);
    // Raw UTF-8 reads otherwise in a listing.
    assert.deepEqual(byHead.map((row) => String(row['key'])).sort(), ['headers/raw/0', 'headers/raw/1', 'headers/raw/2', 'headers/raw/3']);
    assert.deepEqual(heads.get('headers/raw/0')?.['metadata'], [['raw', 'grüße']]);
    const { overall } = JSON.parse(await readFile(join(folder, 'told.metrics.json'), 'utf8')) as MetricsReport;
    assert.deepEqual([overall.told, overall.ok], [rows.size - byHead.length, rows.size]);
    assert.match(stderr, /^via +[\d,]+ rows from the listing, 4 by HEAD: \d+ HEADs agreed with it$/m);
  });

  test('auto uses it too, with filters, and to any format', async () => {
    const { stdout, stderr } = await s3scanDone(
      ['head', `s3://${BUCKET}/plain/`, '--endpoint', minio.endpoint, '--via', 'auto', '--columns', 'key,content_type,metadata,via', '--include', '**/1*', '--min-size', '2'],
      { env: minio.env },
    );
    const rows = byKey(readNdjson(stdout));
    const expected = Array.from({ length: PLAIN }, (_, at) => String(at)).filter((name) => name.startsWith('1') && name.length >= 2);
    assert.equal(rows.size, expected.length);
    for (const [key, row] of rows) {
      const at = Number(key.split('/').at(-1));
      assert.deepEqual(row, { key, content_type: `image/${at % 7}`, metadata: [['label', String(at)], ['split', 'train']], via: 'list' });
    }
    assert.match(stderr, /rows from the listing, 0 by HEAD/);
  });

  test('auto sends HEADs where a column is in no listing, and says so', async () => {
    const { stdout, stderr } = await s3scanDone(['head', `s3://${BUCKET}/plain/7/`, '--endpoint', minio.endpoint, '--via', 'auto'], { env: minio.env });
    const rows = byKey(readNdjson(stdout));
    assert.equal(rows.size, PLAIN / 50);
    for (const row of rows.values()) assert.equal(row['via'], 'head');
    assert.match(stderr, /^via +HEADs: no listing tells version_id, accept_ranges, expires/m);
  });

  test('list refuses what it cannot tell, before anything is written', async () => {
    const { code, stdout, stderr } = await s3scan(['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint, '--via', 'list', '--columns', 'key,expires'], { env: minio.env });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /--via list: no listing tells expires/);
  });

  test('a metadata name that breaks the listing as XML: the page is listed without, and its keys are asked', async () => {
    await minio.client.send(new CreateBucketCommand({ Bucket: 'broken-xml' }));
    await inParallel(['a', 'b', 'c'], async (Key) => {
      await minio.client.send(new PutObjectCommand({ Bucket: 'broken-xml', Key, Body: 'x', Metadata: { 'a&b': Key } }));
    });
    const args = ['head', 's3://broken-xml', '--endpoint', minio.endpoint, '--columns', 'key,metadata,via'];
    const { stdout, stderr } = await s3scanDone([...args, '--via', 'auto'], { env: minio.env });
    const rows = byKey(readNdjson(stdout));
    for (const key of ['a', 'b', 'c']) assert.deepEqual(rows.get(key), { key, metadata: [['a&b', key]], via: 'head' });
    assert.match(stderr, /^via +HEADs: rows cannot come from the listing of .*tells no headers/m);
    const { code } = await s3scan([...args, '--via', 'list'], { env: minio.env });
    assert.equal(code, 2);
  });

  test('an empty bucket', async () => {
    await minio.client.send(new CreateBucketCommand({ Bucket: 'nothing-in-it' }));
    await minio.client.send(new DeleteObjectCommand({ Bucket: 'nothing-in-it', Key: 'never' }));
    const { stdout } = await s3scanDone(['head', 's3://nothing-in-it', '--endpoint', minio.endpoint, '--via', 'list', '--columns', 'key,via'], { env: minio.env });
    assert.equal(stdout, '');
  });
});

test('a server whose listing has no headers: auto sends HEADs and says so, list refuses', async (t) => {
  const sim = await startSimCommand(t, ['--objects', '300']);
  const { stdout, stderr } = await s3scanDone(['head', ...sim.target, '--via', 'auto', '--columns', 'key,content_type,via']);
  const rows = byKey(readNdjson(stdout));
  assert.equal(rows.size, 300);
  for (const row of rows.values()) assert.equal(row['via'], 'head');
  assert.match(stderr, /^via +HEADs: rows cannot come from the listing of http.*: its listing tells no headers/m);
  const refused = await s3scan(['head', ...sim.target, '--via', 'list', '--columns', 'key,content_type,via']);
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
  assert.match(refused.stderr, /--via list: rows cannot come from the listing/);
});
