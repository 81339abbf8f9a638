import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get as nodeGet, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { BodyTooLarge } from '../../src/http/body-room.ts';
import type { HttpResponse } from '../../src/http/settings.ts';
import { DIRECT } from './direct.ts';
import { getter } from './getter.ts';
import { chunked, rawServer, response, type RawServer } from './raw-server.ts';

interface Opened {
  readonly get: (path: string, signal?: AbortSignal) => Promise<HttpResponse>;
  /** requests that went out a second time */
  readonly again: () => number;
  readonly close: () => Promise<void>;
}

function open(t: TestContext, { origin }: Pick<RawServer, 'origin'>, timeoutMs = 5000): Opened {
  let again = 0;
  const connection = getter({ origin, timeoutMs, network: DIRECT }, () => again++);
  t.after(() => connection.close());
  return {
    get: (path, signal = new AbortController().signal) => connection.get(path, ['host', 'test', 'x-amz-date', 'now'], signal),
    again: () => again,
    close: () => connection.close(),
  };
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
  const { get } = open(t, server, 1000);
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
  const { get } = open(t, server, 1000);
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

/** What Node's own client reads. */
async function byNode(origin: string, path: string): Promise<[number | undefined, string]> {
  const request = nodeGet(origin + path, { agent: false });
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return [message.statusCode, Buffer.concat(pieces).toString('latin1')];
}

const text = fc.string({ unit: 'binary-ascii', maxLength: 60 });
const answers = fc.array(
  fc.record({
    status: fc.constantFrom(200, 206, 301, 403, 404, 500, 503),
    chunks: fc.array(text.filter(({ length }) => length > 0), { maxLength: 6 }),
    isChunked: fc.boolean(),
    isAnnounced: fc.boolean(),
    cuts: fc.array(fc.nat(600), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test('answers by length and in chunks, in whatever pieces they come, are what Node reads of them, all on one connection', async (t) => {
  let current = { bytes: '', cuts: [] as readonly number[] };
  const server = await rawServer(t, (socket) => {
    const { bytes, cuts } = current;
    const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    let from = 0;
    socket.setNoDelay(true);
    // Each in a packet of its own, nearly always.
    const next = (): void => {
      const to = ends.shift();
      if (to === undefined) return;
      socket.write(bytes.slice(from, to), 'latin1', () => setImmediate(next));
      from = to;
    };
    next();
  });
  const { get, again } = open(t, server);
  await fc.assert(
    fc.asyncProperty(answers, async (all) => {
      for (const { status, chunks, isChunked, isAnnounced, cuts } of all) {
        const body = chunks.join('');
        const framing = isChunked ? 'transfer-ENCODING: Chunked' : `Content-Length: ${body.length}`;
        const interim = isAnnounced ? 'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n' : '';
        current = { bytes: `${interim}HTTP/1.1 ${status} X\r\n${framing}\r\n\r\n${isChunked ? chunked(...chunks) : body}`, cuts };
        const answer = await get('/page');
        assert.deepEqual([answer.status, answer.body.toString('latin1')], [status, body]);
        assert.deepEqual(await byNode(server.origin, '/page'), [status, body]);
      }
    }),
    { numRuns: 60 },
  );
  assert.equal(again(), 0);
  assert.deepEqual(new Set(server.requests.filter(({ header }) => header('x-amz-date') !== null).map(({ connection }) => connection)), new Set([1]));
});

test('a page of a megabyte and a half, by length and in chunks of 8 KB', async (t) => {
  const body = Array.from({ length: 1500 }, (_, at) => String(at).padStart(1024, '.')).join('');
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/length') socket.write(response(200, {}, body));
    else socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(...body.match(/.{1,8192}/g)!)}`);
  });
  const { get } = open(t, server);
  for (const path of ['/length', '/chunked', '/chunked', '/length']) assert.ok((await get(path)).body.equals(Buffer.from(body)), path);
  assert.equal(server.connections, 1);
});

const ODD: Readonly<Record<string, string>> = {
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody',
  'a body that the end of the connection ends': 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody',
  'a chunk extension': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nbody\r\n0\r\n\r\n',
  'a trailer': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Check: a\r\n\r\n',
  'a body of no bytes by its status': 'HTTP/1.1 204 No Content\r\n\r\n',
};

for (const [what, bytes] of Object.entries(ODD)) {
  test(`${what}: asked again once of a full parser, and of that alone from then on`, async (t) => {
    const server = await rawServer(t, (socket) => (what.includes('end') ? socket.end(bytes) : socket.write(bytes)));
    const { get, again } = open(t, server);
    for (const expected of [2, 3, 4]) {
      assert.equal((await get('/')).body.toString(), bytes.includes('204') ? '' : 'body');
      assert.equal(server.requests.length, expected);
    }
    assert.equal(again(), 1);
  });
}

const BROKEN: Readonly<Record<string, string>> = {
  'a folded header': 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Folded: a\r\n b\r\n\r\nbody',
  'both lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
  'a length and another': 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\nbody',
  'a length below zero': 'HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody',
  'a chunk of no length': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nbody\r\n0\r\n\r\n',
  'a chunk length that is none': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4x\r\nbody\r\n0\r\n\r\n',
  'a chunk length below zero': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nbody\r\n0\r\n\r\n',
  'a chunk length beyond 64 bits': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000004\r\nbody\r\n0\r\n\r\n',
  'a chunk longer than it says': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbody\r\n0\r\n\r\n',
  'chunks that end in line feeds': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\nbody\n0\n\n',
  'no HTTP': 'SSH-2.0-OpenSSH_9.2\r\n',
  'headers without end': `HTTP/1.1 200 OK\r\n${'x-more: headers\r\n'.repeat(10_000)}`,
};

for (const [what, bytes] of Object.entries(BROKEN)) {
  test(`${what}: an error, and never a body`, async (t) => {
    const server = await rawServer(t, (socket, { target }) => socket.write(target === '/broken' ? bytes : response(200, {}, 'good')));
    const { get } = open(t, server, 5000);
    for (let times = 0; times < 2; times++) await assert.rejects(get('/broken'), (error) => error instanceof Error && !/imeout/.test(error.message));
    assert.equal((await get('/good')).body.toString(), 'good');
  });
}

for (const bytes of ['HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nbody', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nbody']) {
  test(`a body that says it is endless is too large at once: ${bytes.includes('chunked') ? 'in chunks' : 'by length'}`, async (t) => {
    const server = await rawServer(t, (socket, { target }) => socket.write(target === '/endless' ? bytes : response(200, {}, 'good')));
    const { get } = open(t, server);
    await assert.rejects(get('/endless'), BodyTooLarge);
    assert.equal((await get('/good')).body.toString(), 'good');
    assert.equal(server.requests.length, 2);
  });
}

test('an answer that nobody asked for, behind another or while nothing is asked, is no answer (R4)', async (t) => {
  const forged = response(200, {}, 'forged');
  let closed: Promise<unknown> = Promise.resolve();
  const server = await rawServer(t, (socket, { target }) => {
    closed = once(socket, 'close');
    const own = response(200, {}, target);
    if (target.startsWith('/behind')) socket.write(own + forged);
    else socket.write(own, () => setTimeout(() => socket.write(forged), 5));
  });
  const { get } = open(t, server);
  for (const path of ['/behind1', '/behind2', '/later3', '/later4', '/behind5']) {
    assert.equal((await get(path)).body.toString(), path);
    await closed;
  }
  assert.equal(server.connections, 5);
});

test('a connection that was closed while idle is replaced; one that closes as the request is on its way is asked again, once', async (t) => {
  let closed: Promise<unknown> = Promise.resolve();
  const server = await rawServer(t, (socket, { target, connection, number }) => {
    closed = once(socket, 'close');
    if (target === '/never') socket.resetAndDestroy();
    else if (target === '/last') socket.end(response(200, {}, target));
    else if (target === '/race' && number > 1) socket.destroy();
    else socket.write(response(200, target === '/says' ? { Connection: 'close' } : {}, `${target} ${connection}`));
  });
  const { get, again } = open(t, server);
  await get('/last');
  await closed;
  assert.equal((await get('/says')).body.toString(), '/says 2');
  assert.equal((await get('/on')).body.toString(), '/on 3');
  assert.equal(again(), 0);
  assert.equal((await get('/race')).body.toString(), '/race 4');
  assert.equal(again(), 1);
  await assert.rejects(get('/never'));
  assert.equal(again(), 2);
  await assert.rejects(get('/never'));
  assert.equal(again(), 2);
});

test('a server that takes connections and does not shake hands is one that cannot be connected to', async (t) => {
  const server = await rawServer(t, () => {});
  const { get } = open(t, { origin: server.origin.replace('http:', 'https:') }, 300);
  await assert.rejects(get('/'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
});

test('close ends what is under way, and the socket', async (t) => {
  let asked: (socket: Socket) => void;
  const came = new Promise<Socket>((resolve) => {
    asked = resolve;
  });
  const server = await rawServer(t, (socket) => asked(socket));
  const { get, close } = open(t, server);
  const pending = assert.rejects(get('/'), { code: 'UND_ERR_DESTROYED' });
  const ended = once(await came, 'close');
  await close();
  await pending;
  await ended;
});
