import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { Client } from 'undici';
import type { Failure } from '../../src/failure.ts';
import { classifyStatus, classifyTransport, failureOf, oneLine, type Asked } from '../../src/s3/errors.ts';

test('a HEAD without a body is understood by its status', () => {
  const table: [status: number, code: string, outcome: string][] = [
    [301, 'PermanentRedirect', 'refused'],
    [304, 'NotModified', 'refused'],
    [307, 'TemporaryRedirect', 'refused'],
    [400, 'BadRequest', 'refused'],
    [401, 'Http401', 'refused'],
    [403, 'AccessDenied', 'refused'],
    [404, 'NoSuchKey', 'gone'],
    [405, 'MethodNotAllowed', 'refused'],
    [408, 'RequestTimeout', 'transient'],
    [412, 'PreconditionFailed', 'refused'],
    [416, 'InvalidRange', 'refused'],
    [429, 'SlowDown', 'throttled'],
    [500, 'InternalError', 'transient'],
    [501, 'Http501', 'refused'],
    [502, 'BadGateway', 'transient'],
    [503, 'SlowDown', 'throttled'],
    [504, 'GatewayTimeout', 'transient'],
    [520, 'Http520', 'transient'],
    [302, 'Http302', 'refused'],
    [999, 'Http999', 'transient'],
  ];
  for (const [status, code, outcome] of table) {
    const result = classifyStatus(status);
    assert.deepEqual([result.code, result.outcome], [code, outcome], String(status));
    assert.notEqual(result.message, '');
  }
  for (const status of [200, 204, 206]) assert.equal(classifyStatus(status).outcome, 'ok');
});

test('a code that the server tells is kept, and decides where it says more than the status', () => {
  const table: [status: number, code: string, outcome: string][] = [
    [400, 'RequestTimeout', 'transient'],
    [400, 'ExpiredToken', 'refused'],
    [404, 'NoSuchBucket', 'refused'],
    [404, 'NoSuchVersion', 'gone'],
    [404, 'XMinioSomethingElse', 'refused'],
    [503, 'SlowDown', 'throttled'],
    [503, 'XMinioServerNotInitialized', 'throttled'],
    [500, 'InternalError', 'transient'],
    [403, 'RequestTimeTooSkewed', 'refused'],
  ];
  for (const [status, code, outcome] of table) {
    const result = classifyStatus(status, code, 'as the server put it');
    assert.deepEqual(result, { code, outcome, message: 'as the server put it' });
  }
  assert.equal(classifyStatus(404, 'NoSuchBucket').message, 'there is no such bucket');
  assert.equal(classifyStatus(404, 'Odd', '').message, 'the server answered 404 Not Found');
});

test('a code or message that is none is not passed on', () => {
  for (const code of ['', 'a b', '\u001b[31m', 'x'.repeat(200), '<html>']) assert.equal(classifyStatus(403, code, 'x').code, 'AccessDenied');
  const { message } = classifyStatus(403, 'AccessDenied', `a\r\nb\u001b[31m\u202e${'x'.repeat(500)}`);
  assert.match(message, /^a b \[31m x+…$/);
  assert.ok(message.length <= 201);
});

/** A HEAD to a server that does what it likes with the connection. */
async function attempt(t: TestContext, serve: (socket: Socket) => void, scheme = 'http'): Promise<unknown> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, { headersTimeout: 300, bodyTimeout: 300 });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return client.destroy();
  });
  return client
    .request({ method: 'GET', path: '/' })
    .then(({ body }) => body.text())
    .then(() => assert.fail('it was answered'), (error: unknown) => error);
}

const answer = (text: string) => (socket: Socket): void => {
  socket.once('data', () => socket.write(text));
};

test('what undici throws is understood', async (t) => {
  const cases: [name: string, error: Promise<unknown>, code: RegExp, outcome: string][] = [
    ['closed at once', attempt(t, (socket) => socket.end()), /^UND_ERR_SOCKET$/, 'transient'],
    ['reset', attempt(t, (socket) => socket.once('data', () => socket.resetAndDestroy())), /^(ECONNRESET|UND_ERR_SOCKET)$/, 'transient'],
    ['silent', attempt(t, () => {}), /^UND_ERR_HEADERS_TIMEOUT$/, 'transient'],
    ['stops halfway', attempt(t, answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab')), /^UND_ERR_BODY_TIMEOUT$/, 'transient'],
    ['not HTTP', attempt(t, answer('SSH-2.0-OpenSSH_9.2\r\n')), /^(HPE_\w+|HTTPParserError)$/, 'refused'],
    ['endless headers', attempt(t, answer(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`)), /^(UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/, 'refused'],
    ['no TLS', attempt(t, answer('HTTP/1.1 400 Bad Request\r\n\r\n'), 'https'), /^(ERR_SSL_\w+|EPROTO)$/, 'refused'],
  ];
  for (const [name, error, code, outcome] of cases) {
    const result = classifyTransport(await error);
    assert.match(result.code, code, name);
    assert.equal(result.outcome, outcome, name);
    assert.ok(result.message.length > 10, name);
    if (name === 'not HTTP') assert.equal(result.message, 'the answer is not valid HTTP');
  }
});

test('a port where nothing listens is told in words, on one address or several', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  for (const host of ['127.0.0.1', 'localhost']) {
    const client = new Client(`http://${host}:${port}`);
    const error: unknown = await client.request({ method: 'HEAD', path: '/' }).catch((thrown: unknown) => thrown);
    assert.deepEqual(classifyTransport(error), {
      code: 'ECONNREFUSED',
      outcome: 'transient',
      message: 'nothing accepts connections at the endpoint: is the server running, is the port right?',
    });
    await client.destroy();
  }
});

function coded(code: string): Error {
  return Object.assign(new Error(`${code} happened`), { code });
}

test('asked again: what may pass; not: what cannot', () => {
  const codes = {
    transient:
      'UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ' +
      'ECONNRESET ECONNREFUSED EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN',
    refused:
      'HPE_INVALID_CONSTANT UND_ERR_HEADERS_OVERFLOW UND_ERR_INVALID_ARG CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT ' +
      'SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY ERR_TLS_CERT_ALTNAME_INVALID SOMETHING_NEW',
  };
  for (const [expected, list] of Object.entries(codes)) {
    for (const code of list.split(' ')) {
      const result = classifyTransport(coded(code));
      assert.deepEqual([result.code, result.outcome], [code, expected]);
    }
  }
  assert.match(classifyTransport(coded('ENOTFOUND')).message, /host name does not resolve/);
  assert.equal(classifyTransport(new TypeError('fetch failed', { cause: coded('ECONNRESET') })).code, 'ECONNRESET');
});

test('classification never throws, and its words are one line', () => {
  const hostile = new Proxy({}, { get: () => { throw new Error('no'); } });
  const looping: { cause?: unknown } = {};
  looping.cause = looping;
  for (const error of [hostile, looping, Object.create(null), Symbol('x'), undefined]) {
    assert.equal(classifyTransport(error).code, 'TransportError');
  }
  fc.assert(
    fc.property(fc.anything(), fc.string({ unit: 'binary' }), fc.integer(), (anything, message, status) => {
      for (const result of [classifyTransport(anything), classifyTransport(new Error(message)), classifyStatus(status, message, message)]) {
        assert.doesNotMatch(result.message, /\p{Cc}/u);
      }
    }),
  );
});

const ASKED: Asked = { bucket: 'photos', endpoint: 'https://s3.example.com', region: 'us-east-1', bucketRegion: null, status: null };

function failureFor(status: number, code: string, message = 'words of the server', asked: Partial<Asked> = {}): Failure {
  return failureOf(classifyStatus(status, code, message), { ...ASKED, status, ...asked });
}

test('what is wrong with the bucket, the keys or the clock ends the scan with a way out', () => {
  const cases: [status: number, code: string, message: RegExp, hint: RegExp][] = [
    [404, 'NoSuchBucket', /no such bucket/, /check the name/],
    [403, 'AccessDenied', /words of the server/, /s3:ListBucket.*--no-sign-request/],
    [403, 'InvalidAccessKeyId', /access key is not known/, /AWS_ACCESS_KEY_ID.*endpoint/],
    [403, 'SignatureDoesNotMatch', /signature does not match/, /secret key is wrong/],
    [400, 'ExpiredToken', /expired/, /aws sso login/],
    [400, 'InvalidToken', /session token/, /AWS_SESSION_TOKEN/],
    [403, 'RequestTimeTooSkewed', /clocks/, /NTP/],
    [400, 'AuthorizationHeaderMalformed', /another region/, /--region; us-east-1 was used/],
    [301, 'PermanentRedirect', /another region/, /--region/],
  ];
  for (const [status, code, message, hint] of cases) {
    const failure = failureFor(status, code);
    assert.equal(failure.kind, 'access', code);
    assert.match(failure.message, message);
    assert.match(failure.message, new RegExp(`^s3://photos at https://s3\\.example\\.com: .*\\(${code}\\)$`));
    assert.match(failure.hint!, hint);
  }
});

test('where the server names the right region, so does the hint, unless it is none', () => {
  assert.equal(failureFor(301, 'PermanentRedirect', '', { bucketRegion: 'eu-west-1' }).hint, 'use --region eu-west-1');
  assert.doesNotMatch(failureFor(301, 'PermanentRedirect', '', { bucketRegion: 'x; rm -rf /' }).hint!, /rm/);
  assert.match(failureFor(404, 'NoSuchBucket', '', { endpoint: null }).message, /^s3:\/\/photos at AWS us-east-1: /);
});

test('the kind of failure tells whether it is worth running again', () => {
  assert.equal(failureFor(503, 'SlowDown').kind, 'unreachable');
  assert.equal(failureOf(classifyTransport(coded('ENOTFOUND')), ASKED).kind, 'unreachable');
  const untrusted = failureOf(classifyTransport(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE')), ASKED);
  assert.equal(untrusted.kind, 'access');
  assert.match(untrusted.hint!, /--ca-bundle/);
  assert.equal(failureOf(classifyTransport(coded('HPE_INVALID_CONSTANT')), ASKED).kind, 'listing');
  assert.equal(failureFor(501, 'NotImplemented').kind, 'listing');
  assert.equal(failureOf(classifyStatus(403), ASKED).kind, 'access');
});

test('who is not let in is told so, whatever the server calls it', () => {
  for (const status of [401, 403]) {
    const failure = failureFor(status, 'XVendorForbidden');
    assert.equal(failure.kind, 'access');
    assert.match(failure.message, /words of the server \(XVendorForbidden\)$/);
    assert.match(failure.hint!, /s3:ListBucket.*--profile/);
  }
  assert.equal(failureFor(401, 'no code').kind, 'access');
  assert.equal(failureFor(403, 'SlowDown').kind, 'unreachable');
  assert.equal(failureFor(400, 'XVendorForbidden').kind, 'listing');
});

test('text from outside is made fit for one line of a terminal', () => {
  assert.equal(oneLine(' a\t\nb\u2028c\u0085d\u200b '), 'a b c d');
});
