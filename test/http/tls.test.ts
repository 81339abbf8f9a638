import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { tlsSettings, type TlsSettings } from '../../src/http/tls.ts';
import { ask } from './ask.ts';
import { DIRECT } from './direct.ts';
import { getter } from './getter.ts';
import { CERTIFICATE, KEY } from './self-signed.ts';

function bundle(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 's3scan-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.pem'), CERTIFICATE);
  return join(folder, 'ca.pem');
}

/** No AWS_CA_BUNDLE but what the test sets. */
function withoutBundle(t: TestContext): void {
  const before = process.env;
  process.env = { ...before };
  delete process.env['AWS_CA_BUNDLE'];
  t.after(() => {
    process.env = before;
  });
}

function settings(caBundle: string | null, insecure: boolean): TlsSettings {
  return tlsSettings({ caBundle, clientCert: null, clientKey: null, insecure });
}

test('the flag before the environment, and nothing for nothing', (t) => {
  const path = bundle(t);
  withoutBundle(t);
  assert.deepEqual(settings(null, false), { rejectUnauthorized: true });
  assert.deepEqual(settings(null, true), { rejectUnauthorized: false });
  assert.deepEqual(settings(path, false), { ca: CERTIFICATE, rejectUnauthorized: true });
  process.env['AWS_CA_BUNDLE'] = '/nowhere/at/all.pem';
  assert.deepEqual(settings(path, false), { ca: CERTIFICATE, rejectUnauthorized: true });
  process.env['AWS_CA_BUNDLE'] = path;
  assert.deepEqual(settings(null, false), { ca: CERTIFICATE, rejectUnauthorized: true });
  process.env['AWS_CA_BUNDLE'] = '';
  assert.deepEqual(settings(null, false), { rejectUnauthorized: true });
});

test('a bundle that cannot be read is named, with what to do', (t) => {
  withoutBundle(t);
  assert.throws(
    () => settings('/nowhere/at/all.pem', false),
    (error) => error instanceof Failure && error.kind === 'usage' && error.message.includes('/nowhere/at/all.pem') && error.hint !== null,
  );
});

test('a server of its own authority: refused, trusted with its bundle, or taken unseen; for HEAD and GET alike', async (t) => {
  withoutBundle(t);
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => response.end('body'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = async (tls: TlsSettings): Promise<string> => {
    const connection = getter({ origin, timeoutMs: 5000, network: { ...DIRECT, tls } });
    try {
      return (await connection.get('/', ['host', 'test'], new AbortController().signal)).body.toString();
    } finally {
      await connection.close();
    }
  };
  const refused = { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' };
  await assert.rejects(get(settings(null, false)), refused);
  await assert.rejects(ask(t, { origin, network: { ...DIRECT, tls: settings(null, false) } }).head('/'), refused);
  for (const tls of [settings(bundle(t), false), settings(null, true)]) {
    assert.equal(await get(tls), 'body');
    assert.equal((await ask(t, { origin, network: { ...DIRECT, tls } }).head('/')).status, 200);
  }
});
