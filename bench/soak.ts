/**
 * `npm run test:soak`: a long `head` against a simulated endpoint that fails one request in a hundred. Memory and open files
 * must not grow (R5), and each key must have its own row (R1, R4).
 */
import { parseArgs } from 'node:util';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sql } from '../test/support/tables.ts';
import { quarters, watch } from '../test/support/watched.ts';
import { ROOT } from './environment.ts';
import { endOwned, spawnOwned, temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '20000000' },
    concurrency: { type: 'string', default: '80' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const keys = Number(flags.keys);
const MEGABYTE = 1e6;
const SAMPLE_MS = 1000;
const BIN = join(ROOT, 'bin/s3scan.js');

const folder = temporaryFolder();
const output = join(folder, 'out');
const simArgs = ['sim', '--objects', flags.keys, '--error-rate', '0.005', '--reset-rate', '0.005'];
const sim = spawnOwned(process.execPath, [BIN, ...simArgs], { stdio: ['ignore', 'pipe', 'inherit'] });
const [told] = (await once(sim.stdout!, 'data')) as [Buffer];
const endpoint = told.toString().trim();

const headArgs = ['head', 's3://sim', '--endpoint', endpoint, '--no-sign-request', '--concurrency', flags.concurrency, '--progress', 'never', '-o', `${output}/`];
// In this process's own group: its number is watched, and it ends with it.
const head = spawn(process.execPath, [BIN, ...headArgs], { stdio: ['ignore', 'inherit', 'inherit'] });
process.once('exit', () => head.kill('SIGKILL'));
const started = performance.now();
const samples = await watch(head, SAMPLE_MS);
const seconds = (performance.now() - started) / 1000;
endOwned(sim);

const [row] = await sql(`
  SELECT count(*) AS rows, count(DISTINCT hash(key)) AS keys, max(attempts) AS attempts, sum(attempts) AS requests,
    count(*) FILTER (status = 200 AND error IS NULL AND drift IS NULL) AS good
  FROM read_parquet('${output}/data/*.parquet')`);
const count = (name: string): number => Number(row![name]);
const memory = quarters(samples, ({ rssBytes }) => rssBytes / MEGABYTE);
const files = quarters(samples, ({ openFiles }) => openFiles);

finishRun(
  {
    name: 'soak',
    parameters: { keys, concurrency: Number(flags.concurrency), seconds: Math.round(seconds), samples: samples.length },
    notes: [
      '0.5% of HEADs are answered 503, 0.5% of all requests by resetting the connection',
      'memory is the resident set of the whole process, open files what /proc lists, a sample a second, by quarters of the time',
      'a row is good with status 200, no error, and ETag, size and date as the listing told them',
    ],
    tables: [
      {
        title: 'By quarters',
        columns: ['quarter', 'memory, MB', 'at most', 'open files', 'at most'],
        rows: memory.map(({ median, most }, quarter) => [quarter + 1, Math.round(median), Math.round(most), files[quarter]!.median, files[quarter]!.most]),
      },
      {
        title: 'Rows',
        columns: ['keys', 'rows', 'different keys', 'good', 'HEADs sent', 'most for one key', 'keys a second', 'exit code'],
        rows: [[keys, count('rows'), count('keys'), count('good'), count('requests'), count('attempts'), Math.round(keys / seconds), head.exitCode]],
      },
    ],
    goals: [
      { what: 'memory in the last quarter, of that in the second', value: memory[3]!.median / memory[1]!.median, bound: 'at most', limit: 1.05, unit: '×' },
      { what: 'open files in the last quarter, of those in the second', value: files[3]!.most / files[1]!.most, bound: 'at most', limit: 1.05, unit: '×' },
      { what: 'good rows, of the keys', value: count('good') / keys, bound: 'at least', limit: 1, unit: '×' },
      { what: 'rows, of the keys', value: count('rows') / keys, bound: 'at most', limit: 1, unit: '×' },
    ],
    commands: [simArgs, headArgs].map((args) => shownCommand(['s3scan', ...args], folder)),
  },
  !flags['no-keep'],
);
process.exitCode = head.exitCode ?? 1;
