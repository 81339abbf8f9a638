/** Which keys and common prefixes a page of ListObjectsV2 holds: pure, of numbers and byte strings. How it is written is `list-answer.ts`. */
import { afterPrefix, type ByteString } from './byte-string.ts';
import type { KeySpace } from './key-space.ts';

export interface PageRequest {
  readonly prefix: ByteString;
  /** empty: none */
  readonly delimiter: ByteString;
  /** keys up to and with this one are left out; empty: none */
  readonly startAfter: ByteString;
  /** the number of the first key that earlier pages left; null on the first page */
  readonly continueAt: number | null;
  /** entries at most, keys and common prefixes together */
  readonly maxKeys: number;
}

export interface Page {
  readonly indexes: readonly number[];
  readonly commonPrefixes: readonly ByteString[];
  /** where the next page goes on; null if this is the last */
  readonly continueAt: number | null;
}

export function listPage(keys: KeySpace, request: PageRequest): Page {
  const { prefix, delimiter, maxKeys } = request;
  // A token outranks start-after, which the pages before it have honoured.
  const after = request.continueAt ?? (request.startAfter === '' ? 0 : keys.indexAfter(request.startAfter));
  let at = Math.max(after, prefix === '' ? 0 : keys.seek(prefix, 0));
  const end = seekPast(keys, prefix, at);
  const indexes: number[] = [];
  const commonPrefixes: ByteString[] = [];
  for (let entries = 0; at < end && entries < maxKeys; entries++) {
    const common = delimiter === '' ? null : commonPrefix(keys.keyAt(at), prefix.length, delimiter);
    if (common === null) {
      indexes.push(at++);
    } else {
      commonPrefixes.push(common);
      at = seekPast(keys, common, at);
    }
  }
  // Nothing is left of a page of no keys: S3 does not call it truncated.
  return { indexes, commonPrefixes, continueAt: at < end && maxKeys > 0 ? at : null };
}

/** What a key is rolled up into: up to and with the first delimiter after the prefix; null if there is none. */
function commonPrefix(key: ByteString, prefixLength: number, delimiter: ByteString): ByteString | null {
  const found = key.indexOf(delimiter, prefixLength);
  return found === -1 ? null : key.slice(0, found + delimiter.length);
}

function seekPast(keys: KeySpace, prefix: ByteString, from: number): number {
  const end = afterPrefix(prefix);
  return end === null ? keys.count : keys.seek(end, from);
}
