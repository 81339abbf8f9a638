import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createPlainServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { ask } from './ask.ts';
import { DIRECT } from './direct.ts';
import { response } from './raw-server.ts';
import { CERTIFICATE, KEY } from './self-signed.ts';

/** Servers on addresses of loopback and one port; what each was asked for. */
async function serve(t: TestContext, secure: boolean, hosts: readonly string[]): Promise<{ port: number; connections: Map<string, number> }> {
  const connections = new Map<string, number>();
  let port = 0;
  for (const host of hosts) {
    const server: Server = secure ? createTlsServer({ key: KEY, cert: CERTIFICATE }) : createPlainServer();
    server.on(secure ? 'secureConnection' : 'connection', (socket) => {
      connections.set(host, (connections.get(host) ?? 0) + 1);
      socket.on('error', () => {}).on('data', () => socket.write(response(200)));
      t.after(() => socket.destroy());
    });
    server.listen(port, host);
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
    t.after(() => server.close());
  }
  return { port, connections };
}

for (const secure of [false, true]) {
  test(`several addresses behind a name: connections are spread over them, and a dead one is passed over; ${secure ? 'https' : 'http'}`, { skip: process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8' }, async (t) => {
    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((address) => ({ address, family: 4 }));
    const { port, connections } = await serve(t, secure, ['127.0.0.2', '127.0.0.4']);
    t.mock.method(dns, 'lookup', (_name: string, _options: unknown, callback: (error: null, found: unknown) => void) => setImmediate(callback, null, addresses));
    const network = { ...DIRECT, tls: { rejectUnauthorized: false } };
    for (let at = 0; at < 12; at++) {
      const { status } = await ask(t, { origin: `${secure ? 'https' : 'http'}://several.example:${port}`, network }).head('/');
      assert.equal(status, 200);
    }
    assert.equal((connections.get('127.0.0.2') ?? 0) + (connections.get('127.0.0.4') ?? 0), 12);
    for (const host of ['127.0.0.2', '127.0.0.4']) assert.ok((connections.get(host) ?? 0) >= 4, host);
  });
}
