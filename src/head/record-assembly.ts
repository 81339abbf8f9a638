/**
 * Puts the rows of a worker's shards together into record batches that hold whole key batches (R1).
 *
 * Rows arrive in the order of the answers, several key batches at a time. Each key batch is assigned, before
 * its first request, to the record batch that is open; an open one that has been assigned enough rows takes
 * no more, and leaves when the last of its key batches is whole. So rows are written once, where they stay.
 */
import type { RecordSender } from '../records/channel.ts';
import type { Schema } from '../records/columns.ts';
import { selectRows } from '../records/select-rows.ts';
import { RowWriter } from './row-writer.ts';

/** Rows assigned to a record batch before the next is opened, unless the output takes fewer at once. */
export const TARGET_ROWS = 4096;
/** Open record batches, counting those that wait for a key that is asked again: bounds memory (R5). */
const MAX_OPEN = 24;
/** A record batch is open for new key batches no longer than this, so that slow scans show their rows. */
const MAX_AGE_MS = 1000;

export class OpenRecords {
  readonly rows: RowWriter;
  readonly openedMs: number;
  assigned = 0;
  /** key batches assigned and not whole yet */
  readonly unfinished: Set<number> = new Set();
  readonly whole: number[] = [];
  /** the key batch that each row belongs to */
  readonly owners: number[] = [];
  /** the key batch of each row that holds an error, apart from objects that are gone */
  readonly failures: number[] = [];

  constructor(schema: Schema, mayBeTold: boolean, nowMs: number) {
    this.rows = new RowWriter(schema, mayBeTold);
    this.openedMs = nowMs;
  }
}

export class RecordAssembly {
  private readonly schema: Schema;
  private readonly sender: RecordSender;
  private readonly targetRows: number;
  private readonly mayBeTold: boolean;
  /** takes new key batches */
  private open: OpenRecords | null = null;
  private readonly all = new Set<OpenRecords>();

  /** `mayBeTold`: rows may be from the listing, too. */
  constructor(schema: Schema, sender: RecordSender, targetRows: number = TARGET_ROWS, mayBeTold = false) {
    this.schema = schema;
    this.sender = sender;
    this.targetRows = targetRows;
    this.mayBeTold = mayBeTold;
  }

  /** False while the writer is behind or too many record batches wait: start no new key batch. */
  get ready(): boolean {
    return this.open !== null || (this.sender.ready && this.all.size < MAX_OPEN);
  }

  /** The record batch that will hold this key batch. */
  assign(keyBatch: number, count: number, nowMs: number): OpenRecords {
    if (this.open !== null && nowMs - this.open.openedMs > MAX_AGE_MS) this.closeOpen();
    this.open ??= new OpenRecords(this.schema, this.mayBeTold, nowMs);
    const records = this.open;
    this.all.add(records);
    records.unfinished.add(keyBatch);
    records.assigned += count;
    if (records.assigned >= this.targetRows) this.closeOpen();
    return records;
  }

  private closeOpen(): void {
    const records = this.open;
    this.open = null;
    if (records !== null) this.sendIfWhole(records);
  }

  /** Every row of the key batch is written. */
  complete(records: OpenRecords, keyBatch: number): void {
    records.unfinished.delete(keyBatch);
    records.whole.push(keyBatch);
    this.sendIfWhole(records);
  }

  private sendIfWhole(records: OpenRecords): void {
    if (records === this.open || records.unfinished.size > 0 || !this.all.delete(records)) return;
    this.sender.send(records.rows.builder.take(), records.whole, records.failures.length);
  }

  /** Sends what is left: the key batches that are whole, and nothing of the others. */
  flush(): void {
    this.open = null;
    for (const records of this.all) {
      const batch = records.rows.builder.take();
      if (records.unfinished.size === 0) {
        this.sender.send(batch, records.whole, records.failures.length);
      } else if (records.whole.length > 0) {
        const rows = records.owners.flatMap((owner, row) => (records.unfinished.has(owner) ? [] : [row]));
        const failed = records.failures.filter((owner) => !records.unfinished.has(owner)).length;
        this.sender.send(selectRows(batch, rows), records.whole, failed);
      }
    }
    this.all.clear();
  }
}
