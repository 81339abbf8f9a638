/**
 * Response headers, as they were on the wire, into the columns of a row. On the hot path: a server sends the
 * same header names in the same order with every answer, so what each position means is remembered and only
 * verified, and values are copied as bytes.
 *
 * Not for answers that the SDK has already parsed: those are in `head/sdk-engine.ts`.
 */
import { isUtf8 } from 'node:buffer';
import type { Column, Schema } from './columns.ts';
import { parseHttpDate } from './http-date.ts';
import type { BoolBuilder, Int32Builder, Int64Builder } from './number-builders.ts';
import type { RecordBuilder } from './record-builder.ts';
import type { MapBuilder, Utf8Builder } from './text-builders.ts';
import { decodeEncodedWords } from './rfc2047.ts';

const META_PREFIX = 'x-amz-meta-';
const QUOTE = 0x22;

/** An answer's headers: names, and where their values lie in the bytes that came. */
export interface RawHeaders {
  readonly count: number;
  /** the same object stands for the same bytes in one answer and the next */
  readonly names: readonly Uint8Array[];
  readonly bytes: Uint8Array;
  /** where each value begins and ends in `bytes` */
  readonly spans: Int32Array;
}

const NO_HEADERS: RawHeaders = { count: 0, names: [], bytes: new Uint8Array(0), spans: new Int32Array(0) };

type Kind = 'ignore' | 'utf8' | 'etag' | 'int64' | 'int32' | 'bool' | 'date' | 'meta' | 'extra';

/** What a header name means for the scan's schema. */
interface Target {
  readonly kind: Kind;
  /** of the column in the schema; -1 for none */
  readonly column: number;
  /** lower case */
  readonly name: string;
  /** for `meta` and `extra`: the entry's name */
  readonly entryName: Uint8Array;
  /** kept in the row of a key that could not be read: what describes the key or the request, not the error document */
  readonly inErrorRows: boolean;
}

const KEPT_IN_ERROR_ROWS: ReadonlySet<string> = new Set(['request_id', 'version_id', 'delete_marker']);

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false;
  return true;
}

/** A header value as UTF-8: servers send ASCII, raw UTF-8, or what can only be ISO 8859-1. */
function utf8Of(value: Uint8Array): Uint8Array {
  return isAscii(value) || isUtf8(value) ? value : Buffer.from(latin1(value), 'utf8');
}

/** A user metadata value as UTF-8, its encoded words decoded. */
function metadataValue(value: Uint8Array): Uint8Array {
  for (let i = 0; i + 1 < value.length; i++) {
    if (value[i] === 0x3d && value[i + 1] === 0x3f) {
      const text = Buffer.from(utf8Of(value)).toString('utf8');
      return Buffer.from(decodeEncodedWords(text), 'utf8');
    }
  }
  return utf8Of(value);
}

/** Decimal digits as the nearest number; NaN for anything else. */
function numberOf(digits: Uint8Array): number {
  const { length } = digits;
  if (length === 0 || length > 19) return Number.NaN;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = digits[i]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : Number(latin1(digits));
}

/** Decimal digits below 2^63; null for anything else. */
function setInteger(builder: Int64Builder, row: number, digits: Uint8Array): void {
  const value = numberOf(digits);
  if (value <= Number.MAX_SAFE_INTEGER) {
    builder.set(row, value);
  } else if (!Number.isNaN(value)) {
    const exact = BigInt(latin1(digits));
    if (exact < 2n ** 63n) builder.setBigInt(row, exact);
  }
}

/** The value between its quotes; what has none is kept whole. */
function unquoted(value: Uint8Array): Uint8Array {
  const last = value.length - 1;
  return last > 0 && value[0] === QUOTE && value[last] === QUOTE ? value.subarray(1, last) : value;
}

/** The object's length in the Content-Range of one of its parts, `bytes 0-5242879/12000000` (RFC 9110, 14.4): its digits; empty where it does not tell. */
export function totalIn(contentRange: string): string {
  return /^bytes [^/]+\/(\d+)$/.exec(contentRange)?.[1] ?? '';
}

export class HeaderDecoder {
  private readonly targets = new Map<string, Target>();
  private readonly metadataColumn: number;
  private readonly extraColumn: number;
  private readonly partsAsked: boolean;
  /** the names last seen at each position, and what they mean */
  private readonly names: Uint8Array[] = [];
  private readonly meanings: Target[] = [];
  private headers: RawHeaders = NO_HEADERS;
  private count = 0;
  private etagAt = -1;
  private lengthAt = -1;
  private rangeAt = -1;
  private modifiedAt = -1;
  /** two headers of these names would make two entries of one name in a map */
  private repeats = false;

  /** `partsAsked`: an answer may be about a part, and Content-Range tells the length of the object. */
  constructor(schema: Schema, partsAsked = false) {
    this.partsAsked = partsAsked;
    this.metadataColumn = schema.findIndex((column) => column.name === 'metadata');
    this.extraColumn = schema.findIndex((column) => column.name === 'extra_headers');
    schema.forEach((column, index) => {
      if (column.header !== null) this.targets.set(column.header, this.targetOf(column, index, column.header));
    });
  }

  private targetOf(column: Column, index: number, name: string): Target {
    const kinds: Record<Column['type'], Kind> = { utf8: 'utf8', int64: 'int64', int32: 'int32', bool: 'bool', timestamp_ms: 'date', map: 'ignore' };
    const kind = column.name === 'etag' ? 'etag' : kinds[column.type];
    return { kind, column: index, name, entryName: new Uint8Array(0), inErrorRows: KEPT_IN_ERROR_ROWS.has(column.name) };
  }

  private resolve(nameBytes: Uint8Array): Target {
    const name = latin1(nameBytes).toLowerCase();
    const known = this.targets.get(name);
    if (known !== undefined) return known;
    const isMeta = name.startsWith(META_PREFIX);
    const column = isMeta ? this.metadataColumn : this.extraColumn;
    const entryName = Buffer.from(isMeta ? name.slice(META_PREFIX.length) : name, 'utf8');
    return { kind: column < 0 ? 'ignore' : isMeta ? 'meta' : 'extra', column, name, entryName, inErrorRows: false };
  }

  /** Takes in an answer's headers; the other methods then speak of them. */
  read(headers: RawHeaders): void {
    const { names, meanings } = this;
    const { count } = headers;
    let changed = count !== this.count;
    for (let i = 0; i < count; i++) {
      const name = headers.names[i]!;
      if (name === names[i]) continue;
      changed ||= names[i] === undefined || !sameBytes(name, names[i]!);
      names[i] = name;
      if (changed) meanings[i] = this.resolve(name);
    }
    this.headers = headers;
    this.count = count;
    if (changed) this.locate();
  }

  private locate(): void {
    const seen = this.meanings.slice(0, this.count);
    this.etagAt = seen.findIndex(({ name }) => name === 'etag');
    this.lengthAt = seen.findIndex(({ name }) => name === 'content-length');
    this.rangeAt = this.partsAsked ? seen.findIndex(({ name }) => name === 'content-range') : -1;
    this.modifiedAt = seen.findIndex(({ name }) => name === 'last-modified');
    const entries = seen.filter(({ kind }) => kind === 'meta' || kind === 'extra').map(({ name }) => name);
    this.repeats = new Set(entries).size !== entries.length;
  }

  private value(position: number): Uint8Array | null {
    if (position < 0) return null;
    const { bytes, spans } = this.headers;
    return bytes.subarray(spans[position * 2], spans[position * 2 + 1]);
  }

  /** Without quotes; null where the answer has none. */
  etag(): Uint8Array | null {
    const value = this.value(this.etagAt);
    return value && unquoted(value);
  }

  /** Bytes; -1 where the answer has none. */
  contentLength(): number {
    const digits = this.lengthDigits();
    const value = digits === null ? Number.NaN : numberOf(digits);
    return Number.isNaN(value) ? -1 : value;
  }

  /** Of the object: Content-Length is that of the part where the answer is about one. */
  private lengthDigits(): Uint8Array | null {
    return this.rangeAt < 0 ? this.value(this.lengthAt) : Buffer.from(totalIn(latin1(this.value(this.rangeAt)!)), 'latin1');
  }

  /** ms since the epoch; NaN where the answer has none. */
  lastModified(): number {
    const value = this.value(this.modifiedAt);
    return value ? parseHttpDate(value) : Number.NaN;
  }

  /** Any header by its lower-case name; off the hot path. */
  text(name: string): string | null {
    const value = this.value(this.meanings.slice(0, this.count).findIndex((target) => target.name === name));
    return value && latin1(value);
  }

  /** Sets the columns that have a header, in the builder's current row. */
  write(builder: RecordBuilder, errorRow: boolean): void {
    const row = builder.rows;
    const { meanings, count } = this;
    const { bytes, spans } = this.headers;
    let metadata: MapBuilder | null = null;
    for (let i = 0; i < count; i++) {
      const target = meanings[i]!;
      if (target.kind === 'ignore' || (errorRow && !target.inErrorRows)) continue;
      const start = spans[i * 2]!;
      const end = spans[i * 2 + 1]!;
      const column = builder.columns[target.column];
      if (target.kind === 'utf8') {
        if (!(column as Utf8Builder).setAsciiBytes(row, bytes, start, end)) (column as Utf8Builder).setBytes(row, utf8Of(bytes.subarray(start, end)));
        continue;
      }
      const value = bytes.subarray(start, end);
      switch (target.kind) {
        case 'etag':
          (column as Utf8Builder).setBytes(row, utf8Of(unquoted(value)));
          break;
        case 'int64':
          setInteger(column as Int64Builder, row, this.rangeAt < 0 ? value : this.lengthDigits()!);
          break;
        case 'int32': {
          const number = numberOf(value);
          if (number < 2 ** 31) (column as Int32Builder).set(row, number);
          break;
        }
        case 'bool': {
          const truth = latin1(value).toLowerCase();
          if (truth === 'true' || truth === 'false') (column as BoolBuilder).set(row, truth === 'true');
          break;
        }
        case 'date': {
          const date = parseHttpDate(value);
          if (!Number.isNaN(date)) (column as Int64Builder).set(row, date);
          break;
        }
        case 'meta': {
          if (this.repeats) break;
          if (metadata === null) (metadata = column as MapBuilder).begin(row);
          const text = metadataValue(value);
          metadata.entry(target.entryName, 0, target.entryName.length, text, 0, text.length);
          break;
        }
        case 'extra':
          // `writeEntries` does them: off the hot path, the column is there on request only.
          break;
      }
    }
    if (errorRow) return;
    if (this.repeats && this.metadataColumn >= 0) this.writeEntries(builder, 'meta', this.metadataColumn);
    if (this.extraColumn >= 0) this.writeEntries(builder, 'extra', this.extraColumn);
    if (this.metadataColumn >= 0) (builder.columns[this.metadataColumn] as MapBuilder).begin(row);
  }

  /** A map column the slow way: a header sent several times is one entry, joined as RFC 9110, 5.3 joins it. */
  private writeEntries(builder: RecordBuilder, kind: Kind, columnIndex: number): void {
    const values = new Map<string, { name: Uint8Array; parts: Uint8Array[] }>();
    for (let i = 0; i < this.count; i++) {
      const target = this.meanings[i]!;
      if (target.kind !== kind) continue;
      const entry = values.get(target.name) ?? { name: target.entryName, parts: [] };
      values.set(target.name, entry);
      const value = this.value(i)!;
      if (entry.parts.length > 0) entry.parts.push(Buffer.from(', '));
      entry.parts.push(kind === 'meta' ? metadataValue(value) : utf8Of(value));
    }
    const column = builder.columns[columnIndex] as MapBuilder;
    column.begin(builder.rows);
    for (const { name, parts } of values.values()) {
      const value = Buffer.concat(parts);
      column.entry(name, 0, name.length, value, 0, value.length);
    }
  }
}
