/** How long one waits for the least that s3scan can do: its help, the headers of one object, and those of a thousand. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MetricsReport } from '../src/metrics/report.ts';
import { startSimProcess } from '../src/sim/sim.ts';
import { awsEnvironment, BUCKET, S3SCAN } from './head-command.ts';
import { median } from './measured-command.ts';
import { spawnOwned, temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';

const { values: flags } = parseArgs({
  options: { repeats: { type: 'string', default: '15' }, 'no-keep': { type: 'boolean', default: false } },
});
const repeats = Number(flags.repeats);
const folder = temporaryFolder();
const environment = awsEnvironment();
const sim = await startSimProcess({ bucket: BUCKET, objects: 1 });

const head = [...S3SCAN, 'head', `s3://${BUCKET}`, '--endpoint', sim.endpoint, '--quiet'];
const commands = {
  'node, nothing else': [process.execPath, '-e', '0'],
  's3scan --help': [...S3SCAN, '--help'],
  's3scan head, 1 object, NDJSON': head,
  's3scan head, 1 object, Parquet': [...head, '-o', join(folder, 'one.parquet'), '--overwrite'],
} as const;

async function wallMs(command: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawnOwned(command[0]!, command.slice(1), { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`exit code ${code}: ${command.join(' ')}`);
  return performance.now() - startedAt;
}

const walls = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
// The first round fills the file cache and does not count.
for (let repeat = 0; repeat <= repeats; repeat++) {
  for (const [name, command] of Object.entries(commands)) {
    const wall = await wallMs(command);
    if (repeat > 0) walls.get(name)!.push(wall);
  }
}
await sim.close();

// A thousand keys and 80 slots are 13 rounds of 20 ms: from the first request to the last answer, little more.
const thousand = await startSimProcess({ bucket: BUCKET, objects: 1000, headLatencyMs: 20 });
const metricsFile = join(folder, 'thousand.json');
const thousandCommand = [...S3SCAN, 'head', `s3://${BUCKET}`, '--endpoint', thousand.endpoint, '--quiet', '--concurrency', '80', '--metrics', metricsFile];
const spreads: number[] = [];
for (let repeat = 0; repeat < repeats; repeat++) {
  await wallMs(thousandCommand);
  spreads.push((JSON.parse(readFileSync(metricsFile, 'utf8')) as MetricsReport).overall.elapsed_time * 1000);
}
await thousand.close();

const medianOf = (name: keyof typeof commands): number => median(walls.get(name)!);
finishRun(
  {
    name: 'startup',
    parameters: { repeats },
    notes: ['wall time from the start of the process to its end, on all cores, files in the cache; the listing of the one object is part of head'],
    tables: [
      {
        title: 'Start to end, ms',
        columns: ['command', 'median', 'from', 'to'],
        rows: [...walls].map(([name, all]) => [name, ...[median(all), Math.min(...all), Math.max(...all)].map(Math.round)]),
      },
    ],
    goals: [
      { what: 's3scan --help', value: medianOf('s3scan --help'), bound: 'at most', limit: 120, unit: 'ms' },
      { what: 's3scan head of 1 object, Parquet', value: medianOf('s3scan head, 1 object, Parquet'), bound: 'at most', limit: 400, unit: 'ms' },
      { what: '1,000 HEADs of 20 ms, 80 in flight, first request to last answer', value: median(spreads), bound: 'at most', limit: 1.6 * 260, unit: 'ms' },
    ],
    commands: [...Object.values(commands), thousandCommand].map((command) => shownCommand(command, folder)),
  },
  !flags['no-keep'],
);
