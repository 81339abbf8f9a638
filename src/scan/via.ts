/**
 * Whether rows of `head` may come from the listing (`--via`): only where it tells every column asked for, which is
 * decided here from the columns' names, and then by asking some of the keys. Pure (R9).
 */
import { Failure } from '../failure.ts';
import type { Schema } from '../records/columns.ts';

/** Which requests tell the rows. `auto`: the listing where it is proven to tell what HEADs would, else HEADs. */
export type Via = 'auto' | 'head' | 'list';

/**
 * What a listing with metadata tells as a HEAD would, or what is about the request and so is the same for a request that
 * was not sent. The others are in no listing, or depend on permissions that listing does not ask for (object lock, tags).
 */
const TOLD: ReadonlySet<string> = new Set([
  'bucket',
  'key',
  'status',
  'error',
  'error_message',
  'content_length',
  'content_type',
  'cache_control',
  'content_disposition',
  'content_encoding',
  'content_language',
  'last_modified',
  'etag',
  'storage_class',
  'metadata',
  'server_side_encryption',
  'drift',
  'shard',
  'attempts',
  'via',
  'latency_us',
  'request_id',
]);

export interface ViaFacts {
  readonly via: Via;
  readonly schema: Schema;
  /** the keys come from a listing of the latest versions, through s3scan's own engine */
  readonly plainListing: boolean;
}

export interface ViaPlan {
  /** ask the listing for headers */
  readonly metadata: boolean;
  /** why not, where that was left to s3scan */
  readonly note: string | null;
}

/** Throws Failure('usage') where `list` cannot be. */
export function planVia({ via, schema, plainListing }: ViaFacts): ViaPlan {
  if (via === 'head') return { metadata: false, note: null };
  if (!plainListing) {
    const message = 'rows come from the listing only where the keys do: a listing of latest versions by the fast engine';
    if (via === 'list') throw new Failure('usage', `--via list: ${message}`, 'leave out --from, --versions and --engine sdk, or use --via head');
    return { metadata: false, note: message };
  }
  const missing = schema.filter(({ name }) => !TOLD.has(name)).map(({ name }) => name);
  if (missing.length === 0) return { metadata: true, note: null };
  const message = `no listing tells ${missing.join(', ')}`;
  if (via === 'list') throw new Failure('usage', `--via list: ${message}`, `name the columns wanted with --columns; a listing may tell ${[...TOLD].join(',')}`);
  return { metadata: false, note: message };
}

/** What a proof that failed means. Throws Failure('usage') where the listing was asked for by name. */
export function unproven(via: Via, endpoint: string, doubt: string): string {
  const message = `rows cannot come from the listing of ${endpoint}: ${doubt}`;
  if (via === 'list') throw new Failure('usage', `--via list: ${message}`, 'use --via head, or --via auto to have s3scan decide');
  return message;
}
