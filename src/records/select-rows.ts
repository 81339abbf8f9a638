/** Some rows of a record batch as a batch of their own. Off the hot path. */
import type { ColumnData, RecordBatchData, Utf8Values } from './record-batch.ts';

function bit(bitmap: Uint8Array | null, row: number): boolean {
  return bitmap === null || (bitmap[row >> 3]! & (1 << (row & 7))) !== 0;
}

function selectBits(bitmap: Uint8Array, rows: readonly number[]): Uint8Array {
  const selected = new Uint8Array((rows.length + 7) >> 3);
  rows.forEach((row, at) => {
    if (bit(bitmap, row)) selected[at >> 3] = selected[at >> 3]! | (1 << (at & 7));
  });
  return selected;
}

/** Some values, packed anew. */
export function selectUtf8({ offsets, values }: Utf8Values, rows: readonly number[]): Utf8Values {
  const selected = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => {
    selected[at + 1] = selected[at]! + offsets[row + 1]! - offsets[row]!;
  });
  const bytes = new Uint8Array(selected[rows.length]!);
  rows.forEach((row, at) => bytes.set(values.subarray(offsets[row], offsets[row + 1]), selected[at]));
  return { offsets: selected, values: bytes };
}

function selectColumn(column: ColumnData, rows: readonly number[]): ColumnData {
  if (column.kind === 'null' || column.kind === 'constant') return column;
  const validity = column.validity && selectBits(column.validity, rows);
  const nullCount = rows.reduce((nulls, row) => nulls + (bit(column.validity, row) ? 0 : 1), 0);
  switch (column.kind) {
    case 'utf8':
      return { kind: 'utf8', validity, nullCount, ...selectUtf8(column, rows) };
    case 'int32':
      return { kind: 'int32', validity, nullCount, values: Int32Array.from(rows, (row) => column.values[row]!) };
    case 'int64':
      return { kind: 'int64', validity, nullCount, values: BigInt64Array.from(rows, (row) => column.values[row]!) };
    case 'bool':
      return { kind: 'bool', validity, nullCount, values: selectBits(column.values, rows) };
    case 'map': {
      const { offsets } = column;
      const entries = rows.flatMap((row) => Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, i) => offsets[row]! + i));
      const selected = new Int32Array(rows.length + 1);
      rows.forEach((row, at) => {
        selected[at + 1] = selected[at]! + offsets[row + 1]! - offsets[row]!;
      });
      return { kind: 'map', validity, nullCount, offsets: selected, keys: selectUtf8(column.keys, entries), items: selectUtf8(column.items, entries) };
    }
  }
}

/** The rows named, in the order named. */
export function selectRows(batch: RecordBatchData, rows: readonly number[]): RecordBatchData {
  return { rows: rows.length, columns: batch.columns.map((column) => selectColumn(column, rows)) };
}
