/** A machine whose clock is off: S3 refuses what is dated 15 minutes beside its own time. Measured from Date, corrected, signed anew. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { s3scanDone } from '../support/cli.ts';
import { serveHttp } from '../support/http-server.ts';
import { byKey, readNdjson } from '../support/tables.ts';

const ENV = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret-0123456789', AWS_REGION: 'us-east-1' };
const KEYS = Array.from({ length: 500 }, (_, at) => `key-${String(at).padStart(4, '0')}`);
const HOUR_MS = 3_600_000;
const TOLERATED_MS = 900_000;
const PAGE = `<ListBucketResult><IsTruncated>false</IsTruncated>${KEYS.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('')}</ListBucketResult>`;
const SKEWED = '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message></Error>';

function dateOf({ headers }: IncomingMessage): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date']))!;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** A server `offsetOf(requests so far)` ahead of this machine. Resolves to its endpoint, and how many requests it refused. */
async function serve(t: TestContext, offsetOf: (requests: number) => number): Promise<{ endpoint: string; refused: () => number }> {
  let requests = 0;
  let refused = 0;
  const endpoint = await serveHttp(t, (request, response) => {
    const now = Date.now() + offsetOf(requests++);
    response.sendDate = false;
    response.setHeader('date', new Date(now).toUTCString());
    if (Math.abs(dateOf(request) - now) > TOLERATED_MS) {
      refused++;
      response.writeHead(403).end(request.method === 'HEAD' ? undefined : SKEWED);
    } else if (request.method === 'HEAD') {
      response.writeHead(200, { 'content-length': 1, etag: '"e"' }).end();
    } else {
      response.end(PAGE);
    }
  });
  return { endpoint, refused: () => refused };
}

function assertAllRead(output: string): void {
  const rows = byKey(readNdjson(output));
  assert.deepEqual([...rows.keys()].sort(), KEYS);
  for (const { status } of rows.values()) assert.equal(status, 200);
}

describe('clock skew', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk']) {
    for (const hours of [-1, 20]) {
      test(`the server is ${hours} h ahead: what is refused for it is asked again, and every row is there; engine ${engine}`, async (t) => {
        const server = await serve(t, () => hours * HOUR_MS);
        const { stdout } = await s3scanDone(['head', 's3://bucket', '--endpoint', server.endpoint, '--engine', engine, '--concurrency', '8'], { env: ENV });
        assertAllRead(stdout);
        // The SDK lists, and asks for heads, by clients of its own.
        if (engine === 'fast') assert.equal(server.refused(), 1);
        assert.ok(server.refused() > 0);
      });
    }
  }

  test('a clock that is set in the midst of the HEADs: those on their way are asked again, and no row is lost (R1)', async (t) => {
    const server = await serve(t, (requests) => (requests < 200 ? 0 : HOUR_MS));
    const { stdout } = await s3scanDone(['head', 's3://bucket', '--endpoint', server.endpoint, '--concurrency', '8'], { env: ENV });
    assertAllRead(stdout);
    assert.ok(server.refused() >= 1);
  });
});
