/**
 * What a scan makes of a server that throttles, refuses at random, resets all connections, or never answers: the
 * share of what it admits that is used, and what the faults cost. Against the simulated endpoint in a process of its own.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MetricsReport } from '../src/metrics/report.ts';
import { parseAdmission, startSimProcess, type Sim, type SimOptions } from '../src/sim/sim.ts';
import { awsEnvironment, IN_FLIGHT, S3SCAN } from './head-command.ts';
import { spawnOwned, temporaryFolder } from './owned.ts';
import { finishRun, shownCommand, type Cell } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    'phase-seconds': { type: 'string', default: '20' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const phaseSeconds = Number(flags['phase-seconds']);
const SETTLED_SECONDS = 5;
const PHASES = [4000, 1000, 4000];
const LATENCY_MS = 15;
const TIMEOUT_S = 2;
const SILENT = 0.05;

const folder = temporaryFolder();
const environment = awsEnvironment();
const commands: string[] = [];

/** What the server had seen so far. */
interface Sample {
  readonly seconds: number;
  readonly served: number;
  readonly refused: number;
}

interface Scanned {
  readonly keys: number;
  readonly metrics: MetricsReport;
  readonly requests: number;
  readonly samples: readonly Sample[];
}

function sampleOf(sim: Sim, startMs: number): Sample {
  const { heads, lists, slowDowns } = sim.stats();
  return { seconds: (performance.now() - startMs) / 1000, served: heads + lists - slowDowns, refused: slowDowns };
}

/** Every key must have been answered: that is what 0 rows lost means. */
async function scan(keys: number, faults: Partial<SimOptions>, options: readonly string[] = []): Promise<Scanned> {
  const sim = await startSimProcess({ bucket: 'faults', objects: keys, layout: 'dated', ...faults });
  const output = join(folder, 'headers.parquet');
  const command = [...S3SCAN, 'head', 's3://faults', '--endpoint', sim.endpoint, '--no-sign-request', '--concurrency', String(IN_FLIGHT), ...options, '-o', output, '--overwrite', '--quiet'];
  commands.push(`${shownCommand(command, folder)}  # ${JSON.stringify(faults)}`);
  const child = spawnOwned(command[0]!, command.slice(1), { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const samples: Sample[] = [];
  let startMs = 0;
  const sampling = setInterval(() => {
    const { heads, lists } = sim.stats();
    if (startMs === 0 && heads + lists > 0) startMs = performance.now();
    if (startMs > 0) samples.push(sampleOf(sim, startMs));
  }, 100);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(sampling);
  const metrics = JSON.parse(readFileSync(join(folder, 'headers.metrics.json'), 'utf8')) as MetricsReport;
  const { ok, failed, gone } = metrics.overall;
  if (code !== 0 || ok !== keys) throw new Error(`exit code ${code}; of ${keys} keys ${ok} were answered, ${failed} failed, ${gone} were gone`);
  await sim.close();
  const { heads, resets, silences } = sim.stats();
  console.error(`${keys} keys in ${metrics.overall.elapsed_time} s, ${heads} HEADs, ${resets} resets, ${silences} silences`);
  return { keys, metrics, requests: metrics.shards.reduce((sum, { attempts }) => sum + attempts, 0), samples };
}

function at(samples: readonly Sample[], seconds: number): Sample {
  return samples.find((sample) => sample.seconds >= seconds) ?? samples.at(-1)!;
}

const rate = ({ metrics }: Scanned): number => metrics.overall.headers_per_second;

console.error('1 of 5: throttled');
const admit = `${PHASES.map((admitted) => `${admitted}:${phaseSeconds}`).join(',')},${PHASES.at(-1)}`;
const throttled = await scan(PHASES.reduce((sum, admitted) => sum + admitted, 0) * phaseSeconds, { admit: parseAdmission(admit), headLatencyMs: 5, listLatencyMs: 5 });
const phases = PHASES.map((admitted, number) => {
  const from = at(throttled.samples, number * phaseSeconds + SETTLED_SECONDS);
  // The last phase ends with the keys, and their end is no measure.
  const to = at(throttled.samples, Math.min((number + 1) * phaseSeconds, throttled.samples.at(-1)!.seconds - 1));
  const served = to.served - from.served;
  const refused = to.refused - from.refused;
  const recovered = throttled.samples.find(({ seconds }, index) => {
    const before = throttled.samples[index - 10];
    return seconds > number * phaseSeconds + 1 && before !== undefined && (throttled.samples[index]!.served - before.served) / (seconds - before.seconds) >= 0.85 * admitted;
  });
  return { admitted, used: served / (admitted * (to.seconds - from.seconds)), refused: refused / (served + refused), afterSeconds: (recovered?.seconds ?? Infinity) - number * phaseSeconds };
});

const latency = { headLatencyMs: LATENCY_MS, listLatencyMs: LATENCY_MS };
const keys = 5000 * phaseSeconds;
console.error('2 of 5: no faults');
const plain = await scan(keys, latency);
console.error('3 of 5: 503 at random');
const random = await scan(keys, { ...latency, errorRate: 0.3, listErrorRate: 0.3 });
console.error('4 of 5: resets');
const resets = await scan(keys * 1.5, { ...latency, resetEveryMs: 1000 });
console.error('5 of 5: silence');
const silence = await scan(Math.round(keys / 5), { ...latency, silentRate: SILENT }, ['--timeout', String(TIMEOUT_S)]);

/** What the slots allow: each waits for the answer, or for the timeout. */
const slotSeconds = ((1 - SILENT) * IN_FLIGHT) / rate(plain) + SILENT * TIMEOUT_S;
const allowed = ((1 - SILENT) * IN_FLIGHT) / slotSeconds;

const row = (name: string, scanned: Scanned): Cell[] => {
  const { overall } = scanned.metrics;
  return [name, scanned.keys, overall.failed, scanned.requests / scanned.keys, overall.elapsed_time, Math.round(overall.headers_per_second)];
};
finishRun(
  {
    name: 'faults',
    parameters: { phaseSeconds, inFlight: IN_FLIGHT },
    notes: [
      `a server that admits ${PHASES.join(', then ')} requests a second, ${phaseSeconds} s each, measured at the server, from ${SETTLED_SECONDS} s into each phase`,
      'time to 85%: since the phase began, until a second in which 85% of what is admitted was served',
      `the others answer in ${LATENCY_MS} ms; what slots lost to waiting allow is ${Math.round(allowed)} headers/s, with a timeout of ${TIMEOUT_S} s`,
      'a run in which a single key had no answer in the end is an error, and not kept',
    ],
    tables: [
      {
        title: 'A server that admits so many requests a second',
        columns: ['admitted', 'used', 'refused', 'time to 85%, s'],
        rows: phases.map(({ admitted, used, refused, afterSeconds }) => [admitted, used, refused, afterSeconds]),
      },
      {
        title: 'What faults cost',
        columns: ['server', 'keys', 'rows lost', 'requests a key', 'seconds', 'headers/s'],
        rows: [
          row('admits a changing rate', throttled),
          row('no faults', plain),
          row('503 to 30% at random, LISTs too', random),
          row('all connections reset every second', resets),
          row(`${SILENT * 100}% of HEADs never answered`, silence),
        ],
      },
    ],
    goals: [
      ...phases.flatMap(({ admitted, used, refused, afterSeconds }, number) => [
        { what: `phase ${number + 1}: of ${admitted} a second, used`, value: used, bound: 'at least' as const, limit: 0.85, unit: '×' },
        { what: `phase ${number + 1}: refused of what was asked`, value: refused, bound: 'at most' as const, limit: 0.05, unit: '×' },
        { what: `phase ${number + 1}: time to 85%`, value: afterSeconds, bound: 'at most' as const, limit: 10, unit: 's' },
      ]),
      { what: '503 at random: requests a key', value: random.requests / random.keys, bound: 'at most', limit: 1.5, unit: '×' },
      { what: '503 at random: of the rate without', value: rate(random) / rate(plain), bound: 'at least', limit: 0.5, unit: '×' },
      { what: 'resets: requests a key', value: resets.requests / resets.keys, bound: 'at most', limit: 1.1, unit: '×' },
      { what: 'never answered: of what the slots allow', value: rate(silence) / allowed, bound: 'at least', limit: 0.6, unit: '×' },
    ],
    commands,
  },
  !flags['no-keep'],
);
