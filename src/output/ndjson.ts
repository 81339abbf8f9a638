/**
 * NDJSON: one JSON object a row, in lines that `grep` and `jq` read. Null columns are left out; maps are objects;
 * int64 are numbers with all their digits (a reader that only knows doubles rounds above 2^53); timestamps are
 * ISO 8601 in UTC. Every line is valid JSON whatever the keys and headers hold.
 */
import type { Schema } from '../records/columns.ts';
import type { ColumnData, RecordBatchData } from '../records/record-batch.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { JsonBytes } from './json-bytes.ts';
import { halvesOf, int64Text, isValid, timestampText } from './values.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Writes the value of one row. Chosen once a column and batch, so that nothing is decided a row. */
type WriteValue = (json: JsonBytes, row: number) => void;

interface Member {
  /** `,"name":` */
  readonly name: Uint8Array;
  readonly validity: Uint8Array | null;
  readonly write: WriteValue;
}

function valueWriter(column: Exclude<ColumnData, { kind: 'null' }>, isTimestamp: boolean): WriteValue {
  switch (column.kind) {
    case 'constant': {
      const bytes = new TextEncoder().encode(column.value);
      return (json) => json.string(bytes, 0, bytes.length);
    }
    case 'utf8': {
      const { offsets, values } = column;
      return (json, row) => json.string(values, offsets[row]!, offsets[row + 1]!);
    }
    case 'int32': {
      const { values } = column;
      return (json, row) => json.ascii(String(values[row]));
    }
    case 'int64': {
      const halves = halvesOf(column.values);
      if (!isTimestamp) return (json, row) => json.ascii(int64Text(halves, row));
      return (json, row) => {
        json.byte(QUOTE);
        json.ascii(timestampText(halves, row));
        json.byte(QUOTE);
      };
    }
    case 'bool': {
      const { values } = column;
      return (json, row) => json.ascii(isValid(values, row) ? 'true' : 'false');
    }
    case 'map': {
      const { offsets, keys, items } = column;
      return (json, row) => json.object(keys, items, offsets[row]!, offsets[row + 1]!);
    }
  }
}

export class NdjsonEncoder implements Encoder {
  private readonly schema: Schema;
  private readonly names: readonly Uint8Array[];
  private readonly json: JsonBytes;

  constructor(schema: Schema, terminal: boolean) {
    this.schema = schema;
    this.names = schema.map(({ name }) => new TextEncoder().encode(`,${JSON.stringify(name)}:`));
    this.json = new JsonBytes(terminal);
  }

  encode(batch: RecordBatchData): Encoded {
    const { json } = this;
    const members = this.members(batch);
    for (let row = 0; row < batch.rows; row++) {
      const start = json.position;
      for (const { name, validity, write } of members) {
        if (!isValid(validity, row)) continue;
        json.raw(name);
        write(json, row);
      }
      // The first member's comma becomes the opening brace.
      if (json.position === start) json.byte(OPEN);
      else json.patch(start, OPEN);
      json.byte(CLOSE);
      json.byte(NEWLINE);
    }
    return [json.take()];
  }

  private members(batch: RecordBatchData): Member[] {
    const members: Member[] = [];
    for (const [index, column] of batch.columns.entries()) {
      if (column.kind === 'null') continue;
      members.push({
        name: this.names[index]!,
        validity: column.kind === 'constant' ? null : column.validity,
        write: valueWriter(column, this.schema[index]!.type === 'timestamp_ms'),
      });
    }
    return members;
  }

  end(): Encoded {
    return [];
  }
}
