/**
 * Two endpoints, one killed in the middle: the rows that are lost, and how long it takes until the other one's rate is what one
 * endpoint gives by itself. Against simulated endpoints in processes of their own; the one that dies is killed outright.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MetricsReport } from '../src/metrics/report.ts';
import { parseAdmission, startSimProcess, type Sim } from '../src/sim/sim.ts';
import { awsEnvironment, IN_FLIGHT, S3SCAN } from './head-command.ts';
import { spawnOwned, temporaryFolder } from './owned.ts';
import { finishRun, shownCommand, type Cell } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    'phase-seconds': { type: 'string', default: '15' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const phaseSeconds = Number(flags['phase-seconds']);
const ADMITTED = 1500;
const LATENCY_MS = 40;
const BUCKET = 'endpoints';
/** Of each phase, what is no measure of the rate: threads start, limits are found. */
const SETTLED_SECONDS = 5;
const WINDOW_SECONDS = 1;
const ENOUGH = 0.95;

const folder = temporaryFolder();
const environment = awsEnvironment();
const commands: string[] = [];

/** What holds an endpoint's rate, and about what it is. */
interface Kind {
  readonly name: string;
  readonly perSecond: number;
  readonly options: readonly string[];
  start(objects: number): Promise<Sim>;
}

const KINDS: readonly Kind[] = [
  {
    name: `each admits ${ADMITTED} requests a second`,
    perSecond: ADMITTED,
    options: ['--admit', String(ADMITTED), '--head-latency', '5', '--list-latency', '5'],
    start: (objects) => startSimProcess({ bucket: BUCKET, objects, layout: 'dated', admit: parseAdmission(String(ADMITTED)), headLatencyMs: 5, listLatencyMs: 5 }),
  },
  {
    name: `each answers in ${LATENCY_MS} ms, to ${IN_FLIGHT} slots in all`,
    perSecond: (IN_FLIGHT * 1000) / LATENCY_MS,
    options: ['--head-latency', String(LATENCY_MS), '--list-latency', String(LATENCY_MS)],
    start: (objects) => startSimProcess({ bucket: BUCKET, objects, layout: 'dated', headLatencyMs: LATENCY_MS, listLatencyMs: LATENCY_MS }),
  },
];

/** What an endpoint had served by then. */
interface Sample {
  readonly seconds: number;
  readonly served: number;
}

interface Scanned {
  readonly metrics: MetricsReport;
  /** of the endpoint that lives, from its first HEAD on */
  readonly samples: readonly Sample[];
  /** keys without a row, and rows that are there twice */
  readonly lost: number;
}

async function lostRows(output: string, objects: number): Promise<number> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`SELECT count(*), count(DISTINCT key), count(*) FILTER (status = 200) FROM '${output}'`);
  const [rows, keys, answered] = reader.getRows()[0]!.map(Number) as [number, number, number];
  return objects - Math.min(keys, answered) + (rows - keys);
}

async function scan(sim: Sim, others: readonly string[], objects: number, onSecond: (seconds: number) => void): Promise<Scanned> {
  const output = join(folder, 'headers.parquet');
  const endpoints = [...others, sim.endpoint].flatMap((endpoint) => ['--endpoint', endpoint]);
  const command = [...S3SCAN, 'head', `s3://${BUCKET}`, ...endpoints, '--no-sign-request', '--concurrency', String(IN_FLIGHT), '-o', output, '--overwrite', '--quiet'];
  commands.push(shownCommand(command, folder));
  const child = spawnOwned(command[0]!, command.slice(1), { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const samples: Sample[] = [];
  let startMs = 0;
  const sampling = setInterval(() => {
    const { heads, slowDowns } = sim.stats();
    if (startMs === 0 && heads > 0) startMs = performance.now();
    if (startMs === 0) return;
    const seconds = (performance.now() - startMs) / 1000;
    samples.push({ seconds, served: heads - slowDowns });
    onSecond(seconds);
  }, 100);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(sampling);
  if (code !== 0) throw new Error(`exit code ${code}`);
  const metrics = JSON.parse(readFileSync(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
  return { metrics, samples, lost: await lostRows(output, objects) };
}

function rateBetween(samples: readonly Sample[], from: number, to: number): number {
  const first = samples.find(({ seconds }) => seconds >= from)!;
  const last = samples.findLast(({ seconds }) => seconds <= to)!;
  return (last.served - first.served) / (last.seconds - first.seconds);
}

/** The end of the first window after the kill in which the rate was enough, s after it. */
function recovery(samples: readonly Sample[], killedAt: number, enough: number): number {
  const found = samples.find(({ seconds }) => seconds >= killedAt + WINDOW_SECONDS && rateBetween(samples, seconds - WINDOW_SECONDS, seconds) >= enough);
  return (found?.seconds ?? Infinity) - killedAt;
}

/** The rate that one endpoint gives by itself, with the same slots. */
async function alone(kind: Kind): Promise<number> {
  const objects = Math.round(kind.perSecond * phaseSeconds);
  const sim = await kind.start(objects);
  const { samples } = await scan(sim, [], objects, () => {});
  await sim.close();
  // The keys' end is no measure.
  return rateBetween(samples, SETTLED_SECONDS, samples.at(-1)!.seconds - 1);
}

interface Outcome {
  readonly kind: Kind;
  readonly objects: number;
  readonly one: number;
  readonly recovered: number;
  readonly after: number;
  readonly scanned: Scanned;
}

async function killed(kind: Kind): Promise<Outcome> {
  const one = await alone(kind);
  const objects = Math.round(kind.perSecond * phaseSeconds * 3);
  const victim = spawnOwned(S3SCAN[0]!, [...S3SCAN.slice(1), 'sim', '--bucket', BUCKET, '--objects', String(objects), '--layout', 'dated', ...kind.options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(victim.stdout!, 'data')) as [Buffer];
  const sim = await kind.start(objects);
  let killedAt = 0;
  const scanned = await scan(sim, [line.toString().trim()], objects, (seconds) => {
    if (killedAt > 0 || seconds < phaseSeconds) return;
    killedAt = seconds;
    process.kill(victim.pid!, 'SIGKILL');
  });
  await sim.close();
  const { samples } = scanned;
  const after = rateBetween(samples, killedAt + SETTLED_SECONDS, samples.at(-1)!.seconds - 1);
  return { kind, objects, one, recovered: recovery(samples, killedAt, ENOUGH * one), after, scanned };
}

const outcomes: Outcome[] = [];
for (const kind of KINDS) {
  console.error(kind.name);
  outcomes.push(await killed(kind));
}

finishRun(
  {
    name: 'endpoints',
    parameters: { phaseSeconds, inFlight: IN_FLIGHT },
    notes: [
      `two endpoints, each a process; after ${phaseSeconds} s the first of them is killed (SIGKILL), and never comes back`,
      'rates are those of HEADs served, measured at the endpoint that lives; what one gives is measured by a scan of it alone',
      `time to 95%: from the kill to the end of the first ${WINDOW_SECONDS} s in which ${ENOUGH * 100}% of what one gives was served, so at least ${WINDOW_SECONDS} s`,
      'rows lost: keys of the bucket without a row of status 200, and rows that are there twice, counted in the output by DuckDB',
    ],
    tables: [
      {
        title: 'One of two endpoints killed',
        columns: ['endpoints', 'keys', 'rows lost', 'one gives, HEAD/s', 'time to 95%, s', 'afterwards, HEAD/s', 'HEADs not answered', 'HEADs a key'],
        rows: outcomes.map(({ kind, objects, one, recovered, after, scanned: { metrics, lost } }): Cell[] => {
          const unanswered = metrics.endpoints.reduce((sum, endpoint) => sum + endpoint.unanswered, 0);
          const heads = metrics.endpoints.reduce((sum, endpoint) => sum + endpoint.head_requests, 0);
          return [kind.name, objects, lost, Math.round(one), recovered, Math.round(after), unanswered, heads / objects];
        }),
      },
    ],
    goals: outcomes.flatMap(({ kind, recovered, scanned }) => [
      { what: `${kind.name}: rows lost`, value: scanned.lost, bound: 'at most' as const, limit: 0, unit: 'rows' },
      { what: `${kind.name}: time to 95% of what one gives`, value: recovered, bound: 'at most' as const, limit: 5, unit: 's' },
    ]),
    commands,
  },
  !flags['no-keep'],
);
