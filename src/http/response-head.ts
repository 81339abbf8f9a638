/**
 * The head of an HTTP/1.1 response (RFC 9112), read where it lies. Strict: knows the plain answers that all
 * servers send nearly always, and says `unusual` to anything else, for a full parser to look at.
 */

const CR = 13;
const LF = 10;
const SPACE = 0x20;
const TAB = 9;
const COLON = 0x3a;
/** `HTTP/1.1 200` */
const VERSION = Buffer.from('HTTP/1.1 ');
const STATUS_END = VERSION.length + 3;
const CONNECTION = Buffer.from('connection');
const KEEP_ALIVE = Buffer.from('keep-alive');

/** Characters that a header name may have (RFC 9110, 5.6.2: token). */
const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") TOKEN[char.charCodeAt(0)] = 1;

export type HeadResult = 'whole' | 'partial' | 'unusual';

/** Whether they are the same but for capitals. `lower` has letters and hyphens only. */
function means(bytes: Uint8Array, lower: Uint8Array): boolean {
  if (bytes.length !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) if ((bytes[i]! | 0x20) !== lower[i]) return false;
  return true;
}

function same(bytes: Uint8Array, start: number, end: number, known: Uint8Array): boolean {
  if (end - start !== known.length) return false;
  for (let i = 0; i < known.length; i++) if (bytes[start + i] !== known[i]) return false;
  return true;
}

/** Reads one response head after the other; one instance a connection. */
export class ResponseHead {
  status = 0;
  /** names and values in turn; the values lie in the bytes that were read */
  headers: Uint8Array[] = [];
  /** where the head ends in the bytes that were read */
  end = 0;
  /** the server said `Connection: close`, or something else about it that is not keep-alive */
  closes = false;
  /** names as they stood in the answer before: the same object stands for the same bytes */
  private readonly names: Uint8Array[] = [];

  /** `bytes[0, length)` begins with a response. */
  read(bytes: Uint8Array, length: number): HeadResult {
    for (let i = 0; i < VERSION.length; i++) if (i < length && bytes[i] !== VERSION[i]) return 'unusual';
    if (length < STATUS_END + 2) return 'partial';
    const hundreds = bytes[9]! - 48;
    const tens = bytes[10]! - 48;
    const ones = bytes[11]! - 48;
    // 1xx announces the answer and is not it; and what is no status is for the full parser too.
    if (hundreds < 2 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return 'unusual';
    this.status = hundreds * 100 + tens * 10 + ones;
    this.closes = false;
    let at = STATUS_END;
    if (bytes[at] !== SPACE && bytes[at] !== CR) return 'unusual';
    while (at < length && bytes[at] !== CR) if (bytes[at++]! < SPACE) return 'unusual';
    const headers: Uint8Array[] = [];
    this.headers = headers;
    for (let position = 0; ; position++) {
      // At the end of a line.
      if (at + 2 > length) return 'partial';
      if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'unusual';
      at += 2;
      if (at + 2 > length) return 'partial';
      if (bytes[at] === CR) {
        if (bytes[at + 1] !== LF) return 'unusual';
        this.end = at + 2;
        return 'whole';
      }
      const nameStart = at;
      while (at < length && TOKEN[bytes[at]!] === 1) at++;
      if (at === length) return 'partial';
      if (bytes[at] !== COLON || at === nameStart) return 'unusual';
      const name = this.name(bytes, nameStart, at, position);
      at++;
      while (at < length && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
      const valueStart = at;
      while (at < length && (bytes[at]! >= SPACE || bytes[at] === TAB)) at++;
      let valueEnd = at;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
      const value = bytes.subarray(valueStart, valueEnd);
      headers.push(name, value);
      if (means(name, CONNECTION)) this.closes = !means(value, KEEP_ALIVE);
    }
  }

  private name(bytes: Uint8Array, start: number, end: number, position: number): Uint8Array {
    const before = this.names[position];
    if (before !== undefined && same(bytes, start, end, before)) return before;
    const name = Uint8Array.prototype.slice.call(bytes, start, end);
    this.names[position] = name;
    return name;
  }
}
