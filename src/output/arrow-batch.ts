/**
 * Our columns as Apache Arrow: the schema once, then each record batch around the typed arrays it came with,
 * without copying them. What both the Arrow and the Parquet encoder start from.
 */
import {
  Bool,
  Field,
  Int32,
  Int64,
  makeData,
  Map_,
  RecordBatch,
  Schema as ArrowSchema,
  Struct,
  TimestampMillisecond,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow';
import type { Column, ColumnType, Schema } from '../records/columns.ts';
import { repeated, type ColumnData, type RecordBatchData, type Utf8Values } from '../records/record-batch.ts';

const EMPTY = new Uint8Array(0);

/** The names of the Arrow columnar format for a map's children; the key is never null. */
type MapEntry = { key: Utf8; value: Utf8 };

function entriesType(): Struct<MapEntry> {
  return new Struct<MapEntry>([new Field('key', new Utf8(), false), new Field('value', new Utf8(), true)]);
}

function arrowType(type: ColumnType): DataType {
  switch (type) {
    case 'utf8':
      return new Utf8();
    case 'int32':
      return new Int32();
    case 'int64':
      return new Int64();
    case 'bool':
      return new Bool();
    case 'timestamp_ms':
      return new TimestampMillisecond('UTC');
    case 'map':
      return new Map_(new Field('entries', entriesType(), false), false);
  }
}

function arrowField({ name, type, nullable }: Column): Field {
  return new Field(name, arrowType(type), nullable);
}

/** A utf8 column of one value, kept from batch to batch. */
interface Filled extends Utf8Values {
  readonly value: string;
  readonly rows: number;
}

/** Turns record batches of one schema into Arrow's. Int64 below stands for timestamps too: their buffers are the same. */
export class ArrowBatches {
  readonly schema: ArrowSchema;
  private readonly structType: Struct;
  private readonly filled: (Filled | undefined)[] = [];
  /** what all-null columns are made of, whatever their type */
  private zeros = new ArrayBuffer(0);

  constructor(schema: Schema, fileMetadata: Readonly<Record<string, string>>) {
    const fields = schema.map(arrowField);
    this.schema = new ArrowSchema(fields, new Map(Object.entries(fileMetadata)));
    this.structType = new Struct(fields);
  }

  convert(batch: RecordBatchData): RecordBatch {
    const { rows } = batch;
    const zeroBytes = 8 * (rows + 1);
    if (this.zeros.byteLength < zeroBytes) this.zeros = new ArrayBuffer(zeroBytes);
    const children = this.schema.fields.map((field, index) => this.column(index, field.type, batch.columns[index]!, rows));
    return new RecordBatch(this.schema, makeData({ type: this.structType, length: rows, nullCount: 0, children }));
  }

  private column(index: number, type: DataType, column: ColumnData, rows: number): Data {
    if (column.kind === 'null') return this.allNull(type, rows);
    if (column.kind === 'constant') {
      const filled = this.constant(index, column.value, rows);
      return makeData({ type: type as Utf8, length: rows, nullCount: 0, valueOffsets: filled.offsets, data: filled.values });
    }
    const { nullCount, validity } = column;
    const common = { length: rows, nullCount, nullBitmap: validity };
    switch (column.kind) {
      case 'utf8':
        return makeData({ type: type as Utf8, ...common, valueOffsets: column.offsets, data: column.values });
      case 'int32':
        return makeData({ type: type as Int32, ...common, data: column.values });
      case 'int64':
        return makeData({ type: type as Int64, ...common, data: column.values });
      case 'bool':
        return makeData({ type: type as Bool, ...common, data: column.values });
      case 'map': {
        const child = mapEntries(type, column.offsets[rows]!, column.keys, column.items);
        return makeData({ type: type as Map_, ...common, valueOffsets: column.offsets, child });
      }
    }
  }

  private constant(index: number, value: string, rows: number): Filled {
    let filled = this.filled[index];
    if (filled === undefined || filled.value !== value || filled.rows < rows) {
      filled = { value, rows, ...repeated(value, rows) };
      this.filled[index] = filled;
    }
    return filled;
  }

  private allNull(type: DataType, rows: number): Data {
    const { zeros } = this;
    const common = { length: rows, nullCount: rows, nullBitmap: new Uint8Array(zeros, 0, (rows + 7) >> 3) };
    const offsets = new Int32Array(zeros, 0, rows + 1);
    if (type instanceof Utf8) return makeData({ type, ...common, valueOffsets: offsets, data: EMPTY });
    if (type instanceof Int32) return makeData({ type, ...common, data: offsets });
    if (type instanceof Bool) return makeData({ type, ...common, data: common.nullBitmap });
    if (type instanceof Map_) {
      const none: Utf8Values = { offsets: new Int32Array(1), values: EMPTY };
      return makeData({ type, ...common, valueOffsets: offsets, child: mapEntries(type, 0, none, none) });
    }
    return makeData({ type: type as Int64, ...common, data: new BigInt64Array(zeros, 0, rows) });
  }
}

function mapEntries(type: DataType, length: number, keys: Utf8Values, items: Utf8Values): Data<Struct<MapEntry>> {
  const entries = (type as Map_<Utf8, Utf8>).children[0]!.type as Struct<MapEntry>;
  const utf8 = ({ offsets, values }: Utf8Values): Data<Utf8> =>
    makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets: offsets, data: values });
  return makeData({ type: entries, length, nullCount: 0, children: [utf8(keys), utf8(items)] });
}
