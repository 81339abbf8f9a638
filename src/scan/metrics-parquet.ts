/**
 * The shards of a metrics report as one Parquet file in memory. Apart from `metrics-file.ts` because Arrow and
 * Parquet cost 0.2 s to load, and most runs write JSON; apart from `output/` because record batches know no
 * floating-point column, and these rows are few.
 */
import { Float64, Int32, Int64, Table, tableToIPC, TimestampMillisecond, Utf8, vectorFromArray, type DataType, type Vector } from 'apache-arrow';
import { Compression, Table as WasmTable, writeParquet, WriterPropertiesBuilder } from 'parquet-wasm';
import type { FlatShard } from '../metrics/forms.ts';

/** The columns, in order, and their types: counts are int64, whatever may have a fraction is double. */
const TYPES: Readonly<Record<keyof FlatShard, DataType>> = {
  shard: new Int32(),
  endpoint: new Utf8(),
  worker: new Int32(),
  batch_size: new Int64(),
  start_time: new TimestampMillisecond('UTC'),
  end_time: new TimestampMillisecond('UTC'),
  elapsed_time: new Float64(),
  headers_per_second: new Float64(),
  ok: new Int64(),
  gone: new Int64(),
  failed: new Int64(),
  attempts: new Int64(),
  retries_transient: new Int64(),
  retries_throttled: new Int64(),
  throttled: new Int64(),
  reconnects: new Int64(),
  bytes_in: new Int64(),
  bytes_out: new Int64(),
  latency_us_p50: new Int64(),
  latency_us_p90: new Int64(),
  latency_us_p99: new Int64(),
  latency_us_p99_9: new Int64(),
  latency_us_max: new Int64(),
};

function arrowValue(value: string | number | null, type: DataType): unknown {
  if (value === null) return null;
  if (type instanceof TimestampMillisecond) return Date.parse(String(value));
  return type instanceof Int64 ? BigInt(value) : value;
}

export function shardsToParquet(rows: readonly FlatShard[]): Uint8Array {
  const vectors: Record<string, Vector> = {};
  for (const [name, type] of Object.entries(TYPES)) {
    vectors[name] = vectorFromArray(rows.map((row) => arrowValue(row[name as keyof FlatShard], type)), type);
  }
  const table = WasmTable.fromIPCStream(tableToIPC(new Table(vectors), 'stream'));
  return writeParquet(table, new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build());
}
