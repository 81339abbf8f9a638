/**
 * Whether what a listing tells of headers is what HEADs tell: some keys are asked, and their rows compared column by
 * column. Of every header that the listing shows, an object that has it is among them.
 */
import type { Pace } from '../http/pace.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import type { RawHeaders } from '../records/header-decoder.ts';
import type { Schema } from '../records/columns.ts';
import type { ColumnData, RecordBatchData, Utf8Values } from '../records/record-batch.ts';
import { RecordBuilder } from '../records/record-builder.ts';
import type { BucketAddress } from '../s3/bucket-address.ts';
import { WHOLE, type AnswerHeaders, type Channel, type SlotOwner } from './engine.ts';
import { FastEngine } from './fast-engine.ts';
import type { HeadSettings } from './protocol.ts';
import { ToldHeads } from './told-heads.ts';

/** Spread over the keys; those for each header come on top. */
const SPREAD = 16;
const MAX_HEADERS = 48;
const IN_FLIGHT = 8;

export interface ToldProof {
  /** what speaks against it; null where nothing does */
  readonly doubt: string | null;
  /** that agreed */
  readonly heads: number;
}

function textAt({ offsets, values }: Utf8Values, index: number): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('latin1', offsets[index], offsets[index + 1]);
}

/** Which keys to ask. */
export function sampleOf(heads: Utf8Values, count: number): number[] {
  const told = Array.from({ length: count }, (_, index) => index).filter((index) => heads.offsets[index + 1]! > heads.offsets[index]!);
  const stride = Math.max(1, Math.floor(told.length / SPREAD));
  const sample = new Set(told.filter((_index, at) => at % stride === 0).slice(0, SPREAD));
  const seen = new Set<string>();
  for (const index of told) {
    for (const [, name = ''] of textAt(heads, index).matchAll(/^([^:\r\n]+):/gm)) {
      if (seen.has(name) || seen.size === MAX_HEADERS) continue;
      seen.add(name);
      sample.add(index);
    }
  }
  return [...sample].sort((a, b) => a - b);
}

function isValid(validity: Uint8Array | null): boolean {
  return validity === null || (validity[0]! & 1) === 1;
}

/** The value of a table of one row, as text that is the same for equal values. */
function valueOf(column: ColumnData): string | null {
  switch (column.kind) {
    case 'null':
      return null;
    case 'constant':
      return column.value;
    case 'map': {
      if (!isValid(column.validity)) return null;
      const entries = Array.from({ length: column.offsets[1]! }, (_, at) => [textAt(column.keys, at), textAt(column.items, at)] as const);
      return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    case 'utf8':
      return isValid(column.validity) ? textAt(column, 0) : null;
    case 'bool':
      return isValid(column.validity) ? String(column.values[0]! & 1) : null;
    case 'int32':
    case 'int64':
      return isValid(column.validity) ? String(column.values[0]) : null;
  }
}

function rowOf(schema: Schema, headers: AnswerHeaders): RecordBatchData {
  const builder = new RecordBuilder(schema);
  headers.write(builder, false);
  builder.endRow();
  return builder.take();
}

/** Names of the columns that differ between two tables of one row. */
function differing(schema: Schema, first: RecordBatchData, second: RecordBatchData): string[] {
  return schema.filter((_column, at) => valueOf(first.columns[at]!) !== valueOf(second.columns[at]!)).map(({ name }) => name);
}

interface Asked {
  /** null: no answer came */
  readonly status: number | null;
  readonly row: RecordBatchData | null;
}

/** One connection, and the one key that it is asked for (R4). */
class Asker implements SlotOwner<RawHeaders> {
  private readonly engine: FastEngine;
  private readonly channel: Channel;
  private settle: (asked: Asked) => void = () => {};

  constructor(engine: FastEngine) {
    this.engine = engine;
    this.channel = engine.open(this);
  }

  ask({ bucket, keys }: KeyBatch, index: number): Promise<Asked> {
    return new Promise((resolve) => {
      this.settle = resolve;
      this.channel.head(bucket, keys.values, keys.offsets[index]!, keys.offsets[index + 1]!, WHOLE);
    });
  }

  onAnswer(status: number, answer: RawHeaders): void {
    const { engine } = this;
    this.settle({ status, row: status === 200 ? rowOf(engine.settings.schema, engine.read(answer)) : null });
  }

  onNoAnswer(): void {
    this.settle({ status: null, row: null });
  }

  close(): Promise<void> {
    return this.channel.close();
  }
}

/** Asks for the keys, some at a time. */
async function askHeads(settings: HeadSettings, address: BucketAddress, pace: Pace, batch: KeyBatch, indexes: readonly number[]): Promise<Asked[]> {
  const engine = new FastEngine(settings, pace);
  engine.useAddress(batch.bucket, address);
  const asked: Asked[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    const asker = new Asker(engine);
    while (next < indexes.length) {
      const at = next++;
      asked[at] = await asker.ask(batch, indexes[at]!);
    }
    await asker.close();
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, indexes.length) }, lane));
  return asked;
}

/** Compares what the batch's listing tells with HEADs of some of its keys. */
export async function proveTold(settings: HeadSettings, address: BucketAddress, pace: Pace, batch: KeyBatch): Promise<ToldProof> {
  const heads = batch.listed?.heads;
  const sample = heads === undefined ? [] : sampleOf(heads, batch.count);
  if (heads === undefined || sample.length === 0) return { doubt: 'its listing tells no headers, as MinIO does', heads: 0 };
  const told = new ToldHeads(settings.schema);
  const asked = await askHeads(settings, address, pace, batch, sample);
  let agreed = 0;
  for (const [at, { status, row }] of asked.entries()) {
    // Gone since, which says nothing of the others.
    if (status === 404) continue;
    const headers = told.read(heads, sample[at]!);
    if (row === null || headers === null) return { doubt: `a HEAD to compare it with was answered ${status === null ? 'by nothing' : `with status ${status}`}`, heads: agreed };
    const columns = differing(settings.schema, row, rowOf(settings.schema, headers));
    if (columns.length > 0) return { doubt: `its listing and its HEADs differ in ${columns.join(', ')}`, heads: agreed };
    agreed++;
  }
  return agreed > 0 ? { doubt: null, heads: agreed } : { doubt: 'all objects to compare it with are gone', heads: 0 };
}
