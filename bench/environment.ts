/** Where a run took place: the machine, the versions, the commit. Nothing that names a user, a host or a folder. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder, seen from dist/bench. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Environment {
  readonly date: string;
  /** with `-dirty` where the working copy differed from it */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly nodeOptions: string;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ['undici', 'apache-arrow', 'parquet-wasm', '@aws-sdk/client-s3', 'parquetjs-lite', 'fast-xml-parser', '@smithy/signature-v4', 'tinybench'];

function versionOf(packageFolder: string): string {
  return (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

function git(...args: string[]): string {
  return spawnSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

export function describeEnvironment(): Environment {
  // A kept run is no difference: the next benchmark of the series would else be marked by the one before.
  const dirty = git('status', '--porcelain', '--', '.', ':!bench/runs') === '' ? '' : '-dirty';
  return {
    date: new Date().toISOString(),
    commit: `${git('rev-parse', '--short=12', 'HEAD')}${dirty}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    nodeOptions: process.env['NODE_OPTIONS'] ?? '',
    packages: Object.fromEntries([
      ['s3scan-cli', versionOf(ROOT)],
      ...PACKAGES.map((name) => [name, versionOf(join(ROOT, 'node_modules', name))] as const),
    ]),
  };
}
