/** Whether a page holds what was asked for and nothing else: what was not asked for would hide what was (R2). */
import { Failure } from '../failure.ts';
import { hasPrefix } from '../keyspace/interval.ts';
import { excerpt } from '../s3/xml.ts';
import type { ListPageInfo } from './listing.ts';

/** Throws where it does not. Keys ascend, so the first and the last stand for all; where they do not, some more do. */
export function checkScope({ firstKey, lastKey, sample, commonPrefixes }: ListPageInfo, prefix: Uint8Array): void {
  for (const key of [firstKey, lastKey, ...sample]) {
    if (key !== null && !hasPrefix(key, prefix)) {
      throw new Failure('listing', `"${excerpt(key)}" does not begin with the prefix asked for, "${excerpt(prefix)}"`);
    }
  }
  const [grouped] = commonPrefixes;
  if (grouped !== undefined) throw new Failure('listing', `keys under "${excerpt(grouped)}" are hidden in CommonPrefixes, which were not asked for`);
}
