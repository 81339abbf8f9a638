/** Columns of text under construction: utf8, and maps of it. Values are copied as bytes, no string is made. */
import { grown, grownInts, INITIAL_ROWS, Validity, type ColumnBuilder } from './column-memory.ts';
import type { ColumnData, Utf8Values } from './record-batch.ts';
import { takeMemory } from './spare-memory.ts';

const INITIAL_BYTES = 16 * 1024;
/** Below this many bytes a loop in JavaScript beats TypedArray.set with its subarray. */
const LOOP_COPY_BYTES = 64;
const OFFSETS_BYTES = 4 * (INITIAL_ROWS + 1);
const WORD = 4;

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
