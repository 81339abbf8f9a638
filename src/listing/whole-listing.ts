/**
 * A listing with the proof that it is whole (R2): ranges in parallel where that is of use, one chain of pages
 * where order matters or the server cannot do otherwise. Every page that is handed on is entered in a tiling, and
 * only a complete one ends without a Failure.
 *
 * What is to be listed need not be in one piece: an earlier scan may have listed the rest. Each interval of it is
 * tiled by pages, the last of them with no key where none is left, and nothing outside of them is.
 *
 * Where a page of a parallel listing proves nothing, its rows are not handed on, and what is handed on stays: it cannot be
 * taken back, and to list it again would double it (R1). What is missing is listed in another way. After a page that cannot
 * be read, the same way: pages proven before it are as good as they were. Where keys come out of order, or before
 * what was asked for, start-after is not to be relied on, and only a chain by token from the very beginning is; it comes
 * by what was handed on and leaves that out. That a page accepted before might have skipped keys is not excluded then:
 * a server that ignores start-after shows keys that are too low, never too high.
 */
import { Failure } from '../failure.ts';
import { compareEnds, compareKeys, EVERYTHING, type Interval } from '../keyspace/interval.ts';
import { complement, Tiling } from '../keyspace/tiling.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import { LIST_COLUMNS, type Column, type Schema } from '../records/columns.ts';
import { columnIndex, type RecordBatchData } from '../records/record-batch.ts';
import { RecordBuilder } from '../records/record-builder.ts';
import { selectRows } from '../records/select-rows.ts';
import { isDirectoryBucket } from '../s3/address.ts';
import { excerpt } from '../s3/xml.ts';
import { listChain } from './chain.ts';
import { NoToken, OutOfOrder } from './doubts.ts';
import type { ListedPage, ListPage } from './listing.ts';
import { ParallelListing } from './parallel.ts';
import { listUnordered } from './unordered.ts';

export interface WholeListingOptions {
  readonly bucket: string;
  /** what to list: disjoint, in ascending order; all of the scope, or what an earlier scan left of it */
  readonly missing: readonly Interval[];
  readonly prefix: Uint8Array;
  /** keys to ask for in one page; servers may give fewer */
  readonly pageSize: number;
  /** the first so many keys, in order; Infinity for all, in any order */
  readonly maxKeys: number;
  /** requests on their way: 1 for a chain by token, null to find out what the server takes */
  readonly concurrency: number | null;
  readonly schema: Schema;
  /** columns that hold one value in every row */
  readonly constants: ReadonlyMap<string, string>;
  readonly counters: ListingCounters;
  /** ms */
  readonly now: () => number;
}

const KEY: Column = LIST_COLUMNS.find(({ name }) => name === 'key')!;

/** Parallel listings of one scan: a page that cannot be read may be an accident, but not again and again. */
const MAX_ROUNDS = 5;

class WholeListing {
  private readonly listPage: ListPage;
  private readonly options: WholeListingOptions;
  /** what need not be listed, and what is: in the end, everything */
  private readonly tiling = new Tiling();
  private keys = 0;
  /** where the page handed on last ends */
  private through: Uint8Array | null = EVERYTHING.after;

  constructor(listPage: ListPage, options: WholeListingOptions) {
    this.listPage = listPage;
    this.options = options;
    for (const interval of complement(options.missing, EVERYTHING)) this.tiling.add(interval);
  }

  async *pages(): AsyncGenerator<ListedPage> {
    const { bucket, missing, maxKeys, concurrency } = this.options;
    if (missing.length === 0) return;
    if (isDirectoryBucket(bucket)) yield* this.unordered();
    else if (maxKeys < Infinity || concurrency === 1) yield* this.chain(null);
    else yield* this.parallel();
    this.prove();
  }

  private get missing(): Interval[] {
    return this.tiling.missing(EVERYTHING);
  }

  private async *parallel(): AsyncGenerator<ListedPage> {
    const { counters, schema } = this.options;
    for (let round = 1; ; round++) {
      counters.mode = 'parallel';
      const before = this.keys;
      const parallel = new ParallelListing(this.listPage, { ...this.options, missing: this.missing, builder: () => this.builder(schema) });
      yield* this.entered(parallel.pages());
      const { doubt } = parallel;
      if (doubt === null) return;
      if (doubt.cause instanceof OutOfOrder) return yield* this.rest(doubt);
      if (doubt.cause instanceof NoToken) return yield* this.chain(doubt.message);
      if (round === MAX_ROUNDS || this.keys === before) throw doubt;
      counters.note = `what was missing was asked again: ${doubt.message}`;
    }
  }

  private async *entered(pages: AsyncGenerator<ListedPage>): AsyncGenerator<ListedPage> {
    for await (const page of pages) {
      this.enter(page);
      yield page;
    }
  }

  private builder(schema: Schema): RecordBuilder {
    return new RecordBuilder(schema, this.options.constants);
  }

  private begin(note: string | null): void {
    const { counters } = this.options;
    counters.mode = 'chain';
    counters.note = note === null ? null : `listed page after page, without cutting ranges: ${note}`;
    counters.ranges = Math.max(1, counters.ranges);
  }

  private async *chain(note: string | null): AsyncGenerator<ListedPage> {
    this.begin(note);
    const builder = this.builder(this.options.schema);
    for (const range of this.missing) {
      const maxKeys = this.options.maxKeys - this.keys;
      yield* this.entered(listChain(this.listPage, { ...this.options, range, maxKeys, builder, onMarker: this.onMarker }));
    }
  }

  private readonly onMarker = (): void => {
    this.begin('the server gives no continuation tokens, as one that knows only version 1 of ListObjects: each page was asked by the last key before it');
  };

  private async *unordered(): AsyncGenerator<ListedPage> {
    this.begin('a directory bucket lists in no order: that the chain of its pages came to an end is all that is proven');
    const { prefix, pageSize, maxKeys, schema } = this.options;
    yield* this.entered(listUnordered(this.listPage, { prefix, pageSize, maxKeys, builder: this.builder(schema) }));
  }

  /**
   * Lists what is missing by token, from the beginning, since start-after is not to be relied on: of each page, what
   * was handed on before or is not asked for is left out.
   */
  private async *rest(doubt: Failure): AsyncGenerator<ListedPage> {
    this.begin(`start-after is not to be relied on: ${doubt.message}`);
    const { schema } = this.options;
    const range = { after: EVERYTHING.after, through: this.missing.at(-1)!.through };
    const hasKey = columnIndex(schema, 'key') >= 0;
    const wider = hasKey ? schema : [...schema, KEY];
    for await (const page of listChain(this.listPage, { ...this.options, range, builder: this.builder(wider), onMarker: this.onMarker })) {
      for (const interval of this.tiling.missing(page.interval)) {
        const part = partOf(page, interval, columnIndex(wider, 'key'));
        const kept = { ...part, rows: { ...part.rows, columns: part.rows.columns.slice(0, schema.length) } };
        this.enter(kept);
        yield kept;
      }
    }
  }

  private enter({ interval, rows }: ListedPage): void {
    if (!this.tiling.add(interval)) throw new Failure('listing', `keys ${between(interval)} were listed twice`, 'run it again with --list-concurrency 1');
    this.keys += rows.rows;
    this.through = interval.through;
  }

  private prove(): void {
    const { maxKeys, bucket } = this.options;
    const missing = this.keys >= maxKeys ? this.tiling.missing({ ...EVERYTHING, through: this.through }) : this.missing;
    if (missing.length === 0) return;
    const what = `${missing.length} ${missing.length === 1 ? 'interval' : 'intervals'} of the keyspace`;
    throw new Failure('listing', `the listing of s3://${bucket} is not complete: ${what} missing, the first: keys ${between(missing[0]!)}`, 'run it again');
  }
}

function between({ after, through }: Interval): string {
  const from = after.length === 0 ? 'from the beginning' : `after "${excerpt(after)}"`;
  return `${from} ${through === null ? 'to the end' : `through "${excerpt(through)}"`}`;
}

/** The rows of the page in an interval of its own. */
function partOf(page: ListedPage, interval: Interval, keyColumn: number): ListedPage {
  const wanted: number[] = [];
  let lastKey: Uint8Array | null = null;
  for (let row = 0; row < page.rows.rows; row++) {
    const key = keyAt(page.rows, keyColumn, row);
    if (compareKeys(key, interval.after) <= 0 || compareEnds(interval.through, key) < 0) continue;
    wanted.push(row);
    lastKey = key;
  }
  return { interval, rows: selectRows(page.rows, wanted), lastKey: lastKey && new Uint8Array(lastKey) };
}

function keyAt({ columns }: RecordBatchData, keyColumn: number, row: number): Uint8Array {
  const column = columns[keyColumn];
  return column?.kind === 'utf8' ? column.values.subarray(column.offsets[row], column.offsets[row + 1]) : new Uint8Array(0);
}

/**
 * Lists what is asked for: every key once, in any order unless `maxKeys` is given. A Failure of kind `listing`
 * where that cannot be proven.
 */
export function listWhole(listPage: ListPage, options: WholeListingOptions): AsyncGenerator<ListedPage> {
  return new WholeListing(listPage, options).pages();
}
