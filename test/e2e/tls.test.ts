/** An endpoint whose certificate nobody knows: refused in words, unless its authority is given or it is not asked for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { startSim, type Sim } from '../../src/sim/sim.ts';
import { s3scan, type RunResult } from '../support/cli.ts';
import { temporaryFolder, type Ending } from '../support/folder.ts';
import { byKey, readNdjson } from '../support/tables.ts';

const withoutOpenssl = spawnSync('openssl', ['version']).status !== 0 && 'openssl not found: install it to test TLS';
const OBJECTS = 50;

/** A self-signed certificate for 127.0.0.1. */
function makeCertificate(key: string, certificate: string): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const subject = ['-subj', '/CN=s3scan test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', '-nodes', '-days', '2', ...curve, ...subject, '-keyout', key, '-out', certificate], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

describe('TLS', { concurrency: 2, skip: withoutOpenssl }, () => {
  let sim: Sim;
  let proxy: Server;
  let certificate: string;
  const releases: (() => Promise<void>)[] = [];
  const suite: Ending = { after: (release) => releases.push(release) };

  const head = (...options: readonly string[]): Promise<RunResult> => {
    const endpoint = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    return s3scan(['head', 's3://sim', '--endpoint', endpoint, '--no-sign-request', ...options]);
  };

  before(async () => {
    const folder = await temporaryFolder(suite);
    const key = join(folder, 'key.pem');
    certificate = join(folder, 'certificate.pem');
    makeCertificate(key, certificate);
    sim = await startSim({ bucket: 'sim', objects: OBJECTS });
    const port = Number(new URL(sim.endpoint).port);
    proxy = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (socket) => {
      const behind = connect(port, '127.0.0.1');
      socket.pipe(behind).pipe(socket);
      for (const [one, other] of [[socket, behind], [behind, socket]] as const) one.on('error', () => other.destroy());
    });
    proxy.on('tlsClientError', () => {});
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  after(async () => {
    proxy.close();
    await sim.close();
    for (const release of releases) await release();
  });

  for (const engine of ['fast', 'sdk'] as const) {
    test(`an unknown certificate is refused, engine ${engine}`, async () => {
      const { code, stdout, stderr } = await head('--engine', engine);
      assert.equal(code, 5, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /certificate is self-signed.*\n.*--ca-bundle.*\n$/);
    });

    test(`--ca-bundle, engine ${engine}`, async () => {
      const { code, stdout, stderr } = await head('--engine', engine, '--ca-bundle', certificate);
      assert.equal(code, 0, stderr);
      assert.equal(byKey(readNdjson(stdout)).size, OBJECTS);
    });

    test(`--insecure, engine ${engine}`, async () => {
      const { code, stdout, stderr } = await head('--engine', engine, '--insecure');
      assert.equal(code, 0, stderr);
      assert.equal(byKey(readNdjson(stdout)).size, OBJECTS);
    });
  }

  test('a bundle that is not there', async () => {
    const { code, stderr } = await head('--ca-bundle', '/no/such/bundle.pem');
    assert.equal(code, 2, stderr);
    assert.match(stderr, /bundle\.pem/);
  });

  test('https asked of a port that speaks http', async () => {
    const { code, stderr } = await s3scan(['list', 's3://sim', '--endpoint', sim.endpoint.replace('http:', 'https:'), '--no-sign-request', '--retries', '0']);
    assert.notEqual(code, 0);
    assert.match(stderr, /http/);
    assert.doesNotMatch(stderr, /defect/);
  });
});
