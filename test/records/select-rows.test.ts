import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Schema } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { selectRows } from '../../src/records/select-rows.ts';
import { column, rowsOf, type Row } from './arrow-rows.ts';

const SCHEMA: Schema = [
  column('bucket', 'utf8'),
  column('text', 'utf8'),
  column('number', 'int32'),
  column('time', 'timestamp_ms'),
  column('flag', 'bool'),
  column('map', 'map'),
];

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const row = fc.record(
  { text, number: fc.integer(), time: fc.maxSafeInteger(), flag: fc.boolean(), map: fc.array(fc.tuple(text, text), { maxLength: 3 }) },
  { requiredKeys: [] },
);
const rowsAndSelection = fc
  .array(row, { maxLength: 40 })
  .chain((rows) => fc.tuple(fc.constant(rows), rows.length === 0 ? fc.constant([]) : fc.array(fc.nat(rows.length - 1), { maxLength: 60 })));

test('the rows named, in the order named, are those that the batch had there', () => {
  fc.assert(
    fc.property(rowsAndSelection, ([rows, selection]) => {
      const builder = new RecordBuilder(SCHEMA, new Map([['bucket', 'b']]));
      for (const values of rows) {
        if (values.text !== undefined) builder.utf8('text')!.setText(builder.rows, values.text);
        if (values.number !== undefined) builder.int32('number')!.set(builder.rows, values.number);
        if (values.time !== undefined) builder.int64('time')!.set(builder.rows, values.time);
        if (values.flag !== undefined) builder.bool('flag')!.set(builder.rows, values.flag);
        if (values.map !== undefined) {
          builder.map('map')!.begin(builder.rows);
          for (const [name, item] of values.map.map((pair) => pair.map((part) => Buffer.from(part)))) {
            builder.map('map')!.entry(name!, 0, name!.length, item!, 0, item!.length);
          }
        }
        builder.endRow();
      }
      const selected = selectRows(builder.take(), selection);
      const expected = selection.map((at): Row => ({ bucket: 'b', ...rows[at]! }));
      assert.deepEqual(rowsOf(SCHEMA, selected), expected);
    }),
    { numRuns: 60 },
  );
});
