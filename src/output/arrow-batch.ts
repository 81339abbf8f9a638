/**
 * Our columns as Apache Arrow: the schema once, then each record batch around the typed arrays it came with,
 * without copying them. What both the Arrow and the Parquet encoder start from.
 */
import type { Bool, Data, DataType, Field, Int32, Int64, Map_, RecordBatch, Schema as ArrowSchema, Struct, Utf8 } from 'apache-arrow';
import { arrow } from '../records/apache-arrow.ts';
import type { Column, ColumnType, Schema } from '../records/columns.ts';
import { repeated, type ColumnData, type RecordBatchData, type Utf8Values } from '../records/record-batch.ts';

const EMPTY = new Uint8Array(0);

/** The names of the Arrow columnar format for a map's children; the key is never null. */
type MapEntry = { key: Utf8; value: Utf8 };

function entriesType(): Struct<MapEntry> {
  return new arrow.Struct<MapEntry>([new arrow.Field('key', new arrow.Utf8(), false), new arrow.Field('value', new arrow.Utf8(), true)]);
}

function arrowType(type: ColumnType): DataType {
  switch (type) {
    case 'utf8':
      return new arrow.Utf8();
    case 'int32':
      return new arrow.Int32();
    case 'int64':
      return new arrow.Int64();
    case 'bool':
      return new arrow.Bool();
    case 'timestamp_ms':
      return new arrow.TimestampMillisecond('UTC');
    case 'map':
      return new arrow.Map_(new arrow.Field('entries', entriesType(), false), false);
  }
}

function arrowField({ name, type, nullable }: Column): Field {
  return new arrow.Field(name, arrowType(type), nullable);
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
    this.schema = new arrow.Schema(fields, new Map(Object.entries(fileMetadata)));
    this.structType = new arrow.Struct(fields);
  }

  convert(batch: RecordBatchData): RecordBatch {
    const { rows } = batch;
    const zeroBytes = 8 * (rows + 1);
    if (this.zeros.byteLength < zeroBytes) this.zeros = new ArrayBuffer(zeroBytes);
    const children = this.schema.fields.map((field, index) => this.column(index, field.type, batch.columns[index]!, rows));
    return new arrow.RecordBatch(this.schema, arrow.makeData({ type: this.structType, length: rows, nullCount: 0, children }));
  }

  private column(index: number, type: DataType, column: ColumnData, rows: number): Data {
    if (column.kind === 'null') return this.allNull(type, rows);
    if (column.kind === 'constant') {
      const filled = this.constant(index, column.value, rows);
      return arrow.makeData({ type: type as Utf8, length: rows, nullCount: 0, valueOffsets: filled.offsets, data: filled.values });
    }
    const { nullCount, validity } = column;
    const common = { length: rows, nullCount, nullBitmap: validity };
    switch (column.kind) {
      case 'utf8':
        return arrow.makeData({ type: type as Utf8, ...common, valueOffsets: column.offsets, data: column.values });
      case 'int32':
        return arrow.makeData({ type: type as Int32, ...common, data: column.values });
      case 'int64':
        return arrow.makeData({ type: type as Int64, ...common, data: column.values });
      case 'bool':
        return arrow.makeData({ type: type as Bool, ...common, data: column.values });
      case 'map': {
        const child = mapEntries(type, column.offsets[rows]!, column.keys, column.items);
        return arrow.makeData({ type: type as Map_, ...common, valueOffsets: column.offsets, child });
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
    if (type instanceof arrow.Utf8) return arrow.makeData({ type, ...common, valueOffsets: offsets, data: EMPTY });
    if (type instanceof arrow.Int32) return arrow.makeData({ type, ...common, data: offsets });
    if (type instanceof arrow.Bool) return arrow.makeData({ type, ...common, data: common.nullBitmap });
    if (type instanceof arrow.Map_) {
      const none: Utf8Values = { offsets: new Int32Array(1), values: EMPTY };
      return arrow.makeData({ type, ...common, valueOffsets: offsets, child: mapEntries(type, 0, none, none) });
    }
    return arrow.makeData({ type: type as Int64, ...common, data: new BigInt64Array(zeros, 0, rows) });
  }
}

function mapEntries(type: DataType, length: number, keys: Utf8Values, items: Utf8Values): Data<Struct<MapEntry>> {
  const entries = (type as Map_<Utf8, Utf8>).children[0]!.type as Struct<MapEntry>;
  const utf8 = ({ offsets, values }: Utf8Values): Data<Utf8> =>
    arrow.makeData({ type: new arrow.Utf8(), length, nullCount: 0, valueOffsets: offsets, data: values });
  return arrow.makeData({ type: entries, length, nullCount: 0, children: [utf8(keys), utf8(items)] });
}
