/**
 * The head of an HTTP/1.1 response (RFC 9112), read where it lies. Strict: knows the plain answers that all
 * servers send nearly always, and says `unusual` to anything else, for a full parser to look at.
 */
import type { HeaderBlock } from './header-block.ts';

const CR = 13;
const LF = 10;
const SPACE = 0x20;
const TAB = 9;
const COLON = 0x3a;
const VERSION = Buffer.from('HTTP/1.1 ');
/** of `HTTP/1.1 200` */
const STATUS_LENGTH = VERSION.length + 3;
const CONNECTION = Buffer.from('connection');
const KEEP_ALIVE = Buffer.from('keep-alive');
const CONTENT_LENGTH = Buffer.from('content-length');
/** Digits of 2^63. */
const MAX_LENGTH_DIGITS = 19;
/** An answer with more headers than this is for the full parser. */
const MAX_HEADERS = 2000;

/** Characters that a header name may have (RFC 9110, 5.6.2: token). */
const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") TOKEN[char.charCodeAt(0)] = 1;

export type HeadResult = 'whole' | 'partial' | 'unusual';

/** Whether `bytes[start, end)` and the name are the same but for capitals. `lower` has letters and hyphens only. */
function means(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) if ((bytes[start + i]! | 0x20) !== lower[i]) return false;
  return true;
}

/** Whether `name` and a colon lie at `at`. */
function isNamed(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  const { length } = name;
  if (bytes[at + length] !== COLON) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

/** Reads one response head after the other: of many connections in turn, since their headers are alike. */
export class ResponseHead implements HeaderBlock {
  status = 0;
  count = 0;
  readonly names: Uint8Array[] = [];
  bytes: Uint8Array = new Uint8Array(0);
  readonly spans: Int32Array = new Int32Array(MAX_HEADERS * 2);
  /** where the head ends in the bytes that were read */
  end = 0;
  /** the server said `Connection:` and something other than keep-alive */
  closes = false;
  /** what Content-Length says, as near as a number comes; -1 where there is none */
  contentLength = -1;

  /** `bytes[0, length)` begins with a response, or with interim ones before it. */
  read(bytes: Uint8Array, length: number): HeadResult {
    for (let start = 0; ; start = this.end) {
      const result = this.readOne(bytes, start, length);
      // 1xx announces the answer and is not it (RFC 9110, 15.2), but for 101, which ends HTTP on the connection.
      if (result !== 'whole' || this.status >= 200) return result;
      if (this.status === 101) return 'unusual';
    }
  }

  private readOne(bytes: Uint8Array, from: number, length: number): HeadResult {
    const shown = Math.min(VERSION.length, length - from);
    for (let i = 0; i < shown; i++) if (bytes[from + i] !== VERSION[i]) return 'unusual';
    const statusEnd = from + STATUS_LENGTH;
    if (length < statusEnd + 2) return 'partial';
    const hundreds = bytes[statusEnd - 3]! - 48;
    const tens = bytes[statusEnd - 2]! - 48;
    const ones = bytes[statusEnd - 1]! - 48;
    // What is no status is for the full parser.
    if (hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return 'unusual';
    if (bytes[statusEnd] !== SPACE && bytes[statusEnd] !== CR) return 'unusual';
    this.status = hundreds * 100 + tens * 10 + ones;
    this.closes = false;
    this.contentLength = -1;
    this.bytes = bytes;
    const { names, spans } = this;
    let at = lineEnd(bytes, statusEnd, length);
    for (let position = 0; position < MAX_HEADERS; position++) {
      // At the end of a line: behind it another, or the end of the head.
      if (at + 4 > length) return 'partial';
      if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'unusual';
      at += 2;
      if (bytes[at] === CR) {
        if (bytes[at + 1] !== LF) return 'unusual';
        this.count = position;
        this.end = at + 2;
        return 'whole';
      }
      let name = names[position];
      if (name === undefined || !isNamed(bytes, at, name)) {
        let nameEnd = at;
        while (nameEnd < length && TOKEN[bytes[nameEnd]!] === 1) nameEnd++;
        if (nameEnd === length) return 'partial';
        if (bytes[nameEnd] !== COLON || nameEnd === at) return 'unusual';
        name = Uint8Array.prototype.slice.call(bytes, at, nameEnd);
        names[position] = name;
      }
      at += name.length + 1;
      while (bytes[at] === SPACE || bytes[at] === TAB) at++;
      const start = at;
      at = lineEnd(bytes, at, length);
      let end = at;
      while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
      spans[position * 2] = start;
      spans[position * 2 + 1] = end;
      if (name.length === CONNECTION.length) {
        if (means(name, 0, name.length, CONNECTION)) this.closes = !means(bytes, start, end, KEEP_ALIVE);
      } else if (name.length === CONTENT_LENGTH.length && means(name, 0, name.length, CONTENT_LENGTH)) {
        // Twice, or no number: what the server means is anyone's guess (RFC 9112, 6.3).
        if (this.contentLength >= 0) return 'unusual';
        this.contentLength = decimal(bytes, start, end);
        if (this.contentLength < 0 && at < length) return 'unusual';
      }
    }
    return 'unusual';
  }
}

/** Decimal digits, rounded beyond 2^53; -1 for anything else. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_LENGTH_DIGITS) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The first place from `at` on that no header value may hold: the carriage return, in what is well formed. */
function lineEnd(bytes: Uint8Array, at: number, length: number): number {
  let end = at;
  while (end < length) {
    const byte = bytes[end]!;
    if (byte < SPACE && byte !== TAB) break;
    end++;
  }
  return end;
}
