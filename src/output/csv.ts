/**
 * CSV after RFC 4180, by csv-stringify: comma, header row, quotes doubled, cells quoted where they must be.
 * Lines end in LF alone, as most tools write and all read.
 *
 * Null is an empty cell, an empty string is `""`. Maps are JSON text, timestamps ISO 8601 in UTC, bools true and
 * false.
 *
 * Spreadsheets run cells that begin with = + - @ (or their full-width forms, or a tab, CR or LF) as formulas, and
 * keys are written by strangers. Such a string gets one apostrophe in front, which spreadsheets take for "this
 * is text". So does a string that is such a one behind apostrophes of its own, so that nothing is lost: take one
 * apostrophe off every cell that matches `^'+[=+\-@＝＋－＠\t\r\n]`. (The library's own escape_formulas leaves `'=1`
 * as it is, and then `'=1` and `=1` are the same cell.)
 */
import { stringify } from 'csv-stringify/sync';
import type { Schema } from '../records/columns.ts';
import type { ColumnData, RecordBatchData, Utf8Values } from '../records/record-batch.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { JsonBytes } from './json-bytes.ts';
import { escapeForTerminal } from './terminal.ts';
import { halvesOf, int64Text, isValid, timestampText } from './values.ts';

const FORMULA = /^'*[=+\-@＝＋－＠\t\r\n]/;

export class CsvEncoder implements Encoder {
  private readonly schema: Schema;
  private readonly terminal: boolean;
  private readonly json = new JsonBytes(false);
  private headerWritten = false;

  constructor(schema: Schema, terminal: boolean) {
    this.schema = schema;
    this.terminal = terminal;
  }

  encode(batch: RecordBatchData): Encoded {
    const width = batch.columns.length;
    const cells = Array.from({ length: batch.rows }, () => Array.from<string | null>({ length: width }).fill(null));
    for (const [index, column] of batch.columns.entries()) {
      if (column.kind === 'null') continue;
      const validity = column.kind === 'constant' ? null : column.validity;
      const cellAt = this.cellReader(column, batch.rows, this.schema[index]!.type === 'timestamp_ms');
      for (let row = 0; row < batch.rows; row++) {
        if (isValid(validity, row)) cells[row]![index] = cellAt(row);
      }
    }
    return [this.lines(cells)];
  }

  end(): Encoded {
    return this.headerWritten ? [] : [this.lines([])];
  }

  private lines(cells: (string | null)[][]): Uint8Array {
    const header = !this.headerWritten;
    this.headerWritten = true;
    return Buffer.from(stringify(cells, { header, columns: this.schema.map(({ name }) => name), quoted_match: /^$/ }));
  }

  private cellReader(column: Exclude<ColumnData, { kind: 'null' }>, rows: number, isTimestamp: boolean): (row: number) => string {
    switch (column.kind) {
      case 'constant': {
        const cell = this.guarded(column.value);
        return () => cell;
      }
      case 'utf8': {
        const textAt = textReader(column, rows);
        return (row) => this.guarded(textAt(row));
      }
      case 'int32':
        return (row) => String(column.values[row]);
      case 'int64': {
        const halves = halvesOf(column.values);
        return isTimestamp ? (row) => timestampText(halves, row) : (row) => int64Text(halves, row);
      }
      case 'bool':
        return (row) => (isValid(column.values, row) ? 'true' : 'false');
      case 'map': {
        const { offsets, keys, items } = column;
        return (row) => {
          this.json.object(keys, items, offsets[row]!, offsets[row + 1]!);
          return this.guarded(this.json.take().toString('utf8'));
        };
      }
    }
  }

  private guarded(text: string): string {
    const safe = FORMULA.test(text) ? `'${text}` : text;
    return this.terminal ? escapeForTerminal(safe) : safe;
  }
}

/** Decodes a column at once; where all of it is ASCII, offsets in bytes are offsets in characters. */
function textReader({ offsets, values }: Utf8Values, rows: number): (row: number) => string {
  const start = offsets[0]!;
  const bytes = Buffer.from(values.buffer, values.byteOffset + start, offsets[rows]! - start);
  const all = bytes.toString('utf8');
  if (all.length === bytes.length) return (row) => all.slice(offsets[row]! - start, offsets[row + 1]! - start);
  return (row) => bytes.toString('utf8', offsets[row]! - start, offsets[row + 1]! - start);
}
