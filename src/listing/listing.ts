/**
 * What the stages of a listing say to each other: a page asked, a page told, a page handed on. Types only.
 *
 * A handed-on page carries its own interval, so that many ranges can be listed at once and their pages given
 * out in any order behind the same `AsyncIterable<ListedPage>`.
 */
import type { Interval } from '../keyspace/interval.ts';
import type { RecordBatchData } from '../records/record-batch.ts';
import type { RecordBuilder } from '../records/record-builder.ts';

/** Which of a page's objects are wanted as rows. To be read when the answer is there: until then `through` may move. */
export interface KeyWindow extends Interval {
  /** at most so many */
  readonly limit: number;
  /** what the page itself lies above, where that is below `after`: the objects between the two are passed over */
  readonly from?: Uint8Array;
  /** the server knows no order */
  readonly inAnyOrder?: boolean;
}

/** Asks one page; the executor behind it signs, sends, retries. */
export interface PageRequest {
  readonly prefix: Uint8Array;
  /** at most one of these two is given, neither for the beginning of the bucket */
  readonly startAfter: Uint8Array | null;
  readonly continuationToken: string | null;
  /** the key is to be given as marker too, for servers that know only version 1 of ListObjects */
  readonly byMarker?: boolean;
  readonly maxKeys: number;
  /** keys that go on after a slash are told as the folder they are in, which is no row */
  readonly delimiter?: '/';
  /** what the page must lie above, and what of it becomes rows */
  readonly window: KeyWindow;
}

/** What a page tells besides its rows. */
export interface ListPageInfo {
  /** objects on the page, in the window or beyond it; those passed over are not among them */
  readonly objects: number;
  /** rows appended: the objects in the window, which are the first ones of the page */
  readonly count: number;
  /** key of the first and of the last row appended */
  readonly firstKey: Uint8Array | null;
  readonly lastKey: Uint8Array | null;
  /** key of the last object passed over */
  readonly skippedKey: Uint8Array | null;
  /** a few of the rows' keys: of the first row and of each `sampleStride` rows on; 0 where the rows are not to be cut at them */
  readonly sample: readonly Uint8Array[];
  readonly sampleStride: number;
  readonly isTruncated: boolean;
  readonly nextContinuationToken: string | null;
  /** its marker is one of a server that walks folders: see `markers.ts` */
  readonly isWalked?: boolean;
  readonly commonPrefixes: readonly Uint8Array[];
}

/**
 * Appends a page's rows to the builder. Where it throws, the builder may hold half a row and is not to be
 * used again.
 */
export type ListPage = (request: PageRequest, builder: RecordBuilder) => Promise<ListPageInfo>;

export interface ListedPage {
  /** what this page proves to be listed, with its rows and nothing else in it (R2) */
  readonly interval: Interval;
  readonly rows: RecordBatchData;
  readonly lastKey: Uint8Array | null;
}
