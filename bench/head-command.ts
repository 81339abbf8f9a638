/** `s3scan head` as the benchmarks run it: keys from a text file, signed, with its metrics; and what it told of itself. */
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './environment.ts';
import type { MetricsReport } from '../src/metrics/report.ts';

export const IN_FLIGHT = 80;
export const BUCKET = 'bench';

export const S3SCAN: readonly string[] = [process.execPath, join(ROOT, 'bin/s3scan.js')];

/** No profile of the user's, and credentials that are enough to sign with. */
export function awsEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(others),
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

export interface HeadCommand {
  readonly folder: string;
  readonly endpoint: string;
  readonly keyFile: string;
  readonly options?: readonly string[];
  /** NDJSON on standard output in place of a Parquet file */
  readonly toStdout?: boolean;
}

export function headCommand({ folder, endpoint, keyFile, options = [], toStdout = false }: HeadCommand): string[] {
  const output = toStdout ? [] : ['-o', join(folder, 'headers.parquet'), '--overwrite'];
  const telling = ['--metrics', join(folder, 'metrics.json'), '--quiet'];
  const asked = ['head', `s3://${BUCKET}`, '--from', keyFile, '--endpoint', endpoint, '--concurrency', String(IN_FLIGHT)];
  return [...S3SCAN, ...asked, ...options, ...output, ...telling];
}

/** The metrics of the run that has just ended; every key must have been answered, or its time means nothing. */
export function checkedMetrics(folder: string, keys: number): MetricsReport {
  const metrics = JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8')) as MetricsReport;
  if (metrics.overall.ok !== keys) throw new Error(`${metrics.overall.ok} of ${keys} keys were answered`);
  return metrics;
}

/** Keys as a bucket of images has them, one a line. */
export async function writeKeyFile(folder: string, keys: number): Promise<string> {
  const path = join(folder, `keys-${keys}.txt`);
  const file = createWriteStream(path);
  for (let key = 0; key < keys; key++) {
    const line = `images/2026/${String(key % 997).padStart(3, '0')}/object-${String(key).padStart(9, '0')}.jpg\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return path;
}
