/** What options add to requests is on the wire, signed where S3 wants it signed, and nothing secret of it is told (R7). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { rawServer, response, type RawRequest, type RawServer } from '../http/raw-server.ts';
import { ENCODED_WORDS, writeAwkwardObjects } from '../support/awkward-objects.ts';
import { s3scan, s3scanDone, secretsOf, type Environment } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { headRows, listRows } from '../support/sdk-oracle.ts';
import { startSimCommand } from '../support/sim.ts';
import { assertSameRows, byKey, readNdjson, readRows, without, type Rows } from '../support/tables.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret-0123456789', AWS_REGION: 'us-east-1' };
const CUSTOMER_KEY = Buffer.alloc(32, 7).toString('base64');
const PAGE = '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>5</Size></Contents></ListBucketResult>';
const OF_THE_REQUEST = ['shard', 'latency_us', 'request_id', 'attempts'] as const;
const SSE_C = 'x-amz-server-side-encryption-customer';

function meaning(text: string): string {
  return ENCODED_WORDS.get(text) ?? text;
}

/** A bucket of one key. */
function oneKey(t: TestContext): Promise<RawServer> {
  return rawServer(t, (socket, { method }) => socket.write(method === 'GET' ? response(200, {}, PAGE) : response(200, { 'Content-Length': '5', 'x-amz-request-id': 'r' })));
}

function signedNames(request: RawRequest): string[] {
  return /SignedHeaders=([^,]*)/.exec(request.header('authorization') ?? '')?.[1]?.split(';') ?? [];
}

/** Every request has the headers, and those named x-amz-* are signed. */
function assertSent(requests: readonly RawRequest[], expected: Readonly<Record<string, string>>): void {
  for (const request of requests) {
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(request.header(name), value, `${request.method}: ${name}`);
      if (name.startsWith('x-amz-')) assert.ok(signedNames(request).includes(name), `${request.method}: ${name} is not signed`);
    }
  }
}

describe('what options send', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    test(`with LIST and HEAD, engine ${engine}`, async (t) => {
      const server = await oneKey(t);
      const options = ['--request-payer', '--expected-bucket-owner', '123456789012', '--header', 'X-Gateway: tok en', '--header', 'x-amz-optional-object-attributes:RestoreStatus'];
      await s3scanDone(['head', 's3://bucket', '--endpoint', server.origin, '--engine', engine, ...options, '--checksums'], { env: KEYS });
      assert.deepEqual(server.requests.map(({ method }) => method), ['GET', 'HEAD']);
      assertSent(server.requests, {
        'x-amz-request-payer': 'requester',
        'x-amz-expected-bucket-owner': '123456789012',
        'x-gateway': 'tok en',
        'x-amz-optional-object-attributes': 'RestoreStatus',
      });
      for (const request of server.requests) assert.match(request.header('user-agent')!, /^s3scan\/\d+\.\d+\.\d+ \(node\//);
      const [list, head] = server.requests;
      assert.equal(list!.header('x-amz-checksum-mode'), null);
      assertSent([head!], { 'x-amz-checksum-mode': 'ENABLED' });
    });

    test(`the customer key with HEADs only, engine ${engine}`, async (t) => {
      const server = await oneKey(t);
      await s3scanDone(['head', 's3://bucket', '--endpoint', server.origin, '--engine', engine], { env: { ...KEYS, S3SCAN_SSE_C_KEY: CUSTOMER_KEY } });
      const [list, head] = server.requests;
      assert.doesNotMatch(list!.head, /customer/i);
      const md5 = createHash('md5').update(Buffer.from(CUSTOMER_KEY, 'base64')).digest('base64');
      assertSent([head!], { [`${SSE_C}-algorithm`]: 'AES256', [`${SSE_C}-key`]: CUSTOMER_KEY, [`${SSE_C}-key-md5`]: md5 });
    });

    test(`the length of the object where the answer is about a part, engine ${engine}`, async (t) => {
      const server = await rawServer(t, (socket, { method }) => {
        const part = { 'Content-Length': '2', 'Content-Range': 'bytes 0-1/5', 'x-amz-mp-parts-count': '3' };
        socket.write(method === 'GET' ? response(200, {}, PAGE) : response(206, part));
      });
      const { stdout } = await s3scanDone(['head', 's3://bucket', '--endpoint', server.origin, '--engine', engine, '--parts'], { env: KEYS });
      const [row] = readNdjson(stdout);
      assert.match(server.requests.at(-1)!.target, /^\/bucket\/k\?(x-id=HeadObject&)?partNumber=1/);
      assert.deepEqual([row!['content_length'], row!['parts_count'], row!['status'], row!['drift']], [5, 3, 206, undefined]);
      // Otherwise the cross-check with the listing would have doubted it (R4).
      assert.equal(server.requests.length, 2);
    });
  }

  test('a server that checks signatures takes them', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '100'], KEYS);
    const options = ['--header', 'x-amz-meta-b:  two   spaces ', '--header', 'X-Amz-A: 1', '--header', 'x-gateway: on', '--expected-bucket-owner', '123456789012', '--parts'];
    const { stdout } = await s3scanDone(['head', ...sim.target, ...options], { env: KEYS });
    assert.equal(byKey(readNdjson(stdout)).size, 100);
  });
});

async function refused(args: readonly string[], env: Environment, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await s3scan(['head', 's3://bucket', ...args], { env: { ...KEYS, ...env } });
  assert.deepEqual([code, stdout], [2, ''], stderr);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /gateway-token/);
}

describe('what options refuse', { concurrency: 2 }, () => {
  test('headers that would break signing or the protocol', async () => {
    const nowhere = ['--endpoint', 'http://127.0.0.1:1'];
    await refused([...nowhere, '--header', 'Host: gateway-token'], {}, /--header host cannot be given/);
    await refused([...nowhere, '--header', 'x-gateway: gateway-token\r\nx-evil: 1'], {}, /--header x-gateway has no value/);
    await refused([...nowhere, '--expected-bucket-owner', 'me'], {}, /12 digits/);
    await refused([...nowhere, '--checksums', '--parts'], {}, /--checksums and --parts/);
  });

  test('a customer key over plain HTTP, and what is none', async () => {
    await refused(['--endpoint', 'http://s3.example.com'], { S3SCAN_SSE_C_KEY: CUSTOMER_KEY }, /customer key is not sent to s3\.example\.com over plain HTTP/);
    await refused(['--endpoint', 'http://127.0.0.1:1'], { S3SCAN_SSE_C_KEY: CUSTOMER_KEY.slice(4) }, /S3SCAN_SSE_C_KEY holds no customer key/);
    await refused(['--endpoint', 'http://127.0.0.1:1', '--sse-c-key-file', 'no-such-file'], {}, /no-such-file cannot be read/);
  });
});

test('neither customer keys nor values of headers are in any file (R7)', async (t) => {
  const server = await oneKey(t);
  const folder = await temporaryFolder(t);
  const path = (name: string): string => join(folder, name);
  const keyFolder = await temporaryFolder(t);
  await writeFile(join(keyFolder, 'key'), Buffer.alloc(32, 9));
  const env = { ...KEYS, S3SCAN_SSE_C_KEY: CUSTOMER_KEY };
  const args = ['head', 's3://bucket', '--endpoint', server.origin, '--header', 'x-gateway: gateway-token', '--log-level', 'debug', '--extra-headers'];
  await s3scanDone([...args, '--log-file', path('log'), '-o', path('x.parquet')], { env });
  await s3scanDone([...args, '--sse-c-key-file', join(keyFolder, 'key'), '--log-file', path('log2'), '-o', path('y.ndjson')], { env: KEYS });
  const files = await filesIn(folder);
  assert.deepEqual([...files.keys()].sort(), ['log', 'log2', 'x.metrics.json', 'x.parquet', 'y.metrics.json', 'y.ndjson']);
  const secrets = [...secretsOf(env), 'gateway-token', Buffer.alloc(32, 9), Buffer.alloc(32, 9).toString('base64')];
  for (const [name, content] of files) for (const secret of secrets) assert.ok(!content.includes(secret), name);
  const metrics = JSON.parse(files.get('x.metrics.json')!.toString('utf8')) as { options: { header: string[] } };
  assert.deepEqual(metrics.options.header, ['x-gateway']);
});

describe('a real server', { concurrency: 2, skip: withoutMinio }, () => {
  const BUCKET = 'options';
  let minio: Minio;
  let keys: readonly string[];

  before(async () => {
    minio = await startMinio();
    await writeAwkwardObjects(minio.client, BUCKET);
    keys = [...(await listRows(minio.client, BUCKET)).keys()];
  });
  after(() => minio.stop());

  const scan = async (t: TestContext, ...options: readonly string[]): Promise<Rows> => {
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await s3scanDone(['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint, '-o', output, '--quiet', ...options], { env: minio.env });
    return without(await readRows(output), ...OF_THE_REQUEST);
  };

  for (const engine of ['fast', 'sdk'] as const) {
    test(`--checksums, engine ${engine}: every algorithm and the type`, async (t) => {
      const expected = await headRows(minio.client, BUCKET, keys, { meaning, checksums: true });
      for (const column of ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256', 'type']) assert.ok([...expected.values()].some((row) => `checksum_${column}` in row), column);
      assertSameRows(await scan(t, '--engine', engine, '--checksums'), expected);
    });

    test(`--parts, engine ${engine}: as without it, and how many parts there are`, async (t) => {
      const whole = await headRows(minio.client, BUCKET, keys, { meaning });
      const rows = await scan(t, '--engine', engine, '--parts');
      assertSameRows(without(rows, 'status', 'parts_count'), without(whole, 'status'));
      assert.equal(rows.get('size/multipart')!['parts_count'], 2);
      assert.equal(rows.get('size/multipart')!['content_length'], 5 * 1024 * 1024 + 3);
      assert.equal([...rows.values()].filter((row) => 'parts_count' in row).length, 1);
    });
  }
});
