/**
 * The body of an HTTP/1.1 response (RFC 9112, 6 and 7), as its bytes come: by Content-Length, or in chunks. Strict: chunk
 * extensions, trailers and whatever else no S3 server sends is `unusual`, for a full parser to look at.
 */
import { bodyRoom, MAX_BODY_BYTES, recycle } from './body-room.ts';
import { hexDigit } from './hex-digit.ts';
import type { ResponseHead } from './response-head.ts';

const CR = 13;
const LF = 10;
/** Digits of a chunk's length, zeros before it among them; MAX_BODY_BYTES has seven. */
const MAX_SIZE_DIGITS = 8;
/** Taken in advance on a server's word; what is longer grows as it comes. */
const MAX_ADVANCE = 4 * 1024 * 1024;

/** What the next byte is part of. */
const SIZE = 0;
const SIZE_LF = 1;
const DATA = 2;
const DATA_CR = 3;
const DATA_LF = 4;
const LAST_CR = 5;
const LAST_LF = 6;

/**
 * What Content-Length says of the answer's body, null where it comes in chunks; undefined where it ends in another way, there
 * is none, or nobody can tell (RFC 9112, 6.3). `coding`: Transfer-Encoding.
 */
export function bodyLength({ status, contentLength }: Pick<ResponseHead, 'status' | 'contentLength'>, coding: string | undefined): number | null | undefined {
  if (status === 204 || status === 304) return undefined;
  if (coding === undefined) return contentLength < 0 ? undefined : contentLength;
  return coding.toLowerCase() === 'chunked' && contentLength < 0 ? null : undefined;
}

export type BodyResult = 'whole' | 'partial' | 'unusual' | 'too large';

/** Reads one body after the other. */
export class BodyReader {
  /** where a body that is whole ends in the bytes that were read last */
  end = 0;
  private state = DATA;
  private isChunked = false;
  /** of the chunk, or of the body where it has no chunks */
  private left = 0;
  private digits = 0;
  private room: Buffer | null = null;
  private length = 0;
  /** of the body before: the next one is likely to be as long */
  private usual = 0;

  /** `length`: what Content-Length says; null for chunks. */
  begin(length: number | null): void {
    this.isChunked = length === null;
    this.state = this.isChunked ? SIZE : DATA;
    this.left = length ?? 0;
    this.digits = 0;
    this.length = 0;
    this.room = bodyRoom(Math.min(length ?? this.usual, MAX_ADVANCE));
  }

  /** `bytes[from, to)` came next, and is not needed when this returns. */
  read(bytes: Buffer, from: number, to: number): BodyResult {
    for (let at = from; ; at++) {
      if (this.state === DATA) {
        if (this.length + this.left > MAX_BODY_BYTES) return 'too large';
        at += this.append(bytes, at, Math.min(to, at + this.left));
        if (this.left > 0) return 'partial';
        if (!this.isChunked) {
          this.end = at;
          return 'whole';
        }
        this.state = DATA_CR;
      }
      if (at === to) return 'partial';
      if (!this.step(bytes[at]!)) return 'unusual';
      if (this.state === LAST_LF && bytes[at] === LF) {
        this.end = at + 1;
        return 'whole';
      }
    }
  }

  /** A byte between chunks; false for one that has no place there. */
  private step(byte: number): boolean {
    switch (this.state) {
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.left = this.left * 16 + digit;
          return ++this.digits <= MAX_SIZE_DIGITS;
        }
        this.state = SIZE_LF;
        return byte === CR && this.digits > 0;
      }
      case SIZE_LF:
        this.state = this.left > 0 ? DATA : LAST_CR;
        this.digits = 0;
        return byte === LF;
      case DATA_CR:
        this.state = DATA_LF;
        return byte === CR;
      case DATA_LF:
        this.state = SIZE;
        return byte === LF;
      case LAST_CR:
        this.state = LAST_LF;
        return byte === CR;
      default:
        return byte === LF;
    }
  }

  private append(bytes: Buffer, from: number, to: number): number {
    let room = this.room!;
    const { length } = this;
    if (length + to - from > room.length) {
      this.room = bodyRoom(length + to - from);
      room.copy(this.room, 0, 0, length);
      recycle(room);
      room = this.room;
    }
    bytes.copy(room, length, from, to);
    this.length += to - from;
    this.left -= to - from;
    return to - from;
  }

  /** The body that is whole, in memory of its own; `recycle` takes that back. */
  take(): Buffer {
    const body = this.room!.subarray(0, this.length);
    this.room = null;
    this.usual = this.length;
    return body;
  }

  /** What has come of a body is of no use. */
  drop(): void {
    if (this.room !== null) recycle(this.room);
    this.room = null;
  }
}
