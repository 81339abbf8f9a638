/**
 * Builds record batches row by row, in any order of columns within a row. On the hot path of `head` (a row
 * a header) and of `list` (a row a key): values are copied as bytes, no string is made, and a column that no
 * row has used costs nothing.
 *
 * Rows are numbered from 0 in the batch under construction; set columns for `builder.rows`, then `endRow()`.
 * A column not set in a row is null there.
 */
import type { ColumnBuilder } from './column-memory.ts';
import type { Column, Schema } from './columns.ts';
import { BoolBuilder, Int32Builder, Int64Builder } from './number-builders.ts';
import type { ColumnData, RecordBatchData } from './record-batch.ts';
import { MapBuilder, Utf8Builder } from './text-builders.ts';

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

