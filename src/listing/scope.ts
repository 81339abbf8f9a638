/** Whether a page holds what was asked for and nothing else: what was not asked for would hide what was (R2). */
import { Failure } from '../failure.ts';
import { excerpt } from '../s3/xml.ts';
import type { ListPageInfo } from './listing.ts';

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
}

/** Throws where it does not. Keys ascend, so the first and the last stand for all; where they do not, some more do. */
export function checkScope({ firstKey, lastKey, sample, commonPrefixes }: ListPageInfo, prefix: Uint8Array): void {
  for (const key of [firstKey, lastKey, ...sample]) {
    if (key !== null && !startsWith(key, prefix)) {
      throw new Failure('listing', `"${excerpt(key)}" does not begin with the prefix asked for, "${excerpt(prefix)}"`);
    }
  }
  const [grouped] = commonPrefixes;
  if (grouped !== undefined) throw new Failure('listing', `keys under "${excerpt(grouped)}" are hidden in CommonPrefixes, which were not asked for`);
}
