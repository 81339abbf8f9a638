/**
 * The keys alone, one a line, byte for byte: what `xargs`, `sort` and `comm` read. A key that holds a line end
 * cannot be told from two keys here, so it ends the scan (R1) instead of being changed.
 */
import { Failure } from '../failure.ts';
import type { Schema } from '../records/columns.ts';
import { columnIndex, type RecordBatchData, type Utf8Values } from '../records/record-batch.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { escapeForTerminal } from './terminal.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class KeyTextEncoder implements Encoder {
  private readonly column: number;
  private readonly lines: (keys: Utf8Values, rows: number) => Buffer;

  constructor(schema: Schema, terminal: boolean) {
    this.column = columnIndex(schema, 'key');
    this.lines = terminal ? linesForTerminal : exactLines;
  }

  encode(batch: RecordBatchData): Encoded {
    const keys = batch.columns[this.column];
    if (keys?.kind !== 'utf8') throw new Error('text needs the key column, with a key in every row');
    return [this.lines(keys, batch.rows)];
  }

  end(): Encoded {
    return [];
  }
}

function exactLines({ offsets, values }: Utf8Values, rows: number): Buffer {
  const used = values.subarray(offsets[0], offsets[rows]);
  if (used.includes(NEWLINE) || used.includes(CARRIAGE_RETURN)) {
    throw new Failure(
      'output',
      'a key holds a line end, which lines of text cannot show',
      'use NDJSON: --format ndjson, or a file that ends in .ndjson',
    );
  }
  const lines = Buffer.allocUnsafe(used.length + rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) lines[at++] = values[i]!;
    lines[at++] = NEWLINE;
  }
  return lines;
}

/** On a terminal, line ends inside keys are escaped with everything else that would steer it. */
function linesForTerminal({ offsets, values }: Utf8Values, rows: number): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const keys = Array.from({ length: rows }, (_, row) => bytes.toString('utf8', offsets[row], offsets[row + 1]));
  return Buffer.from(keys.map((key) => `${escapeForTerminal(key)}\n`).join(''));
}
