/**
 * Apache Arrow's IPC writers, with their output taken from them chunk by chunk. Left to their own queue they
 * join chunks that lie in one ArrayBuffer, which loses bytes where columns share one (all-null columns do).
 */
import type { Schema } from 'apache-arrow';
import { arrow } from '../records/apache-arrow.ts';

function keep(chunks: Uint8Array[], chunk: ArrayBufferView): number {
  if (chunk.byteLength > 0) chunks.push(new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength));
  return chunk.byteLength;
}

/** The file format: magic, record batches, footer. */
export class IpcFileWriter extends arrow.RecordBatchFileWriter {
  private chunks: Uint8Array[] = [];

  constructor(schema: Schema) {
    super();
    this.reset(this._sink, schema);
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started) this._position += keep(this.chunks, chunk);
    return this;
  }

  /** What was written since the last call. */
  take(): readonly Uint8Array[] {
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }
}

/** The stream format: schema, record batches, end mark. What a batch is in is of no use to it once `write` returns. */
export class IpcStreamWriter extends arrow.RecordBatchStreamWriter {
  private room: Uint8Array;
  private length = 0;

  /** The stream is made in `room` if that is large enough, or in more. */
  constructor(schema: Schema, room: Uint8Array) {
    super();
    this.room = room;
    this.reset(this._sink, schema);
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (!this._started) return this;
    const end = this.length + chunk.byteLength;
    if (end > this.room.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.room.length));
      larger.set(this.room.subarray(0, this.length));
      this.room = larger;
    }
    this.room.set(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), this.length);
    this.length = end;
    this._position += chunk.byteLength;
    return this;
  }

  /** The whole stream, at the beginning of its room; nothing can be written afterwards. */
  finished(): Uint8Array {
    this.finish();
    return this.room.subarray(0, this.length);
  }
}
