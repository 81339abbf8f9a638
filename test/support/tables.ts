/**
 * Reads what s3scan wrote, each format by software that is not ours, into one normal form: rows by key. All
 * formats are compared by the same code.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { DuckDBBlobValue, DuckDBInstance, DuckDBMapValue, DuckDBTimestampTZValue, type DuckDBConnection } from '@duckdb/node-api';
import { Binary, DataType, tableFromIPC, Vector } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { HEAD_COLUMNS, LIST_COLUMNS, type ColumnType } from '../../src/records/columns.ts';

/** Timestamps are ISO 8601 with milliseconds, integers numbers, maps entries by name. */
export type Value = string | number | boolean | readonly (readonly [string, string])[];
/** Columns that are null in this row are left out. */
export type Row = Readonly<Record<string, Value>>;
export type Rows = ReadonlyMap<string, Row>;

const TYPES: ReadonlyMap<string, ColumnType> = new Map([...HEAD_COLUMNS, ...LIST_COLUMNS].map(({ name, type }) => [name, type]));

/** A Map under its key, so that a key written twice is seen (R1). */
export function byKey(rows: readonly Row[]): Rows {
  const map = new Map<string, Row>();
  for (const row of rows) {
    const key = row['key'] as string;
    assert.ok(!map.has(key), `two rows of the key ${JSON.stringify(key)}`);
    map.set(key, row);
  }
  return map;
}

/** How many, and some of them. */
function shown(keys: readonly string[]): string {
  return `${keys.length}: ${JSON.stringify(keys.slice(0, 5))}`;
}

/** Says which keys are missing or too many, or what is wrong with the first row that differs, and not all rows. */
export function assertSameRows(actual: Rows, expected: Rows): void {
  const missing = [...expected.keys()].filter((key) => !actual.has(key));
  const extra = [...actual.keys()].filter((key) => !expected.has(key));
  assert.ok(missing.length + extra.length === 0, `keys missing ${shown(missing)}, keys too many ${shown(extra)}`);
  for (const [key, row] of expected) assert.deepEqual(actual.get(key), row);
}

/** The rows with these columns left out. */
export function without(rows: Rows, ...columns: readonly string[]): Rows {
  const kept = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name)));
  return new Map([...rows].map(([key, row]) => [key, kept(row)]));
}

export function entriesByName(entries: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  return [...entries].map(([name, value]) => [name, value] as const).sort(([a], [b]) => (a < b ? -1 : 1));
}

function rowOf(entries: Iterable<readonly [string, Value | null]>): Row {
  return Object.fromEntries([...entries].filter(([, value]) => value !== null)) as Row;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function safeNumber(value: bigint): number {
  assert.ok(Number.isSafeInteger(Number(value)), `${value} is no safe integer`);
  return Number(value);
}

let duckdb: Promise<DuckDBConnection> | null = null;

/** Runs SQL in DuckDB, which knows nothing of s3scan. */
export async function sql(text: string): Promise<Record<string, unknown>[]> {
  duckdb ??= DuckDBInstance.create(':memory:', { threads: '1' }).then((instance) => instance.connect());
  const reader = await (await duckdb).runAndReadAll(text);
  return reader.getRowObjects();
}

function duckdbValue(value: unknown): Value | null {
  if (value instanceof DuckDBTimestampTZValue) return iso(Number(value.micros / 1000n));
  if (value instanceof DuckDBMapValue) return entriesByName(value.entries.map((entry) => [entry.key as string, entry.value as string] as const));
  if (value instanceof DuckDBBlobValue) return exactText(value.bytes);
  return typeof value === 'bigint' ? safeNumber(value) : (value as Value | null);
}

/** With the byte order mark that a key may begin with, which the readers of strings drop. */
function exactText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
}

async function readParquet(path: string): Promise<Row[]> {
  const records = await sql(`SELECT * REPLACE (encode(key) AS key) FROM read_parquet('${path}')`);
  return records.map((record) => rowOf(Object.entries(record).map(([name, value]) => [name, duckdbValue(value)] as const)));
}

function readArrow(bytes: Uint8Array): Row[] {
  const table = tableFromIPC(bytes);
  const columns = table.schema.fields.map((field) => {
    const vector = table.getChild(field.name)!;
    if (field.name === 'key') {
      const keys = new Vector<DataType>(vector.data.map((data) => data.clone(new Binary() as DataType)));
      return (index: number): readonly [string, Value] => ['key', exactText(keys.get(index) as Uint8Array)];
    }
    return (index: number): readonly [string, Value | null] => {
      const value = vector.get(index) as unknown;
      if (value === null) return [field.name, null];
      if (DataType.isTimestamp(field.type)) return [field.name, iso(Number(value))];
      if (DataType.isMap(field.type)) return [field.name, entriesByName(value as Iterable<[string, string]>)];
      return [field.name, typeof value === 'bigint' ? safeNumber(value) : (value as Value)];
    };
  });
  return Array.from({ length: table.numRows }, (_, index) => rowOf(columns.map((read) => read(index))));
}

function jsonValue(value: unknown): Value {
  return typeof value === 'object' ? entriesByName(Object.entries(value as Record<string, string>)) : (value as Value);
}

export function readNdjson(text: string): Row[] {
  const lines = text.split('\n');
  assert.equal(lines.pop(), '', 'the last line does not end');
  return lines.map((line) => rowOf(Object.entries(JSON.parse(line) as object).map(([name, value]) => [name, jsonValue(value)] as const)));
}

/** The apostrophe that keeps spreadsheets from running a cell, as the README says to take it off. */
const GUARDED = /^'+[=+\-@＝＋－＠\t\r\n]/;

function csvValue(name: string, cell: string | null): Value | null {
  if (cell === null) return null;
  switch (TYPES.get(name)) {
    case 'int32':
    case 'int64':
      return Number(cell);
    case 'bool':
      return cell === 'true';
    case 'map':
      return entriesByName(Object.entries(JSON.parse(cell) as Record<string, string>));
    case 'timestamp_ms':
      return cell;
    default:
      return GUARDED.test(cell) ? cell.slice(1) : cell;
  }
}

function readCsv(text: string): Row[] {
  // An empty cell is null, a quoted empty one is empty.
  const records: Record<string, string | null>[] = parse(text, { columns: true, cast: (value, { quoting }) => (value === '' && !quoting ? null : value) });
  return records.map((record) => rowOf(Object.entries(record).map(([name, cell]) => [name, csvValue(name, cell)] as const)));
}

/** Any of the formats, by the file's ending. */
export async function readTable(path: string): Promise<Row[]> {
  if (path.endsWith('.parquet')) return readParquet(path);
  const bytes = path.endsWith('.gz') ? gunzipSync(await readFile(path)) : await readFile(path);
  const name = path.replace(/\.gz$/, '');
  if (name.endsWith('.arrow')) return readArrow(bytes);
  if (name.endsWith('.csv')) return readCsv(bytes.toString());
  return readNdjson(bytes.toString());
}

/** Of a table that has each key once. */
export async function readRows(path: string): Promise<Rows> {
  return byKey(await readTable(path));
}
