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
/** behind `HTTP/1.1 200` */
const STATUS_END = VERSION.length + 3;
const CONNECTION = Buffer.from('connection');
const KEEP_ALIVE = Buffer.from('keep-alive');
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

  /** `bytes[0, length)` begins with a response. */
  read(bytes: Uint8Array, length: number): HeadResult {
    const shown = Math.min(VERSION.length, length);
    for (let i = 0; i < shown; i++) if (bytes[i] !== VERSION[i]) return 'unusual';
    if (length < STATUS_END + 2) return 'partial';
    const hundreds = bytes[9]! - 48;
    const tens = bytes[10]! - 48;
    const ones = bytes[11]! - 48;
    // 1xx announces the answer and is not it; and what is no status is for the full parser too.
    if (hundreds < 2 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return 'unusual';
    if (bytes[STATUS_END] !== SPACE && bytes[STATUS_END] !== CR) return 'unusual';
    this.status = hundreds * 100 + tens * 10 + ones;
    this.closes = false;
    this.bytes = bytes;
    const { names, spans } = this;
    let at = lineEnd(bytes, STATUS_END, length);
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
      if (name.length === CONNECTION.length && means(name, 0, name.length, CONNECTION)) this.closes = !means(bytes, start, end, KEEP_ALIVE);
    }
    return 'unusual';
  }
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
