/** Reads record batches back into plain rows, to compare them with what a page was made of. */
import assert from 'node:assert/strict';
import { LIST_COLUMNS, type Schema } from '../../src/records/columns.ts';
import type { RecordBatchData } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';

export type Row = Record<string, string | bigint | null>;

export const BUCKET: ReadonlyMap<string, string> = new Map([['bucket', 'b']]);

export function listBuilder(): RecordBuilder {
  return new RecordBuilder(LIST_COLUMNS, BUCKET);
}

/** The key and whatever else is not null, by column; bucket left out. */
export function readRows(batch: RecordBatchData, schema: Schema = LIST_COLUMNS): Row[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const values: Row = {};
    for (const [i, { name }] of schema.entries()) {
      const column = batch.columns[i]!;
      if (column.kind === 'null' || name === 'bucket') continue;
      if (column.kind === 'constant') {
        values[name] = column.value;
        continue;
      }
      if (column.validity !== null && ((column.validity[row >> 3]! >> (row & 7)) & 1) === 0) continue;
      if (column.kind === 'utf8') values[name] = Buffer.from(column.values.subarray(column.offsets[row], column.offsets[row + 1])).toString('utf8');
      else if (column.kind === 'int64') values[name] = column.values[row]!;
      else assert.fail(`no column of a listing without versions is of kind ${column.kind}`);
    }
    return values;
  });
}

export function keysOf(batch: RecordBatchData): string[] {
  return readRows(batch).map((row) => String(row['key']));
}
