/**
 * A record batch: a columnar table of a few thousand rows, in Arrow's memory layout, as plain data that
 * crosses threads without a copy (its ArrayBuffers are transferred). Not Arrow's own classes: those do not
 * survive a structured clone, and only the writer needs them.
 */
import type { Schema } from './columns.ts';

/** Offsets (rows + 1 of them) into UTF-8 bytes. `values` may be longer than the last offset. */
export interface Utf8Values {
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/**
 * One column. `validity` is Arrow's bitmap, least significant bit first, null where every row is valid.
 * Typed arrays may be longer than the rows need.
 */
export type ColumnData =
  | { readonly kind: 'null' }
  /** utf8, one value for every row */
  | { readonly kind: 'constant'; readonly value: string }
  | ({ readonly kind: 'utf8'; readonly validity: Uint8Array | null; readonly nullCount: number } & Utf8Values)
  | { readonly kind: 'int32'; readonly validity: Uint8Array | null; readonly nullCount: number; readonly values: Int32Array }
  /** int64 and timestamp_ms */
  | { readonly kind: 'int64'; readonly validity: Uint8Array | null; readonly nullCount: number; readonly values: BigInt64Array }
  /** values is a bitmap */
  | { readonly kind: 'bool'; readonly validity: Uint8Array | null; readonly nullCount: number; readonly values: Uint8Array }
  /** offsets (rows + 1) into the entries; both `keys` and `items` have entries + 1 offsets */
  | {
      readonly kind: 'map';
      readonly validity: Uint8Array | null;
      readonly nullCount: number;
      readonly offsets: Int32Array;
      readonly keys: Utf8Values;
      readonly items: Utf8Values;
    };

export interface RecordBatchData {
  readonly rows: number;
  /** aligned with the schema of the scan */
  readonly columns: readonly ColumnData[];
}

/** The buffers to name in `postMessage`, so that a batch moves instead of being copied. */
export function transferList(batch: RecordBatchData): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (array: ArrayBufferView | null): void => {
    if (array !== null) buffers.add(array.buffer as ArrayBuffer);
  };
  for (const column of batch.columns) {
    if (column.kind === 'null' || column.kind === 'constant') continue;
    add(column.validity);
    if (column.kind === 'map') {
      add(column.offsets);
      add(column.keys.offsets);
      add(column.keys.values);
      add(column.items.offsets);
      add(column.items.values);
    } else {
      add(column.values);
      if (column.kind === 'utf8') add(column.offsets);
    }
  }
  return [...buffers];
}

/** A constant column written out. */
export function repeated(value: string, rows: number): Utf8Values {
  const one = new TextEncoder().encode(value);
  const values = new Uint8Array(one.length * rows);
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    values.set(one, row * one.length);
    offsets[row + 1] = (row + 1) * one.length;
  }
  return { offsets, values };
}

/** Position of a column in the schema, or -1 where the scan does not ask for it. */
export function columnIndex(schema: Schema, name: string): number {
  return schema.findIndex((column) => column.name === name);
}

/** What a batch takes in memory, bytes. */
export function bytesOf(batch: RecordBatchData): number {
  return transferList(batch).reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}
