/** A bucket's listing as pages for `list` and as key batches for `head`, with the proof that it is whole (R2). */
import { Failure } from '../failure.ts';
import type { Interval } from '../keyspace/interval.ts';
import { aroundCrowdedFolders } from '../listing/crowded-folders.ts';
import { KeyDigest } from '../listing/key-digest.ts';
import { getVersions, listObjectVersions } from '../listing/list-object-versions.ts';
import { listObjectsV2, type GetBucket } from '../listing/list-objects-v2.ts';
import { MAX_LIST_CONCURRENCY } from '../listing/list-pace.ts';
import type { ListedPage, ListPage } from '../listing/listing.ts';
import { listWhole } from '../listing/whole-listing.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import { recordLatency } from '../metrics/latency.ts';
import type { KeyBatch, Listed } from '../queue/key-batch.ts';
import { LIST_COLUMNS, TOLD_HEAD, type Schema } from '../records/columns.ts';
import { columnIndex, repeated, type ColumnData, type RecordBatchData, type Utf8Values } from '../records/record-batch.ts';
import type { BucketClient } from '../s3/bucket-client.ts';
import type { Connection } from './connect.ts';
import type { EndpointOptions, ListingOptions } from './options.ts';

/** All that is asked for; with `maxKeys`, only a beginning of it is. */
export function rangeOf({ startAfter, endAt }: ListingOptions): Interval {
  return { after: startAfter, through: endAt };
}

/** What `head` needs of a listing: the key, and what its HEAD is cross-checked with (R4). */
export const HEAD_LISTING: Schema = LIST_COLUMNS.filter(({ name }) => ['key', 'version_id', 'size', 'last_modified', 'etag'].includes(name));

const KEY: Schema = LIST_COLUMNS.filter(({ name }) => name === 'key');
const NO_KEYS: Utf8Values = { offsets: new Int32Array(1), values: new Uint8Array(0) };

async function pageLister(
  client: BucketClient,
  connection: Connection,
  options: EndpointOptions,
  { bucket, versions, fetchOwner, concurrency, metadata }: ListingOptions,
  counters: ListingCounters,
): Promise<ListPage> {
  const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    counters.startMs ||= Date.now();
    counters.apiCalls++;
    const answer = await ask();
    counters.endMs = Date.now();
    recordLatency(counters.pageLatency, (performance.now() - startedAt) * 1000);
    return answer;
  };
  if (options.engine === 'sdk') {
    const { addressing, timeoutMs } = options;
    const settings = { ...connection, addressing, timeoutMs, clockOffsetMs: client.clock.offsetMs };
    const connections = concurrency ?? MAX_LIST_CONCURRENCY;
    const paced = async <T>(ask: () => Promise<T>): Promise<T> => {
      await client.turn();
      return timed(ask);
    };
    if (versions) {
      const { sdkGetVersions } = await import('../listing/sdk-versions-page.ts');
      const ask = sdkGetVersions(settings, bucket, connections);
      return listObjectVersions((request) => paced(() => ask(request)));
    }
    const { sdkListPage } = await import('../listing/sdk-list-page.ts');
    const list = sdkListPage(settings, bucket, connections);
    return aroundCrowdedFolders((request, builder) => paced(() => list(request, builder)));
  }
  const get: GetBucket = async (query) => {
    const body = await timed(() => client.get(query));
    counters.bytesIn += body.length;
    return body;
  };
  return versions ? listObjectVersions(getVersions(get)) : aroundCrowdedFolders(listObjectsV2(get, { fetchOwner, ...(metadata && { metadata }) }));
}

/**
 * The listing's pages, in any order; throws Failure('listing') where they do not cover what was asked. `missing`: what an
 * earlier scan left of it; all of it unless told. With `verify` it is listed a second time after the last page, to compare.
 */
export async function* listedPages(
  client: BucketClient,
  connection: Connection,
  endpoint: EndpointOptions,
  listing: ListingOptions,
  schema: Schema,
  counters: ListingCounters,
  missing: readonly Interval[] = [rangeOf(listing)],
): AsyncGenerator<ListedPage> {
  const { bucket, prefix, pageSize, maxKeys, concurrency, verify } = listing;
  const list = async (how: ListingOptions, columns: Schema): Promise<AsyncGenerator<ListedPage>> =>
    listWhole(await pageLister(client, connection, endpoint, how, counters), {
      bucket,
      missing,
      prefix,
      pageSize,
      maxKeys: maxKeys ?? Infinity,
      concurrency,
      schema: columns,
      constants: new Map([['bucket', bucket]]),
      counters,
      now: () => performance.now(),
    });
  const columns = verify && columnIndex(schema, 'key') < 0 ? [...schema, ...KEY] : schema;
  const first = new KeyDigest();
  for await (const page of await list(listing, columns)) {
    counters.pages++;
    counters.keys += page.rows.rows;
    if (verify) first.add(keysOf(page, columns), page.rows.rows);
    yield columns === schema ? page : { ...page, rows: { ...page.rows, columns: page.rows.columns.slice(0, schema.length) } };
  }
  if (!verify) return;
  // What is told of the listing is told of the first one.
  const { mode, note, ranges, splits } = counters;
  const second = new KeyDigest();
  for await (const page of await list({ ...listing, fetchOwner: false, metadata: () => false }, KEY)) {
    counters.verified += page.rows.rows;
    second.add(keysOf(page, KEY), page.rows.rows);
  }
  Object.assign(counters, { mode, note, ranges, splits });
  if (!first.equals(second)) throw differing(bucket, first.keys, second.keys);
}

function keysOf(page: ListedPage, schema: Schema): Utf8Values {
  return utf8Values(page.rows.columns[columnIndex(schema, 'key')], page.rows.rows) ?? NO_KEYS;
}

/** A server that ends a page too early says so in both listings, or in one: only the second case can be seen. */
function differing(bucket: string, first: number, second: number): Failure {
  const found = first === second ? `${first} keys each time, and not the same ones` : `${first} keys at first, ${second} the second time`;
  return new Failure(
    'listing',
    `two listings of s3://${bucket} differ: ${found}`,
    'where something writes to the bucket meanwhile this is to be expected: list it while nothing does. Else the server leaves out keys; try --list-concurrency 1',
  );
}

export function utf8Values(column: ColumnData | undefined, rows: number): Utf8Values | null {
  if (column?.kind === 'constant') return repeated(column.value, rows);
  return column?.kind === 'utf8' ? column : null;
}

/** −1 where a row has none. */
export function int64Values(column: ColumnData | undefined, rows: number): BigInt64Array | null {
  if (column?.kind !== 'int64') return null;
  const { values, validity } = column;
  if (validity !== null) for (let row = 0; row < rows; row++) if ((validity[row >> 3]! & (1 << (row & 7))) === 0) values[row] = -1n;
  return values;
}

function headsOf(column: ColumnData | undefined, rows: number): Pick<Listed, 'heads'> {
  const heads = utf8Values(column, rows);
  return heads === null ? {} : { heads };
}

/** The batch with nothing told in place of HEADs. */
export function withoutHeads(batch: KeyBatch): KeyBatch {
  if (batch.listed?.heads === undefined) return batch;
  const { size, etag, lastModified } = batch.listed;
  return { ...batch, listed: { size, etag, lastModified } };
}

/** A listed page as a batch of the queue. `schema` is what the page was listed with. */
export function keyBatchOf(page: ListedPage, bucket: string, schema: Schema): KeyBatch {
  const { rows, columns }: RecordBatchData = page.rows;
  const column = (name: string): ColumnData | undefined => columns[columnIndex(schema, name)];
  const listed: Listed = {
    size: int64Values(column('size'), rows),
    etag: utf8Values(column('etag'), rows),
    lastModified: int64Values(column('last_modified'), rows),
    ...headsOf(column(TOLD_HEAD.name), rows),
  };
  const keys = utf8Values(column('key'), rows) ?? NO_KEYS;
  return { bucket, place: { kind: 'keyspace', ...page.interval }, count: rows, keys, versions: utf8Values(column('version_id'), rows), listed };
}
