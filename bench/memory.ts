/** Peak memory of `head` at a number of keys and at ten times as many: it must not grow with them (R5). */
import { parseArgs } from 'node:util';
import { awsEnvironment, checkedMetrics, headCommand, IN_FLIGHT, writeKeyFile } from './head-command.ts';
import { measure, median } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';
import { startTarget } from './target.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '2000000' },
    repeats: { type: 'string', default: '3' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const many = Number(flags.keys);
const few = Math.max(1, Math.round(many / 10));
const repeats = Number(flags.repeats);
const MEGABYTE = 1e6;

interface Peaks {
  readonly measured: number[];
  readonly told: number[];
}

const folder = temporaryFolder();
const target = await startTarget(folder);
const sizes = [few, many] as const;
const commands = new Map<number, string[]>();
const peaks = new Map<number, Peaks>(sizes.map((keys) => [keys, { measured: [], told: [] }]));
for (const keys of sizes) commands.set(keys, headCommand({ folder, endpoint: target.plain, keyFile: await writeKeyFile(folder, keys) }));
for (let repeat = 1; repeat <= repeats; repeat++) {
  for (const keys of sizes) {
    console.error(`${repeat} of ${repeats}: ${keys} keys`);
    const usage = await measure(commands.get(keys)!, { folder, environment: awsEnvironment() });
    peaks.get(keys)!.measured.push(usage.peakRssBytes / MEGABYTE);
    peaks.get(keys)!.told.push(checkedMetrics(folder, keys).overall.peak_rss_bytes / MEGABYTE);
  }
}
target.stop();

const peak = (keys: number): number => median(peaks.get(keys)!.measured);
finishRun(
  {
    name: 'memory',
    parameters: { keys: many, fewerKeys: few, repeats, inFlight: IN_FLIGHT },
    notes: ['resident set of the whole process at its peak, medians; "by s3scan" is peak_rss_bytes of its metrics file, taken before its very end'],
    tables: [
      {
        title: 'Peak memory of head to Parquet, MB',
        columns: ['keys', 'measured', 'from', 'to', 'by s3scan'],
        rows: sizes.map((keys) => {
          const { measured, told } = peaks.get(keys)!;
          return [keys, ...[median(measured), Math.min(...measured), Math.max(...measured), median(told)].map(Math.round)];
        }),
      },
    ],
    goals: [
      { what: `peak at ${many} keys, of that at ${few}`, value: peak(many) / peak(few), bound: 'at most', limit: 1.15, unit: '×' },
      { what: `peak at ${many} keys`, value: peak(many), bound: 'at most', limit: 350, unit: 'MB' },
    ],
    commands: sizes.map((keys) => shownCommand(commands.get(keys)!, folder)),
  },
  !flags['no-keep'],
);
