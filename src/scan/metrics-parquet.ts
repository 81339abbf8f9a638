/**
 * The shards of a metrics report as one Parquet file in memory. Apart from `metrics-file.ts` because Arrow and
 * Parquet cost 0.2 s to load, and most runs write JSON; apart from `output/` because record batches know no
 * floating-point column, and these rows are few.
 */
import type { DataType, Vector } from 'apache-arrow';
import type { FlatShard } from '../metrics/forms.ts';
import { arrow } from '../records/apache-arrow.ts';
import { parquet } from '../records/parquet-wasm.ts';

/** The columns, in order, and their types: counts are int64, whatever may have a fraction is double. */
const TYPES: Readonly<Record<keyof FlatShard, DataType>> = {
  shard: new arrow.Int32(),
  endpoint: new arrow.Utf8(),
  worker: new arrow.Int32(),
  batch_size: new arrow.Int64(),
  start_time: new arrow.TimestampMillisecond('UTC'),
  end_time: new arrow.TimestampMillisecond('UTC'),
  elapsed_time: new arrow.Float64(),
  headers_per_second: new arrow.Float64(),
  ok: new arrow.Int64(),
  gone: new arrow.Int64(),
  failed: new arrow.Int64(),
  attempts: new arrow.Int64(),
  retries_transient: new arrow.Int64(),
  retries_throttled: new arrow.Int64(),
  throttled: new arrow.Int64(),
  reconnects: new arrow.Int64(),
  bytes_in: new arrow.Int64(),
  bytes_out: new arrow.Int64(),
  latency_us_p50: new arrow.Int64(),
  latency_us_p90: new arrow.Int64(),
  latency_us_p99: new arrow.Int64(),
  latency_us_p99_9: new arrow.Int64(),
  latency_us_max: new arrow.Int64(),
};

function arrowValue(value: string | number | null, type: DataType): unknown {
  if (value === null) return null;
  if (type instanceof arrow.TimestampMillisecond) return Date.parse(String(value));
  return type instanceof arrow.Int64 ? BigInt(value) : value;
}

export function shardsToParquet(rows: readonly FlatShard[]): Uint8Array {
  const vectors: Record<string, Vector> = {};
  for (const [name, type] of Object.entries(TYPES)) {
    vectors[name] = arrow.vectorFromArray(rows.map((row) => arrowValue(row[name as keyof FlatShard], type)), type);
  }
  const table = parquet.Table.fromIPCStream(arrow.tableToIPC(new arrow.Table(vectors), 'stream'));
  return parquet.writeParquet(table, new parquet.WriterPropertiesBuilder().setCompression(parquet.Compression.ZSTD).build());
}
