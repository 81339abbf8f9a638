/**
 * CPU of a HEAD, as ratios: `head` beside the floor (floor.ts), beside itself over TLS and through the AWS SDK, and
 * beside wrk. One client core, one server core; the rows take turns, and medians are compared.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './environment.ts';
import { awsEnvironment, checkedMetrics, headCommand, IN_FLIGHT, writeKeyFile } from './head-command.ts';
import { CLIENT_CORE, measure, median, SERVER_CORE, type Usage } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';
import { startTarget } from './target.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    'sdk-keys': { type: 'string' },
    repeats: { type: 'string', default: '3' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const keys = Number(flags.keys);
/** The SDK is slower by so much that fewer keys tell the same. */
const sdkKeys = Number(flags['sdk-keys'] ?? Math.max(1, Math.round(keys / 20)));
const repeats = Number(flags.repeats);
const wrkSeconds = Math.max(2, Math.round(keys / 100_000));

interface Client {
  readonly name: string;
  readonly keys: number;
  readonly command: (keyFile: string) => string[];
  /** Throws where not every key was answered. */
  readonly check: (usage: Usage, keys: number) => void;
}

interface Sample {
  readonly headers: number;
  readonly usage: Usage;
  /** CPU seconds of the same command with one key; null for wrk, which has no keys */
  readonly startCpuSeconds: number | null;
}

const folder = temporaryFolder();
const environment = awsEnvironment();
const target = await startTarget(folder);
const keyFiles = new Map<number, string>();
for (const count of [keys, sdkKeys, 1]) keyFiles.set(count, await writeKeyFile(folder, count));

const checkHead: Client['check'] = (_usage, count) => void checkedMetrics(folder, count);
const plain = { folder, endpoint: target.plain };
const clients: readonly Client[] = [
  {
    name: 'floor: undici Pool.dispatch, nothing signed or kept',
    keys,
    command: (keyFile) => [process.execPath, join(ROOT, 'dist/bench/floor.js'), target.plain, keyFile],
    check: ({ stdout }, count) => {
      if (Number(stdout) !== count) throw new Error(`the floor had ${stdout.trim()} of ${count} answers`);
    },
  },
  { name: 's3scan head, Parquet zstd', keys, command: (keyFile) => headCommand({ ...plain, keyFile }), check: checkHead },
  { name: 's3scan head, NDJSON to /dev/null', keys, command: (keyFile) => headCommand({ ...plain, keyFile, toStdout: true }), check: checkHead },
  {
    name: 's3scan head over TLS, Parquet zstd',
    keys,
    command: (keyFile) => headCommand({ folder, endpoint: target.tls, keyFile, options: ['--ca-bundle', target.certificate] }),
    check: checkHead,
  },
  {
    name: 's3scan head --engine sdk, Parquet zstd',
    keys: sdkKeys,
    command: (keyFile) => headCommand({ ...plain, keyFile, options: ['--engine', 'sdk'] }),
    check: checkHead,
  },
];

const wrkCommand = ['wrk', '-t', '1', '-c', String(IN_FLIGHT), '-d', `${wrkSeconds}s`, '-s', join(ROOT, 'bench/head.lua'), target.plain];

async function sampleOf(client: Client): Promise<Sample> {
  const run = async (count: number): Promise<Usage> => {
    // Only the floor tells something there; s3scan's NDJSON goes to /dev/null.
    const keepStdout = client.check !== checkHead;
    const usage = await measure(client.command(keyFiles.get(count)!), { folder, environment, keepStdout });
    client.check(usage, count);
    return usage;
  };
  const start = await run(1);
  return { headers: client.keys, usage: await run(client.keys), startCpuSeconds: start.cpuSeconds };
}

async function sampleOfWrk(): Promise<Sample> {
  const usage = await measure(wrkCommand, { folder, environment, keepStdout: true });
  const requests = /(\d+) requests in/.exec(usage.stdout);
  if (requests === null || usage.stdout.includes('Non-2xx')) throw new Error(`wrk had other answers:\n${usage.stdout}`);
  return { headers: Number(requests[1]), usage, startCpuSeconds: null };
}

const names = clients.map(({ name }) => name);
const hasWrk = spawnSync('wrk', ['-v']).error === undefined;
if (hasWrk) names.push('wrk, one path, nothing signed or kept');
const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
for (let repeat = 1; repeat <= repeats; repeat++) {
  for (const [index, name] of names.entries()) {
    console.error(`${repeat} of ${repeats}: ${name}`);
    const client = clients[index];
    samples.get(name)!.push(client === undefined ? await sampleOfWrk() : await sampleOf(client));
  }
}
target.stop();

const MICRO = 1e6;
const whole = ({ headers, usage }: Sample): number => (usage.cpuSeconds * MICRO) / headers;
const steady = ({ headers, usage, startCpuSeconds }: Sample): number => ((usage.cpuSeconds - (startCpuSeconds ?? 0)) * MICRO) / headers;
const medianOf = (name: string, value: (sample: Sample) => number): number => median(samples.get(name)!.map(value));
const [floor, parquet, , tls, sdk] = names as [string, string, string, string, string];
const perHeader = medianOf(parquet, whole);

finishRun(
  {
    name: 'head',
    parameters: { keys, sdkKeys, repeats, inFlight: IN_FLIGHT },
    notes: [
      `the client on core ${CLIENT_CORE}, nginx on core ${SERVER_CORE}, both on loopback; medians of runs that took turns`,
      'CPU is user and system time of the whole process, start-up included; "steady" is without that of the same command with one key',
      'headers/s is keys by wall time, start-up included',
      'the SDK is compared by steady CPU, since it has fewer keys to spread its start-up over',
    ],
    tables: [
      {
        title: 'CPU of a header on one core',
        columns: ['client', 'µs of CPU', 'from', 'to', 'steady µs', 'headers/s', 'start-up CPU ms', 'peak MB', 'of the floor'],
        rows: names.map((name) => {
          const all = samples.get(name)!.map(whole);
          const starts = samples.get(name)!.flatMap(({ startCpuSeconds }) => startCpuSeconds ?? []);
          return [
            name,
            median(all),
            Math.min(...all),
            Math.max(...all),
            medianOf(name, steady),
            Math.round(medianOf(name, ({ headers, usage }) => headers / usage.wallSeconds)),
            starts.length === 0 ? null : Math.round(median(starts) * 1000),
            Math.round(medianOf(name, ({ usage }) => usage.peakRssBytes / MICRO)),
            median(all) / medianOf(floor, whole),
          ];
        }),
      },
    ],
    goals: [
      { what: 'head to Parquet, of the floor', value: perHeader / medianOf(floor, whole), bound: 'at most', limit: 1.25, unit: '×' },
      { what: 'head to Parquet, cheaper than --engine sdk', value: medianOf(sdk, steady) / medianOf(parquet, steady), bound: 'at least', limit: 15, unit: '×' },
      { what: 'head over TLS, of plain', value: medianOf(tls, whole) / perHeader, bound: 'at most', limit: 1.35, unit: '×' },
    ],
    commands: [
      ...clients.map((client) => shownCommand(client.command(keyFiles.get(client.keys)!), folder)),
      ...(hasWrk ? [shownCommand(wrkCommand, folder)] : []),
    ],
  },
  !flags['no-keep'],
);
