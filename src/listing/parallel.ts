/**
 * Lists many ranges of a prefix at once: sends what `Ranges` orders, takes the answers in as they come, and hands
 * the pages on in that order. Each carries the interval that it proves (R2); whether they are all there is for the
 * one who asked to check.
 *
 * The consumer governs (R5): at most twice as many pages as may be on their way are held or on their way, and fewer where
 * pages are large.
 */
import { Failure } from '../failure.ts';
import type { Interval } from '../keyspace/interval.ts';
import { compareEnds, compareKeys } from '../keyspace/interval.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import { bytesOf } from '../records/record-batch.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import { excerpt } from '../s3/xml.ts';
import { fitAbove, fitBeginning, hasPercent } from './continuation.ts';
import { Course, keptPage } from './course.ts';
import { NoToken } from './doubts.ts';
import { FIRST_PACE, givenPace, paceAfter, type Pace } from './list-pace.ts';
import type { KeyWindow, ListedPage, ListPage, ListPageInfo } from './listing.ts';
import { canTellPercent, takesPercent } from './percent.ts';
import { Ranges, type PageOrder } from './ranges.ts';
import { checkScope } from './scope.ts';

export interface ParallelOptions {
  /** what to list: disjoint, in ascending order, none empty */
  readonly missing: readonly Interval[];
  readonly prefix: Uint8Array;
  /** keys to ask for in one page; servers may give fewer */
  readonly pageSize: number;
  /** requests on their way; null to find out what the server takes */
  readonly concurrency: number | null;
  /** one for each page on its way */
  readonly builder: () => RecordBuilder;
  readonly counters: ListingCounters;
  /** ms */
  readonly now: () => number;
}

/** Pages held or on their way, for each that may be on its way. */
const HELD = 2;
/**
 * The same, as bytes: a page of 1,000 keys of 40 bytes takes 200 KB, one of the longest keys 1.2 MB. Enough of those for
 * 30 to be on their way, whoever takes them (R5).
 */
const HELD_BYTES = 40 * 1024 * 1024;
/** Pages that it is reckoned from how large the next are. */
const RECENT_PAGES = 16;

export class ParallelListing {
  /** Once the pages have ended: what a page was that proves nothing. What is missing may be had in another way. */
  doubt: Failure | null = null;
  private readonly listPage: ListPage;
  private readonly options: ParallelOptions;
  private readonly ranges: Ranges;
  private readonly courses = new Map<number, Course>();
  private readonly ready: ListedPage[] = [];
  /** of a page, on average, lately */
  private pageBytes = 1;
  private readonly spareBuilders: RecordBuilder[] = [];
  private readonly before: { readonly ranges: number; readonly splits: number };
  private pace: Pace;
  private throttled: number;
  private percent: 'unknown' | 'asking' | 'told' = 'unknown';
  private namesAsked = false;
  private answered = 0;
  private ended = false;
  private failure: unknown = null;
  private wake: () => void = () => {};

  constructor(listPage: ListPage, options: ParallelOptions) {
    this.listPage = listPage;
    this.options = options;
    this.ranges = new Ranges(options.missing, options.prefix);
    this.pace = options.concurrency === null ? FIRST_PACE : givenPace(options.concurrency);
    this.throttled = options.counters.throttled;
    options.counters.keysLeft = () => (this.ended ? null : this.ranges.keysLeft());
    this.before = { ranges: options.counters.ranges, splits: options.counters.splits };
  }

  /** To be called once. Throws where a request failed for good. */
  async *pages(): AsyncGenerator<ListedPage> {
    this.askAboutPercent(this.options.missing.map(({ after }) => after).filter(hasPercent));
    try {
      for (;;) {
        this.send();
        const page = this.ready.shift();
        if (page !== undefined) yield page;
        else if (this.ended) break;
        else if (this.isIdle()) return;
        else await this.news();
      }
      if (this.failure !== null) throw this.failure;
    } finally {
      this.ended = true;
      this.count();
    }
  }

  private isIdle(): boolean {
    return this.ranges.inFlight === 0 && this.percent !== 'asking';
  }

  private news(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private send(): void {
    if (this.ended || this.percent === 'asking') return;
    // The first one goes alone: what is wrong with the bucket is told once.
    const limit = this.answered === 0 ? 1 : this.pace.limit;
    const held = Math.min(limit * HELD, Math.max(1, Math.floor(HELD_BYTES / this.pageBytes)));
    for (const order of this.ranges.next(Math.min(limit, held - this.ready.length))) void this.list(order);
    this.count();
  }

  private count(): void {
    const { counters } = this.options;
    counters.ranges = this.before.ranges + this.ranges.created;
    counters.splits = this.before.splits + this.ranges.splits;
    counters.inFlight = this.ended ? 0 : this.ranges.inFlight;
    counters.concurrency = Math.max(counters.concurrency, this.pace.limit);
  }

  /** Lists one page of a range. Never rejects. */
  private async list(order: PageOrder): Promise<void> {
    const { prefix, pageSize, builder: newBuilder, now } = this.options;
    const { ranges } = this;
    const { range, after } = order;
    const course = this.courseOf(order);
    const window: KeyWindow = {
      ...(compareKeys(course.from, after) < 0 && { from: course.from }),
      after,
      get through() {
        return ranges.through(range);
      },
      limit: Infinity,
    };
    try {
      const builder = this.spareBuilders.pop() ?? newBuilder();
      const position = course.position(ranges.percentIsSafe);
      const startedMs = now();
      const info = await this.listPage({ prefix, ...position, maxKeys: pageSize, window }, builder);
      if (this.ended) return;
      this.accept(order, info, builder);
      this.adapt(now() - startedMs, info.isTruncated);
      this.send();
      this.wake();
    } catch (error) {
      this.fail(error, after);
    }
  }

  /** How the range goes on. A cut can be given as start-after; what the user or an earlier scan named need not be fit for it. */
  private courseOf({ range, after }: PageOrder): Course {
    let course = this.courses.get(range);
    if (course === undefined) this.courses.set(range, (course = new Course(fitBeginning(after, this.ranges.percentIsSafe), false, true)));
    return course;
  }

  private accept({ range, after }: PageOrder, info: ListPageInfo, builder: RecordBuilder): void {
    checkScope(info, this.options.prefix);
    const { firstKey, isTruncated, nextContinuationToken } = info;
    if (this.answered === 0 && isTruncated && nextContinuationToken === null) throw new NoToken();
    const course = this.courses.get(range)!;
    const through = this.ranges.through(range);
    // Whole and not truncated: nothing follows. Cut: the rest lies beyond the range.
    const endsRange = !isTruncated || info.count < info.objects;
    const isLast = endsRange || (info.lastKey !== null && compareEnds(through, info.lastKey) === 0);
    const count = isLast ? info.count : course.keeps(info, this.ranges.percentIsSafe);
    if (count === null) return this.retreat(range, (info.lastKey ?? info.skippedKey)!);
    const { rows, lastKey } = keptPage(info, builder.take(), count);
    this.spareBuilders.push(builder);
    const sample = lastKey === null ? [] : [...info.sample.filter((key) => compareKeys(key, lastKey) < 0), lastKey];
    const interval = this.ranges.finish(range, { count, firstKey, lastKey, sample, isLast });
    if (isLast) this.courses.delete(range);
    else course.tell(nextContinuationToken, lastKey ?? info.skippedKey);
    this.answered++;
    if (compareEnds(interval.through, after) > 0) {
      this.ready.push({ interval, rows, lastKey });
      this.pageBytes += (bytesOf(rows) - this.pageBytes) / Math.min(this.answered, RECENT_PAGES);
    }
    if (!isLast && !this.namesAsked) void this.askNames();
    if (this.percent === 'unknown' && sample.some(hasPercent)) this.askAboutPercent(sample);
  }

  /** The range cannot go on from what it is at. It begins again: above the keys that are in its way, or by way of them. */
  private retreat(range: number, unfit: Uint8Array): void {
    const anchor = this.ranges.retreat(range, fitAbove(unfit, this.ranges.percentIsSafe));
    if (anchor === null) this.courses.delete(range);
    else this.courses.set(range, new Course(anchor, true, true));
  }

  /**
   * The names of the folders right below the prefix: where names are words, what a page shows of their characters
   * tells nothing of the others. A hint: where it cannot be had, cuts are guessed. Never rejects.
   */
  private async askNames(): Promise<void> {
    const { prefix, missing: [first], pageSize, builder } = this.options;
    const { after } = first!;
    const startAfter = after.length > 0 ? after : null;
    this.namesAsked = true;
    this.ranges.awaitNames();
    try {
      const window = { after, through: after, limit: 0 };
      const { commonPrefixes, isTruncated } = await this.listPage({ prefix, startAfter, continuationToken: null, maxKeys: pageSize, delimiter: '/', window }, builder());
      this.ranges.learnNames(commonPrefixes, !isTruncated);
    } catch {
      this.ranges.learnNames([], false);
    }
    this.send();
    this.wake();
  }

  private adapt(ms: number, isFull: boolean): void {
    const { counters } = this.options;
    const isThrottled = counters.throttled > this.throttled;
    this.throttled = counters.throttled;
    this.pace = paceAfter(this.pace, { ms, isFull, isWanted: this.ready.length * 2 <= this.pace.limit, isThrottled });
  }

  /** Asked before a `%` is used, once a key is known that would tell. */
  private askAboutPercent(known: readonly Uint8Array[]): void {
    if (!canTellPercent(known, this.options.prefix)) return;
    this.percent = 'asking';
    void this.probe(known[0]!);
  }

  /** Never rejects. Until it is told, nothing is sent. */
  private async probe(known: Uint8Array): Promise<void> {
    try {
      this.ranges.percentIsSafe = await takesPercent(this.listPage, this.options.prefix);
    } catch (error) {
      return this.fail(error, known);
    }
    this.percent = 'told';
    this.send();
    this.wake();
  }

  /** The end, for better or worse: pages that came before are still handed on. */
  private fail(error: unknown, after: Uint8Array): void {
    if (this.ended) return;
    this.ended = true;
    if (error instanceof Failure && error.kind === 'listing') {
      const where = after.length === 0 ? 'page 1 of the listing' : `a page of the listing (after "${excerpt(after)}")`;
      this.doubt = new Failure('listing', `${where}: ${error.message}`, error.hint, { cause: error });
    } else {
      this.failure = error;
    }
    this.wake();
  }
}
