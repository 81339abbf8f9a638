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

/** The stream format: schema, record batches, end mark. */
export class IpcStreamWriter extends arrow.RecordBatchStreamWriter {
  private readonly chunks: Uint8Array[] = [];

  constructor(schema: Schema) {
    super();
    this.reset(this._sink, schema);
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started) this._position += keep(this.chunks, chunk);
    return this;
  }

  /** The whole stream, in `room` if that is large enough, or at the beginning of more; nothing can be written afterwards. */
  finished(room: Uint8Array): Uint8Array {
    this.finish();
    const length = this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const stream = (room.length < length ? new Uint8Array(length + (length >> 2)) : room).subarray(0, length);
    let at = 0;
    for (const chunk of this.chunks) {
      stream.set(chunk, at);
      at += chunk.length;
    }
    return stream;
  }
}
