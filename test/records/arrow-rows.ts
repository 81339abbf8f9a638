/** Record batches read back by Apache Arrow: what a test compares rows with. */
import type { MapRow, Vector } from 'apache-arrow';
import { ArrowBatches } from '../../src/output/arrow-batch.ts';
import { arrow } from '../../src/records/apache-arrow.ts';
import type { Column, Schema } from '../../src/records/columns.ts';
import type { RecordBatchData } from '../../src/records/record-batch.ts';

/** int64 as bigint, timestamps as ms, maps as entries in their order. */
export type Cell = string | number | bigint | boolean | null | readonly (readonly [string, string])[];
export type Row = Readonly<Record<string, Cell>>;

export function column(name: string, type: Column['type'], header: string | null = null): Column {
  return { name, type, nullable: true, header, option: null, about: '' };
}

function entriesOf(map: MapRow): [string, string][] {
  return [...map].map(([name, item]) => [String(name), String(item)]);
}

function cellOf(values: Vector, row: number): Cell {
  const cell: unknown = values.get(row);
  return cell instanceof arrow.MapRow ? entriesOf(cell) : (cell as Cell);
}

/** The rows, with the columns that are null left out. */
export function rowsOf(schema: Schema, batch: RecordBatchData): Row[] {
  const table = new arrow.Table([new ArrowBatches(schema, {}).convert(batch)]);
  return Array.from({ length: batch.rows }, (_, row) => {
    const cells = schema.map(({ name }) => [name, cellOf(table.getChild(name)!, row)] as const);
    return Object.fromEntries(cells.filter(([, cell]) => cell !== null));
  });
}
