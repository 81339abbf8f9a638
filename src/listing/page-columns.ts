/**
 * The values of a page's objects, all but the keys, to columns: each method fills one column over all rows, so
 * that columns a scan did not ask for cost nothing. Where the values stand was found by the page scan.
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../failure.ts';
import type { Int64Builder } from '../records/number-builders.ts';
import type { Utf8Builder } from '../records/text-builders.ts';
import { excerpt, resolveReferences } from '../s3/xml.ts';
import { CHECKSUM_ALGORITHM, ETAG, IS_RESTORE_IN_PROGRESS, LAST_MODIFIED, RESTORE_EXPIRY_DATE, SIZE, SPAN_STRIDE, type PageScan } from './page-scan.ts';
import { parseTimestamp } from './timestamp.ts';
import { toldHead } from './told-head.ts';
import { isSame, placeOf, viewOf } from './words.ts';

const AMPERSAND = 0x26;
const DOUBLE_QUOTE = 0x22;
const ZERO = 0x30;
const COMMA = Buffer.from(',');
const MAX_INT64 = 2n ** 63n - 1n;
/** Shorter values are not compared by words. */
const SHORTEST_WORD = 4;
/** Every number of so many digits is a safe integer. */
const SAFE_DIGITS = 15;
/** Digits of 2^63 - 1. */
const INT64_DIGITS = 19;
/** `&quot;` (AWS) and `&#34;` (Go's encoder: MinIO, versitygw) */
const QUOTE_REFERENCES = [Buffer.from('&quot;'), Buffer.from('&#34;')];

function startsWith(body: Buffer, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (body[at + i] !== text[i]) return false;
  return true;
}

/** The columns of the first `count` objects of one page. */
export class PageColumns {
  private readonly body: Buffer;
  private readonly view: DataView;
  private readonly page: PageScan;
  private readonly bodyIsUtf8: boolean;
  private readonly firstRow: number;
  private readonly count: number;

  constructor(page: PageScan, bodyIsUtf8: boolean, firstRow: number, count: number) {
    this.body = page.body;
    this.view = viewOf(page.body);
    this.page = page;
    this.bodyIsUtf8 = bodyIsUtf8;
    this.firstRow = firstRow;
    this.count = count;
  }

  /** A column of text as it was sent; an empty element tells nothing and is null. */
  text(field: number, column: Utf8Builder): void {
    const { spans } = this.page;
    const value = this.valueOfAll(field);
    if (value !== null) return column.fill(this.count, value);
    for (let object = 0, at = 2 * field; object < this.count; object++, at += SPAN_STRIDE) {
      const end = spans[at + 1]!;
      if (end > spans[at]!) this.copy(object, column, spans[at]!, end);
    }
  }

  /** The value that all objects of the page have, as is common; null where they differ, or rows came before. */
  private valueOfAll(field: number): string | null {
    const { spans } = this.page;
    const start = spans[2 * field]!;
    const length = spans[2 * field + 1]! - start;
    if (length < SHORTEST_WORD || this.count === 0 || this.firstRow > 0) return null;
    for (let object = 1, at = 2 * field + SPAN_STRIDE; object < this.count; object++, at += SPAN_STRIDE) {
      if (spans[at + 1]! - spans[at]! !== length || !isSame(this.view, start, spans[at]!, length)) return null;
    }
    return this.resolved(0, start, start + length).toString();
  }

  /** ETag without its quotes, in any of the three ways they are written. */
  etag(column: Utf8Builder): void {
    const { body } = this;
    const { spans } = this.page;
    for (let object = 0, at = 2 * ETAG; object < this.count; object++, at += SPAN_STRIDE) {
      let start = spans[at]!;
      let end = spans[at + 1]!;
      if (end === start) continue;
      const quote = body[start] === DOUBLE_QUOTE ? 1 : this.quoteReference(start);
      if (quote > 0 && end - start >= 2 * quote && this.isSameAt(start, end - quote, quote)) {
        start += quote;
        end -= quote;
      }
      this.copy(object, column, start, end);
    }
  }

  size(column: Int64Builder): void {
    const { body } = this;
    const { spans } = this.page;
    for (let object = 0, at = 2 * SIZE; object < this.count; object++, at += SPAN_STRIDE) {
      const start = spans[at]!;
      const end = spans[at + 1]!;
      if (end === start) continue;
      let value = 0;
      for (let i = start; i < end; i++) {
        const digit = body[i]! - ZERO;
        if (!(digit >= 0 && digit <= 9)) throw this.unreadable(object, 'Size', start, end);
        value = value * 10 + digit;
      }
      if (end - start <= SAFE_DIGITS) {
        column.set(this.firstRow + object, value);
        continue;
      }
      const exact = end - start <= INT64_DIGITS ? BigInt(body.toString('latin1', start, end)) : MAX_INT64 + 1n;
      if (exact > MAX_INT64) throw this.unreadable(object, 'Size', start, end);
      column.setBigInt(this.firstRow + object, exact);
    }
  }

  lastModified(column: Int64Builder): void {
    const { spans } = this.page;
    for (let object = 0, at = 2 * LAST_MODIFIED; object < this.count; object++, at += SPAN_STRIDE) {
      const start = spans[at]!;
      const end = spans[at + 1]!;
      if (end === start) continue;
      const time = parseTimestamp(this.body, start, end);
      if (Number.isNaN(time)) throw this.unreadable(object, 'LastModified', start, end);
      column.set(this.firstRow + object, time);
    }
  }

  /** An object of several checksum algorithms repeats the element; they are joined by commas. */
  checksumAlgorithm(column: Utf8Builder): void {
    const { spans, moreChecksumAlgorithms } = this.page;
    if (moreChecksumAlgorithms.length === 0) return this.text(CHECKSUM_ALGORITHM, column);
    let next = 0;
    for (let object = 0, at = 2 * CHECKSUM_ALGORITHM; object < this.count; object++, at += SPAN_STRIDE) {
      const end = spans[at + 1]!;
      if (moreChecksumAlgorithms[next]?.object !== object) {
        if (end > spans[at]!) this.copy(object, column, spans[at]!, end);
        continue;
      }
      const parts: Uint8Array[] = [this.resolved(object, spans[at]!, end)];
      for (let more = moreChecksumAlgorithms[next]; more?.object === object; more = moreChecksumAlgorithms[++next]) {
        parts.push(COMMA, this.resolved(object, more.start, more.end));
      }
      column.setBytes(this.firstRow + object, Buffer.concat(parts));
    }
  }

  /** `in-progress`, or when the restored copy expires, as sent. */
  restoreStatus(column: Utf8Builder): void {
    const { spans } = this.page;
    for (let object = 0, at = 0; object < this.count; object++, at += SPAN_STRIDE) {
      const progress = at + 2 * IS_RESTORE_IN_PROGRESS;
      const expiry = at + 2 * RESTORE_EXPIRY_DATE;
      if (spans[progress] !== 0 && this.body.toString('latin1', spans[progress], spans[progress + 1]) === 'true') {
        column.setAscii(this.firstRow + object, 'in-progress');
      } else if (spans[expiry + 1]! > spans[expiry]!) {
        this.copy(object, column, spans[expiry]!, spans[expiry + 1]!);
      }
    }
  }

  /** Where only a HEAD can tell, null. */
  toldHeads(column: Utf8Builder): void {
    for (let object = 0; object < this.count; object++) {
      const head = toldHead(this.page, object);
      if (head !== null) column.setAscii(this.firstRow + object, head);
    }
  }

  private copy(object: number, column: Utf8Builder, start: number, end: number): void {
    if (this.bodyIsUtf8 && placeOf(this.view, AMPERSAND, start, end) === end) column.setBytes(this.firstRow + object, this.body, start, end, this.view);
    else column.setBytes(this.firstRow + object, this.resolved(object, start, end));
  }

  private resolved(object: number, start: number, end: number): Buffer {
    const bytes = resolveReferences(this.body, start, end);
    if (!this.bodyIsUtf8 && !isUtf8(bytes)) throw new Failure('listing', `a value of object ${object + 1} of the page is not valid UTF-8: ${excerpt(bytes)}`);
    return bytes;
  }

  /** Length of the reference to a quote at `at`, or 0. */
  private quoteReference(at: number): number {
    if (this.body[at] !== AMPERSAND) return 0;
    for (const reference of QUOTE_REFERENCES) if (startsWith(this.body, at, reference)) return reference.length;
    return 0;
  }

  private isSameAt(first: number, second: number, length: number): boolean {
    const { body } = this;
    for (let i = 0; i < length; i++) if (body[first + i] !== body[second + i]) return false;
    return true;
  }

  private unreadable(object: number, element: string, start: number, end: number): Failure {
    return new Failure('listing', `<${element}> of object ${object + 1} of the page cannot be read: ${excerpt(this.body.subarray(start, end))}`);
  }
}
