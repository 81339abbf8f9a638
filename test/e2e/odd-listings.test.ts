/** Servers that list in ways of their own, through the built command: every key once, and a line that says how it was listed (R1, R2). */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { s3scan } from '../support/cli.ts';
import { serveHttp } from '../support/http-server.ts';

const PAGE = 10;

/** Where a page begins, and how many keys there are in all. */
type Beginning = (query: URLSearchParams) => number;

const indexAfter = (keys: readonly string[], key: string | null): number => (key === null ? 0 : keys.filter((each) => each <= key).length);

interface OddServer {
  readonly keys: readonly string[];
  readonly beginning: Beginning;
  readonly hasTokens: boolean;
  /** the request, counted from 1, whose page says that it is the last; none unless told */
  readonly endsAt?: number;
}

/** Serves pages of the keys as they stand; HEADs are answered. What was asked is kept. */
async function serve(t: TestContext, { keys, beginning, hasTokens, endsAt }: OddServer): Promise<{ endpoint: string; queries: URLSearchParams[] }> {
  const queries: URLSearchParams[] = [];
  const endpoint = await serveHttp(t, (request, response) => {
    if (request.method === 'HEAD') {
      response.writeHead(200, { etag: '"0123456789abcdef0123456789abcdef"', 'content-length': 1, 'last-modified': 'Mon, 06 May 2024 07:08:09 GMT' }).end();
      return;
    }
    const query = new URL(request.url!, 'http://localhost').searchParams;
    queries.push(query);
    const from = beginning(query);
    const page = keys.slice(from, from + PAGE);
    const isTruncated = from + PAGE < keys.length && queries.length !== endsAt;
    const contents = page.map((key) => `<Contents><Key>${key}</Key><LastModified>2024-05-06T07:08:09.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>1</Size></Contents>`);
    const token = isTruncated && hasTokens ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : '';
    response.end(`<ListBucketResult><Name>b</Name><IsTruncated>${isTruncated}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`);
  });
  return { endpoint, queries };
}

const ASCENDING = Array.from({ length: 95 }, (_, i) => `key-${String(i).padStart(4, '0')}`);
const DEADLINE = { timeoutMs: 20_000 };

/** Both commands give each key once, exit with 0, and say why it was one chain. */
async function checkListed(bucket: string, { endpoint }: { endpoint: string }, keys: readonly string[], note: RegExp, options: readonly string[] = []): Promise<void> {
  for (const command of ['list', 'head']) {
    const { code, stdout, stderr } = await s3scan([command, `s3://${bucket}`, '--endpoint', endpoint, '--no-sign-request', ...options], DEADLINE);
    assert.equal(code, 0, stderr);
    const got = stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { key: string }).key);
    assert.deepEqual(got.sort(), [...keys].sort(), command);
    assert.match(stderr, note);
  }
}

const byToken: Beginning = (query) => Number(query.get('continuation-token') ?? 0);

describe('odd listings', { concurrency: 2 }, () => {
  test('a directory bucket, in no order and without start-after', async (t) => {
    const bucket = 'name--use1-az4--x-s3';
    const keys = [...ASCENDING].reverse();
    const server = await serve(t, { keys, beginning: byToken, hasTokens: true });
    await checkListed(bucket, server, keys, /directory bucket lists in no order/);
    assert.ok(server.queries.every((query) => !query.has('start-after') && !query.has('delimiter')));
    const { code, stdout } = await s3scan(['list', `s3://${bucket}`, '--endpoint', server.endpoint, '--no-sign-request', '--max-keys', '15', '--columns', 'key', '--quiet'], DEADLINE);
    assert.deepEqual([code, stdout.trimEnd().split('\n').length], [0, 15]);
    assert.equal((await s3scan(['list', `s3://${bucket}`, '--endpoint', server.endpoint, '--no-sign-request', '--include', 'logs/2026*', '--quiet'], DEADLINE)).code, 4, 'a server that ignores the prefix');
    assert.equal(server.queries.at(-1)!.get('prefix'), 'logs/');
    for (const options of [['--start-after', 'a'], ['--end-at', 'z'], ['--sorted'], ['-o', 'folder/']]) {
      const refused = await s3scan(['list', `s3://${bucket}`, '--endpoint', server.endpoint, ...options], DEADLINE);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, new RegExp(`directory bucket, which lists its keys in no order: there is no ${options[0] === '-o' ? '--output to a folder' : options[0]}`));
    }
  });

  test('a server that ignores start-after', async (t) => {
    const server = await serve(t, { keys: ASCENDING, beginning: byToken, hasTokens: true });
    await checkListed('bucket', server, ASCENDING, /start-after is not to be relied on: .*not ascending/);
    const { code, stdout } = await s3scan(['list', 's3://bucket', '--endpoint', server.endpoint, '--no-sign-request', '--start-after', 'key-0050', '--columns', 'key', '--quiet'], DEADLINE);
    assert.deepEqual([code, stdout.trimEnd().split('\n').length], [0, 44]);
  });

  test('a server that knows only version 1 of ListObjects: markers, and no tokens', async (t) => {
    const server = await serve(t, { keys: ASCENDING, beginning: (query) => indexAfter(ASCENDING, query.get('marker')), hasTokens: false });
    for (const engine of ['fast', 'sdk']) await checkListed('bucket', server, ASCENDING, /no continuation tokens, as one that knows only version 1/, ['--engine', engine]);
  });

  test('--verify-list: a page that says too early that it is the last, in either listing, is found out; else all is well', async (t) => {
    const spoiled = [
      [['list', '--columns', 'size'], 5, '50 keys at first, 95 the second time'],
      [['head'], 15, '95 keys at first, 50 the second time'],
    ] as const;
    for (const [command, endsAt, found] of spoiled) {
      const { endpoint } = await serve(t, { keys: ASCENDING, beginning: byToken, hasTokens: true, endsAt });
      const { code, stderr } = await s3scan([...command, 's3://bucket', '--endpoint', endpoint, '--no-sign-request', '--list-concurrency', '1', '--verify-list'], DEADLINE);
      assert.equal(code, 4, stderr);
      assert.match(stderr, new RegExp(`two listings of s3://bucket differ: ${found}\n.*writes to the bucket meanwhile`));
    }
    const honest = await serve(t, { keys: ASCENDING, beginning: byToken, hasTokens: true });
    for (const command of ['list', 'head']) {
      const { code, stdout, stderr } = await s3scan([command, 's3://bucket', '--endpoint', honest.endpoint, '--no-sign-request', '--verify-list', '--include', '*5'], DEADLINE);
      assert.deepEqual([code, stdout.trimEnd().split('\n').length], [0, 9], stderr);
      assert.match(stderr, /verified +listed a second time: the same 95 keys/);
    }
    const refused = await s3scan(['head', '--from', 'keys.txt', '--verify-list'], DEADLINE);
    assert.deepEqual([refused.code, /--verify-list is about a listing/.test(refused.stderr)], [2, true]);
  });

  test('a server that gives no way to go on: truncated, no token, and neither start-after nor marker heeded', async (t) => {
    const server = await serve(t, { keys: ASCENDING, beginning: () => 0, hasTokens: false });
    const { code, stderr } = await s3scan(['list', 's3://bucket', '--endpoint', server.endpoint, '--no-sign-request'], DEADLINE);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /page 2 of the listing \(after "key-0009"\): keys are not ascending/);
  });
});
