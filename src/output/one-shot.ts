/** One small table written at once on the calling thread, published like a scan's file (R8): the metrics, for one. */
import type { RecordBatchData } from '../records/record-batch.ts';
import { createEncoder } from './create-encoder.ts';
import type { EncoderOptions } from './encoder.ts';
import { FileSink } from './file-sink.ts';

export interface TableOptions extends EncoderOptions {
  readonly path: string;
  readonly overwrite: boolean;
}

export async function writeTable(options: TableOptions, table: RecordBatchData): Promise<void> {
  const sink = await FileSink.open(options.path, options.overwrite);
  try {
    const encoder = await createEncoder(options);
    if (table.rows > 0) for (const bytes of await encoder.encode(table)) await sink.write(bytes);
    for (const bytes of await encoder.end()) await sink.write(bytes);
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
