/**
 * ListObjectsV2: the query of one page and the decoding of its answer. Sending is the composition's: `get`
 * signs, sends, retries, bounds the body, and throws a Failure where no answer of status 200 came.
 */
import { recycle } from '../http/body-room.ts';
import type { ListPage, PageRequest } from './listing.ts';
import { decodeListPage, decodeScannedPage } from './page-decoder.ts';
import { scanPage, type PageScan } from './page-scan.ts';

/** GET on the bucket; names and values are not yet encoded, bytes are to be encoded as they are (R3). */
export type GetBucket = (query: [name: string, value: string | Uint8Array][]) => Promise<Buffer>;

export interface ListObjectsV2Options {
  /** ask for each object's owner, which S3 leaves out otherwise */
  readonly fetchOwner?: boolean;
  /** asked before each page: whether to ask for each object's headers, which MinIO adds to its listings */
  readonly metadata?: () => boolean;
}

type Query = [string, string | Uint8Array][];

function queryOf(request: PageRequest, options: ListObjectsV2Options): Query {
  const { prefix, startAfter, continuationToken, byMarker, maxKeys, delimiter } = request;
  // XML cannot hold every character that a key may; encoding-type=url can.
  const query: Query = [
    ['list-type', '2'],
    ['encoding-type', 'url'],
    ['max-keys', String(maxKeys)],
  ];
  if (prefix.length > 0) query.push(['prefix', prefix]);
  if (startAfter !== null) query.push(['start-after', startAfter]);
  if (startAfter !== null && byMarker === true) query.push(['marker', startAfter]);
  if (continuationToken !== null) query.push(['continuation-token', continuationToken]);
  if (delimiter !== undefined) query.push(['delimiter', delimiter]);
  if (options.fetchOwner) query.push(['fetch-owner', 'true']);
  return query;
}

/** The page with each object's headers; null where that is no XML: MinIO makes tags of header names, and an `&` may be in those. */
async function pageWithMetadata(get: GetBucket, query: Query): Promise<PageScan | null> {
  const body = await get([...query, ['metadata', 'true']]);
  try {
    return scanPage(body);
  } catch {
    return null;
  }
}

export function listObjectsV2(get: GetBucket, options: ListObjectsV2Options = {}): ListPage {
  return async (request, builder) => {
    const query = queryOf(request, options);
    const page = options.metadata?.() === true ? await pageWithMetadata(get, query) : null;
    if (page !== null) return decodeScannedPage(page, request.window, builder);
    const body = await get(query);
    const info = decodeListPage(body, request.window, builder);
    recycle(body);
    return info;
  };
}
