/** Sets a row's columns that s3scan computes itself; those that come from headers are set by the engine. */
import type { KeyBatch } from '../queue/key-batch.ts';
import type { Schema } from '../records/columns.ts';
import type { Int32Builder } from '../records/number-builders.ts';
import { RecordBuilder } from '../records/record-builder.ts';
import type { Utf8Builder } from '../records/text-builders.ts';
import type { AnswerHeaders } from './engine.ts';

/** Why a key has no headers. */
export interface RowError {
  readonly code: string;
  readonly message: string;
}

/** How the row came to be. */
export interface RowOrigin {
  readonly shard: number;
  /** 0: the listing told it */
  readonly attempts: number;
  /** that was asked for; null: the latest, which the answer may name */
  readonly versionId: string | null;
  /** null if no response came */
  readonly status: number | null;
  readonly latencyUs: number | null;
  readonly drift: string | null;
}

export class RowWriter {
  readonly builder: RecordBuilder;
  private readonly bucket: Utf8Builder | null;
  private readonly key: Utf8Builder | null;
  private readonly versionId: Utf8Builder | null;
  private readonly status: Int32Builder | null;
  private readonly error: Utf8Builder | null;
  private readonly errorMessage: Utf8Builder | null;
  private readonly drift: Utf8Builder | null;
  private readonly shard: Int32Builder | null;
  private readonly attempts: Int32Builder | null;
  private readonly latency: Int32Builder | null;
  /** null where all rows are from HEADs */
  private readonly via: Utf8Builder | null;

  /** `mayBeTold`: some rows are from the listing. */
  constructor(schema: Schema, mayBeTold: boolean) {
    const builder = new RecordBuilder(schema, new Map(mayBeTold ? [] : [['via', 'head']]));
    this.builder = builder;
    this.bucket = builder.utf8('bucket');
    this.key = builder.utf8('key');
    this.versionId = builder.utf8('version_id');
    this.status = builder.int32('status');
    this.error = builder.utf8('error');
    this.errorMessage = builder.utf8('error_message');
    this.drift = builder.utf8('drift');
    this.shard = builder.int32('shard');
    this.attempts = builder.int32('attempts');
    this.latency = builder.int32('latency_us');
    this.via = builder.utf8('via');
  }

  /** One whole row: headers, or an error (R1). */
  write(batch: KeyBatch, index: number, origin: RowOrigin, headers: AnswerHeaders | null, error: RowError | null): void {
    const { builder } = this;
    const row = builder.rows;
    const { offsets, values } = batch.keys;
    this.bucket?.setAscii(row, batch.bucket);
    this.key?.setBytes(row, values, offsets[index], offsets[index + 1]);
    this.shard?.set(row, origin.shard);
    this.attempts?.set(row, origin.attempts);
    this.via?.setAscii(row, origin.attempts === 0 ? 'list' : 'head');
    // Before the headers: the row is the asked version's whatever they say.
    if (origin.versionId !== null) this.versionId?.setText(row, origin.versionId);
    if (origin.status !== null) this.status?.set(row, origin.status);
    if (origin.latencyUs !== null) this.latency?.set(row, origin.latencyUs);
    if (origin.drift !== null) this.drift?.setAscii(row, origin.drift);
    if (error !== null) {
      this.error?.setText(row, error.code);
      this.errorMessage?.setText(row, error.message);
    }
    headers?.write(builder, error !== null);
    builder.endRow();
  }
}
