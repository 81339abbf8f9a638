/**
 * Builds record batches row by row, in any order of columns within a row. On the hot path of `head` (a row
 * a header) and of `list` (a row a key): values are copied as bytes, no string is made, and a column that no
 * row has used costs nothing.
 *
 * Rows are numbered from 0 in the batch under construction; set columns for `builder.rows`, then `endRow()`.
 * A column not set in a row is null there.
 */
import type { Column, Schema } from './columns.ts';
import type { ColumnData, RecordBatchData, Utf8Values } from './record-batch.ts';
import { takeMemory } from './spare-memory.ts';

const INITIAL_ROWS = 1024;
const INITIAL_BYTES = 16 * 1024;
/** Below this many bytes a loop in JavaScript beats TypedArray.set with its subarray. */
const LOOP_COPY_BYTES = 64;
const OFFSETS_BYTES = 4 * (INITIAL_ROWS + 1);
const HALVES_BYTES = 8 * INITIAL_ROWS;
const WORD = 4;

function grown(array: Uint8Array, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

function grownInts(array: Int32Array, needed: number): Int32Array {
  const larger = new Int32Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

/** Arrow's validity bitmap for the rows that were set, in ascending order. There is none as long as none was left out. */
class Validity {
  count = 0;
  private bitmap: Uint8Array | null = null;
  private last = -1;

  /** False where the row is set already: a header sent twice counts once, the first time. */
  set(row: number): boolean {
    if (row === this.last) return false;
    this.last = row;
    if (this.bitmap !== null || row !== this.count) this.setBit(row);
    this.count++;
    return true;
  }

  /** The first rows. */
  fill(rows: number): void {
    this.count = rows;
    this.last = rows - 1;
  }

  private setBit(row: number): void {
    const byte = row >> 3;
    this.bitmap ??= ones(this.count);
    if (byte >= this.bitmap.length) this.bitmap = grown(this.bitmap, byte + 1);
    this.bitmap[byte] = this.bitmap[byte]! | (1 << (row & 7));
  }

  /** Whether this row, the last that was set, is set. */
  has(row: number): boolean {
    return row === this.last;
  }

  /** The bitmap, long enough for `rows`, or null where every row is valid. */
  take(rows: number): Uint8Array | null {
    return this.count === rows ? null : this.bits(rows);
  }

  /** The bitmap, long enough for `rows`. */
  bits(rows: number): Uint8Array {
    const bitmap = this.bitmap ?? ones(this.count);
    const bytes = (rows + 7) >> 3;
    return bitmap.length < bytes ? grown(bitmap, bytes) : bitmap;
  }
}

/** A bitmap of so many ones, and zeros behind them. */
function ones(count: number): Uint8Array {
  const bitmap = new Uint8Array(Math.max((count + 7) >> 3, INITIAL_ROWS / 8)).fill(0xff, 0, count >> 3);
  if ((count & 7) !== 0) bitmap[count >> 3] = (1 << (count & 7)) - 1;
  return bitmap;
}

/** Bytes of variable length, one value after the other. */
class Utf8Buffer {
  offsets: Int32Array;
  values: Uint8Array;
  private view: DataView;
  length = 0;
  /** the next value's number: every offset up to and with this one is written */
  next = 0;

  /** `bytes`: about how many are expected */
  constructor(bytes: number) {
    this.offsets = new Int32Array(takeMemory(OFFSETS_BYTES));
    this.offsets[0] = 0;
    this.values = new Uint8Array(takeMemory(bytes));
    this.view = new DataView(this.values.buffer);
  }

  /** A little more than now, for the next one. */
  get expected(): number {
    return Math.max(INITIAL_BYTES, this.length + (this.length >> 4));
  }

  /** Makes room for value number `index` of `bytes` bytes; the values skipped are empty. */
  private reserve(index: number, bytes: number): void {
    if (index + 2 > this.offsets.length) this.offsets = grownInts(this.offsets, index + 2);
    while (this.next < index) this.offsets[++this.next] = this.length;
    if (this.length + bytes <= this.values.length) return;
    this.values = grown(this.values, this.length + bytes);
    this.view = new DataView(this.values.buffer);
  }

  private end(length: number): void {
    this.length = length;
    this.offsets[++this.next] = length;
  }

  /** `view`: that of the source, where it is at hand; then words are copied, not bytes. */
  bytes(index: number, source: Uint8Array, start: number, end: number, view: DataView | null): void {
    this.reserve(index, end - start);
    const { values } = this;
    let at = this.length;
    let from = start;
    if (end - start > LOOP_COPY_BYTES) {
      values.set(source.subarray(start, end), at);
      this.end(at + end - start);
      return;
    }
    if (view !== null) for (; from + WORD <= end; from += WORD, at += WORD) this.view.setInt32(at, view.getInt32(from, true), true);
    for (; from < end; from++) values[at++] = source[from]!;
    this.end(at);
  }

  /** False, and nothing added, where it is not ASCII. */
  asciiBytes(index: number, source: Uint8Array, start: number, end: number): boolean {
    this.reserve(index, end - start);
    const values = this.values;
    let at = this.length;
    let bits = 0;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      bits |= byte;
      values[at++] = byte;
    }
    if (bits >= 0x80) return false;
    this.end(at);
    return true;
  }

  ascii(index: number, text: string): void {
    this.reserve(index, text.length);
    const values = this.values;
    let at = this.length;
    for (let i = 0; i < text.length; i++) values[at++] = text.charCodeAt(i);
    this.end(at);
  }

  take(count: number): Utf8Values {
    if (count + 1 > this.offsets.length) this.offsets = grownInts(this.offsets, count + 1);
    while (this.next < count) this.offsets[++this.next] = this.length;
    return { offsets: this.offsets, values: this.values };
  }
}

const encoder = new TextEncoder();

/** A column under construction; `take` hands its buffers out and leaves it empty. */
export interface ColumnBuilder {
  take(rows: number): ColumnData;
}

export class Utf8Builder implements ColumnBuilder {
  private buffer: Utf8Buffer | null = null;
  private expected = INITIAL_BYTES;
  private validity = new Validity();
  private filled: { readonly rows: number; readonly value: string } | null = null;

  /** Sets the first rows at once. Where these stay all there are, the column is a constant. */
  fill(rows: number, value: string): void {
    this.validity.fill(rows);
    this.filled = { rows, value };
  }

  private open(): Utf8Buffer {
    const { filled } = this;
    const buffer = new Utf8Buffer(this.expected);
    this.buffer = buffer;
    this.filled = null;
    if (filled !== null) {
      const bytes = encoder.encode(filled.value);
      for (let row = 0; row < filled.rows; row++) buffer.bytes(row, bytes, 0, bytes.length, null);
    }
    return buffer;
  }

  /** `source[start, end)` must be valid UTF-8. `view`: that of the source, where many values come of one. */
  setBytes(row: number, source: Uint8Array, start = 0, end: number = source.length, view: DataView | null = null): void {
    if (this.validity.set(row)) (this.buffer ?? this.open()).bytes(row, source, start, end, view);
  }

  /** False, and nothing set, where `source[start, end)` is not ASCII. */
  setAsciiBytes(row: number, source: Uint8Array, start: number, end: number): boolean {
    if (this.validity.has(row)) return true;
    if (!(this.buffer ?? this.open()).asciiBytes(row, source, start, end)) return false;
    return this.validity.set(row);
  }

  setAscii(row: number, text: string): void {
    if (this.validity.set(row)) (this.buffer ?? this.open()).ascii(row, text);
  }

  /** Lone surrogates become U+FFFD. */
  setText(row: number, text: string): void {
    this.setBytes(row, encoder.encode(text));
  }

  take(rows: number): ColumnData {
    const { validity, filled } = this;
    const buffer = filled === null || filled.rows === rows ? this.buffer : this.open();
    this.buffer = null;
    this.filled = null;
    this.validity = new Validity();
    if (buffer === null) return filled === null ? { kind: 'null' } : { kind: 'constant', value: filled.value };
    this.expected = buffer.expected;
    return { kind: 'utf8', validity: validity.take(rows), nullCount: rows - validity.count, ...buffer.take(rows) };
  }
}

/** A utf8 column with one value for every row of the scan. */
class ConstantBuilder implements ColumnBuilder {
  private readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  take(): ColumnData {
    return { kind: 'constant', value: this.value };
  }
}

export class Int32Builder implements ColumnBuilder {
  private values: Int32Array | null = null;
  private validity = new Validity();

  set(row: number, value: number): void {
    if (!this.validity.set(row)) return;
    let values = (this.values ??= new Int32Array(INITIAL_ROWS));
    if (row >= values.length) values = this.values = grownInts(values, row + 1);
    values[row] = value;
  }

  take(rows: number): ColumnData {
    const { validity } = this;
    let { values } = this;
    if (values === null) return { kind: 'null' };
    if (values.length < rows) values = grownInts(values, rows);
    this.values = null;
    this.validity = new Validity();
    return { kind: 'int32', validity: validity.take(rows), nullCount: rows - validity.count, values };
  }
}

const TWO_32 = 2 ** 32;

/** int64 and timestamp_ms: two 32-bit halves, so that no BigInt is made a row. */
export class Int64Builder implements ColumnBuilder {
  private halves: Int32Array | null = null;
  private validity = new Validity();

  private setHalves(row: number, low: number, high: number): void {
    if (!this.validity.set(row)) return;
    let halves = (this.halves ??= new Int32Array(takeMemory(HALVES_BYTES)).fill(0));
    if (row * 2 + 2 > halves.length) halves = this.halves = grownInts(halves, row * 2 + 2);
    halves[row * 2] = low;
    halves[row * 2 + 1] = high;
  }

  /** `value` must be a safe integer. */
  set(row: number, value: number): void {
    this.setHalves(row, value | 0, Math.floor(value / TWO_32));
  }

  setBigInt(row: number, value: bigint): void {
    this.setHalves(row, Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  }

  take(rows: number): ColumnData {
    const { validity } = this;
    let { halves } = this;
    if (halves === null) return { kind: 'null' };
    if (halves.length < rows * 2) halves = grownInts(halves, rows * 2);
    this.halves = null;
    this.validity = new Validity();
    const values = new BigInt64Array(halves.buffer, 0, halves.length >> 1);
    return { kind: 'int64', validity: validity.take(rows), nullCount: rows - validity.count, values };
  }
}

export class BoolBuilder implements ColumnBuilder {
  private truths = new Validity();
  private validity = new Validity();

  set(row: number, value: boolean): void {
    if (this.validity.set(row) && value) this.truths.set(row);
  }

  take(rows: number): ColumnData {
    const { truths, validity } = this;
    if (validity.count === 0) return { kind: 'null' };
    this.truths = new Validity();
    this.validity = new Validity();
    return { kind: 'bool', validity: validity.take(rows), nullCount: rows - validity.count, values: truths.bits(rows) };
  }
}

/** map<utf8, utf8>: call `entry` for each pair of the row, in the order they are to be kept. */
export class MapBuilder implements ColumnBuilder {
  private offsets: Int32Array | null = null;
  private keys = new Utf8Buffer(INITIAL_BYTES);
  private items = new Utf8Buffer(INITIAL_BYTES);
  private entries = 0;
  /** rows whose end offset is written */
  private ended = 0;
  private validity = new Validity();

  /** Opens the row's map, empty; needed before its entries, and harmless behind them. */
  begin(row: number): void {
    if (!this.validity.set(row)) return;
    let offsets = (this.offsets ??= new Int32Array(INITIAL_ROWS + 1));
    if (row + 2 > offsets.length) offsets = this.offsets = grownInts(offsets, row + 2);
    while (this.ended < row) offsets[++this.ended] = this.entries;
  }

  /** Both ranges must be valid UTF-8. */
  entry(name: Uint8Array, nameStart: number, nameEnd: number, item: Uint8Array, itemStart: number, itemEnd: number): void {
    this.keys.bytes(this.entries, name, nameStart, nameEnd, null);
    this.items.bytes(this.entries, item, itemStart, itemEnd, null);
    this.entries++;
  }

  take(rows: number): ColumnData {
    const { validity, keys, items, entries } = this;
    let { offsets } = this;
    if (offsets === null) return { kind: 'null' };
    if (rows + 1 > offsets.length) offsets = grownInts(offsets, rows + 1);
    while (this.ended < rows) offsets[++this.ended] = entries;
    this.offsets = null;
    this.keys = new Utf8Buffer(keys.expected);
    this.items = new Utf8Buffer(items.expected);
    this.entries = 0;
    this.ended = 0;
    this.validity = new Validity();
    return {
      kind: 'map',
      validity: validity.take(rows),
      nullCount: rows - validity.count,
      offsets,
      keys: keys.take(entries),
      items: items.take(entries),
    };
  }
}

function builderFor(column: Column, constants: ReadonlyMap<string, string>): ColumnBuilder {
  const constant = constants.get(column.name);
  if (constant !== undefined) return new ConstantBuilder(constant);
  switch (column.type) {
    case 'utf8':
      return new Utf8Builder();
    case 'int32':
      return new Int32Builder();
    case 'int64':
    case 'timestamp_ms':
      return new Int64Builder();
    case 'bool':
      return new BoolBuilder();
    case 'map':
      return new MapBuilder();
  }
}

/** One record batch under construction. */
export class RecordBuilder {
  /** rows ended so far, and the number of the row being set */
  rows = 0;
  /** aligned with the schema */
  readonly columns: readonly ColumnBuilder[];
  private readonly schema: Schema;

  /** `constants`: utf8 columns that hold one value in every row. */
  constructor(schema: Schema, constants: ReadonlyMap<string, string> = new Map()) {
    this.schema = schema;
    this.columns = schema.map((column) => builderFor(column, constants));
  }

  /** The builder of a column, or null where the schema leaves the column out or it is constant. Look up once, not per row. */
  utf8(name: string): Utf8Builder | null {
    return this.find(name, Utf8Builder);
  }

  int32(name: string): Int32Builder | null {
    return this.find(name, Int32Builder);
  }

  int64(name: string): Int64Builder | null {
    return this.find(name, Int64Builder);
  }

  bool(name: string): BoolBuilder | null {
    return this.find(name, BoolBuilder);
  }

  map(name: string): MapBuilder | null {
    return this.find(name, MapBuilder);
  }

  private find<T extends ColumnBuilder>(name: string, kind: new () => T): T | null {
    const builder = this.columns[this.schema.findIndex((column) => column.name === name)];
    return builder instanceof kind ? builder : null;
  }

  endRow(): void {
    this.rows++;
  }

  /** The rows so far; the builder is empty afterwards. */
  take(): RecordBatchData {
    const rows = this.rows;
    this.rows = 0;
    return { rows, columns: this.columns.map((builder) => builder.take(rows)) };
  }
}
