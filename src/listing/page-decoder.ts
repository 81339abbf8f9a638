/**
 * A ListObjectsV2 answer to rows of the `list` columns: the listing's hot path. 0.8 µs of CPU a key for objects
 * of 320 bytes of XML (1,000 keys a page, one core, Node 20).
 *
 * Checks what the page alone can prove: well formed, every value readable, keys strictly ascending (R2). Which
 * page comes next is decided in chain.ts.
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../failure.ts';
import { TOLD_HEAD } from '../records/columns.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import type { Utf8Builder } from '../records/text-builders.ts';
import { excerpt } from '../s3/xml.ts';
import { OutOfOrder } from './doubts.ts';
import { KeyText } from './key-text.ts';
import type { KeyWindow, ListPageInfo } from './listing.ts';
import { PageColumns } from './page-columns.ts';
import { CHECKSUM_TYPE, KEY, OWNER_ID, scanPage, SPAN_STRIDE, STORAGE_CLASS, type PageScan } from './page-scan.ts';
import { wholePage } from './whole-page.ts';

interface Keys {
  /** objects in the window; they are the first ones of the page */
  readonly count: number;
  readonly firstKey: Uint8Array | null;
  readonly lastKey: Uint8Array | null;
  readonly sample: readonly Uint8Array[];
  readonly sampleStride: number;
}

/** Keys of a page that are told besides its rows: enough to learn the layout of the bucket from. */
const SAMPLES = 16;

function unreadable(page: PageScan, object: number, problem: string): Failure {
  const at = object * SPAN_STRIDE + 2 * KEY;
  return new Failure('listing', `the key of object ${object + 1} of the page ${problem}: ${excerpt(page.body.subarray(page.spans[at], page.spans[at + 1]))}`);
}

function disorder(object: number, key: KeyText, above: Uint8Array): Failure {
  return new OutOfOrder(`keys are not ascending: object ${object + 1} of the page, "${excerpt(key.copy())}", does not come after "${excerpt(above)}"`);
}

/** The page without the objects that only lead to the window: those above `from` and not above `after`. */
function passedOver(page: PageScan, bodyIsUtf8: boolean, from: Uint8Array, after: Uint8Array): { page: PageScan; skippedKey: Uint8Array | null } {
  const key = new KeyText(page.body, page.urlEncoded, bodyIsUtf8);
  let skippedKey: Uint8Array | null = null;
  let object = 0;
  for (; object < page.objects; object++) {
    const at = object * SPAN_STRIDE + 2 * KEY;
    const problem = key.read(page.spans[at]!, page.spans[at + 1]!);
    if (problem !== null) throw unreadable(page, object, problem);
    const above: Uint8Array = skippedKey ?? from;
    if (key.compare(above, 0, above.length) <= 0) throw disorder(object, key, above);
    if (key.compare(after, 0, after.length) > 0) break;
    skippedKey = key.copy();
  }
  const moreChecksumAlgorithms = page.moreChecksumAlgorithms.filter((span) => span.object >= object).map((span) => ({ ...span, object: span.object - object }));
  return { page: { ...page, objects: page.objects - object, spans: page.spans.subarray(object * SPAN_STRIDE), moreChecksumAlgorithms }, skippedKey };
}

/** Whether the last key does not lie above `through`: then none does, or they are out of order. */
function endsAtOrBelow(page: PageScan, bodyIsUtf8: boolean, through: Uint8Array): boolean {
  if (page.objects === 0) return true;
  const last = new KeyText(page.body, page.urlEncoded, bodyIsUtf8);
  const at = (page.objects - 1) * SPAN_STRIDE + 2 * KEY;
  return last.read(page.spans[at]!, page.spans[at + 1]!) === null && last.compare(through, 0, through.length) <= 0;
}

/** Decodes every key of the page, also those beyond the window: their order is part of the proof (R2). */
function decodeKeys(page: PageScan, bodyIsUtf8: boolean, window: KeyWindow, firstRow: number, column: Utf8Builder | null): Keys {
  const { spans } = page;
  const { after, through, limit, inAnyOrder = false } = window;
  let key = new KeyText(page.body, page.urlEncoded, bodyIsUtf8);
  let previous = new KeyText(page.body, page.urlEncoded, bodyIsUtf8);
  let count = 0;
  let firstKey: Uint8Array | null = null;
  let lastKey: Uint8Array | null = null;
  const sample: Uint8Array[] = [];
  const sampleStride = Math.max(1, Math.floor(page.objects / SAMPLES));
  const endsWithin = through === null || (!inAnyOrder && endsAtOrBelow(page, bodyIsUtf8, through));
  for (let object = 0; object < page.objects; object++) {
    const at = object * SPAN_STRIDE + 2 * KEY;
    const problem = key.read(spans[at]!, spans[at + 1]!);
    if (problem !== null) throw unreadable(page, object, problem);
    const order = object === 0 ? key.compare(after, 0, after.length) : key.compare(previous.bytes, previous.start, previous.end, previous.view);
    if (order <= 0 && !inAnyOrder) throw disorder(object, key, object === 0 ? after : previous.copy());
    if (count === object && count < limit && (endsWithin || key.compare(through, 0, through.length) <= 0)) {
      if (count === 0) firstKey = key.copy();
      if (count % sampleStride === 0) sample.push(key.copy());
      if (column !== null) key.set(column, firstRow + count);
      count++;
    } else if (lastKey === null && count > 0) {
      lastKey = previous.copy();
    }
    [key, previous] = [previous, key];
  }
  if (lastKey === null && count > 0) lastKey = previous.copy();
  return { count, firstKey, lastKey, sample, sampleStride };
}

function decodeCommonPrefixes(page: PageScan, bodyIsUtf8: boolean): Uint8Array[] {
  const text = new KeyText(page.body, page.urlEncoded, bodyIsUtf8);
  return page.commonPrefixes.map(({ start, end }) => {
    const problem = text.read(start, end);
    if (problem !== null) throw new Failure('listing', `a common prefix of the page ${problem}: ${excerpt(page.body.subarray(start, end))}`);
    return text.copy();
  });
}

function decode(whole: PageScan, window: KeyWindow, builder: RecordBuilder): ListPageInfo {
  const { body } = whole;
  const bodyIsUtf8 = isUtf8(body);
  const { page, skippedKey } = window.from === undefined ? { page: whole, skippedKey: null } : passedOver(whole, bodyIsUtf8, window.from, window.after);
  const keys = decodeKeys(page, bodyIsUtf8, window, builder.rows, builder.utf8('key'));
  const commonPrefixes = decodeCommonPrefixes(page, bodyIsUtf8);
  const columns = new PageColumns(page, bodyIsUtf8, builder.rows, keys.count);
  // Looked up once a page: a thousandth of a lookup a key.
  const [size, lastModified] = [builder.int64('size'), builder.int64('last_modified')];
  const [etag, storageClass, ownerId] = [builder.utf8('etag'), builder.utf8('storage_class'), builder.utf8('owner_id')];
  const [checksumAlgorithm, checksumType] = [builder.utf8('checksum_algorithm'), builder.utf8('checksum_type')];
  const restoreStatus = builder.utf8('restore_status');
  if (size !== null) columns.size(size);
  if (lastModified !== null) columns.lastModified(lastModified);
  if (etag !== null) columns.etag(etag);
  if (storageClass !== null) columns.text(STORAGE_CLASS, storageClass);
  if (checksumAlgorithm !== null) columns.checksumAlgorithm(checksumAlgorithm);
  if (checksumType !== null) columns.text(CHECKSUM_TYPE, checksumType);
  if (ownerId !== null) columns.text(OWNER_ID, ownerId);
  if (restoreStatus !== null) columns.restoreStatus(restoreStatus);
  const told = builder.utf8(TOLD_HEAD.name);
  if (told !== null) columns.toldHeads(told);
  for (let object = 0; object < keys.count; object++) builder.endRow();
  const { objects, isTruncated, nextContinuationToken } = page;
  return { ...keys, objects, skippedKey, isTruncated, nextContinuationToken, commonPrefixes };
}

/**
 * Appends the page's objects that lie in the window as rows. A Failure where it is not a whole one, or its keys do not
 * ascend from `window.from` or `window.after`.
 */
export function decodeScannedPage(page: PageScan, window: KeyWindow, builder: RecordBuilder): ListPageInfo {
  return wholePage(() => decode(page, window, builder));
}

/** Of one page at a time: nothing of a scan is left when `decodeListPage` returns. */
let spans: Int32Array = new Int32Array(0);

/** The same, from the body of the answer; a Failure also where that is no page of a listing. Keeps nothing of the body. */
export function decodeListPage(body: Buffer, window: KeyWindow, builder: RecordBuilder): ListPageInfo {
  return wholePage(() => {
    const page = scanPage(body, spans);
    ({ spans } = page);
    return decode(page, window, builder);
  });
}
