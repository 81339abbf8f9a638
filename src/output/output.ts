/** What record batches become: one file, standard output, or a row of parts. */
import type { RecordBatchData } from '../records/record-batch.ts';
import { createEncoder } from './create-encoder.ts';
import type { Encoder } from './encoder.ts';
import { FileSink, modesOf } from './file-sink.ts';
import type { WriterOptions } from './protocol.ts';
import type { Sink } from './sink.ts';
import { StdoutSink } from './stdout-sink.ts';

/** One call at a time. */
export interface Output {
  /** handed to the operating system so far */
  readonly bytes: number;
  /** Throws OutputClosed where nobody reads standard output any more. `failed`: rows of the batch that hold an error. */
  write(batch: RecordBatchData, failed: number): Promise<void>;
  /** Publishes what is not published yet (R8). `isWhole`: nothing was cut short. */
  finish(isWhole: boolean): Promise<void>;
  /** Leaves nothing behind that is not whole. Never throws. */
  abort(): Promise<void>;
}

export class SingleOutput implements Output {
  private readonly sink: Sink;
  private readonly options: WriterOptions;
  private encoder: Promise<Encoder> | null = null;

  private constructor(sink: Sink, options: WriterOptions) {
    this.sink = sink;
    this.options = options;
    // What goes wrong is told when it is awaited.
    if (options.loadsEarly) this.load().catch(() => {});
  }

  private load(): Promise<Encoder> {
    return (this.encoder ??= createEncoder(this.options));
  }

  /** A Failure of kind `usage` where it cannot be written. */
  static async open(options: WriterOptions): Promise<SingleOutput> {
    const { path, overwrite } = options;
    return new SingleOutput(path === null ? new StdoutSink() : await FileSink.open(path, overwrite, modesOf(options.private).file), options);
  }

  get bytes(): number {
    return this.sink.bytes;
  }

  async write(batch: RecordBatchData): Promise<void> {
    for (const bytes of await (await this.load()).encode(batch)) await this.sink.write(bytes);
  }

  async finish(): Promise<void> {
    for (const bytes of await (await this.load()).end()) await this.sink.write(bytes);
    await this.sink.commit();
  }

  abort(): Promise<void> {
    return this.sink.abort();
  }
}
