import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { s3scanDone } from '../support/cli.ts';
import { recordingEndpoint } from '../support/recording-endpoint.ts';
import { wrongSignature, type OracleCredentials } from '../support/signature-oracle.ts';

const KEYS = [
  'plain', '/leading', 'trailing/', 'a//b', './a/../b', '..', '.', 'a b', ' ', '+', 'a+b%20c%2Fd', '%', '%zz', '?a=b&c#d', '&<>"\'', "!'()*~-._", '=;:@$,|\\^`{}[]', 'tab\there',
  '\u0001\u001b\u007f', 'é', 'e\u0301', '\u05d0\u202e', '日本語', '\u{1f600}', '\u{10ffff}', '\ufffd', 'x'.repeat(1024), 'ü'.repeat(512), '007', '__proto__',
].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const PERMANENT: OracleCredentials = { accessKeyId: 'AKID', secretAccessKey: 'very/secret+key' };
const TEMPORARY: OracleCredentials = { ...PERMANENT, sessionToken: 'very-secret-token//with+all=of/it==' };

function environment({ accessKeyId, secretAccessKey, sessionToken }: OracleCredentials): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }) };
}

interface Asked {
  readonly credentials: OracleCredentials;
  readonly tls?: boolean;
  /** PORT stands for the server's */
  readonly options: readonly string[];
  readonly stdin?: string;
  readonly keys?: readonly string[];
}

/** All requests of a scan, each recomputed. Returns how many LISTs and HEADs there were. */
async function provenRequests(t: TestContext, { credentials, tls = false, options, stdin = '', keys = KEYS }: Asked): Promise<[lists: number, heads: number]> {
  const server = await recordingEndpoint(t, { tls, keys });
  await s3scanDone(['head', ...options.map((option) => option.replace('PORT', String(server.port))), '--list-concurrency', '1'], { env: environment(credentials), stdin });
  const wrong = await Promise.all(server.requests.map((request) => wrongSignature(request, credentials)));
  assert.deepEqual(wrong.filter((what) => what !== null), []);
  const count = (method: string): number => server.requests.filter((request) => request.method === method).length;
  return [count('GET'), count('HEAD')];
}

describe("every request's signature, recomputed from its bytes with the AWS SDK's signer", { concurrency: 2 }, () => {
  test('odd keys in the path, and a port', async (t) => {
    const options = ['s3://photos', '--endpoint', 'http://127.0.0.1:PORT', '--region', 'RegionOne'];
    assert.deepEqual(await provenRequests(t, { credentials: PERMANENT, options }), [1, KEYS.length]);
  });

  test('odd prefixes and start-afters in the query', async (t) => {
    for (const prefix of ['a b+%20c/', '?a=b&c#d', '日本語\u{1f600}\u0001']) {
      const options = ['s3://photos', '--endpoint', 'http://127.0.0.1:PORT', '--prefix', prefix, '--start-after', `${prefix} +%&='*~!`];
      assert.deepEqual(await provenRequests(t, { credentials: PERMANENT, options, keys: [`${prefix}~`] }), [1, 1], prefix);
    }
  });

  test('a session token, the bucket in the host name, TLS, and no port', async (t) => {
    const options = ['s3://photos', '--connect-to', '127.0.0.1:PORT', '--insecure', '--region', 'ap-southeast-4'];
    assert.deepEqual(await provenRequests(t, { credentials: TEMPORARY, tls: true, options }), [1, KEYS.length]);
  });

  test('a base path, and further headers', async (t) => {
    const options = ['s3://photos', '--endpoint', 'http://localhost:PORT/base (1)/é/'.replaceAll(' ', '%20'), '--connect-to', '127.0.0.1:PORT',
      '--request-payer', '--checksums', '--expected-bucket-owner', '123456789012', '--header', 'X-Amz-Meta-Odd:  two  blanks\tand a tab', '--header', 'X-Gateway: unsigned'];
    assert.deepEqual(await provenRequests(t, { credentials: TEMPORARY, options }), [1, KEYS.length]);
  });

  test('versions and parts in the query', async (t) => {
    const stdin = KEYS.map((key, at) => JSON.stringify({ key, version_id: at % 2 === 0 ? `v/+ =%&.${at}` : undefined })).join('\n');
    const options = ['s3://photos', '--from', '-', '--from-format', 'ndjson', '--parts', '--endpoint', 'http://127.0.0.1:PORT'];
    const [, heads] = await provenRequests(t, { credentials: TEMPORARY, options, stdin });
    assert.equal(heads, KEYS.length);
  });
});
