/** Answers that are no S3: a scan of fewer rows never ends with 0, and a bad answer spoils no other key (R2, R4). */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { s3scan } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { serveHttp } from '../support/http-server.ts';
import { byKey, readNdjson, type Rows } from '../support/tables.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<readonly string[]> {
  const endpoint = await serveHttp(t, listener);
  return ['s3://bucket', '--endpoint', endpoint, '--no-sign-request'];
}

function contents(key: string): string {
  return `<Contents><Key>${key}</Key><LastModified>2024-05-06T07:08:09.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>1</Size></Contents>`;
}

/** A page with a page behind it where `next` names it. */
function page(keys: readonly string[], next: string | null): string {
  const token = next === null ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix></Prefix><KeyCount>${keys.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>${next !== null}</IsTruncated>${token}${keys.map(contents).join('')}</ListBucketResult>`;
}

const ESCAPE = '\u001b';
const FIRST = page(['a', 'b'], 'second');

const ANSWERS: readonly (readonly [what: string, body: string])[] = [
  ['HTML of a proxy', `<!DOCTYPE html>\n<html><head><title>Log in ${ESCAPE}[31m</title></head><body>please log in</body></html>`],
  ['HTML without a DOCTYPE', '<html><body>It works!</body></html>'],
  ['nothing', ''],
  ['XML cut off', page(['a', 'b'], null).slice(0, -60)],
  ['XML cut off within a key', page(['a', 'bcdefgh'], null).slice(0, page(['a', 'bcdefgh'], null).indexOf('efgh'))],
  ['a DOCTYPE with entities', page(['a'], null).replace('<ListBucketResult', '<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult')],
  ['JSON', '{"message":"hello"}'],
  ['another document', '<?xml version="1.0"?><ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'],
];

describe('listings that are none', { concurrency: 2 }, () => {
  for (const [what, body] of ANSWERS) {
    for (const [where, first] of [['', body], [', on the second page', FIRST]] as const) {
      test(`${what}${where}`, async (t) => {
        const target = await serve(t, (request, response) => {
          response.setHeader('content-type', 'text/html');
          if (request.method === 'HEAD') response.end();
          else response.end(request.url?.includes('continuation-token=') === true ? body : first);
        });
        const cwd = await temporaryFolder(t);
        // One command each: what they share is the listing.
        const { code, stderr } = await s3scan([where === '' ? 'list' : 'head', ...target, '-o', 'x.ndjson'], { cwd });
        assert.equal(code, 4, stderr);
        const message = stderr.split('\n').filter((line) => line.startsWith('s3scan: '));
        assert.equal(message.length, 1, stderr);
        assert.doesNotMatch(stderr, /^\s+at /m);
        assert.ok(!stderr.includes(ESCAPE), 'what a server says does not reach the terminal as it is');
        assert.deepEqual([...(await filesIn(cwd)).keys()], []);
      });
    }
  }

  const PAGES: readonly (readonly [what: string, second: string])[] = [
    ['the same token again', page(['c'], 'second')],
    ['keys that do not ascend', page(['a'], null)],
    ['truncated, but no token', page(['c'], '').replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, '')],
  ];
  for (const [what, second] of PAGES) {
    test(what, async (t) => {
      const target = await serve(t, (request, response) => response.end(request.url?.includes('continuation-token=') === true ? second : FIRST));
      const cwd = await temporaryFolder(t);
      const { code, stderr } = await s3scan(['list', ...target, '-o', 'x.parquet'], { cwd });
      assert.equal(code, 4, stderr);
      assert.deepEqual([...(await filesIn(cwd)).keys()], []);
    });
  }
});

interface BadScan {
  readonly code: number | null;
  readonly rows: Rows;
  readonly stderr: string;
}

/** Scans keys of which one is answered badly, on one connection at a time, so that its answer comes before the next key's. */
async function scan(t: TestContext, bad: RequestListener): Promise<BadScan> {
  const target = await serve(t, (request, response) => {
    if (request.method === 'GET') response.end(page(['1'], null));
    else if (request.url?.endsWith('/bad') === true) bad(request, response);
    else response.setHeader('content-length', 5).setHeader('x-amz-meta-key', request.url!.slice('/bucket/'.length)).end();
  });
  const { code, stdout, stderr } = await s3scan(['head', ...target, '--from', '-', '--concurrency', '1', '--retries', '1'], { stdin: '1\n2\nbad\n3\n4\n' });
  return { code, rows: byKey(readNdjson(stdout)), stderr };
}

function assertOthersRight(rows: Rows): void {
  assert.deepEqual([...rows.keys()].sort(), ['1', '2', '3', '4', 'bad']);
  for (const key of ['1', '2', '3', '4']) {
    assert.equal(rows.get(key)?.['status'], 200);
    assert.deepEqual(rows.get(key)?.['metadata'], [['key', key]]);
  }
}

describe('HEADs answered badly', { concurrency: 2 }, () => {
  test('headers over 64 KiB', async (t) => {
    const { code, rows, stderr } = await scan(t, (_request, response) => response.setHeader('x-amz-meta-large', 'x'.repeat(70_000)).end());
    assert.equal(code, 3, stderr);
    assertOthersRight(rows);
    assert.equal(rows.get('bad')?.['error'], 'UND_ERR_HEADERS_OVERFLOW');
    assert.equal(rows.get('bad')?.['status'], undefined);
  });

  test('no HTTP', async (t) => {
    const { code, rows, stderr } = await scan(t, ({ socket }) => socket.end('220 smtp.example.com ESMTP\r\n'));
    assert.equal(code, 3, stderr);
    assertOthersRight(rows);
    assert.notEqual(rows.get('bad')?.['error'], undefined);
  });

  test('a body, as if another answer, behind the headers', async (t) => {
    const body = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-amz-meta-key: stolen\r\n\r\n';
    const { rows } = await scan(t, ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nx-amz-meta-key: bad\r\n\r\n${body}`));
    assertOthersRight(rows);
  });

  test('a redirect to elsewhere is not followed', async (t) => {
    let followed = false;
    const other = await serveHttp(t, (_request, response) => {
      followed = true;
      response.end();
    });
    const location = `${other}/stolen`;
    const { code, rows, stderr } = await scan(t, (_request, response) => response.writeHead(307, { location }).end());
    assert.equal(code, 3, stderr);
    assertOthersRight(rows);
    assert.equal(rows.get('bad')?.['status'], 307);
    assert.equal(followed, false);
  });

  test('a status that is none of S3', async (t) => {
    const { code, rows, stderr } = await scan(t, (_request, response) => response.writeHead(418).end());
    assert.equal(code, 3, stderr);
    assertOthersRight(rows);
    assert.equal(rows.get('bad')?.['status'], 418);
    assert.notEqual(rows.get('bad')?.['error'], undefined);
  });
});
