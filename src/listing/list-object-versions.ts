/**
 * ListObjectVersions as a `ListPage`. What it hands on are whole keys: a page of S3 may end in the midst of a key's
 * versions, and an interval of keys is proven only with all of them (R2). So the last key of a truncated page is left
 * for the next one, which goes on after the key before it, by key-marker alone; ranges are cut and paged like those of
 * objects. A key that fills a page is followed by both markers until it is whole, below its own name, so that no other keys
 * are in the way of these: its versions are held together.
 */
import { Failure } from '../failure.ts';
import { compareEnds, compareKeys } from '../keyspace/interval.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import { excerpt } from '../s3/xml.ts';
import { isFitForStartAfter } from './continuation.ts';
import { aroundCrowdedFolders, type TakesMadeUp } from './crowded-folders.ts';
import { OutOfOrder } from './doubts.ts';
import type { GetBucket } from './list-objects-v2.ts';
import type { KeyWindow, ListPage, ListPageInfo, PageRequest } from './listing.ts';
import { markerOf, tokenAfter, walkedTo } from './markers.ts';
import { inKeyOrder } from './versions-order.ts';
import { readVersionsPage, type VersionEntry, type VersionsPage } from './versions-page.ts';

/** Where a page begins: behind all versions of the key, or behind one of them. */
interface Markers {
  readonly keyMarker: Uint8Array | null;
  readonly versionIdMarker: string | null;
}

type VersionsRequest = Pick<PageRequest, 'prefix' | 'maxKeys' | 'delimiter'> & Markers;
export type GetVersions = (request: VersionsRequest) => Promise<VersionsPage>;

/** Pages without an entry that others follow, one after the other; more is taken for a server that never ends. */
const MAX_EMPTY_PAGES = 10_000;
/** Keys told besides the rows: enough to learn the layout of the bucket from. */
const SAMPLES = 16;

export function getVersions(get: GetBucket): GetVersions {
  return async ({ prefix, keyMarker, versionIdMarker, maxKeys, delimiter }) => {
    const query: [string, string | Uint8Array][] = [
      ['versions', ''],
      ['encoding-type', 'url'],
      ['max-keys', String(maxKeys)],
    ];
    if (prefix.length > 0) query.push(['prefix', prefix]);
    if (keyMarker !== null) query.push(['key-marker', keyMarker]);
    if (versionIdMarker !== null) query.push(['version-id-marker', versionIdMarker]);
    if (delimiter !== undefined) query.push(['delimiter', delimiter]);
    return readVersionsPage(await get(query));
  };
}

function setRow(builder: RecordBuilder, entry: VersionEntry): void {
  const row = builder.rows;
  const text = (name: string, value: string | null): void => {
    if (value !== null) builder.utf8(name)?.setText(row, value);
  };
  builder.utf8('key')?.setBytes(row, entry.key);
  text('version_id', entry.versionId);
  if (entry.size !== null) builder.int64('size')?.setBigInt(row, entry.size);
  if (entry.lastModified !== null) builder.int64('last_modified')?.set(row, entry.lastModified);
  text('etag', entry.etag);
  text('storage_class', entry.storageClass);
  text('checksum_algorithm', entry.checksumAlgorithm);
  text('checksum_type', entry.checksumType);
  text('owner_id', entry.ownerId);
  if (entry.isLatest !== null) builder.bool('is_latest')?.set(row, entry.isLatest);
  builder.bool('is_delete_marker')?.set(row, entry.isDeleteMarker);
  text('restore_status', entry.restoreStatus);
  builder.endRow();
}

/** The rows of whole keys, from as many pages as they take. */
class WholeKeys {
  private readonly window: KeyWindow;
  private readonly builder: RecordBuilder;
  /** entries that became rows, and those seen that lie beyond the window */
  private count = 0;
  private beyond = 0;
  private firstKey: Uint8Array | null = null;
  private lastKey: Uint8Array | null = null;
  private readonly sample: Uint8Array[] = [];
  /** the last entry seen, and all versions of its key */
  private previous: VersionEntry | null = null;
  private readonly versions = new Set<string>();

  constructor(window: KeyWindow, builder: RecordBuilder) {
    this.window = window;
    this.builder = builder;
  }

  /** Takes a page in; true where its rows end with a whole key, or need not. */
  take({ entries: all, isTruncated }: VersionsPage): boolean {
    const told = all.slice(this.isPrevious(all[0]) ? 1 : 0);
    told.forEach((entry, at) => this.checkOrder(entry, at));
    const entries = this.notSkipped(told);
    const { through, limit } = this.window;
    const beyond = entries.findIndex(({ key }) => compareEnds(through, key) < 0);
    const within = beyond === -1 ? entries.length : beyond;
    const room = limit - this.count;
    if (within < entries.length || room <= within || !isTruncated) {
      this.keep(entries, Math.min(within, room));
      this.beyond = entries.length - Math.min(within, room);
      return true;
    }
    const last = entries.at(-1)?.key;
    if (last === undefined) return false;
    const lastBegins = entries.findIndex(({ key }) => compareKeys(key, last) === 0);
    const isOnly = lastBegins === 0 && (this.lastKey === null || compareKeys(this.lastKey, last) === 0);
    this.keep(entries, isOnly ? entries.length : lastBegins);
    return !isOnly;
  }

  /** What lies above `window.after`: keys may be read again to get there, and versitygw begins with key-marker itself. */
  private notSkipped(entries: readonly VersionEntry[]): readonly VersionEntry[] {
    const kept = entries.findIndex(({ key }) => compareKeys(key, this.window.after) > 0);
    return kept === -1 ? [] : entries.slice(kept);
  }

  /**
   * Versitygw begins some pages with the version that was the marker. Where that is `null`, the page holds the null
   * versions of the keys that follow and no others (1.8.0).
   */
  private isPrevious(entry: VersionEntry | undefined): boolean {
    const { previous } = this;
    const isMarker = entry !== undefined && previous !== null && entry.versionId === previous.versionId && compareKeys(entry.key, previous.key) === 0;
    if (isMarker && entry.versionId === 'null') {
      throw new Failure('listing', `a page asked for behind version null of "${excerpt(entry.key)}" begins with it: it may lack versions of other keys`, 'run it again with a larger --page-size');
    }
    return isMarker;
  }

  private checkOrder(entry: VersionEntry, at: number): void {
    const { previous, versions, window } = this;
    const above = previous?.key ?? window.from ?? window.after;
    const order = compareKeys(entry.key, above);
    if (order < 0) {
      throw new OutOfOrder(`keys are not ascending: entry ${at + 1} of the page, "${excerpt(entry.key)}", does not come after "${excerpt(above)}"`);
    }
    if (order > 0) versions.clear();
    if (versions.has(entry.versionId)) throw new Failure('listing', `version ${excerpt(entry.versionId)} of "${excerpt(entry.key)}" is listed twice`);
    versions.add(entry.versionId);
    this.previous = entry;
  }

  private keep(entries: readonly VersionEntry[], count: number): void {
    const stride = Math.max(1, Math.floor(count / SAMPLES));
    for (let at = 0; at < count; at++) {
      const entry = entries[at]!;
      setRow(this.builder, entry);
      if (at % stride === 0 && compareKeys(entry.key, this.sample.at(-1) ?? this.window.after) > 0) this.sample.push(entry.key);
    }
    if (count === 0) return;
    this.count += count;
    this.firstKey ??= entries[0]!.key;
    this.lastKey = entries[count - 1]!.key;
  }

  /**
   * Where to go on in the midst of a key: a key alone would pass over the rest of its versions. MinIO adds words of its own
   * to NextKeyMarker, so that it is no key: what counts is the last one seen.
   */
  next({ nextKeyMarker, nextVersionIdMarker }: VersionsPage): Markers {
    if (nextKeyMarker === null) {
      throw new Failure('listing', 'the page says IsTruncated and gives no NextKeyMarker', 'the server does not list versions as S3 does, and such a listing cannot be continued safely');
    }
    const { previous } = this;
    return { keyMarker: previous?.key ?? nextKeyMarker, versionIdMarker: nextVersionIdMarker ?? previous?.versionId ?? null };
  }

  /** The key that fills a page, if it can be given as prefix. */
  get followed(): Uint8Array | null {
    return this.lastKey !== null && isFitForStartAfter(this.lastKey, true) ? this.lastKey : null;
  }

  /** `isPart`: others may follow elsewhere. */
  info({ isTruncated, commonPrefixes, nextKeyMarker }: VersionsPage, isPart: boolean): ListPageInfo {
    const { count, firstKey, lastKey, sample } = this;
    return {
      objects: count + this.beyond,
      count,
      firstKey,
      lastKey,
      skippedKey: null,
      sample,
      sampleStride: 0,
      isTruncated: isTruncated || isPart,
      isWalked: nextKeyMarker !== null && walkedTo(nextKeyMarker) !== null,
      // Where the next page begins is a key, whoever asks for it.
      nextContinuationToken: lastKey && tokenAfter(lastKey),
      commonPrefixes,
    };
  }
}

/** `null` is a version's id, too, and not the lack of one. */
function nameOf({ keyMarker, versionIdMarker }: Markers): string {
  return JSON.stringify([Buffer.from(keyMarker ?? []).toString('base64'), versionIdMarker]);
}

/** A key without its last character: below the key, and above what comes before it if that is no beginning of it. */
function below(key: Uint8Array): Uint8Array {
  let end = key.length - 1;
  while (end > 0 && (key[end]! & 0xc0) === 0x80) end--;
  return key.subarray(0, end);
}

function idsOf({ entries }: VersionsPage, key: Uint8Array): string[] {
  return entries.filter((entry) => compareKeys(entry.key, key) === 0).map(({ versionId }) => versionId);
}

/**
 * Whether what follows a key that does not exist, as cuts do not, is all told: moto leaves out the first version. One of the
 * first keys is asked for from right below it. True where none of them would tell.
 */
async function takesMadeUpMarkers(get: GetVersions, prefix: Uint8Array): Promise<boolean> {
  const page = await get({ prefix, maxKeys: SAMPLES, keyMarker: null, versionIdMarker: null });
  let before: Uint8Array = new Uint8Array(0);
  for (const { key } of page.entries) {
    const keyMarker = below(key);
    if (compareKeys(keyMarker, before) > 0 && isFitForStartAfter(keyMarker, true)) {
      const again = await get({ prefix, maxKeys: SAMPLES, keyMarker, versionIdMarker: null });
      const last = again.entries.at(-1);
      // Of a page that ends before the key does, the rest is not known.
      if (again.isTruncated && (last === undefined || compareKeys(last.key, key) <= 0)) return true;
      const ids = new Set(idsOf(again, key));
      return idsOf(page, key).every((id) => ids.has(id));
    }
    before = key;
  }
  return true;
}

/** Of a page of folders, the entries are not looked at. */
function ordered(get: GetVersions): GetVersions {
  return async (request) => {
    const page = await get(request);
    return request.delimiter === undefined ? inKeyOrder(page, request.maxKeys) : page;
  };
}

async function wholeKeys(get: GetVersions, request: PageRequest, builder: RecordBuilder): Promise<ListPageInfo> {
  const { maxKeys, delimiter, window } = request;
  const keys = new WholeKeys(window, builder);
  const followed = new Set<string>();
  let { prefix } = request;
  let markers: Markers = { keyMarker: markerOf(request), versionIdMarker: null };
  let empty = 0;
  for (;;) {
    const page = await get({ prefix, maxKeys, ...(delimiter !== undefined && { delimiter }), ...markers });
    if (delimiter !== undefined || keys.take(page)) return keys.info(page, prefix !== request.prefix);
    followed.add(nameOf(markers));
    markers = keys.next(page);
    if (followed.has(nameOf(markers))) throw new Failure('listing', 'the page gives markers that an earlier page gave: the listing would never end');
    prefix = keys.followed ?? prefix;
    empty = page.entries.length === 0 ? empty + 1 : 0;
    if (empty > MAX_EMPTY_PAGES) throw new Failure('listing', `${MAX_EMPTY_PAGES} truncated pages in a row without a version`);
  }
}

export function listObjectVersions(getVersionsPage: GetVersions): ListPage {
  const get = ordered(getVersionsPage);
  let answer: Promise<boolean> | null = null;
  const takesMadeUp: TakesMadeUp = ({ prefix }) => (answer ??= takesMadeUpMarkers(get, prefix));
  const list = aroundCrowdedFolders((request, builder) => wholeKeys(get, request, builder), takesMadeUp);
  return async (request, builder) => {
    if (request.startAfter !== null && !(await takesMadeUp(request))) {
      throw new OutOfOrder('behind a key-marker that is no key, the server leaves out a version');
    }
    return list(request, builder);
  };
}
