/**
 * One range of the keyspace, listed page after page: each page is checked against the one before it, and
 * handed on with the interval that it proves (R2).
 *
 * The next page is asked for while the consumer works on the current one, and no further ahead (R5).
 */
import { Failure } from '../failure.ts';
import { compareEnds, compareKeys, type Interval } from '../keyspace/interval.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import { excerpt } from '../s3/xml.ts';
import { isFitForStartAfter } from './continuation.ts';
import { Course, keptPage } from './course.ts';
import type { ListedPage, ListPage, ListPageInfo } from './listing.ts';
import { takesPercent } from './percent.ts';
import { checkScope } from './scope.ts';

export interface ChainOptions {
  readonly range: Interval;
  readonly prefix: Uint8Array;
  /** keys to ask for in one page; servers may give fewer */
  readonly pageSize: number;
  /** stop after so many keys; Infinity for all */
  readonly maxKeys: number;
  /** for this chain alone; emptied by every page */
  readonly builder: RecordBuilder;
  /** called where the server gives no token, and the chain goes on by key and marker */
  readonly onMarker: () => void;
}

class Chain {
  private readonly listPage: ListPage;
  private readonly options: ChainOptions;
  private course: Course;
  /** what is listed ends here */
  private after: Uint8Array;
  /** null: not known, and taken for unsafe */
  private percentIsSafe: boolean | null = null;
  private remaining: number;
  private pages = 0;
  done: boolean;

  constructor(listPage: ListPage, options: ChainOptions) {
    const { after, through } = options.range;
    this.listPage = listPage;
    this.options = options;
    this.course = isFitForStartAfter(after, true) ? new Course(after, false, after.length > 0) : fromBeginning();
    this.after = after;
    this.remaining = options.maxKeys;
    this.done = this.remaining <= 0 || compareEnds(through, after) <= 0;
  }

  /** The next page; null where it is empty and others follow. Sets `done` with the last one. */
  async page(): Promise<ListedPage | null> {
    this.pages++;
    try {
      return await this.accept(await this.ask());
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'listing') throw error;
      const where = this.after.length === 0 ? '' : ` (after "${excerpt(this.after)}")`;
      throw new Failure('listing', `page ${this.pages} of the listing${where}: ${error.message}`, error.hint, { cause: error });
    }
  }

  private ask(): Promise<ListPageInfo> {
    const { prefix, pageSize, builder, range } = this.options;
    const { after, course } = this;
    const leads = compareKeys(course.from, after) < 0;
    const window = { ...(leads && { from: course.from }), after, through: range.through, limit: this.remaining };
    const position = course.position(this.percentIsSafe ?? false);
    if (position.byMarker === true) this.options.onMarker();
    const maxKeys = leads ? pageSize : Math.min(pageSize, this.remaining);
    return this.listPage({ prefix, ...position, maxKeys, window }, builder);
  }

  private async accept(info: ListPageInfo): Promise<ListedPage | null> {
    checkScope(info, this.options.prefix);
    const { after } = this;
    const through = this.end(info);
    const page = this.options.builder.take();
    const count = this.done ? info.count : await this.keeps(info);
    if (count === null) {
      this.course = fromBeginning();
      return null;
    }
    const { rows, lastKey } = keptPage(info, page, count);
    this.remaining -= count;
    if (!this.done) {
      this.course.tell(info.nextContinuationToken, lastKey ?? info.skippedKey);
      // Decided now, so that it is this page that is named where it cannot be gone on from.
      this.course.position(this.percentIsSafe ?? false);
    }
    if (lastKey !== null) this.after = lastKey;
    return this.done || count > 0 ? { interval: { after, through: count < info.count ? lastKey : through }, rows, lastKey } : null;
  }

  private async keeps(info: ListPageInfo): Promise<number | null> {
    const { listPage, course } = this;
    const count = course.keeps(info, this.percentIsSafe ?? false);
    if (count !== null || this.percentIsSafe !== null || course.keeps(info, true) === null) return count;
    this.percentIsSafe = await takesPercent(listPage, this.options.prefix);
    return course.keeps(info, this.percentIsSafe);
  }

  /** Decides whether this page is the last one, and where what it proves ends. */
  private end({ count, objects, isTruncated, lastKey }: ListPageInfo): Uint8Array | null {
    const { through } = this.options.range;
    const isWhole = count === objects;
    const hitsLimit = count === this.remaining && (isTruncated || !isWhole);
    // Whole and not truncated: nothing follows. Cut, not by the limit: the rest lies beyond the range.
    const endsRange = !hitsLimit && (!isTruncated || !isWhole);
    const reachesEnd = lastKey !== null && compareEnds(through, lastKey) === 0;
    this.done = hitsLimit || endsRange || reachesEnd;
    return endsRange ? through : (lastKey ?? this.after);
  }
}

/** Keys are passed over until those of the range come: where it cannot be begun, or gone on with, by its own. */
function fromBeginning(): Course {
  return new Course(new Uint8Array(0), true, false);
}

/**
 * Lists `range`. The intervals of the pages follow one another without a gap; the last ends where the range
 * ends, or at the last of `maxKeys` keys. A Failure of kind `listing` where the server's pages prove nothing.
 */
export async function* listChain(listPage: ListPage, options: ChainOptions): AsyncGenerator<ListedPage> {
  const chain = new Chain(listPage, options);
  let pending = chain.done ? null : chain.page();
  while (pending !== null) {
    const page = await pending;
    pending = chain.done ? null : chain.page();
    // Told when it is awaited, after the page at hand; a consumer that leaves before does not want to know.
    pending?.catch(() => {});
    if (page !== null) yield page;
  }
}
