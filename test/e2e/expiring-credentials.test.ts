/** Credentials that are refused in the middle of a scan: read again once; where that does not help, what is whole is published, exit code 5. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { s3scan, type RunResult } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { readRows, type Rows } from '../support/tables.ts';

const KEYS = Array.from({ length: 1200 }, (_, at) => `object-${at}`);
const EXPIRED = '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>';
const LIST = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
/** This one may not be read by anyone. */
const SECRET = 'object-7';

interface Issuing {
  readonly run: () => Promise<{ result: RunResult; rows: Rows }>;
  readonly requests: () => number;
}

/** An endpoint that takes the first credentials for so many requests, then only those that are issued then; never for `secret`. */
async function issuing(t: TestContext, first: number, second: string, secret: string | null): Promise<Issuing> {
  const folder = await temporaryFolder(t);
  const [issued, keys, output] = [join(folder, 'issued.json'), join(folder, 'keys.txt'), join(folder, 'headers.parquet')];
  const issue = (id: string): Promise<void> => writeFile(issued, JSON.stringify({ Version: 1, AccessKeyId: id, SecretAccessKey: 's', SessionToken: 't' }));
  await issue('first');
  await writeFile(keys, KEYS.map((key) => `${key}\n`).join(''));
  await writeFile(join(folder, 'config'), `[profile issued]\ncredential_process = cat "${issued}"\n`);
  let requests = 0;
  const answer = ({ headers, method, url }: IncomingMessage, response: ServerResponse): void => {
    requests++;
    const id = /Credential=([^/]*)/.exec(headers.authorization ?? '')?.[1];
    if (requests === first) void issue(second);
    if (id !== 'second' && (id !== 'first' || requests > first)) response.writeHead(400).end(method === 'HEAD' ? undefined : EXPIRED);
    else if (method === 'GET') response.end(LIST);
    else setTimeout(() => response.writeHead(url === `/bucket/${secret}` ? 403 : 200).end(), 2);
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { AWS_CONFIG_FILE: join(folder, 'config'), AWS_PROFILE: 'issued', AWS_REGION: 'us-east-1' };
  return {
    run: async () => {
      const result = await s3scan(['head', 's3://bucket', '--from', keys, '--endpoint', endpoint, '-c', '20', '-o', output], { env });
      return { result, rows: await readRows(output) };
    },
    requests: () => requests,
  };
}

test('credentials that expire are read again, and every key that was refused for it is asked again', async (t) => {
  const { run } = await issuing(t, 500, 'second', SECRET);
  const { result, rows } = await run();
  assert.equal(result.code, 3, result.stderr);
  assert.deepEqual([...rows.keys()].sort(), KEYS.toSorted());
  for (const [key, row] of rows) assert.deepEqual([row['status'], row['error'] ?? null], key === SECRET ? [403, 'AccessDenied'] : [200, null], key);
});

test('credentials that expire with many requests on their way, and no question about them before: all of those are asked again', async (t) => {
  const { run } = await issuing(t, 500, 'second', null);
  const { result, rows } = await run();
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual([...rows.keys()].sort(), KEYS.toSorted());
});

test('credentials that expire, and no others: what is whole is published, without a row for a key that was refused', async (t) => {
  const { run, requests } = await issuing(t, 600, 'other', SECRET);
  const { result, rows } = await run();
  assert.equal(result.code, 5, result.stderr);
  assert.match(result.stderr, /expired/);
  assert.ok(rows.size > 0 && rows.size < KEYS.length);
  for (const [key, row] of rows) assert.equal(row['status'], key === SECRET ? 403 : 200, key);
  assert.ok(requests() < 600 + KEYS.length);
});
