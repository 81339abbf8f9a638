/**
 * Runs a parallel listing in virtual time over a simulated keyspace: thousands of pages a second, no socket and no XML. What
 * S3 would refuse fails here too: a start-after with what XML cannot hold.
 */
import assert from 'node:assert/strict';
import { isFitForStartAfter } from '../../src/listing/continuation.ts';
import type { ListPage, ListPageInfo, PageRequest } from '../../src/listing/listing.ts';
import { ParallelListing } from '../../src/listing/parallel.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { createKeySpace, type KeySpace } from '../../src/sim/key-space.ts';
import { listPage } from '../../src/sim/list-page.ts';
import type { Layout } from '../../src/sim/sim.ts';
import { idle } from './fake-bucket.ts';

const PAGE = 1000;
const SAMPLES = 16;

export interface VirtualResult {
  readonly calls: number;
  /** in units of one request's latency */
  readonly time: number;
  readonly keys: number;
  /** what was thought to be left when half was listed, as a share of what was */
  readonly estimate: number;
  /** requests on their way, each time that answers came */
  readonly trace: readonly number[];
  /** of pages: empty in the range, of less than half a page */
  readonly empties: number;
  readonly shorts: number;
}

const text = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
const bytes = (key: string): Buffer => Buffer.from(key, 'latin1');

/** What the server answers, and what of it lies in the window when it comes. */
function answer(space: KeySpace, { startAfter, continuationToken, maxKeys, delimiter, window }: PageRequest): ListPageInfo {
  assert.ok(startAfter === null || isFitForStartAfter(startAfter, true), `start-after refused: ${startAfter !== null && text(startAfter)}`);
  const page = { prefix: '', delimiter: delimiter ?? '', startAfter: startAfter === null ? '' : text(startAfter), continueAt: continuationToken === null ? null : Number(continuationToken), maxKeys };
  const { indexes, commonPrefixes, continueAt } = listPage(space, page);
  const after = window.after.length === 0 ? 0 : space.indexAfter(text(window.after));
  const end = window.through === null ? space.count : space.indexAfter(text(window.through));
  const skipped = indexes.filter((index) => index < after);
  const rows = indexes.filter((index) => index >= after && index < end).slice(0, window.limit);
  const objects = indexes.length - skipped.length;
  const sampleStride = Math.max(1, Math.floor(objects / SAMPLES));
  const key = (index: number | undefined): Buffer | null => (index === undefined ? null : bytes(space.keyAt(index)));
  return {
    objects,
    count: rows.length,
    firstKey: key(rows[0]),
    lastKey: key(rows.at(-1)),
    skippedKey: key(skipped.at(-1)),
    sample: rows.filter((_, row) => row % sampleStride === 0).map((index) => key(index)!),
    sampleStride,
    isTruncated: continueAt !== null,
    nextContinuationToken: continueAt === null ? null : String(continueAt),
    commonPrefixes: commonPrefixes.map(bytes),
  };
}

export async function virtualScan(layout: Layout, count: number, inFlight: number, latency: () => number = () => 1, onPage: (at: number, request: PageRequest, info: ListPageInfo) => void = () => {}): Promise<VirtualResult> {
  const space = createKeySpace(layout, count, 1);
  const counters = new ListingCounters();
  const waiting: { readonly at: number; readonly answer: () => void }[] = [];
  const trace: number[] = [];
  let now = 0;
  let calls = 0;
  let empties = 0;
  let shorts = 0;
  const ask: ListPage = (request) => {
    calls++;
    const at = now + latency();
    return new Promise((resolve, reject) => {
      const told = (): void => {
        try {
          const info = answer(space, request);
          if (request.delimiter === undefined && info.count === 0) empties++;
          else if (info.count < PAGE / 2) shorts++;
          onPage(at, request, info);
          resolve(info);
        } catch (error) {
          reject(error);
        }
      };
      const place = waiting.findIndex((other) => other.at <= at);
      waiting.splice(place < 0 ? waiting.length : place, 0, { at, answer: told });
    });
  };
  const listing = new ParallelListing(ask, {
    missing: [{ after: new Uint8Array(0), through: null }],
    prefix: new Uint8Array(0),
    pageSize: PAGE,
    concurrency: inFlight,
    builder: () => new RecordBuilder([], new Map()),
    counters,
    now: () => now,
  });
  let keys = 0;
  let estimate: number | null = null;
  let ended = false;
  const consume = async (): Promise<void> => {
    for await (const { interval: { after, through } } of listing.pages()) {
      keys += (through === null ? count : space.indexAfter(text(through))) - space.indexAfter(text(after));
      if (estimate === null && keys >= count / 2 && keys < count) estimate = (counters.keysLeft() ?? 0) / (count - keys);
    }
  };
  const work = consume().finally(() => {
    ended = true;
  });
  work.catch(() => {});
  for (;;) {
    await idle();
    const next = waiting.at(-1);
    if (ended || next === undefined) break;
    now = next.at;
    trace.push(waiting.length);
    while (waiting.at(-1)?.at === now) waiting.pop()!.answer();
  }
  await work;
  if (listing.doubt !== null) throw listing.doubt;
  return { calls, time: now, keys, estimate: estimate ?? 0, trace, empties, shorts };
}
