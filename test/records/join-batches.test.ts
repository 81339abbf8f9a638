import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Schema } from '../../src/records/columns.ts';
import { joinBatches } from '../../src/records/join-batches.ts';
import type { RecordBatchData } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
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

function batchOf(rows: readonly Row[]): RecordBatchData {
  const builder = new RecordBuilder(SCHEMA, new Map([['bucket', 'b']]));
  // As a page does where all of its objects have one value.
  const ofAll = rows.every((values) => values['text'] === rows[0]!['text']) ? rows[0]!['text'] : undefined;
  if (ofAll !== undefined) builder.utf8('text')!.fill(rows.length, ofAll as string);
  for (const values of rows) {
    const at = builder.rows;
    if (values['text'] !== undefined && ofAll === undefined) builder.utf8('text')!.setText(at, values['text'] as string);
    if (values['number'] !== undefined) builder.int32('number')!.set(at, values['number'] as number);
    if (values['time'] !== undefined) builder.int64('time')!.set(at, values['time'] as number);
    if (values['flag'] !== undefined) builder.bool('flag')!.set(at, values['flag'] as boolean);
    if (values['map'] !== undefined) {
      builder.map('map')!.begin(at);
      for (const [name, item] of (values['map'] as [string, string][]).map((pair) => pair.map((part) => Buffer.from(part)))) {
        builder.map('map')!.entry(name!, 0, name!.length, item!, 0, item!.length);
      }
    }
    builder.endRow();
  }
  return builder.take();
}

test('the rows of all, in their order, whatever is missing where', () => {
  // A column may lack in one batch whole, in part, or not at all; and bitmaps end within a byte or at its end.
  const sameText = fc.tuple(fc.constantFrom('', 'STANDARD', 'é'), fc.integer({ min: 1, max: 20 })).map(([same, count]) => Array.from({ length: count }, () => ({ text: same })));
  const batch = fc.oneof(fc.array(row, { minLength: 1, maxLength: 20 }), fc.array(row, { minLength: 8, maxLength: 8 }), fc.array(fc.constant({}), { minLength: 1, maxLength: 10 }), sameText);
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 5 }), (batches) => {
      const joined = joinBatches(batches.map((rows) => batchOf(rows as Row[])));
      const expected = batches.flat().map((values): Row => ({ bucket: 'b', ...(values as Row) }));
      assert.equal(joined.rows, expected.length);
      assert.deepEqual(rowsOf(SCHEMA, joined), expected);
    }),
    { numRuns: 150 },
  );
});
