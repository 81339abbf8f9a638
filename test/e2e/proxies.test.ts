import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { s3scan, s3scanDone, type RunResult } from '../support/cli.ts';
import { recordingEndpoint, type RecordingEndpoint } from '../support/recording-endpoint.ts';
import { readNdjson } from '../support/tables.ts';

const PASSWORD = 'hunter2-of-the-proxy';
const AUTHORIZATION = `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}`;
const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'very-secret' };

interface TestProxy {
  readonly url: string;
  /** `METHOD target` of each request that came, CONNECTs once a connection */
  readonly asked: string[];
}

/** A proxy that leads every name to the endpoint, and wants a password. */
async function proxyTo(t: TestContext, { port }: RecordingEndpoint, connectStatus = 200): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (incoming.headers['proxy-authorization'] !== AUTHORIZATION) {
      response.writeHead(407).end();
      return;
    }
    const { pathname, search } = new URL(incoming.url!);
    assert.equal(incoming.url, `http://${incoming.headers.host}${pathname}${search}`);
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => name !== 'proxy-authorization'));
    const passedOn = request({ host: '127.0.0.1', port, method: incoming.method, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    passedOn.end();
  });
  server.on('connect', (incoming, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    socket.on('error', () => {});
    const status = incoming.headers['proxy-authorization'] === AUTHORIZATION ? connectStatus : 407;
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const behind = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
      socket.pipe(behind).pipe(socket);
    });
    behind.on('error', () => socket.destroy());
    socket.on('close', () => behind.destroy());
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://user:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function shown({ stdout, stderr }: RunResult): string {
  assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
  return stderr;
}

function list(proxyUrl: string): Promise<RunResult> {
  return s3scan(['list', 's3://photos', '--endpoint', 'https://s3.nowhere.invalid', '--retries', '0'], { env: { ...env, HTTPS_PROXY: proxyUrl } });
}

describe('proxies', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    test(`HTTPS_PROXY: a tunnel, with the server's own TLS in it, engine ${engine}`, async (t) => {
      const server = await recordingEndpoint(t, { tls: true });
      const proxy = await proxyTo(t, server);
      const options = ['--endpoint', 'https://s3.nowhere.invalid', '--addressing', 'virtual', '--insecure', '--engine', engine];
      const result = await s3scanDone(['head', 's3://photos', ...options], { env: { ...env, HTTPS_PROXY: proxy.url, HTTP_PROXY: 'http://127.0.0.1:1' } });
      shown(result);
      assert.deepEqual(readNdjson(result.stdout).map(({ key, status }) => [key, status]), [['key', 200]]);
      assert.deepEqual([...new Set(proxy.asked)], ['CONNECT photos.s3.nowhere.invalid:443']);
      for (const { host, serverName, header } of server.requests) assert.deepEqual([host, serverName, header('proxy-authorization')], ['photos.s3.nowhere.invalid', 'photos.s3.nowhere.invalid', null]);
    });

    test(`HTTP_PROXY, engine ${engine}`, async (t) => {
      const server = await recordingEndpoint(t);
      const proxy = await proxyTo(t, server);
      const result = await s3scanDone(['head', 's3://photos', '--endpoint', 'http://s3.nowhere.invalid:8080', '--engine', engine], { env: { ...env, http_proxy: proxy.url } });
      shown(result);
      assert.deepEqual(readNdjson(result.stdout).map(({ key, status }) => [key, status]), [['key', 200]]);
      // The SDK cannot say what a proxy is to pass on: it has a tunnel.
      if (engine === 'fast') assert.ok(proxy.asked.includes('HEAD http://s3.nowhere.invalid:8080/photos/key'));
      else assert.deepEqual([...new Set(proxy.asked)], ['CONNECT s3.nowhere.invalid:8080']);
      for (const { host } of server.requests) assert.equal(host, 's3.nowhere.invalid:8080');
    });
  }

  test('loopback, and what NO_PROXY names, are asked directly', async (t) => {
    const server = await recordingEndpoint(t);
    const unusable = { ...env, HTTP_PROXY: `http://user:${PASSWORD}@127.0.0.1:1`, HTTPS_PROXY: 'http://127.0.0.1:1' };
    await s3scanDone(['head', 's3://photos', '--endpoint', `http://127.0.0.1:${server.port}`], { env: unusable });
    const direct = await s3scan(['list', 's3://photos', '--endpoint', 'http://s3.nowhere.invalid', '--retries', '0'], { env: { ...unusable, NO_PROXY: '.invalid' } });
    assert.match(shown(direct), /does not resolve/);
  });

  test('a proxy that refuses is told apart from the endpoint, and its password is not shown (R7)', async (t) => {
    const server = await recordingEndpoint(t, { tls: true });
    const { url } = await proxyTo(t, server);
    const wrong = await list(url.replace('user:', 'other:'));
    assert.equal(wrong.code, 75);
    assert.match(shown(wrong), /the proxy 127\.0\.0\.1:\d+ refused the connection with status 407.*\n.*HTTPS_PROXY/);
    const nobody = await list(`http://user:${PASSWORD}@127.0.0.1:1`);
    assert.equal(nobody.code, 75);
    assert.match(shown(nobody), /the proxy cannot be reached.*\n.*HTTPS_PROXY/);
    const unable = await list((await proxyTo(t, server, 502)).url);
    assert.equal(unable.code, 75);
    assert.match(shown(unable), /the proxy cannot be reached, or cannot reach the endpoint/);
    const socks = await list(`socks5://user:${PASSWORD}@127.0.0.1:1`);
    assert.equal(socks.code, 2);
    shown(socks);
  });
});
