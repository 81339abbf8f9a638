/** A bucket's listing as pages for `list` and as key batches for `head`, with the proof that it is whole (R2). */
import { getVersions, listObjectVersions } from '../listing/list-object-versions.ts';
import { listObjectsV2, type GetBucket } from '../listing/list-objects-v2.ts';
import { MAX_LIST_CONCURRENCY } from '../listing/list-pace.ts';
import type { Interval } from '../keyspace/interval.ts';
import type { ListedPage, ListPage } from '../listing/listing.ts';
import { listWhole } from '../listing/whole-listing.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import { recordLatency } from '../metrics/latency.ts';
import type { KeyBatch, Listed } from '../queue/key-batch.ts';
import { LIST_COLUMNS, TOLD_HEAD, type Schema } from '../records/columns.ts';
import { columnIndex, type ColumnData, type RecordBatchData, type Utf8Values } from '../records/record-batch.ts';
import type { BucketClient } from '../s3/bucket-client.ts';
import type { Connection } from './connect.ts';
import type { EndpointOptions, ListingOptions } from './options.ts';

/** All that is asked for; with `maxKeys`, only a beginning of it is. */
export function rangeOf({ startAfter, endAt }: ListingOptions): Interval {
  return { after: startAfter, through: endAt };
}

/** What `head` needs of a listing: the key, and what its HEAD is cross-checked with (R4). */
export const HEAD_LISTING: Schema = LIST_COLUMNS.filter(({ name }) => ['key', 'version_id', 'size', 'last_modified', 'etag'].includes(name));

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
    return (request, builder) => paced(() => list(request, builder));
  }
  const get: GetBucket = async (query) => {
    const body = await timed(() => client.get(query));
    counters.bytesIn += body.length;
    return body;
  };
  return versions ? listObjectVersions(getVersions(get)) : listObjectsV2(get, { fetchOwner, ...(metadata && { metadata }) });
}

/**
 * The listing's pages, in any order; throws Failure('listing') where they do not cover what was asked. `missing`: what an
 * earlier scan left of it; all of it unless told.
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
  const { bucket, prefix, pageSize, maxKeys, concurrency } = listing;
  const listPage = await pageLister(client, connection, endpoint, listing, counters);
  const pages = listWhole(listPage, {
    bucket,
    missing,
    prefix,
    pageSize,
    maxKeys: maxKeys ?? Infinity,
    concurrency,
    schema,
    constants: new Map([['bucket', bucket]]),
    counters,
    now: () => performance.now(),
  });
  for await (const page of pages) {
    counters.pages++;
    counters.keys += page.rows.rows;
    yield page;
  }
}

export function utf8Values(column: ColumnData | undefined): Utf8Values | null {
  return column?.kind === 'utf8' ? column : null;
}

/** −1 where a row has none. */
export function int64Values(column: ColumnData | undefined, rows: number): BigInt64Array | null {
  if (column?.kind !== 'int64') return null;
  const { values, validity } = column;
  if (validity !== null) for (let row = 0; row < rows; row++) if ((validity[row >> 3]! & (1 << (row & 7))) === 0) values[row] = -1n;
  return values;
}

function headsOf(column: ColumnData | undefined): Pick<Listed, 'heads'> {
  const heads = utf8Values(column);
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
    etag: utf8Values(column('etag')),
    lastModified: int64Values(column('last_modified'), rows),
    ...headsOf(column(TOLD_HEAD.name)),
  };
  const keys = utf8Values(column('key')) ?? { offsets: new Int32Array(1), values: new Uint8Array(0) };
  return { bucket, place: { kind: 'keyspace', ...page.interval }, count: rows, keys, versions: utf8Values(column('version_id')), listed };
}
