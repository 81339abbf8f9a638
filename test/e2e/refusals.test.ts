/**
 * What cannot be done is said in one line with a hint, in an exit code that a script can act on, and leaves
 * nothing behind: no output, no partial file, no metrics, no secret (R7, R8).
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3scan, s3scanDone, secretsOf, type Environment } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { startSimCommand } from '../support/sim.ts';
import { sql } from '../support/tables.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';

const STACK = /^\s+at .+[:)]/m;
/** Never connected to: what these tests ask for is refused before. */
const NOWHERE = ['--endpoint', 'http://127.0.0.1:1', '--no-sign-request'];

interface Refusal {
  readonly code: number;
  /** what the first line says */
  readonly says: RegExp;
  /** what it must not repeat */
  readonly hides?: string;
  readonly env?: Environment;
}

/** Runs in a folder that must not change; standard error is the message, and a stack only where it is asked for. */
async function assertRefused(t: TestContext, args: readonly string[], { code, says, hides, env }: Refusal): Promise<void> {
  const cwd = await temporaryFolder(t);
  const result = await s3scan(args, { cwd, ...(env && { env }) });
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, '');
  const [what = '', hint = '', ...more] = result.stderr.trimEnd().split('\n');
  assert.match(what, says);
  assert.match(hint, /\S/);
  // For a typo, commander adds where to look to what was meant.
  assert.deepEqual(more.filter((line) => line !== '(try `s3scan --help`)'), []);
  assert.doesNotMatch(result.stderr, STACK);
  assert.ok(hides === undefined || !result.stderr.includes(hides), result.stderr);
  assert.deepEqual([...(await filesIn(cwd)).keys()], []);
}

describe('refused before anything is asked', { concurrency: 2 }, () => {
  for (const value of ['0', '-1', 'abc', '1e9', '1.5']) {
    test(`--concurrency ${JSON.stringify(value)}`, (t) =>
      assertRefused(t, ['head', 's3://bucket', ...NOWHERE, `--concurrency=${value}`, '-o', 'x.parquet'], { code: 2, says: /--concurrency.*whole number from 1/ }));
  }

  test('a typo in an option', (t) => assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '--concurency', '5'], { code: 2, says: /unknown option '--concurency'/ }));

  for (const url of ['bucket', 's3://', 's3:///key', 's3://b', 's3://bad bucket', 's3://bu%63ket', 's3://../etc', 'https://bucket.s3.amazonaws.com/key', 'arn:aws:sns:us-east-1:123456789012:topic', `s3://${'b'.repeat(300)}`]) {
    test(`the URL ${url.slice(0, 40)}`, (t) => assertRefused(t, ['list', url, ...NOWHERE, '-o', 'x.parquet'], { code: 2, says: /^s3scan: .*(bucket|s3:\/\/)/ }));
  }

  for (const endpoint of ['127.0.0.1:9000', 'ftp://127.0.0.1', 'http://', 'http://user:endpoint-password@127.0.0.1']) {
    test(`the endpoint ${endpoint}`, (t) =>
      assertRefused(t, ['list', 's3://bucket', '--no-sign-request', '--endpoint', endpoint, '-o', 'x.parquet'], { code: 2, says: /endpoint/, hides: 'endpoint-password' }));
  }

  test('a folder that does not exist', (t) => assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '-o', 'no/such/x.parquet'], { code: 2, says: /folder .*no\/such.* does not exist/ }));

  test('an ending that tells no format', (t) => assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '-o', 'headers.xlsx'], { code: 2, says: /headers\.xlsx/ }));

  test('a column that does not exist', (t) => assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '--columns', 'key,sise', '-o', 'x.parquet'], { code: 2, says: /no column "sise"/ }));

  test('metrics of an ending that tells no format', (t) => assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '-o', 'x.parquet', '--metrics', 'x.txt'], { code: 2, says: /x\.txt/ }));

  test('no bucket and no --from', (t) => assertRefused(t, ['head', ...NOWHERE], { code: 2, says: /no bucket/ }));

  test('an output that exists, which stays as it is', async (t) => {
    const folder = await temporaryFolder(t);
    const output = join(folder, 'headers.parquet');
    await writeFile(output, 'precious');
    const { code, stderr } = await s3scan(['head', 's3://bucket', ...NOWHERE, '-o', output]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /exists already\n.*--overwrite/);
    assert.deepEqual(await filesIn(folder), new Map([['headers.parquet', Buffer.from('precious')]]));
  });

  test('an output that is a folder with something in it', async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'x.parquet'));
    await writeFile(join(folder, 'x.parquet', 'precious'), 'precious');
    const { code, stderr } = await s3scan(['head', 's3://bucket', ...NOWHERE, '-o', join(folder, 'x.parquet')]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /is not empty/);
    assert.deepEqual(await readdir(join(folder, 'x.parquet')), ['precious']);
  });

  test('--log-level debug adds the stack', async () => {
    const { code, stderr } = await s3scan(['list', 'bucket', ...NOWHERE, '--log-level', 'debug']);
    assert.equal(code, 2);
    assert.match(stderr, STACK);
  });
});

describe('key files that cannot be read', { concurrency: 2 }, () => {
  const files: readonly (readonly [name: string, content: Buffer | null, says: RegExp])[] = [
    ['missing.txt', null, /missing\.txt/],
    ['no-key.parquet', null, /no column "key".*"name"/],
    ['bytes.txt', Buffer.from([0x61, 0x0a, 0xc3, 0x28, 0x0a]), /line 2.*not UTF-8/],
    ['long.txt', Buffer.from(`ok\n${'k'.repeat(2_000)}\n`), /line 2.*longer than 1024 bytes/],
    ['broken.ndjson', Buffer.from('{"key":"a"}\n{"key":\n'), /line 2/],
    ['no-key.csv', Buffer.from('name\na\n'), /no column "key"/],
    ['not-parquet.parquet', Buffer.from('PAR1 but no more'), /not-parquet\.parquet/],
  ];
  for (const [name, content, says] of files) {
    test(name, async (t) => {
      const folder = await temporaryFolder(t);
      if (content !== null) await writeFile(join(folder, name), content);
      if (name === 'no-key.parquet') await sql(`COPY (SELECT 'a' AS name, 1 AS size) TO '${join(folder, name)}' (FORMAT parquet)`);
      await assertRefused(t, ['head', 's3://bucket', ...NOWHERE, '--from', join(folder, name), '-o', 'x.parquet'], { code: 2, says });
    });
  }

  test('a wrong line far behind, when rows are under way already', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '10']);
    const folder = await temporaryFolder(t);
    const lines = Buffer.concat([Buffer.from('key\n'.repeat(6_000)), Buffer.from([0xff, 0x0a])]);
    await writeFile(join(folder, 'keys.txt'), lines);
    const cwd = await temporaryFolder(t);
    const { code, stderr } = await s3scan(['head', ...sim.target, '--from', join(folder, 'keys.txt'), '-o', 'x.parquet'], { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /line 6001.*not UTF-8/);
    assert.deepEqual([...(await filesIn(cwd)).keys()], []);
  });

  test('an empty one is no error: a table of no rows with every column', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '10']);
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'keys.txt'), '');
    const output = join(folder, 'x.parquet');
    await s3scanDone(['head', ...sim.target, '--from', join(folder, 'keys.txt'), '-o', output]);
    const described = await sql(`DESCRIBE SELECT * FROM '${output}'`);
    const expected = HEAD_COLUMNS.filter(({ option }) => option === null).map(({ name }) => name);
    assert.deepEqual(described.map((column) => column['column_name']), expected);
    const typeOf = (name: string): unknown => described.find((column) => column['column_name'] === name)?.['column_type'];
    assert.equal(typeOf('metadata'), 'MAP(VARCHAR, VARCHAR)');
    assert.equal(typeOf('last_modified'), 'TIMESTAMP WITH TIME ZONE');
    assert.equal(typeOf('content_length'), 'BIGINT');
    assert.deepEqual(await sql(`SELECT count(*)::INT AS n FROM '${output}'`), [{ n: 0 }]);
  });
});

describe('refused by the server', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;
  before(async () => {
    minio = await startMinio();
    await minio.client.send(new CreateBucketCommand({ Bucket: 'there' }));
    await minio.client.send(new PutObjectCommand({ Bucket: 'there', Key: 'key', Body: 'x' }));
  });
  after(() => minio.stop());

  const cases: readonly (readonly [what: string, bucket: string, env: Environment, says: RegExp])[] = [
    ['no such bucket', 'not-there', {}, /s3:\/\/not-there .*no such bucket \(NoSuchBucket\)/],
    ['a wrong secret', 'there', { AWS_SECRET_ACCESS_KEY: 'wrong-secret-0123456789' }, /SignatureDoesNotMatch/],
    ['an unknown access key', 'there', { AWS_ACCESS_KEY_ID: 'nobody-knows-it' }, /InvalidAccessKeyId/],
    ['a session token that is none', 'there', { AWS_SESSION_TOKEN: 'session-token-0123456789abcdef' }, /s3:\/\/there/],
  ];
  for (const command of ['list', 'head'] as const) {
    for (const [what, bucket, change, says] of cases) {
      test(`${command}: ${what}`, (t) =>
        assertRefused(t, [command, `s3://${bucket}`, '--endpoint', minio.endpoint, '-o', 'x.parquet'], { code: 5, says, env: { ...minio.env, ...change } }));
    }
  }

  test('head --from: a wrong secret', async (t) => {
    const from = join(await temporaryFolder(t), 'keys.txt');
    await writeFile(from, 'key\n');
    const env = { ...minio.env, AWS_SECRET_ACCESS_KEY: 'wrong-secret-0123456789' };
    await assertRefused(t, ['head', 's3://there', '--endpoint', minio.endpoint, '--from', from, '-o', 'x.parquet'], { code: 5, says: /SignatureDoesNotMatch/, env });
  });

  test('no credentials at all', (t) =>
    assertRefused(t, ['list', 's3://there', '--endpoint', minio.endpoint, '-o', 'x.parquet'], { code: 5, says: /no AWS credentials/ }));

  test('nobody at the endpoint', (t) =>
    assertRefused(t, ['list', 's3://there', '--endpoint', 'http://127.0.0.1:1', '--retries', '1', '-o', 'x.parquet'], { code: 75, says: /ECONNREFUSED/, env: minio.env }));

  test('secrets are in no file, whatever is logged', async (t) => {
    const folder = await temporaryFolder(t);
    const path = (name: string): string => join(folder, name);
    const args = ['head', 's3://there', '--endpoint', minio.endpoint, '--log-level', 'debug', '--extra-headers'];
    await s3scanDone([...args, '--log-file', path('log'), '-o', path('x.ndjson')], { env: minio.env });
    // That a refused session token is as silent, too.
    const env = { ...minio.env, AWS_SESSION_TOKEN: 'session-token-0123456789abcdef' };
    await s3scan([...args, '--log-file', path('log2'), '-o', path('y.ndjson')], { env });
    const files = await filesIn(folder);
    assert.deepEqual([...files.keys()].filter((name) => name.startsWith('x')).sort(), ['x.metrics.json', 'x.ndjson']);
    for (const [name, content] of files) for (const secret of secretsOf(env)) assert.ok(!content.includes(secret), name);
    assert.match(await readFile(path('log'), 'utf8'), /"scan ended"/);
  });
});
