/**
 * Some servers decode a start-after twice (LocalStack), and what follows a `%` would be skipped unseen. From `%7E` they
 * go on behind `~`, past the keys between the two: where one of these is shown, a `%` is taken for what it is.
 */
import { Failure } from '../failure.ts';
import { compareKeys, type Interval } from '../keyspace/interval.ts';
import { RecordBuilder } from '../records/record-builder.ts';
import type { ListPage } from './listing.ts';

/** `%7E`, which a server that decodes twice takes for `~`. */
const ENCODED_TILDE = Buffer.from('%7E');
const TILDE = Buffer.from('~');

function between(prefix: Uint8Array): Interval {
  return { after: Buffer.concat([prefix, ENCODED_TILDE]), through: Buffer.concat([prefix, TILDE]) };
}

/** Whether one of these keys, if it is in the bucket, would tell. */
export function canTellPercent(keys: readonly Uint8Array[], prefix: Uint8Array): boolean {
  const { after, through } = between(prefix);
  return keys.some((key) => compareKeys(key, after) > 0 && compareKeys(key, through!) < 0);
}

/** Asks. False where it is not safe, or nothing lies there that would tell. */
export async function takesPercent(listPage: ListPage, prefix: Uint8Array): Promise<boolean> {
  const window = { ...between(prefix), limit: 1 };
  try {
    const { count } = await listPage({ prefix, startAfter: window.after, continuationToken: null, maxKeys: 1, window }, new RecordBuilder([], new Map()));
    return count > 0;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'listing') return false;
    throw error;
  }
}
