import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BodyTooLarge, GetConnection } from '../../src/http/get.ts';
import { DIRECT } from './direct.ts';
import { rawServer, response, type RawServer } from './raw-server.ts';

function open(t: TestContext, { origin }: RawServer, timeoutMs = 5000): { readonly get: (path: string, signal?: AbortSignal) => ReturnType<GetConnection['get']> } {
  const connection = new GetConnection({ origin, timeoutMs, network: DIRECT });
  t.after(() => connection.close());
  return { get: (path, signal = new AbortController().signal) => connection.get(path, ['x-amz-date', 'now'], signal) };
}

test('body, status and headers, on one connection', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/chunked') socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    else socket.write(response(403, { 'X-Twice': '1', 'x-twice': '2', __proto__x: 'y', 'X-Empty': '' }, 'grün'));
  });
  const { get } = open(t, server);
  const answer = await get('/b?list-type=2&prefix=%2F..%2F');
  assert.equal(answer.status, 403);
  assert.equal(answer.body.toString(), 'grün');
  assert.deepEqual({ ...answer.headers }, { 'content-length': '5', 'x-twice': '1, 2', '__proto__x': 'y', 'x-empty': '' });
  assert.equal((await get('/chunked')).body.toString(), 'abcde');
  assert.deepEqual(server.requests.map(({ method, target }) => [method, target]), [['GET', '/b?list-type=2&prefix=%2F..%2F'], ['GET', '/chunked']]);
  assert.equal(server.requests[0]!.header('x-amz-date'), 'now');
  assert.equal(server.connections, 1);
});

test('redirects are not followed (R7)', async (t) => {
  const server = await rawServer(t, (socket) => socket.write(response(307, { Location: '/elsewhere' })));
  const answer = await open(t, server).get('/');
  assert.deepEqual([answer.status, server.requests.length], [307, 1]);
});

test('a body that ends before its length, or breaks, is an error and not a short page', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/short') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    else if (target === '/chunk') socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc');
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', () => socket.resetAndDestroy());
  });
  const { get } = open(t, server);
  for (const path of ['/short', '/chunk', '/reset']) await assert.rejects(get(path), path);
});

test('headers that do not come and a body that stops are errors in the time allowed', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/body') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  });
  const { get } = open(t, server, 300);
  await assert.rejects(get('/headers'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
  await assert.rejects(get('/body'), { code: 'UND_ERR_BODY_TIMEOUT' });
});

test('a slow-loris body, a byte at a time, is ended by the deadline of the whole, and the next request is answered', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target !== '/drip') {
      socket.write(response(200, {}, 'ok'));
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  const { get } = open(t, server, 300);
  await assert.rejects(get('/drip'), { code: 'UND_ERR_BODY_TIMEOUT' });
  assert.equal((await get('/next')).body.toString(), 'ok');
});

test('a body without end is cut off at 64 MiB, and the connection given up', async (t) => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let closed = false;
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/small') {
      socket.write(response(200, {}, 'ok'));
      return;
    }
    socket.on('close', () => {
      closed = true;
    });
    const flow = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', flow);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    flow();
  });
  const { get } = open(t, server);
  await assert.rejects(get('/endless'), (error) => error instanceof BodyTooLarge && error.code === 'S3SCAN_BODY_TOO_LARGE');
  assert.equal((await get('/small')).body.toString(), 'ok');
  assert.ok(closed);
});

test('an aborted request fails at once', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/hangs') abort.abort();
    else socket.write(response(200));
  });
  const abort = new AbortController();
  const { get } = open(t, server);
  await assert.rejects(get('/hangs', abort.signal), { name: 'AbortError' });
  await assert.rejects(get('/later', abort.signal), { name: 'AbortError' });
  assert.equal((await get('/other')).status, 200);
});
