import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { CERTIFICATE, KEY } from '../http/self-signed.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { recordingEndpoint } from '../support/recording-endpoint.ts';
import { byKey, readNdjson } from '../support/tables.ts';

const WANTS_CERTIFICATE = { requestCert: true, rejectUnauthorized: true, ca: CERTIFICATE };

describe('client certificates', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    test(`--client-cert and --client-key, trusted by way of NODE_EXTRA_CA_CERTS, engine ${engine}`, async (t) => {
      const server = await recordingEndpoint(t, { tls: WANTS_CERTIFICATE });
      const folder = await temporaryFolder(t);
      const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name)) as [string, string, string];
      await Promise.all([writeFile(cert, CERTIFICATE), writeFile(key, KEY), writeFile(both, CERTIFICATE + KEY)]);
      const head = ['head', 's3://photos', '--no-sign-request', '--engine', engine, '--endpoint', `https://localhost:${server.port}`, '--connect-to', `127.0.0.1:${server.port}`];
      const env = { NODE_EXTRA_CA_CERTS: cert };
      for (const options of [['--client-cert', cert, '--client-key', key], ['--client-cert', both]]) {
        const { stdout, stderr } = await s3scanDone([...head, ...options], { env });
        assert.equal(byKey(readNdjson(stdout)).size, 1);
        assert.doesNotMatch(stderr, /not checked/);
      }
      const { code } = await s3scan([...head, '--retries', '0'], { env });
      assert.notEqual(code, 0);
    });
  }

  test('files that cannot be used are refused, each with a way out', async (t) => {
    const folder = await temporaryFolder(t);
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const cert = await write('cert.pem', CERTIFICATE);
    const key = await write('key.pem', KEY);
    const encrypted = await write('encrypted.pem', createPrivateKey(KEY).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' }).toString());
    const other = await write('other.pem', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const cases: [options: string[], says: RegExp][] = [
      [['--client-key', key], /without --client-cert/],
      [['--client-cert', '/no/such.pem'], /such\.pem cannot be read/],
      [['--client-cert', cert], /key of the client certificate .* holds none/],
      [['--client-cert', key, '--client-key', key], /client certificate .* holds none/],
      [['--client-cert', cert, '--client-key', encrypted], /passphrase.*\n.*openssl pkey/],
      [['--client-cert', cert, '--client-key', other], /do not go together/],
      [['--ca-bundle', key], /certificate bundle .* holds none/],
    ];
    for (const [options, says] of cases) {
      const { code, stderr } = await s3scan(['list', 's3://photos', '--endpoint', 'https://127.0.0.1:1', ...options]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    }
  });

  test('--insecure says so', async (t) => {
    const server = await recordingEndpoint(t, { tls: true });
    const { stderr } = await s3scanDone(['list', 's3://photos', '--no-sign-request', '--insecure', '--quiet', '--endpoint', `https://127.0.0.1:${server.port}`]);
    assert.match(stderr, /--insecure: server certificates are not checked/);
  });
});
