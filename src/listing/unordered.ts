/**
 * A directory bucket (S3 Express One Zone), page after page, by token: it lists in no order and knows no start-after.
 *
 * Without an order there is no interval that a page could prove (R2). What is proven: no page was left out on the
 * way from the first to the one that says it is the last, as far as the server's tokens lead, and these do not go in
 * a circle. What is not: that a key the server lists twice, or not at all, would be noticed.
 */
import { Failure } from '../failure.ts';
import { BEGINNING, EVERYTHING, type Interval } from '../keyspace/interval.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import { MAX_EMPTY_PAGES } from './continuation.ts';
import { NoToken } from './doubts.ts';
import type { ListedPage, ListPage } from './listing.ts';
import { checkScope } from './scope.ts';

export interface UnorderedOptions {
  readonly prefix: Uint8Array;
  readonly pageSize: number;
  /** stop after so many keys; Infinity for all */
  readonly maxKeys: number;
  readonly builder: RecordBuilder;
}

const NOTHING: Interval = { after: BEGINNING, through: BEGINNING };

/**
 * Whether tokens go in a circle, however long, from one of them kept (R. P. Brent, 1980): it is replaced whenever their
 * number is a power of two, so that in the end it is on the circle, and comes by again.
 */
class Circle {
  private kept: string | null = null;
  private count = 0;

  /** Whether this token closes one. */
  closes(token: string): boolean {
    if (token === this.kept) return true;
    this.count++;
    if ((this.count & (this.count - 1)) === 0) this.kept = token;
    return false;
  }
}

/** The intervals of all pages but the last are empty; the last stands for everything. */
export async function* listUnordered(listPage: ListPage, { prefix, pageSize, maxKeys, builder }: UnorderedOptions): AsyncGenerator<ListedPage> {
  const circle = new Circle();
  let remaining = maxKeys;
  let continuationToken: string | null = null;
  let pages = 0;
  let empty = 0;
  while (remaining > 0) {
    pages++;
    const window = { ...EVERYTHING, limit: remaining, inAnyOrder: true };
    const info = await listPage({ prefix, startAfter: null, continuationToken, maxKeys: Math.min(pageSize, remaining), window }, builder);
    const told: string | null = info.nextContinuationToken;
    try {
      checkScope(info, prefix);
      empty = info.objects === 0 ? empty + 1 : 0;
      if (empty > MAX_EMPTY_PAGES) throw new Failure('listing', `${MAX_EMPTY_PAGES} truncated pages in a row without a key`);
      if (info.isTruncated && told === null) throw new NoToken();
      if (info.isTruncated && circle.closes(told!)) throw new Failure('listing', 'the page gives a continuation token that an earlier page gave: the listing would never end');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure('listing', `page ${pages} of the listing: ${error.message}`, error.hint, { cause: error });
    }
    remaining -= info.count;
    yield { interval: info.isTruncated || info.count < info.objects ? NOTHING : EVERYTHING, rows: builder.take(), lastKey: info.lastKey };
    if (!info.isTruncated) return;
    continuationToken = told;
  }
}
