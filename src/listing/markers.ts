/** The keys in what a page is asked to begin behind: a start-after, a continuation token, a key-marker. */
import type { PageRequest } from './listing.ts';

/** What MinIO (cmd/metacache-marker.go) and RustFS add to the key that a page ends with. */
const CACHE_TAGS = ['[minio_cache:', '[rustfs_cache:'];

/** The key in a marker of a server that walks folders; null in any other. */
export function walkedTo(marker: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(marker.buffer, marker.byteOffset, marker.length);
  const at = Math.max(...CACHE_TAGS.map((tag) => bytes.lastIndexOf(tag)));
  return at < 0 ? null : bytes.subarray(0, at);
}

/** Of tokens that are no server's. */
const OWN_TOKEN = 's3scan:after:';

/** A continuation token that goes on behind the key. */
export function tokenAfter(key: Uint8Array): string {
  return OWN_TOKEN + Buffer.from(key).toString('base64');
}

/** The key in a token made here; null in any other. */
export function keyOfOwn(token: string | null): Uint8Array | null {
  return token?.startsWith(OWN_TOKEN) === true ? Buffer.from(token.slice(OWN_TOKEN.length), 'base64') : null;
}

/** The key in a token of a server that walks folders; null in any other. */
export function keyOfWalk(token: string | null): Uint8Array | null {
  return token === null ? null : walkedTo(Buffer.from(token, 'base64'));
}

/** The key that the page is asked to begin after; null for the beginning, and where only the server knows. */
export function markerOf({ startAfter, continuationToken }: PageRequest): Uint8Array | null {
  return startAfter ?? keyOfOwn(continuationToken) ?? keyOfWalk(continuationToken);
}
