/**
 * A key as it stands in a page to the key's own bytes (R3): references resolved, and, only where the answer
 * says that keys are encoded, `+` to space and percent-decoded. AWS sends a space as `+`, Ceph and moto as `%20`.
 */
import { isUtf8 } from 'node:buffer';
import { resolveReferences } from '../s3/xml.ts';

const SPACE = 0x20;
const AMPERSAND = 0x26;
const PERCENT = 0x25;
const PLUS = 0x2b;

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** What a byte asks for, as bits: one pass tells whether a key is to be copied as it stands. */
const REFERENCE = 1;
const ENCODED = 2;
const MARKS = new Uint8Array(256);
MARKS[AMPERSAND] = REFERENCE;
MARKS[PERCENT] = ENCODED;
MARKS[PLUS] = ENCODED;

function marksIn(source: Uint8Array, start: number, end: number): number {
  let marks = 0;
  for (let i = start; i < end; i++) marks |= MARKS[source[i]!]!;
  return marks;
}

/** Beyond so many bytes alike, a native comparison beats the loop. */
const LOOP_COMPARE_BYTES = 128;

/** One key at a time. The bytes stay valid until the next `read` of the same reader. */
export class KeyText {
  /** the key is `bytes[start, end)`: of the page's body itself where it needed no decoding, as most do not */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  private scratch = Buffer.allocUnsafe(1024);
  private readonly body: Buffer;
  private readonly urlEncoded: boolean;
  private readonly bodyIsUtf8: boolean;

  constructor(body: Buffer, urlEncoded: boolean, bodyIsUtf8: boolean) {
    this.body = body;
    this.urlEncoded = urlEncoded;
    this.bodyIsUtf8 = bodyIsUtf8;
  }

  /** Reads the key at `[start, end)` of the body. Null, or what is wrong with it. */
  read(start: number, end: number): string | null {
    this.bytes = this.body;
    this.start = start;
    this.end = end;
    if (!this.bodyIsUtf8 && !isUtf8(this.body.subarray(start, end))) return 'is not valid UTF-8';
    let marks = marksIn(this.body, start, end);
    if ((marks & REFERENCE) !== 0) {
      this.bytes = resolveReferences(this.body, start, end);
      this.start = 0;
      this.end = this.bytes.length;
      marks = marksIn(this.bytes, 0, this.end);
    }
    return this.urlEncoded && (marks & ENCODED) !== 0 ? this.decode() : null;
  }

  private decode(): string | null {
    const { bytes, end } = this;
    if (this.scratch.length < end - this.start) this.scratch = Buffer.allocUnsafe(end - this.start);
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
    this.start = 0;
    this.end = length;
    return seen < 0x80 || isUtf8(scratch.subarray(0, length)) ? null : 'is not valid UTF-8 after decoding';
  }

  /** Below zero, zero or above, as `compareKeys`. In JavaScript as far as most neighbours are alike. */
  compare(other: Uint8Array, otherStart: number, otherEnd: number): number {
    const { bytes, start } = this;
    const length = this.end - start;
    const otherLength = otherEnd - otherStart;
    const common = length < otherLength ? length : otherLength;
    const near = common < LOOP_COMPARE_BYTES ? common : LOOP_COMPARE_BYTES;
    for (let i = 0; i < near; i++) {
      const difference = bytes[start + i]! - other[otherStart + i]!;
      if (difference !== 0) return difference;
    }
    if (near === common) return length - otherLength;
    return Buffer.compare(bytes.subarray(start + near, this.end), other.subarray(otherStart + near, otherEnd));
  }

  /** The key, as bytes of its own. */
  copy(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.start, this.end));
  }
}
