import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CERTIFICATE } from '../http/self-signed.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { recordingEndpoint } from '../support/recording-endpoint.ts';
import { readNdjson } from '../support/tables.ts';

const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'very-secret' };

describe('--connect-to', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    for (const [scheme, port] of [['http', ''], ['https', ''], ['https', ':9443']] as const) {
      test(`another address, the same Host, TLS name and signature: ${scheme}, port ${port || 'unnamed'}, engine ${engine}`, async (t) => {
        const server = await recordingEndpoint(t, { tls: scheme === 'https' });
        const endpoint = `${scheme}://s3.nowhere.invalid${port}`;
        const options = ['--endpoint', endpoint, '--addressing', 'virtual', '--connect-to', `127.0.0.1:${server.port}`, '--insecure', '--engine', engine];
        const { stdout } = await s3scanDone(['head', 's3://photos', ...options], { env });
        assert.deepEqual(readNdjson(stdout).map(({ key, status }) => [key, status]), [['key', 200]]);
        assert.deepEqual([...new Set(server.requests.map(({ method }) => method))], ['GET', 'HEAD']);
        for (const { host, serverName, header } of server.requests) {
          assert.equal(host, `photos.s3.nowhere.invalid${port}`);
          assert.equal(serverName, scheme === 'https' ? 'photos.s3.nowhere.invalid' : null);
          assert.match(header('authorization')!, /SignedHeaders=[a-z0-9;-]*\bhost\b/);
        }
      });
    }
  }

  test("the certificate has to be the endpoint's, not that of the address", async (t) => {
    const server = await recordingEndpoint(t, { tls: true });
    const bundle = join(await temporaryFolder(t), 'ca.pem');
    await writeFile(bundle, CERTIFICATE);
    for (const [host, code] of [['10.1.2.3', 5], ['s3.nowhere.invalid', 5], ['localhost', 0]] as const) {
      const options = ['--endpoint', `https://${host}`, '--no-sign-request', '--ca-bundle', bundle, '--connect-to', `127.0.0.1:${server.port}`];
      const result = await s3scan(['list', 's3://photos', ...options]);
      assert.equal(result.code, code, result.stderr);
      if (code !== 0) assert.match(result.stderr, /certificate is for another host name/);
    }
  });

  test('what is no address is refused, and nothing is asked', async () => {
    const { code, stderr } = await s3scan(['list', 's3://photos', '--connect-to', 'http://127.0.0.1:80']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /HOST:PORT/);
  });
});
