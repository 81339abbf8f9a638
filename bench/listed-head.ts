/**
 * Whether the listing keeps the HEADs of a scan busy: how soon the first goes out, and how many of the slots have a
 * request on its way, with the latencies of a real endpoint.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSimProcess } from '../src/sim/sim.ts';
import { awsEnvironment, BUCKET, checkedMetrics, IN_FLIGHT, S3SCAN } from './head-command.ts';
import { CLIENT_CORE, measure, SERVER_CORE } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '500000' },
    'head-latency': { type: 'string', default: '10' },
    'list-latency': { type: 'string', default: '250' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const keys = Number(flags.keys);
const headMs = Number(flags['head-latency']);
const listMs = Number(flags['list-latency']);
/** Until then the listing and the connections are made. */
const SETTLED_MS = 2000;

spawnSync('taskset', ['-a', '-c', '-p', SERVER_CORE, String(process.pid)]);
const folder = temporaryFolder();
const sim = await startSimProcess({ bucket: BUCKET, objects: keys, layout: 'dated', headLatencyMs: headMs, listLatencyMs: listMs });
const output = ['-o', join(folder, 'headers.parquet'), '--overwrite', '--metrics', join(folder, 'metrics.json'), '--quiet'];
const command = [...S3SCAN, 'head', `s3://${BUCKET}`, '--endpoint', sim.endpoint, '--concurrency', String(IN_FLIGHT), ...output];
const usage = await measure(command, { folder, environment: awsEnvironment() });
await sim.close();

const { listing, shards, series } = checkedMetrics(folder, keys);
const firstList = Date.parse(listing!.start_time!);
const firstHead = Math.min(...shards.flatMap(({ start_time: start }) => (start === null ? [] : [Date.parse(start)])));
// The last second runs out of keys.
const settled = series.filter((sample) => Date.parse(sample.time) >= firstHead + SETTLED_MS && sample.done < keys - IN_FLIGHT);
const [first, last] = [settled[0], settled.at(-1)];
if (first === undefined || last === undefined || first === last) throw new Error('the scan was too short to be sampled: ask for more --keys');
const inFlight = settled.reduce((sum, sample) => sum + sample.in_flight, 0) / settled.length / IN_FLIGHT;
const waited = ((last.done - first.done) * headMs) / (IN_FLIGHT * (Date.parse(last.time) - Date.parse(first.time)));

finishRun(
  {
    name: 'listed-head',
    parameters: { keys, headLatencyMs: headMs, listLatencyMs: listMs, inFlight: IN_FLIGHT },
    notes: [
      `the client on core ${CLIENT_CORE}, the simulated endpoint on core ${SERVER_CORE}; Parquet written; the listing of the layout "dated" feeds the HEADs`,
      `"on its way": mean of the requests on their way in the samples of each second, ${SETTLED_MS / 1000} s after the first HEAD and later, by slots`,
      `"waiting for the server": HEADs answered in that time, times ${headMs} ms, by slots and time: what is left of it are the two CPUs`,
      'the first HEAD is when the first shard began, the first LIST when it was sent, both by the metrics of the scan',
    ],
    tables: [
      {
        title: 'HEADs fed by a listing',
        columns: ['slots with a HEAD on its way', 'slots waiting for the server', 'first LIST to first HEAD, ms', 'HEADs/s', 'seconds', 'CPU seconds'],
        rows: [[inFlight, waited, firstHead - firstList, Math.round(keys / usage.wallSeconds), usage.wallSeconds, usage.cpuSeconds]],
      },
    ],
    goals: [
      { what: 'slots with a HEAD on its way, after the first two seconds', value: inFlight, bound: 'at least', limit: 0.95, unit: 'of all' },
      { what: 'first LIST to first HEAD', value: firstHead - firstList, bound: 'at most', limit: listMs + 50, unit: 'ms' },
    ],
    commands: [shownCommand(command, folder)],
  },
  !flags['no-keep'],
);
