import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Failure, type FailureKind } from '../../src/failure.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import { bucketAddress } from '../../src/s3/address.ts';
import type { BucketAddress } from '../../src/s3/bucket-address.ts';
import { BucketClient, type BucketClientOptions } from '../../src/s3/bucket-client.ts';
import { DIRECT } from '../http/direct.ts';
import { closedPort, rawServer, response, type RawRequest, type RawServer } from '../http/raw-server.ts';
import { PLAIN } from './plain.ts';

const QUERY = [['list-type', '2'], ['prefix', 'a b/ü']] as const;

interface Client {
  readonly client: BucketClient;
  /** why requests were sent again */
  readonly retries: string[];
}

async function open(t: TestContext, endpoint: string | null, changes: Partial<BucketClientOptions> = {}): Promise<Client> {
  const retries: string[] = [];
  const locate = (region: string): Promise<BucketAddress> => bucketAddress({ endpoint, region, addressing: 'auto', variants: PLAIN }, 'bucket');
  const client = new BucketClient({
    targets: [{ endpoint, address: await locate('us-east-1') }],
    region: 'us-east-1',
    locate,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'session' },
    requestHeaders: [],
    bucket: 'bucket',
    network: DIRECT,
    timeoutMs: 5000,
    maxAttempts: 4,
    retryBudget: RetryBudget.allocate(1),
    pace: Pace.allocate(null),
    endpoints: EndpointHealth.allocate(1),
    renew: () => Promise.resolve(null),
    onRetry: (reason) => retries.push(reason),
    ...changes,
  });
  t.after(() => client.close());
  return { client, retries };
}

/** Answers the requests with these, in turn, and the last one ever after. */
async function answering(t: TestContext, ...answers: readonly string[]): Promise<RawServer> {
  return answeringOver(t, false, answers);
}

/** The same over TLS, as AWS is asked. */
async function answeringAsAws(t: TestContext, ...answers: readonly string[]): Promise<RawServer> {
  return answeringOver(t, true, answers);
}

async function answeringOver(t: TestContext, secure: boolean, answers: readonly string[]): Promise<RawServer> {
  let at = 0;
  return rawServer(t, (socket) => socket.write(answers[Math.min(at++, answers.length - 1)]!), secure);
}

function errorBody(code: string, message = '', more = ''): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
}

function failure(kind: FailureKind, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    for (const word of words) assert.ok(`${error.message} ${error.hint}`.includes(word), `${word}: ${error.message}`);
    assert.ok(error.hint !== null && !/\p{Cc}/u.test(error.message));
    return true;
  };
}

/** No waiting where the dice are zero. */
function noJitter(t: TestContext): void {
  t.mock.method(Math, 'random', () => 0);
}

function scopeOf({ header }: RawRequest): string | undefined {
  return /Credential=([^,]*)/.exec(header('authorization') ?? '')?.[1];
}

const OK = response(200, {}, '<ok/>');
const BUSY = response(503, {}, errorBody('SlowDown', 'reduce your rate'));

test('one signed GET on the bucket, and the body of its answer', async (t) => {
  const server = await answering(t, OK);
  const { client } = await open(t, server.origin, { requestHeaders: [['x-amz-request-payer', 'requester']] });
  assert.equal((await client.get(QUERY)).toString(), '<ok/>');
  const [request] = server.requests;
  assert.deepEqual([request!.method, request!.target], ['GET', '/bucket?list-type=2&prefix=a%20b%2F%C3%BC']);
  assert.equal(request!.header('host'), `127.0.0.1:${server.port}`);
  assert.equal(request!.header('x-amz-security-token'), 'session');
  assert.equal(request!.header('x-amz-request-payer'), 'requester');
  assert.match(request!.header('authorization')!, /SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-request-payer;x-amz-security-token/);
});

test('unsigned where there are no credentials', async (t) => {
  const server = await answering(t, OK);
  await (await open(t, server.origin, { credentials: null })).client.get(QUERY);
  assert.equal(server.requests[0]!.header('authorization'), null);
});

test('what passes is asked again: throttling, server errors, broken connections', async (t) => {
  noJitter(t);
  let at = 0;
  const server = await rawServer(t, (socket) => {
    at++;
    if (at === 1) socket.resetAndDestroy();
    else socket.write([BUSY, response(500), OK][at - 2]!);
  });
  const { client, retries } = await open(t, server.origin);
  assert.equal((await client.get(QUERY)).toString(), '<ok/>');
  assert.equal(server.requests.length, 4);
  assert.deepEqual(retries.map((reason) => reason.split(':')[0]), [retries[0]!.split(':')[0], 'SlowDown', 'InternalError']);
});

test('requests at the same time go over a connection each, which the next ones use again', async (t) => {
  const waiting: (() => void)[] = [];
  const server = await rawServer(t, (socket) => {
    waiting.push(() => socket.write(OK));
    if (waiting.length === 3) for (const answer of waiting.splice(0)) answer();
  });
  const { client } = await open(t, server.origin);
  for (let round = 0; round < 3; round++) await Promise.all([client.get(QUERY), client.get(QUERY), client.get(QUERY)]);
  assert.deepEqual([server.requests.length, server.connections], [9, 3]);
});

test('a retry says whether the server asked for fewer requests', async (t) => {
  noJitter(t);
  const server = await answering(t, BUSY, response(500), OK);
  const throttled: boolean[] = [];
  await (await open(t, server.origin, { onRetry: (_, isThrottled) => throttled.push(isThrottled) })).client.get(QUERY);
  assert.deepEqual(throttled, [true, false]);
});

test('Retry-After is waited for', async (t) => {
  noJitter(t);
  const server = await answering(t, response(503, { 'Retry-After': '1' }), OK);
  const began = performance.now();
  await (await open(t, server.origin)).client.get(QUERY);
  assert.ok(performance.now() - began >= 990);
});

test('after the attempts of the policy it is unreachable, with the last reason', async (t) => {
  noJitter(t);
  const server = await answering(t, BUSY);
  const { client } = await open(t, server.origin);
  await assert.rejects(client.get(QUERY), failure('unreachable', 's3://bucket', server.origin, 'SlowDown'));
  // Three times the retries where the server says to slow down.
  assert.equal(server.requests.length, 10);
  const failing = await answering(t, response(500));
  await assert.rejects((await open(t, failing.origin)).client.get(QUERY), failure('unreachable', 'InternalError'));
  assert.equal(failing.requests.length, 4);
  const nobody = `http://127.0.0.1:${await closedPort()}`;
  await assert.rejects((await open(t, nobody)).client.get(QUERY), failure('unreachable', nobody, 'ECONNREFUSED'));
});

test('an endpoint that has never answered gets five attempts, one that has gets them all', async (t) => {
  noJitter(t);
  const never = await answering(t, response(500));
  await assert.rejects((await open(t, never.origin, { maxAttempts: 9 })).client.get(QUERY), failure('unreachable'));
  assert.equal(never.requests.length, 5);
  const once = await answering(t, OK, response(500));
  const { client } = await open(t, once.origin, { maxAttempts: 9 });
  await client.get(QUERY);
  await assert.rejects(client.get(QUERY), failure('unreachable'));
  assert.equal(once.requests.length, 10);
});

test('a spent retry budget ends it', async (t) => {
  noJitter(t);
  const retryBudget = RetryBudget.allocate(1);
  const budget = new RetryBudget(retryBudget);
  for (let failures = 0; budget.spend('transient', 0); failures++) if (failures % 10 === 9) budget.earn();
  const server = await answering(t, response(500));
  await assert.rejects((await open(t, server.origin, { retryBudget })).client.get(QUERY), failure('unreachable'));
  assert.equal(server.requests.length, 1);
});

test('what asking again would not change is told at once, in words', async (t) => {
  const cases: readonly (readonly [string, FailureKind, ...string[]])[] = [
    [response(404, {}, errorBody('NoSuchBucket', 'gone')), 'access', 's3://bucket', 'no such bucket', 'NoSuchBucket'],
    [response(403, {}, errorBody('AccessDenied', 'User: you is\r\nnot authorized')), 'access', 'User: you is not authorized'],
    [response(403, {}, errorBody('SignatureDoesNotMatch', 'StringToSign: AWS4')), 'access', 'signature'],
    [response(400, { 'x-amz-bucket-region': 'eu-west-1' }, errorBody('AuthorizationHeaderMalformed')), 'access', '--region eu-west-1'],
    [response(501, {}, errorBody('NotImplemented', 'A header')), 'listing', 'NotImplemented'],
  ];
  for (const [answer, kind, ...words] of cases) {
    const server = await answering(t, answer);
    await assert.rejects((await open(t, server.origin)).client.get(QUERY), failure(kind, ...words));
    assert.equal(server.requests.length, 1, words.join());
  }
});

test('what is no S3 answer is quoted, in one line and not for ever', async (t) => {
  const html = `<html>\r\n<h1>\u001b[31mTeapot\u202e</h1>${'<p>filler</p>\n'.repeat(1000)}</html>`;
  const server = await answering(t, response(418, {}, html));
  await assert.rejects((await open(t, server.origin)).client.get(QUERY), (error) => failure('listing', '418', 'Teapot')(error) && (error as Failure).message.length < 500);
});

test('a clock that is off is corrected once, and the request dated and signed anew', async (t) => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const skewed = response(403, { Date: date }, errorBody('RequestTimeTooSkewed'));
  const server = await answering(t, skewed, OK);
  const { client } = await open(t, server.origin);
  await client.get(QUERY);
  const [first, second] = server.requests.map(({ header }) => header('x-amz-date')!);
  assert.notEqual(first, second);
  assert.equal(second!.slice(0, 11), new Date(date).toISOString().replaceAll('-', '').slice(0, 11));
  assert.ok(Math.abs(client.clock.offsetMs - 3_600_000) < 5000);

  const hopeless = await rawServer(t, (socket, { number }) =>
    socket.write(response(403, { Date: new Date(Date.now() + number * 3_600_000).toUTCString() }, errorBody('RequestTimeTooSkewed'))),
  );
  await assert.rejects((await open(t, hopeless.origin)).client.get(QUERY), failure('access', 'clock'));
  assert.equal(hopeless.requests.length, 2);
});

test('new credentials sign the next request', async (t) => {
  const server = await answering(t, OK);
  const { client } = await open(t, server.origin);
  await client.get(QUERY);
  client.useCredentials({ accessKeyId: 'newer', secretAccessKey: 'secret' });
  await client.get(QUERY);
  assert.deepEqual(server.requests.map((request) => scopeOf(request)?.split('/')[0]), ['id', 'newer']);
  assert.equal(server.requests[1]!.header('x-amz-security-token'), null);
});

test('probe: whether listing is allowed does not matter, all else does', async (t) => {
  noJitter(t);
  const probe = async (answer: string): Promise<void> => (await open(t, (await answering(t, answer)).origin)).client.probe();
  await probe(OK);
  await probe(response(403, {}, errorBody('AccessDenied')));
  await probe(response(403));
  await probe(response(403, {}, errorBody('XVendorForbidden')));
  await probe(response(501, {}, errorBody('NotImplemented')));
  await assert.rejects(probe(response(404, {}, errorBody('NoSuchBucket'))), failure('access', 'NoSuchBucket'));
  await assert.rejects(probe(response(403, {}, errorBody('InvalidAccessKeyId'))), failure('access', 'InvalidAccessKeyId'));
  await assert.rejects(probe(response(401, {}, errorBody('XVendorForbidden'))), failure('access', 'XVendorForbidden'));
  await assert.rejects(probe(BUSY), failure('unreachable'));
});

test('close ends a request, and one that waits to be sent again', async (t) => {
  const silent = await rawServer(t, () => void client.close());
  const { client } = await open(t, silent.origin);
  await assert.rejects(client.get(QUERY), Failure);
  const busy = await rawServer(t, (socket) => {
    socket.write(response(503, { 'Retry-After': '20' }));
    setTimeout(() => void waiting.client.close(), 20);
  });
  const waiting = await open(t, busy.origin);
  await assert.rejects(waiting.client.get(QUERY), Failure);
  assert.equal(busy.requests.length, 1);
});

// ---- regions -------------------------------------------------------------------------------------------

const ELSEWHERE = response(301, { 'x-amz-bucket-region': 'eu-west-1', Location: 'http://127.0.0.1:1/' }, errorBody('PermanentRedirect'));

test('a custom endpoint is never left, whatever it says (R7)', async (t) => {
  const server = await answering(t, ELSEWHERE, OK);
  await assert.rejects((await open(t, server.origin)).client.get(QUERY), failure('access', 'another region', '--region eu-west-1'));
  assert.equal(server.requests.length, 1);
});

/** All that would go to AWS goes to the server instead. */
function insteadOfAws({ port }: RawServer): Partial<BucketClientOptions> {
  return { network: { ...DIRECT, tls: { rejectUnauthorized: false }, connectTo: { host: '127.0.0.1', port } } };
}

test("on AWS the bucket's own region is asked, once, signed anew, and kept", async (t) => {
  for (const named of [ELSEWHERE, response(400, {}, errorBody('AuthorizationHeaderMalformed', '', '<Region>eu-west-1</Region>'))]) {
    const server = await answeringAsAws(t, named, OK);
    const { client } = await open(t, null, insteadOfAws(server));
    await client.get(QUERY);
    await client.get(QUERY);
    assert.equal(client.region, 'eu-west-1');
    assert.deepEqual(server.requests.map((request) => scopeOf(request)?.split('/')[2]), ['us-east-1', 'eu-west-1', 'eu-west-1']);
    assert.deepEqual(server.requests.map(({ header }) => header('host')), ['us-east-1', 'eu-west-1', 'eu-west-1'].map((region) => `bucket.s3.${region}.amazonaws.com`));
    client.useCredentials({ accessKeyId: 'newer', secretAccessKey: 'secret' });
    await client.get(QUERY);
    assert.match(scopeOf(server.requests[3]!)!, /^newer\/\d{8}\/eu-west-1\//);
  }
});

test('AWS is followed to one other region, and to nothing that is no region (R7)', async (t) => {
  const circle = await rawServer(t, (socket, { header }) =>
    socket.write(response(301, { 'x-amz-bucket-region': header('host')!.includes('us-east-1') ? 'eu-west-1' : 'us-east-1' }, errorBody('PermanentRedirect'))),
    true,
  );
  await assert.rejects((await open(t, null, insteadOfAws(circle))).client.get(QUERY), failure('access', 'another region'));
  assert.equal(circle.requests.length, 2);

  const evil = await answeringAsAws(t, response(301, { 'x-amz-bucket-region': 'evil.example.com/' }, errorBody('PermanentRedirect')));
  await assert.rejects((await open(t, null, insteadOfAws(evil))).client.get(QUERY), failure('access'));
  assert.equal(evil.requests.length, 1);
});

test('credentials that were good and are refused are read again once, then it ends', async (t) => {
  const expired = response(400, {}, errorBody('ExpiredToken', 'The provided token has expired.'));
  const newer = { accessKeyId: 'newer', secretAccessKey: 'secret' };
  let renewals = 0;
  const renew = (): Promise<typeof newer> => {
    renewals++;
    return Promise.resolve(newer);
  };
  const server = await answering(t, OK, expired, OK, expired, expired);
  const { client } = await open(t, server.origin, { renew });
  await client.get(QUERY);
  await client.get(QUERY);
  assert.equal(renewals, 1);
  assert.deepEqual(server.requests.map((request) => scopeOf(request)!.split('/')[0]), ['id', 'id', 'newer']);
  await assert.rejects(client.get(QUERY), failure('access', 'expired'));
  assert.deepEqual([renewals, server.requests.length], [2, 5]);
  // Those that never were any good are not read again.
  const never = await answering(t, expired);
  await assert.rejects((await open(t, never.origin, { renew })).client.get(QUERY), failure('access', 'expired'));
  assert.deepEqual([renewals, never.requests.length], [2, 1]);
});
