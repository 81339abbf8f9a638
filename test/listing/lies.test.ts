import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import type { ListPage } from '../../src/listing/listing.ts';
import { listObjectsV2 } from '../../src/listing/list-objects-v2.ts';
import { sdkListPage } from '../../src/listing/sdk-list-page.ts';
import { listWhole } from '../../src/listing/whole-listing.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import type { BucketAddress } from '../../src/s3/bucket-address.ts';
import { BucketClient } from '../../src/s3/bucket-client.ts';
import { DIRECT } from '../http/direct.ts';
import { rawServer, type RawRequest, type RawServer } from '../http/raw-server.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { LIES, type Lie } from './lies.ts';
import { plainObject, renderPage } from './render-page.ts';
import { BUCKET, keysOf } from './table.ts';

/** Enough for several pages of four, with one that needs encoding. */
const KEYS = ['a b', ...Array.from({ length: 25 }, (_, n) => `key-${String(n).padStart(2, '0')}`)];
const PAGE = 4;

/** Whoever waits longer than this waits for ever. */
const HANG_MS = 30_000;

/** What an honest server says. A token, whatever it is, stands for the last key of the page before. */
function pageOf(query: URLSearchParams, last: string): string {
  const after = query.has('continuation-token') ? last : (query.get('start-after') ?? '');
  const left = KEYS.filter((key) => key > after && key.startsWith(query.get('prefix') ?? ''));
  const keys = left.slice(0, Math.min(PAGE, Number(query.get('max-keys'))));
  return renderPage(keys.map(plainObject), { token: keys.length < left.length ? `after ${keys.at(-1)}` : null }).toString();
}

async function serve(t: TestContext, { tell, from = 1 }: Lie): Promise<RawServer> {
  const first = pageOf(new URLSearchParams({ 'max-keys': '1000' }), '');
  let nth = 0;
  let last = '';
  return rawServer(t, (socket, { target }: RawRequest) => {
    const query = new URLSearchParams(target.slice(target.indexOf('?') + 1));
    const page = pageOf(query, last);
    last = page.match(/(?<=<Key>)[^<]*/g)?.at(-1)?.replaceAll('+', ' ') ?? last;
    nth++;
    const told = nth < from ? { body: page } : tell(page, { nth, first });
    if ('body' in told) {
      const bytes = Buffer.from(told.body);
      socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]));
      return;
    }
    for (const piece of told.raw) socket.write(piece);
    if (told.end) socket.end();
  });
}

function pageLister(t: TestContext, endpoint: string, engine: 'fast' | 'sdk'): ListPage {
  const common = { endpoint, region: 'us-east-1', addressing: 'path', variants: PLAIN, credentials: null, network: DIRECT, timeoutMs: 10_000, requestHeaders: [] } as const;
  if (engine === 'sdk') return sdkListPage({ ...common, clockOffsetMs: 0 }, 'bucket', 4);
  const address = pathAddress(endpoint, 'bucket');
  const locate = (): Promise<BucketAddress> => Promise.resolve(address);
  const client = new BucketClient({ ...common, targets: [{ endpoint, address }], locate, pace: Pace.allocate(null), endpoints: EndpointHealth.allocate(1), bucket: 'bucket', maxAttempts: 2, retryBudget: RetryBudget.allocate(1), onRetry: () => {}, renew: () => Promise.resolve(null) });
  t.after(() => client.close());
  return listObjectsV2((query) => client.get(query));
}

interface Listed {
  readonly keys: readonly string[];
  readonly failure: Failure | null;
}

async function list(listPage: ListPage, concurrency: number | null): Promise<Listed> {
  const keys: string[] = [];
  const pages = listWhole(listPage, {
    bucket: 'bucket',
    missing: [{ after: new Uint8Array(0), through: null }],
    prefix: new Uint8Array(0),
    pageSize: 1000,
    maxKeys: Infinity,
    concurrency,
    schema: LIST_COLUMNS,
    constants: BUCKET,
    counters: new ListingCounters(),
    now: () => performance.now(),
  });
  try {
    for await (const { rows } of pages) keys.push(...keysOf(rows));
    return { keys, failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { keys, failure: error };
  }
}

function assertEnd({ keys, failure }: Listed, ends: Lie['ends'], kind: Lie['kind'] = 'listing'): void {
  if (ends === 'well') {
    assert.equal(failure, null, String(failure));
    assert.deepEqual([...keys].sort(), KEYS);
    return;
  }
  assert.ok(failure !== null, `it ended well, with ${keys.length} keys`);
  assert.match(failure.message, ends);
  assert.equal(failure.kind, kind, failure.message);
  assert.doesNotMatch(failure.message, /[\p{Cc}\p{Cf}]/u, 'control characters');
  assert.ok(failure.message.length < 1500, `${failure.message.length} characters of message`);
}

for (const [mode, concurrency] of [['in parallel', null], ['page after page', 1]] as const) {
  describe(`a server that does not tell the truth, listed ${mode}: a clear failure, and never fewer keys (R2)`, { concurrency: 8, timeout: 4 * HANG_MS }, () => {
    for (const lie of LIES) {
      test(lie.name, { timeout: HANG_MS }, async (t) => {
        const server = await serve(t, lie);
        assertEnd(await list(pageLister(t, server.origin, 'fast'), concurrency), (concurrency === null ? lie.parallel : undefined) ?? lie.ends, lie.kind);
        assert.ok(server.requests.every(({ method }) => method === 'GET'));
      });
    }
  });
}

describe('the same, listed through the official SDK: never fewer keys (R2)', { concurrency: 8, timeout: 4 * HANG_MS }, () => {
  for (const lie of LIES.filter(({ fastOnly }) => fastOnly !== true)) {
    test(lie.name, { timeout: HANG_MS }, async (t) => {
      const server = await serve(t, lie);
      const { keys, failure } = await list(pageLister(t, server.origin, 'sdk'), 1);
      if (failure === null) assert.deepEqual([...keys].sort(), KEYS);
      if (lie.ends === 'well') assert.equal(failure, null, String(failure));
    });
  }
});
