/**
 * Output in parts: each is a file of its own, published as soon as it has grown enough, so that what a killed scan loses is
 * the part under way and no more. What a part covers of the source is for the main thread to know.
 */
import { createHash, type Hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { RecordBatchData } from '../records/record-batch.ts';
import { createEncoder } from './create-encoder.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { FileSink, modesOf, partialOf } from './file-sink.ts';
import type { Output } from './output.ts';
import { isFull, partName, type PublishedPart } from './part.ts';
import type { PartsOptions, WriterOptions } from './protocol.ts';

/** A part takes rows in no longer than this: with the rows that are still on their way to it, less than a minute is at risk. */
const MAX_AGE_MS = 45_000;

export interface PartsListener {
  onPart(part: PublishedPart): void;
  /** The part under way has its age: end it between two batches. */
  onAge(): void;
}

interface OpenPart {
  readonly file: string;
  readonly sink: FileSink;
  readonly encoder: Encoder;
  readonly hash: Hash;
  readonly age: NodeJS.Timeout;
  rows: number;
  failed: number;
}

/** What cannot be written in the midst of a scan is no wrong option, and its hints are about one file. */
async function inMidst<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) throw new Failure('output', error.message, null, { cause: error });
    throw error;
  }
}

export class PartsOutput implements Output {
  private readonly options: WriterOptions;
  private readonly parts: PartsOptions;
  private readonly listener: PartsListener;
  private next: number;
  private open: OpenPart | null = null;
  private publishedBytes = 0;

  constructor(options: WriterOptions, parts: PartsOptions, listener: PartsListener) {
    this.options = options;
    this.parts = parts;
    this.listener = listener;
    this.next = parts.first;
  }

  get bytes(): number {
    return this.publishedBytes + (this.open?.sink.bytes ?? 0);
  }

  async write(batch: RecordBatchData, failed: number): Promise<void> {
    const { open, parts } = this;
    if (open !== null && isFull({ rows: open.rows, bytes: open.sink.bytes }, batch.rows, parts.maxRows)) await this.endPart();
    const part = (this.open ??= await this.begin());
    await this.hand(part, await part.encoder.encode(batch));
    part.rows += batch.rows;
    part.failed += failed;
  }

  private async begin(): Promise<OpenPart> {
    const file = partName(this.next++, this.options);
    const sink = await inMidst(FileSink.open(join(this.options.path!, file), false, modesOf(this.options.private).file));
    const age = setTimeout(() => this.listener.onAge(), MAX_AGE_MS).unref();
    return { file, sink, encoder: await createEncoder(this.options), hash: createHash('sha256'), age, rows: 0, failed: 0 };
  }

  private async hand({ sink, hash }: OpenPart, encoded: Encoded): Promise<void> {
    for (const bytes of encoded) {
      hash.update(bytes);
      await sink.write(bytes);
    }
  }

  /** Publishes the part under way, if there is one. */
  async endPart(): Promise<void> {
    const part = this.open;
    if (part === null) return;
    clearTimeout(part.age);
    await this.hand(part, await part.encoder.end());
    await inMidst(part.sink.commit());
    this.open = null;
    this.publishedBytes += part.sink.bytes;
    const { file, rows, failed, sink, hash } = part;
    this.listener.onPart({ file, rows, failed, bytes: sink.bytes, sha256: hash.digest('hex') });
  }

  /** Where there never was a row, one part without any tells readers the columns. */
  async finish(isWhole: boolean): Promise<void> {
    if (isWhole && this.next === 0) this.open = await this.begin();
    await this.endPart();
  }

  async abort(): Promise<void> {
    const part = this.open;
    if (part === null) return;
    clearTimeout(part.age);
    await part.sink.abort();
    // Whole or not: no journal will name it.
    await rm(partialOf(join(this.options.path!, part.file)), { force: true }).catch(() => {});
  }
}
