/** The metrics document as text: whole as JSON, or its shards as a flat table, a line a row. */
import type { MetricsReport, ShardReport } from './report.ts';

/** A shard's row without nesting: the columns of the NDJSON and Parquet forms, in this order. */
export interface FlatShard extends Omit<ShardReport, 'retries' | 'latency_us'> {
  readonly retries_transient: number;
  readonly retries_throttled: number;
  readonly latency_us_p50: number;
  readonly latency_us_p90: number;
  readonly latency_us_p99: number;
  readonly latency_us_p99_9: number;
  readonly latency_us_max: number;
}

export function flatShard({ retries, latency_us: latency, ...row }: ShardReport): FlatShard {
  return {
    ...row,
    retries_transient: retries.transient,
    retries_throttled: retries.throttled,
    latency_us_p50: latency.p50,
    latency_us_p90: latency.p90,
    latency_us_p99: latency.p99,
    latency_us_p99_9: latency.p99_9,
    latency_us_max: latency.max,
  };
}

export function metricsJson(report: MetricsReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

export function metricsNdjson(report: MetricsReport): string {
  return report.shards.map((shard) => `${JSON.stringify(flatShard(shard))}\n`).join('');
}
