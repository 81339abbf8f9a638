import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import type { BucketClient, Query } from '../../src/s3/bucket-client.ts';
import type { Connection } from '../../src/scan/connect.ts';
import { HEAD_LISTING, keyBatchOf, listedPages } from '../../src/scan/listing-source.ts';
import type { EndpointOptions, ListingOptions } from '../../src/scan/options.ts';
import { keysOf, unpacked } from '../queue/key-batches.ts';

const LISTING: ListingOptions = { bucket: 'bucket', prefix: Buffer.from(''), startAfter: Buffer.from(''), endAt: null, pageSize: 3, maxKeys: null, concurrency: null, versions: false,
  fetchOwner: false, verify: false };

/** An object as XML, with what else is given. */
function contents(key: string, more = ''): string {
  return `<Contents><Key>${key}</Key>${more}</Contents>`;
}

/** A page of the bucket's keys: those above start-after or the token, `max-keys` of them. */
function pageOf(keys: readonly string[], query: ReadonlyMap<string, string>): string {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const left = keys.filter((key) => key > after);
  const page = left.slice(0, Number(query.get('max-keys')));
  const truncated = page.length < left.length;
  const token = truncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  const objects = page.map((key) => contents(key)).join('');
  return `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${token}<KeyCount>${page.length}</KeyCount>${objects}</ListBucketResult>`;
}

/** Key batches of a listing whose requests `answer` answers. */
async function batches(answer: (query: ReadonlyMap<string, string>) => string, options: Partial<ListingOptions> = {}, counters = new ListingCounters()): Promise<KeyBatch[]> {
  const client = {
    get: (query: Query) => Promise.resolve(Buffer.from(answer(new Map(query.map(([name, value]) => [name, Buffer.from(value as string).toString()]))))),
  } as unknown as BucketClient;
  const endpoint = { engine: 'fast' } as EndpointOptions;
  const all: KeyBatch[] = [];
  for await (const page of listedPages(client, {} as Connection, endpoint, { ...LISTING, ...options }, HEAD_LISTING, counters)) {
    all.push(keyBatchOf(page, 'bucket', HEAD_LISTING));
  }
  return all;
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

test('pages become key batches whose places tile what was asked (R2), and are counted', async () => {
  const counters = new ListingCounters();
  const all = await batches((query) => pageOf(KEYS, query), { concurrency: 1 }, counters);
  assert.deepEqual(all.map(keysOf), [['a', 'b', 'c'], ['d', 'e', 'f'], ['g', 'h']]);
  const places = all.map(({ place }) => (place.kind === 'keyspace' ? [Buffer.from(place.after).toString(), place.through && Buffer.from(place.through).toString()] : null));
  assert.deepEqual(places, [['', 'c'], ['c', 'f'], ['f', null]]);
  assert.deepEqual([counters.pages, counters.keys, counters.apiCalls, counters.pageLatency.count], [3, 8, 3, 3]);
  assert.ok(counters.bytesIn > 0 && counters.startMs > 0 && counters.endMs >= counters.startMs);
});

test('--max-keys and --start-after: the first so many keys above that one', async () => {
  const all = await batches((query) => pageOf(KEYS, query), { maxKeys: 4, startAfter: Buffer.from('b') });
  assert.deepEqual(all.flatMap(keysOf), ['c', 'd', 'e', 'f']);
  assert.deepEqual((await batches((query) => pageOf([], query))).flatMap(keysOf), []);
  assert.deepEqual((await batches((query) => pageOf(KEYS, query), { maxKeys: 100 })).flatMap(keysOf), KEYS);
});

function isListing(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'listing';
}

test('a listing that proves nothing ends the scan as one (R2)', async () => {
  const endless = `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${contents('a')}</ListBucketResult>`;
  await assert.rejects(batches(() => endless), isListing, 'the same page for ever');
  await assert.rejects(batches(() => '<html><body>welcome</body></html>'), isListing);
});

test('what a page tells of an object is what its HEAD is checked with; what it does not tell is unknown (R4)', async () => {
  const full = '<Size>5</Size><ETag>&quot;e1&quot;</ETag><LastModified>2026-01-02T03:04:05.678Z</LastModified>';
  const page = `<ListBucketResult><IsTruncated>false</IsTruncated>${contents('a')}${contents('b', full)}${contents('c', '<Size>0</Size>')}</ListBucketResult>`;
  const [batch] = await batches(() => page);
  const { size, etag, lastModified } = batch!.listed!;
  assert.deepEqual([...size!.subarray(0, 3)], [-1n, 5n, 0n]);
  assert.deepEqual(unpacked(etag!, 3), ['', 'e1', '']);
  assert.deepEqual([...lastModified!.subarray(0, 3)], [-1n, BigInt(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), -1n]);
});

test('a column that no object of the page has is unknown for all; a page without objects is an empty batch', async () => {
  const [batch] = await batches(() => `<ListBucketResult><IsTruncated>false</IsTruncated>${contents('a')}</ListBucketResult>`);
  assert.deepEqual(batch!.listed, { size: null, etag: null, lastModified: null });
  const interval = { after: new Uint8Array(0), through: null };
  const empty = keyBatchOf({ interval, rows: new RecordBuilder(HEAD_LISTING).take(), lastKey: null }, 'bucket', HEAD_LISTING);
  assert.deepEqual([empty.count, keysOf(empty)], [0, []]);
});
