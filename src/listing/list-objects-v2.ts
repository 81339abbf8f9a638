/**
 * ListObjectsV2: the query of one page and the decoding of its answer. Sending is the composition's: `get`
 * signs, sends, retries, bounds the body, and throws a Failure where no answer of status 200 came.
 */
import type { ListPage, PageRequest } from './listing.ts';
import { decodeListPage } from './page-decoder.ts';

/** GET on the bucket; names and values are not yet encoded, bytes are to be encoded as they are (R3). */
export type GetBucket = (query: [name: string, value: string | Uint8Array][]) => Promise<Buffer>;

export interface ListObjectsV2Options {
  /** ask for each object's owner, which S3 leaves out otherwise */
  readonly fetchOwner?: boolean;
}

function queryOf(request: PageRequest, options: ListObjectsV2Options): [string, string | Uint8Array][] {
  const { prefix, startAfter, continuationToken, maxKeys, delimiter } = request;
  // XML cannot hold every character that a key may; encoding-type=url can.
  const query: [string, string | Uint8Array][] = [
    ['list-type', '2'],
    ['encoding-type', 'url'],
    ['max-keys', String(maxKeys)],
  ];
  if (prefix.length > 0) query.push(['prefix', prefix]);
  if (startAfter !== null) query.push(['start-after', startAfter]);
  if (continuationToken !== null) query.push(['continuation-token', continuationToken]);
  if (delimiter !== undefined) query.push(['delimiter', delimiter]);
  if (options.fetchOwner) query.push(['fetch-owner', 'true']);
  return query;
}

export function listObjectsV2(get: GetBucket, options: ListObjectsV2Options = {}): ListPage {
  return async (request, builder) => decodeListPage(await get(queryOf(request, options)), request.window, builder);
}
