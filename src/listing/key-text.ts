/**
 * A key as it stands in a page to the key's own bytes (R3): references resolved, and, only where the answer
 * says that keys are encoded, `+` to space and percent-decoded. AWS sends a space as `+`, Ceph and moto as `%20`.
 */
import { isUtf8 } from 'node:buffer';
import { hexDigit } from '../http/hex-digit.ts';
import type { Utf8Builder } from '../records/text-builders.ts';
import { resolveReferences } from '../s3/xml.ts';
import { commonLength, viewOf } from './words.ts';

const SPACE = 0x20;
const AMPERSAND = 0x26;
const PERCENT = 0x25;
const PLUS = 0x2b;

/** Where a byte occurs in a page: looked for once from each place to the next, natively, and not once for each value. */
export class Occurrences {
  private readonly body: Buffer;
  private readonly byte: number;
  /** none in `[from, at)` */
  private from = 0;
  private at = -1;

  constructor(body: Buffer, byte: number) {
    this.body = body;
    this.byte = byte;
  }

  /** Cheap as long as places ascend. */
  isIn(start: number, end: number): boolean {
    if (start < this.from || start > this.at) {
      const found = this.body.indexOf(this.byte, start);
      this.from = start;
      this.at = found < 0 ? this.body.length : found;
    }
    return this.at < end;
  }
}

/** Bytes. Keys that are long and the same as far as this are worth a native comparison: 0.2 µs, and 0.8 in words for 900 bytes. */
const LONG = 256;
const NEAR = 128;
/** S3's limit; escaped, a key may be longer. */
const MAX_KEY_BYTES = 1024;

/** One key at a time. The bytes stay valid until the next `read` of the same reader. */
export class KeyText {
  /** the key is `bytes[start, end)`: of the page's body itself where it needed no decoding, as most do not */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** of `bytes`, where it is at hand: then keys are compared and copied in words */
  view: DataView | null = null;
  private scratch = Buffer.allocUnsafeSlow(MAX_KEY_BYTES);
  private scratchView = viewOf(this.scratch);
  private readonly body: Buffer;
  private readonly bodyView: DataView;
  private readonly urlEncoded: boolean;
  private readonly bodyIsUtf8: boolean;
  private readonly references: Occurrences;
  private readonly percents: Occurrences;
  private readonly pluses: Occurrences;

  constructor(body: Buffer, urlEncoded: boolean, bodyIsUtf8: boolean) {
    this.body = body;
    this.bodyView = viewOf(body);
    this.urlEncoded = urlEncoded;
    this.bodyIsUtf8 = bodyIsUtf8;
    this.references = new Occurrences(body, AMPERSAND);
    this.percents = new Occurrences(body, PERCENT);
    this.pluses = new Occurrences(body, PLUS);
  }

  /** Reads the key at `[start, end)` of the body. Null, or what is wrong with it. */
  read(start: number, end: number): string | null {
    this.bytes = this.body;
    this.view = this.bodyView;
    this.start = start;
    this.end = end;
    if (!this.bodyIsUtf8 && !isUtf8(this.body.subarray(start, end))) return 'is not valid UTF-8';
    if (this.references.isIn(start, end)) {
      this.bytes = resolveReferences(this.body, start, end);
      this.view = null;
      this.start = 0;
      this.end = this.bytes.length;
      return this.urlEncoded && (this.bytes.includes(PERCENT) || this.bytes.includes(PLUS)) ? this.decode() : null;
    }
    return this.urlEncoded && (this.percents.isIn(start, end) || this.pluses.isIn(start, end)) ? this.decode() : null;
  }

  private decode(): string | null {
    const { bytes, end } = this;
    if (this.scratch.length < end - this.start) {
      this.scratch = Buffer.allocUnsafeSlow(end - this.start);
      this.scratchView = viewOf(this.scratch);
    }
    const { scratch } = this;
    let length = 0;
    let seen = 0;
    for (let at = this.start; at < end; at++) {
      let byte = bytes[at]!;
      if (byte === PLUS) {
        byte = SPACE;
      } else if (byte === PERCENT) {
        const high = at + 2 < end ? hexDigit(bytes[at + 1]) : -1;
        const low = hexDigit(bytes[at + 2]);
        if (high < 0 || low < 0) return 'has a malformed percent sequence';
        byte = high * 16 + low;
        at += 2;
      }
      scratch[length++] = byte;
      seen |= byte;
    }
    this.bytes = scratch;
    this.view = this.scratchView;
    this.start = 0;
    this.end = length;
    return seen < 0x80 || isUtf8(scratch.subarray(0, length)) ? null : 'is not valid UTF-8 after decoding';
  }

  /** Below zero, zero or above, as `compareKeys`. Keys of one page are mostly alike, and compared in words as far as they are. */
  compare(other: Uint8Array, otherStart: number, otherEnd: number, otherView: DataView | null = null): number {
    const { bytes, start, view } = this;
    const length = this.end - start;
    const otherLength = otherEnd - otherStart;
    const common = length < otherLength ? length : otherLength;
    const near = common < LONG ? common : NEAR;
    for (let i = view !== null && otherView !== null ? commonLength(view, start, otherView, otherStart, near) : 0; i < near; i++) {
      const difference = bytes[start + i]! - other[otherStart + i]!;
      if (difference !== 0) return difference;
    }
    return near === common ? length - otherLength : bytes.compare(other, otherStart + near, otherEnd, start + near, this.end);
  }

  /** To the row of a column. */
  set(column: Utf8Builder, row: number): void {
    column.setBytes(row, this.bytes, this.start, this.end, this.view);
  }

  /** The key, as bytes of its own. */
  copy(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.start, this.end));
  }
}
