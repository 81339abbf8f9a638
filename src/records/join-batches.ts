/**
 * Record batches of one schema as one, in their order: what crosses to the writer and into an encoder costs as much for
 * ten rows as for ten thousand. Columns are copied as they lie, none is looked into.
 */
import { repeated, type ColumnData, type RecordBatchData, type Utf8Values } from './record-batch.ts';
import { takeMemory } from './spare-memory.ts';

type Kind = ColumnData['kind'];
type Of<K extends Kind> = Extract<ColumnData, { readonly kind: K }>;

/** One batch's column and its rows. */
interface Part {
  readonly column: ColumnData;
  readonly rows: number;
}

/** The column where it is of that kind; null where it is null in every row. */
function as<K extends Kind>(kind: K, column: ColumnData): Of<K> | null {
  return column.kind === kind ? (column as Of<K>) : null;
}

/** The first `count` bits of a bitmap, or as many ones or zeros, behind those that are there. */
function appendBits(target: Uint8Array, at: number, count: number, bits: Uint8Array | boolean): void {
  if (typeof bits !== 'boolean' && (at & 7) === 0) {
    // Bits beyond the last are written over by the next, or never read.
    target.set(bits.subarray(0, (count + 7) >> 3), at >> 3);
    return;
  }
  for (let i = 0; i < count; i++) {
    const isSet = typeof bits === 'boolean' ? bits : (bits[i >> 3]! & (1 << (i & 7))) !== 0;
    const mask = 1 << ((at + i) & 7);
    const byte = target[(at + i) >> 3]!;
    target[(at + i) >> 3] = isSet ? byte | mask : byte & ~mask;
  }
}

function joinBits(parts: readonly Part[], rows: number, bitsOf: (column: ColumnData) => Uint8Array | boolean): Uint8Array {
  const joined = new Uint8Array((rows + 7) >> 3);
  let at = 0;
  for (const part of parts) {
    appendBits(joined, at, part.rows, bitsOf(part.column));
    at += part.rows;
  }
  return joined;
}

/** The first offsets of each, behind those that are there; null stands for values of no bytes. */
function joinOffsets(parts: readonly { readonly offsets: Int32Array | null; readonly count: number }[]): Int32Array {
  const length = parts.reduce((sum, { count }) => sum + count, 1);
  const joined = new Int32Array(takeMemory(4 * length), 0, length);
  joined[0] = 0;
  let next = 0;
  let base = 0;
  for (const { offsets, count } of parts) {
    if (offsets === null) joined.fill(base, next + 1, next + count + 1);
    else for (let i = 1; i <= count; i++) joined[next + i] = base + offsets[i]!;
    next += count;
    base = joined[next]!;
  }
  return joined;
}

function joinUtf8(parts: readonly { readonly text: Utf8Values | null; readonly count: number }[]): Utf8Values {
  const offsets = joinOffsets(parts.map(({ text, count }) => ({ offsets: text && text.offsets, count })));
  const bytes = offsets.at(-1)!;
  const values = new Uint8Array(takeMemory(bytes), 0, bytes);
  let at = 0;
  for (const { text, count } of parts) {
    if (text === null) continue;
    values.set(text.values.subarray(0, text.offsets[count]), at);
    at += text.offsets[count]!;
  }
  return { offsets, values };
}

function writtenOut(part: Part): Part {
  const { column, rows } = part;
  return column.kind === 'constant' ? { rows, column: { kind: 'utf8', validity: null, nullCount: 0, ...repeated(column.value, rows) } } : part;
}

function joinColumn(columns: readonly Part[], rows: number): ColumnData {
  const known = columns.find(({ column }) => column.kind !== 'null')?.column;
  if (known === undefined || known.kind === 'null') return { kind: 'null' };
  if (known.kind === 'constant' && columns.every(({ column }) => column.kind === 'constant' && column.value === known.value)) return known;
  const parts = columns.map(writtenOut);
  const nullCount = parts.reduce((sum, part) => sum + ('nullCount' in part.column ? part.column.nullCount : part.rows), 0);
  const validity = nullCount === 0 ? null : joinBits(parts, rows, (column) => 'validity' in column && (column.validity ?? true));
  const common = { validity, nullCount };
  switch (known.kind) {
    case 'constant':
    case 'utf8':
      return { kind: 'utf8', ...common, ...joinUtf8(parts.map((part) => ({ text: as('utf8', part.column), count: part.rows }))) };
    case 'int32':
      return { kind: 'int32', ...common, values: joinNumbers(new Int32Array(takeMemory(4 * rows), 0, rows), parts, (column) => as('int32', column)?.values) };
    case 'int64':
      return { kind: 'int64', ...common, values: joinNumbers(new BigInt64Array(takeMemory(8 * rows), 0, rows), parts, (column) => as('int64', column)?.values) };
    case 'bool':
      return { kind: 'bool', ...common, values: joinBits(parts, rows, (column) => as('bool', column)?.values ?? false) };
    case 'map': {
      const maps = parts.map((part) => ({ map: as('map', part.column), count: part.rows }));
      const entries = maps.flatMap(({ map, count }) => (map === null ? [] : [{ map, count: map.offsets[count]! }]));
      return {
        kind: 'map',
        ...common,
        offsets: joinOffsets(maps.map(({ map, count }) => ({ offsets: map && map.offsets, count }))),
        keys: joinUtf8(entries.map(({ map, count }) => ({ text: map.keys, count }))),
        items: joinUtf8(entries.map(({ map, count }) => ({ text: map.items, count }))),
      };
    }
  }
}

function joinNumbers<T extends Int32Array | BigInt64Array>(joined: T, parts: readonly Part[], valuesOf: (column: ColumnData) => T | undefined): T {
  let at = 0;
  for (const { column, rows } of parts) {
    const values = valuesOf(column);
    // Both are of one type, which `set` cannot be told.
    if (values === undefined) new Uint8Array(joined.buffer, joined.byteOffset + at * joined.BYTES_PER_ELEMENT, rows * joined.BYTES_PER_ELEMENT).fill(0);
    else (joined as Int32Array).set((values as Int32Array).subarray(0, rows), at);
    at += rows;
  }
  return joined;
}

/** At least one batch. */
export function joinBatches(batches: readonly RecordBatchData[]): RecordBatchData {
  if (batches.length === 1) return batches[0]!;
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const columns = batches[0]!.columns.map((_, index) => joinColumn(batches.map((batch) => ({ column: batch.columns[index]!, rows: batch.rows })), rows));
  return { rows, columns };
}
