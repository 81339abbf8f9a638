/**
 * JSON written straight into bytes: values that are UTF-8 already are copied, not decoded into strings and
 * encoded again. A string that holds anything unusual goes through JSON.stringify instead.
 */
import type { Utf8Values } from '../records/record-batch.ts';
import { escapeForTerminal } from './terminal.ts';

const INITIAL_BYTES = 256 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What a byte of UTF-8 asks for. */
const COPY = 0;
const BACKSLASH_BEFORE = 1;
const LOOK_CLOSER = 2;

function byteClasses(terminal: boolean): Uint8Array {
  const classes = new Uint8Array(256);
  classes.fill(LOOK_CLOSER, 0x00, 0x20);
  classes[QUOTE] = BACKSLASH_BEFORE;
  classes[BACKSLASH] = BACKSLASH_BEFORE;
  // The lead bytes of U+0085, U+2028 and U+2029: see LINE_ENDS.
  classes[0xc2] = LOOK_CLOSER;
  classes[0xe2] = LOOK_CLOSER;
  if (terminal) classes.fill(LOOK_CLOSER, 0x7f);
  return classes;
}

/** JSON allows them as they are, but readers that cut lines at Unicode's line ends would cut a record in two. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const LINE_END_ESCAPES: Readonly<Record<string, string>> = { '\u0085': '\\u0085', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** A growing run of bytes. */
export class JsonBytes {
  private bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private length = 0;
  private readonly classes: Uint8Array;
  private readonly terminal: boolean;

  constructor(terminal: boolean) {
    this.terminal = terminal;
    this.classes = byteClasses(terminal);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.length;
  }

  /** Replaces one byte that was written before. */
  patch(position: number, byte: number): void {
    this.bytes[position] = byte;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** Bytes as they are. */
  raw(source: Uint8Array): void {
    this.reserve(source.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < source.length; i++) bytes[at++] = source[i]!;
    this.length = at;
  }

  /** Text of ASCII characters as it is. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** `source[start, end)`, which is UTF-8, as a JSON string. */
  string(source: Uint8Array, start: number, end: number): void {
    this.reserve(2 * (end - start) + 2);
    const { bytes, classes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      const asks = classes[byte]!;
      if (asks !== COPY) {
        if (asks === LOOK_CLOSER) {
          this.unusualString(source, start, end);
          return;
        }
        bytes[at++] = BACKSLASH;
      }
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.length = at;
  }

  private unusualString(source: Uint8Array, start: number, end: number): void {
    const text = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('utf8');
    const json = JSON.stringify(text);
    const safe = this.terminal ? escapeForTerminal(json) : json.replace(LINE_ENDS, (end_) => LINE_END_ESCAPES[end_]!);
    this.reserve(3 * safe.length);
    this.length += this.bytes.write(safe, this.length, 'utf8');
  }

  /** Entries `[from, to)` of a map as a JSON object, in their order. */
  object(keys: Utf8Values, items: Utf8Values, from: number, to: number): void {
    this.byte(OPEN);
    for (let entry = from; entry < to; entry++) {
      if (entry > from) this.byte(COMMA);
      this.string(keys.values, keys.offsets[entry]!, keys.offsets[entry + 1]!);
      this.byte(COLON);
      this.string(items.values, items.offsets[entry]!, items.offsets[entry + 1]!);
    }
    this.byte(CLOSE);
  }

  /** What was written since the last call; a view, valid until the next write. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}
