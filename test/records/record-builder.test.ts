import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Schema } from '../../src/records/columns.ts';
import { transferList, type ColumnData } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { column, rowsOf, type Cell, type Row } from './arrow-rows.ts';

const SCHEMA: Schema = [
  column('text', 'utf8'),
  column('ascii', 'utf8'),
  column('number', 'int32'),
  column('big', 'int64'),
  column('safe', 'int64'),
  column('time', 'timestamp_ms'),
  column('flag', 'bool'),
  column('map', 'map'),
  column('never', 'int64'),
];

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
/** longer than the first buffer of a column, and than what is copied byte by byte */
const long = fc.tuple(text, fc.integer({ min: 1, max: 3000 })).map(([part, times]) => part.repeat(times));
const anyText = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: long });

const CELLS: Readonly<Record<string, fc.Arbitrary<Cell>>> = {
  text: anyText,
  ascii: fc.string({ unit: 'grapheme-ascii', maxLength: 100 }),
  number: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  big: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(-1n, 0n, 2n ** 32n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n))),
  safe: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 32, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)).map(BigInt),
  time: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  flag: fc.boolean(),
  map: fc.array(fc.tuple(text, anyText), { maxLength: 3 }),
};

/** One call of a setter. */
type Setting = readonly [name: string, value: Cell];

const setting: fc.Arbitrary<Setting> = fc.constantFrom(...Object.keys(CELLS)).chain((name) => CELLS[name]!.map((value) => [name, value] as const));
/** Any columns in any order, some of them twice. */
const settings = fc.array(setting, { maxLength: 12 });
/** Rows after a run of rows that are null throughout. */
const block = fc.tuple(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1500)), settings);
const blocks = fc.array(block, { maxLength: 8 });
const plan = blocks.map((all): Setting[][] => all.flatMap(([nulls, row]) => [...Array.from({ length: nulls }, () => []), [...row]]));

function apply(builder: RecordBuilder, [name, value]: Setting): void {
  const row = builder.rows;
  switch (name) {
    case 'text':
      builder.utf8(name)!.setText(row, value as string);
      break;
    case 'ascii':
      builder.utf8(name)!.setAscii(row, value as string);
      break;
    case 'number':
      builder.int32(name)!.set(row, value as number);
      break;
    case 'big':
      builder.int64(name)!.setBigInt(row, value as bigint);
      break;
    case 'safe':
    case 'time':
      builder.int64(name)!.set(row, Number(value));
      break;
    case 'flag':
      builder.bool(name)!.set(row, value as boolean);
      break;
    case 'map': {
      const map = builder.map(name)!;
      map.begin(row);
      for (const pair of value as [string, string][]) {
        // from the middle of something longer
        const [key, item] = pair.map((part) => Buffer.from(`<${part}>`));
        map.entry(key!, 1, key!.length - 1, item!, 1, item!.length - 1);
      }
      break;
    }
  }
}

/** What a row is: of two values of a column the first; entries of a map add up. */
function modelOf(row: readonly Setting[]): Row {
  const cells: Record<string, Cell> = {};
  for (const [name, value] of row) {
    if (name === 'map') cells[name] = [...((cells[name] ?? []) as [string, string][]), ...(value as [string, string][])];
    else cells[name] ??= value;
  }
  return cells;
}

function build(builder: RecordBuilder, rows: readonly (readonly Setting[])[]): Row[] {
  for (const row of rows) {
    for (const each of row) apply(builder, each);
    builder.endRow();
  }
  return rows.map(modelOf);
}

/** Typed arrays may be longer than the rows need, never shorter, also where the last rows are null: Parquet's encoder refuses them. */
function checkLengths(data: ColumnData, rows: number): void {
  if (data.kind === 'null' || data.kind === 'constant') return;
  const bitmap = (rows + 7) >> 3;
  assert.ok(data.validity === null || data.validity.length >= bitmap);
  if (data.kind === 'utf8' || data.kind === 'map') assert.ok(data.offsets.length >= rows + 1);
  else assert.ok(data.values.length >= (data.kind === 'bool' ? bitmap : rows), data.kind);
}

test('whatever is set, in any order, with any gaps and past any first size, is what Arrow reads', () => {
  fc.assert(
    fc.property(plan, plan, (first, second) => {
      const builder = new RecordBuilder(SCHEMA);
      // The second batch shows that the first left nothing behind.
      for (const rows of [first, second]) {
        const expected = build(builder, rows);
        assert.equal(builder.rows, rows.length);
        const batch = builder.take();
        assert.equal(builder.rows, 0);
        assert.deepEqual(rowsOf(SCHEMA, batch), expected);
        for (const each of batch.columns) checkLengths(each, rows.length);
      }
    }),
    { numRuns: 40 },
  );
});

test('every column grows where every row is set', () => {
  const rows = Array.from({ length: 2500 }, (_, row): Setting[] => [
    ['text', `ключ ${row}`],
    ['ascii', `key ${row}`],
    ['number', row],
    ['big', BigInt(row) << 33n],
    ['safe', BigInt(row)],
    ['time', row * 1000],
    ['flag', row % 3 === 0],
    ['map', [[`name ${row}`, 'x'.repeat(row % 90)]]],
  ]);
  const builder = new RecordBuilder(SCHEMA);
  const expected = build(builder, rows);
  assert.deepEqual(rowsOf(SCHEMA, builder.take()), expected);
});

test('a column set twice in a row keeps the first value', () => {
  const twice: Setting[] = [['text', 'a'], ['text', 'b'], ['number', 1], ['number', 2], ['big', 3n], ['big', 4n], ['time', 5], ['time', 6], ['flag', false], ['flag', true]];
  const builder = new RecordBuilder(SCHEMA);
  build(builder, [twice]);
  assert.deepEqual(rowsOf(SCHEMA, builder.take()), [{ text: 'a', number: 1, big: 3n, time: 5, flag: false }]);
});

test('a row of which the map was begun has an empty one, the others have none', () => {
  const builder = new RecordBuilder(SCHEMA);
  build(builder, [[], [['map', []]], [['map', [['a', '1']]]], []]);
  assert.deepEqual(rowsOf(SCHEMA, builder.take()), [{}, { map: [] }, { map: [['a', '1']] }, {}]);
});

test('a constant is in every row of every batch, and has no builder', () => {
  const builder = new RecordBuilder(SCHEMA, new Map([['text', 'bücket']]));
  assert.equal(builder.utf8('text'), null);
  for (const rows of [3, 1, 5]) {
    for (let row = 0; row < rows; row++) builder.endRow();
    assert.deepEqual(rowsOf(SCHEMA, builder.take()), Array.from({ length: rows }, () => ({ text: 'bücket' })));
  }
});

test('a column that the schema leaves out has no builder, nor has one of another type', () => {
  const builder = new RecordBuilder(SCHEMA);
  assert.equal(builder.utf8('no such column'), null);
  assert.equal(builder.int32('text'), null);
});

test('a batch moves to another thread whole, and leaves nothing here', () => {
  const builder = new RecordBuilder(SCHEMA);
  const expected = build(builder, [[['text', 'a'], ['number', 1], ['big', 2n], ['flag', true], ['map', [['k', 'v']]]], []]);
  const batch = builder.take();
  const moved = structuredClone(batch, { transfer: transferList(batch) });
  assert.deepEqual(rowsOf(SCHEMA, moved), expected);
  const buffers = transferList(batch);
  assert.ok(buffers.length > 5 && buffers.every((buffer) => buffer.byteLength === 0));
});
