/**
 * How much faster than one chain of pages `list` is, how many LIST requests it needs and what of CPU and memory, over the
 * layouts of the simulated endpoint with the latency of a real one; and what a key costs where there is none, beside the
 * AWS SDK's paginator. The chain is measured over its first pages: each costs the same.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ListingReport } from '../src/metrics/report.ts';
import { LAYOUTS, startSimProcess, type Layout } from '../src/sim/sim.ts';
import { ROOT } from './environment.ts';
import { awsEnvironment, BUCKET, S3SCAN } from './head-command.ts';
import { CLIENT_CORE, measure, SERVER_CORE, type Usage } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand, type Cell, type Goal } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '2000000' },
    latency: { type: 'string', default: '250' },
    'in-flight': { type: 'string', default: '64' },
    layouts: { type: 'string', default: LAYOUTS.join(',') },
    /** listed without latency, for the CPU of a key; 0 for not at all */
    'cpu-keys': { type: 'string', default: '2000000' },
    /** 20 million keys have bounds of their own, and a file of its own */
    name: { type: 'string', default: 'list' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const keys = Number(flags.keys);
const latencyMs = Number(flags.latency);
const inFlight = Number(flags['in-flight']);
const layouts = flags.layouts.split(',') as Layout[];
/** A page of S3. */
const PAGE = 1000;
const CHAIN_PAGES = 20;
const MEGABYTE = 1e6;
const MICRO = 1e6;
const cpuKeys = Number(flags['cpu-keys']);
/** The paginator costs so much more that fewer keys tell the same. */
const SDK_SHARE = 1 / 20;
const isLarge = keys >= 20_000_000;
const bounds = isLarge ? { speedUp: 54, calls: 1.03 } : { speedUp: 32, calls: 1.1 };

// The simulated endpoint's processes inherit the core; what is measured is given its own.
spawnSync('taskset', ['-a', '-c', '-p', SERVER_CORE, String(process.pid)]);

const folder = temporaryFolder();
const metricsFile = join(folder, 'metrics.json');

function listCommand(endpoint: string, options: readonly string[]): string[] {
  const output = ['-o', join(folder, 'keys.parquet'), '--overwrite', '--metrics', metricsFile, '--quiet'];
  return [...S3SCAN, 'list', `s3://${BUCKET}`, '--endpoint', endpoint, ...options, ...output];
}

interface Listed {
  readonly listing: ListingReport;
  readonly usage: Usage;
  readonly command: readonly string[];
}

async function list(endpoint: string, options: readonly string[], expected: number): Promise<Listed> {
  const command = listCommand(endpoint, options);
  const usage = await measure(command, { folder, environment: awsEnvironment() });
  const { listing } = JSON.parse(readFileSync(metricsFile, 'utf8')) as { listing: ListingReport };
  if (listing.keys !== expected) throw new Error(`${listing.keys} keys of ${expected} were listed`);
  return { listing, usage, command };
}

const rows: Cell[][] = [];
const goals: Goal[] = [];
const commands: string[] = [];
for (const layout of layouts) {
  console.error(layout);
  const sim = await startSimProcess({ bucket: BUCKET, objects: keys, layout, listLatencyMs: latencyMs });
  const pages = Math.min(CHAIN_PAGES, Math.ceil(keys / PAGE));
  const chain = await list(sim.endpoint, ['--max-keys', String(Math.min(keys, pages * PAGE))], Math.min(keys, pages * PAGE));
  const all = await list(sim.endpoint, ['--list-concurrency', String(inFlight)], keys);
  await sim.close();
  const chainSeconds = (chain.listing.elapsed_time / pages) * Math.ceil(keys / PAGE);
  const speedUp = chainSeconds / all.listing.elapsed_time;
  const peak = all.usage.peakRssBytes / MEGABYTE;
  rows.push([layout, speedUp, all.listing.calls_per_1000_keys, all.listing.elapsed_time, all.usage.cpuSeconds, (all.usage.cpuSeconds * MICRO) / keys, Math.round(peak)]);
  goals.push(
    { what: `${layout}: speed-up over one chain`, value: speedUp, bound: 'at least', limit: layout === 'hex' && !isLarge ? 42 : bounds.speedUp, unit: '×' },
    { what: `${layout}: LIST requests`, value: all.listing.calls_per_1000_keys, bound: 'at most', limit: bounds.calls, unit: 'per 1,000 keys' },
    { what: `${layout}: peak memory`, value: peak, bound: 'at most', limit: 350, unit: 'MB' },
  );
  commands.push(shownCommand(all.command, folder));
}

function cpuRow(name: string, count: number, usage: Usage, first: Usage): Cell[] {
  const steady = usage.cpuSeconds - first.cpuSeconds;
  return [name, count, Math.round(count / usage.cpuSeconds), (usage.cpuSeconds * MICRO) / count, (steady * MICRO) / count, Math.round(first.cpuSeconds * 1000)];
}

/** CPU of a key where nothing is waited for: `list` to Parquet beside the SDK's paginator, which keeps nothing. */
async function withoutLatency(): Promise<Cell[][]> {
  const sim = await startSimProcess({ bucket: BUCKET, objects: cpuKeys, layout: 'hex' });
  const all = await list(sim.endpoint, ['--list-concurrency', String(inFlight)], cpuKeys);
  const start = await list(sim.endpoint, ['--max-keys', '1'], 1);
  const sdkKeys = Math.max(PAGE, Math.round(cpuKeys * SDK_SHARE));
  const paginator = [process.execPath, join(ROOT, 'dist/bench/paginator.js'), sim.endpoint];
  const sdk = async (count: number): Promise<Usage> => {
    const usage = await measure([...paginator, String(count)], { folder, environment: awsEnvironment(), keepStdout: true });
    if (Number(usage.stdout) < count) throw new Error(`the paginator listed ${usage.stdout.trim()} of ${count} keys`);
    return usage;
  };
  const [sdkAll, sdkStart] = [await sdk(sdkKeys), await sdk(1)];
  await sim.close();
  commands.push(shownCommand(all.command, folder), shownCommand([...paginator, String(sdkKeys)], folder));
  goals.push({ what: 'keys per CPU second', value: cpuKeys / all.usage.cpuSeconds, bound: 'at least', limit: 250_000, unit: '' });
  return [cpuRow('s3scan list, Parquet zstd', cpuKeys, all.usage, start.usage), cpuRow('SDK paginator, nothing kept', sdkKeys, sdkAll, sdkStart)];
}

const cpuTable = { title: 'CPU of a key without latency, hex', columns: ['client', 'keys', 'keys per CPU second', 'µs of CPU a key', 'steady µs', 'start-up CPU ms'] };
const cpuRows = cpuKeys > 0 ? await withoutLatency() : [];

finishRun(
  {
    name: flags.name,
    parameters: { keys, latencyMs, inFlight },
    notes: [
      `the client on core ${CLIENT_CORE}, the simulated endpoint on core ${SERVER_CORE}; Parquet written`,
      `one chain: measured over ${CHAIN_PAGES} pages, times the pages of the whole bucket; one run a layout`,
      'seconds are from the first request sent to the last page decoded; CPU and memory are of the whole process, start-up included; "steady" is without that of one key',
    ],
    tables: [
      { title: 'list', columns: ['layout', 'speed-up', 'calls per 1,000 keys', 'seconds', 'CPU seconds', 'µs of CPU a key', 'peak MB'], rows },
      ...(cpuKeys > 0 ? [{ ...cpuTable, rows: cpuRows }] : []),
    ],
    goals,
    commands,
  },
  !flags['no-keep'],
);
