/**
 * How much faster than one chain of pages `list` is, and how many LIST requests it needs, over the layouts of the
 * simulated endpoint with the latency of a real one. The chain is measured over its first pages: each costs the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ListingReport } from '../src/metrics/report.ts';
import { LAYOUTS, startSimProcess, type Layout } from '../src/sim/sim.ts';
import { awsEnvironment, BUCKET, S3SCAN } from './head-command.ts';
import { measure, type Usage } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand, type Cell, type Goal } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '2000000' },
    latency: { type: 'string', default: '250' },
    'in-flight': { type: 'string', default: '64' },
    layouts: { type: 'string', default: LAYOUTS.join(',') },
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
  rows.push([layout, speedUp, all.listing.calls_per_1000_keys, all.listing.elapsed_time, all.usage.cpuSeconds, (all.usage.cpuSeconds * 1e6) / keys, Math.round(all.usage.peakRssBytes / MEGABYTE)]);
  goals.push(
    { what: `${layout}: speed-up over one chain`, value: speedUp, bound: 'at least', limit: layout === 'hex' ? 42 : 32, unit: '×' },
    { what: `${layout}: LIST requests`, value: all.listing.calls_per_1000_keys, bound: 'at most', limit: 1.1, unit: 'per 1,000 keys' },
  );
  commands.push(shownCommand(all.command, folder));
}

finishRun(
  {
    name: 'list',
    parameters: { keys, latencyMs, inFlight },
    notes: [
      'the client on core 0, the simulated endpoint in a process of its own; Parquet written',
      `one chain: measured over ${CHAIN_PAGES} pages, times the pages of the whole bucket; one run a layout`,
      'seconds are from the first request sent to the last page decoded; CPU and memory are of the whole process',
    ],
    tables: [{ title: 'list', columns: ['layout', 'speed-up', 'calls per 1,000 keys', 'seconds', 'CPU seconds', 'µs of CPU a key', 'peak MB'], rows }],
    goals,
    commands,
  },
  !flags['no-keep'],
);
