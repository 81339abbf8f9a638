/**
 * A textual format inside gzip or zstd, by Node's zlib: it compresses on another thread of libuv's pool.
 * Parquet compresses by itself, page by page.
 */
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { RecordBatchData } from '../records/record-batch.ts';
import type { Encoded, Encoder } from './encoder.ts';
import type { Compression } from './format.ts';

/** Node's types for version 20 do not know it; formatOf has made sure that it is there. */
const { createZstdCompress } = zlib as unknown as { readonly createZstdCompress: () => Transform };

export class CompressedEncoder implements Encoder {
  private readonly inner: Encoder;
  private readonly transform: Transform;
  private chunks: Uint8Array[] = [];

  constructor(inner: Encoder, compression: Compression) {
    this.inner = inner;
    this.transform = compression === 'gzip' ? zlib.createGzip() : createZstdCompress();
    this.transform.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
  }

  async encode(batch: RecordBatchData): Promise<Encoded> {
    await this.compress(await this.inner.encode(batch));
    return this.take();
  }

  async end(): Promise<Encoded> {
    await this.compress(await this.inner.end());
    this.transform.end();
    await once(this.transform, 'end');
    return this.take();
  }

  /** Resolves when zlib no longer needs the bytes. */
  private async compress(encoded: Encoded): Promise<void> {
    for (const bytes of encoded) {
      await new Promise<void>((resolve, reject) => {
        this.transform.write(bytes, (error) => (error == null ? resolve() : reject(error)));
      });
    }
  }

  private take(): Encoded {
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }
}
