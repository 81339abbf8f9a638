/**
 * Arrow IPC files (also known as Feather version 2): one message a record batch, a footer behind the last.
 */
import type { Schema } from '../records/columns.ts';
import type { RecordBatchData } from '../records/record-batch.ts';
import { ArrowBatches } from './arrow-batch.ts';
import type { Encoded, Encoder } from './encoder.ts';
import { IpcFileWriter } from './ipc-writer.ts';

export class ArrowEncoder implements Encoder {
  private readonly batches: ArrowBatches;
  private readonly writer: IpcFileWriter;

  constructor(schema: Schema, fileMetadata: Readonly<Record<string, string>>) {
    this.batches = new ArrowBatches(schema, fileMetadata);
    this.writer = new IpcFileWriter(this.batches.schema);
  }

  encode(batch: RecordBatchData): Encoded {
    this.writer.write(this.batches.convert(batch));
    return this.writer.take();
  }

  end(): Encoded {
    this.writer.finish();
    return this.writer.take();
  }
}
