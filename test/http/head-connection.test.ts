import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Answer } from './ask.ts';
import { closedPort, rawServer, response } from './raw-server.ts';

/** Says which request it answers. */
function tagged(target: string, headers: Readonly<Record<string, string>> = {}): string {
  return response(200, { 'X-For': target, ...headers });
}

function tag(answer: Answer): string | undefined {
  return answer.headers.find(([name]) => name.toLowerCase() === 'x-for')?.[1];
}

test('many HEADs, one connection: bytes go out as given and headers come as sent', async (t) => {
  const server = await rawServer(t, (socket, { target }) => socket.write(tagged(target, { 'x-AMZ-meta-U': 'gr\xfcn', 'X-Twice': '1', 'x-twice': '2', 'X-Empty': '' }), 'latin1'));
  const asker = ask(t, { origin: server.origin });
  const paths = ['/b/k', '/b//k', '/b/../k', '/b/%2E%2e/%2f', '/b/a+b?c&d', '/b/~!*\'()'];
  for (const path of paths) {
    const answer = await asker.head(path, ['host', 'example.com', 'x-amz-date', 'now']);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.headers, [['Content-Length', '0'], ['X-For', path], ['x-AMZ-meta-U', 'gr\xfcn'], ['X-Twice', '1'], ['x-twice', '2'], ['X-Empty', '']]);
  }
  assert.deepEqual(server.requests.map(({ method, target }) => [method, target]), paths.map((path) => ['HEAD', path]));
  assert.equal(server.requests[0]!.header('host'), 'example.com');
  assert.equal(server.requests[0]!.header('x-amz-date'), 'now');
  assert.equal(server.connections, 1);
  assert.equal(asker.connection.connects, 1);
});

test('bytes and connections are counted over all sockets, latency by the answer', async (t) => {
  let sent = 0;
  const server = await rawServer(t, (socket, { target, number }) => {
    const bytes = Buffer.from(tagged(target, number === 2 ? { Connection: 'close' } : {}));
    sent += bytes.length;
    setTimeout(() => socket.write(bytes), target === '/slow' ? 60 : 0);
  });
  const asker = ask(t, { origin: server.origin });
  for (const path of ['/1', '/2', '/slow', '/4', '/5']) {
    const { latencyUs } = await asker.head(path);
    assert.ok(Number.isInteger(latencyUs) && latencyUs > (path === '/slow' ? 55_000 : 0));
  }
  assert.equal(server.connections, 3);
  assert.equal(asker.connection.connects, 3);
  assert.equal(asker.connection.bytesIn, sent);
  assert.equal(asker.connection.bytesOut, server.requests.reduce((sum, { head }) => sum + head.length + 4, 0));
});

test('1xx announces an answer and is none', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nX-For: nobody\r\nLink: </x>\r\n\r\n');
    setTimeout(() => socket.write(tagged(target)), 5);
  });
  const asker = ask(t, { origin: server.origin });
  for (const path of ['/1', '/2']) {
    const answer = await asker.head(path);
    assert.deepEqual([answer.status, tag(answer)], [200, path]);
  }
});

test('what is no error to HTTP is an answer: refusals and redirects, which are not followed (R7)', async (t) => {
  const server = await rawServer(t, (socket, { target }) => socket.write(response(Number(target.slice(1)), { Location: 'http://127.0.0.1:1/' })));
  const asker = ask(t, { origin: server.origin });
  for (const status of [301, 304, 307, 403, 404, 503]) assert.equal((await asker.head(`/${status}`)).status, status);
  assert.deepEqual(server.requests.map(({ target }) => target), ['/301', '/304', '/307', '/403', '/404', '/503']);
});

// R4: a HEAD that is answered with a body, and the body looks like the next answer.

const FORGED = response(200, { 'X-For': 'forged' });

for (const [when, delayMs] of [['with the answer', 0], ['while the connection is idle', 5]] as const) {
  test(`a body after a HEAD, ${when}, is nobody's answer (R4)`, async (t) => {
    let bodies = 0;
    const server = await rawServer(t, (socket, { target }) => {
      const headers = tagged(target, { 'Content-Length': String(FORGED.length) });
      if (delayMs === 0) {
        socket.write(headers + FORGED);
      } else {
        socket.write(headers);
        setTimeout(() => socket.write(FORGED, () => bodies++), delayMs);
      }
    });
    const asker = ask(t, { origin: server.origin });
    for (const path of ['/1', '/2', '/3', '/4']) {
      // The connection may break for it, the answer is not another's.
      const answer = await asker.head(path).catch(() => asker.head(path));
      assert.equal(tag(answer), path);
      // Until the body has come: what comes later still is for the cross-check with the listing.
      if (delayMs > 0) while (bodies < server.requests.length) await sleep(delayMs);
      await sleep(4 * delayMs);
    }
    assert.ok(server.connections > 1);
  });
}

test('the next HEAD, sent from within the answer, does not get what came behind that answer (R4)', async (t) => {
  const server = await rawServer(t, (socket, { target }) => socket.write(tagged(target) + FORGED));
  const asker = ask(t, { origin: server.origin });
  let path = 0;
  const tags: (string | undefined)[] = [];
  // Continuations run before the event loop goes on: as near as the asker's own code comes.
  const next = async (): Promise<void> => {
    while (path < 6) {
      path++;
      const own = `/${path}`;
      tags.push(tag(await asker.head(own).catch(() => asker.head(own))));
    }
  };
  await next();
  assert.deepEqual(tags, ['/1', '/2', '/3', '/4', '/5', '/6']);
});

test('renew: the next HEAD goes out on a new connection, and what the old one still says is lost', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    socket.write(tagged(target));
    setTimeout(() => socket.write(FORGED), 5);
  });
  const asker = ask(t, { origin: server.origin });
  for (const [path, connects] of [['/1', 1], ['/2', 2], ['/3', 3]] as const) {
    assert.equal(tag(await asker.head(path)), path);
    assert.equal(asker.connection.connects, connects);
    asker.connection.renew();
  }
  await sleep(20);
  assert.equal(server.requests.length, 3);
});

test('a connection that the server ends is replaced; one that breaks says whether it had answered', async (t) => {
  const server = await rawServer(t, (socket, { target, connection }) => {
    if (target === '/reset') socket.resetAndDestroy();
    else socket.write(tagged(target, connection === 1 ? { Connection: 'close' } : {}));
  });
  const asker = ask(t, { origin: server.origin });
  assert.equal(tag(await asker.head('/1')), '/1');
  assert.equal(tag(await asker.head('/2')), '/2');
  assert.equal(server.connections, 2);
  await assert.rejects(asker.head('/reset'));
  assert.equal(asker.reused, true);
  await assert.rejects(asker.head('/reset'));
  assert.equal(asker.reused, false);
  assert.equal(tag(await asker.head('/3')), '/3');
});

test('nothing listens', async (t) => {
  const asker = ask(t, { origin: `http://127.0.0.1:${await closedPort()}` });
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(asker.head('/'), { code: 'ECONNREFUSED' });
    assert.equal(asker.reused, false);
  }
  assert.deepEqual([asker.connection.connects, asker.connection.bytesIn, asker.connection.bytesOut], [0, 0, 0]);
});

test('headers of 60 KiB are taken, of more than 64 KiB are an error of their own', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    const lines = Number(target.slice(1));
    const extra = Object.fromEntries(Array.from({ length: lines }, (_, line) => [`x-amz-meta-${line}`, 'm'.repeat(1000)]));
    socket.write(tagged(target, extra));
  });
  const asker = ask(t, { origin: server.origin });
  assert.equal((await asker.head('/60')).headers.length, 62);
  await assert.rejects(asker.head('/70'), { code: 'UND_ERR_HEADERS_OVERFLOW' });
  assert.equal(tag(await asker.head('/1')), '/1');
});

test('what is not HTTP, what never comes, and what stops halfway are errors, and the next HEAD is answered', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    if (target === '/garbage') socket.write('\x00\x01\x02 SSH-2.0-OpenSSH\r\n\r\n');
    else if (target === '/half') socket.end('HTTP/1.1 200 OK\r\nX-For: /ha');
    else if (target === '/drip') socket.write('HTTP/1.1 200 OK\r\nX-For:');
    else if (target !== '/never') socket.write(tagged(target));
  });
  const asker = ask(t, { origin: server.origin, timeoutMs: 1000 });
  await assert.rejects(asker.head('/garbage'), { name: 'HTTPParserError' });
  assert.equal(tag(await asker.head('/1')), '/1');
  await assert.rejects(asker.head('/half'));
  assert.equal(tag(await asker.head('/2')), '/2');
  await assert.rejects(asker.head('/never'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
  assert.equal(tag(await asker.head('/3')), '/3');
  await assert.rejects(asker.head('/drip'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
  assert.equal(tag(await asker.head('/4')), '/4');
});

test('slow-loris headers, a byte or a 103 at a time, are ended by the deadline of the whole attempt', async (t) => {
  const server = await rawServer(t, (socket, { target }) => {
    const piece = { '/bytes': 'x', '/hints': 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n' }[target];
    if (piece === undefined) {
      socket.write(tagged(target));
      return;
    }
    if (target === '/bytes') socket.write('HTTP/1.1 200 OK\r\nX-For: ');
    const drip = setInterval(() => socket.write(piece), 20);
    socket.on('close', () => clearInterval(drip));
  });
  const asker = ask(t, { origin: server.origin, timeoutMs: 1000 });
  for (const path of ['/bytes', '/hints']) {
    await assert.rejects(asker.head(path), { code: 'UND_ERR_HEADERS_TIMEOUT' });
    assert.equal(tag(await asker.head('/next')), '/next');
  }
});

test('close ends what is in flight, and the socket', async (t) => {
  const asked = new EventEmitter();
  const server = await rawServer(t, (socket) => asked.emit('asked', socket));
  const asker = ask(t, { origin: server.origin });
  const pending = assert.rejects(asker.head('/'));
  const [socket] = (await once(asked, 'asked')) as [Socket];
  const ended = once(socket, 'close');
  await asker.connection.close();
  await pending;
  await ended;
});
