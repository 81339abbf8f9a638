/**
 * `--metrics FILE`: the report as JSON (whole), or its shards as a flat table in NDJSON or Parquet.
 * Under its final name the file is whole (R8).
 */
import { open, rename, rm } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { flatShard, metricsJson, metricsNdjson } from '../metrics/forms.ts';
import type { MetricsReport } from '../metrics/report.ts';
import { modesOf } from '../output/file-sink.ts';

export type MetricsFormat = 'json' | 'ndjson' | 'parquet';

/** By the file's ending. Ask before the scan begins: it throws Failure('usage'). */
export function metricsFormat(path: string, command: 'head' | 'list'): MetricsFormat {
  const format = /\.(json|ndjson|parquet)$/i.exec(path)?.[1]?.toLowerCase() as MetricsFormat | undefined;
  if (format === undefined) {
    throw new Failure('usage', `--metrics ${path}: the ending tells no format`, 'name it FILE.json, FILE.ndjson or FILE.parquet');
  }
  if (command === 'list' && format !== 'json') {
    throw new Failure('usage', `--metrics ${path}: ${format} holds a row a shard, and list has no shards`, 'name it FILE.json');
  }
  return format;
}

async function encode(report: MetricsReport, format: MetricsFormat): Promise<string | Uint8Array> {
  if (format === 'json') return metricsJson(report);
  if (format === 'ndjson') return metricsNdjson(report);
  const { shardsToParquet } = await import('./metrics-parquet.ts');
  return shardsToParquet(report.shards.map(flatShard));
}

/** Writes beside the final name, syncs, and renames. A file of that name is replaced: it tells of an earlier run. */
export async function writeMetricsFile(path: string, report: MetricsReport, isPrivate: boolean): Promise<void> {
  const content = await encode(report, metricsFormat(path, report.command));
  const partial = `${path}.partial`;
  try {
    await rm(partial, { force: true });
    const file = await open(partial, 'wx', modesOf(isPrivate).file);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    const message = `metrics file ${path} could not be written: ${reason}`;
    throw new Failure('output', message, 'make room or name another place with --metrics', { cause: error });
  }
}
