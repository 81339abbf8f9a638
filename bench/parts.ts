/** The steps of the hot path one by one, in one thread, each beside what one would use otherwise. */
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { keyEncoding, signing } from './parts/request.ts';
import { pageDecoding } from './parts/listing.ts';
import type { Part, Variant } from './parts/part.ts';
import { headerDecoding, writing } from './parts/rows.ts';
import { finishRun, type Cell, type Goal } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    /** of a Parquet file; a row group has 122,880 */
    rows: { type: 'string', default: '122880' },
    /** ms for each variant, and calls at least */
    time: { type: 'string', default: '2000' },
    calls: { type: 'string', default: '5' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const time = Number(flags.time);
const calls = Number(flags.calls);

const parts: readonly Part[] = [await signing(), keyEncoding(), headerDecoding(), ...(await writing(rows)), await pageDecoding()];

/** ms of CPU of the whole process, the compiler's and the collector's threads among them; steady where wall time is not. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const bench = new Bench({ now: cpuMs, time, iterations: calls, warmupTime: time / 4, warmupIterations: 2, throws: true });
const taskName = (part: Part, variant: Variant): string => `${part.name}: ${variant.name}`;
for (const part of parts) for (const variant of part.variants) bench.add(taskName(part, variant), async () => void (await variant.run()));
bench.addEventListener('cycle', ({ task }) => console.error(task?.name));
await bench.run();

/** µs an item, the mean of all calls: what the garbage collector takes in some of them belongs to all. */
function medianOf(part: Part, variant: Variant): number {
  const result = bench.getTask(taskName(part, variant))?.result;
  if (result?.state !== 'completed') throw new Error(`${taskName(part, variant)} did not complete`);
  return (result.latency.mean * 1000) / variant.items;
}

const goals: Goal[] = [];
const table: Cell[][] = [];
for (const part of parts) {
  const [ours] = part.variants;
  for (const variant of part.variants) {
    const each = medianOf(part, variant);
    table.push([part.name, variant.name, part.item, each, each / medianOf(part, ours), variant.bytesPerItem ?? null]);
  }
  if (part.limit !== undefined) goals.push({ what: `${part.name}, a ${part.item}`, value: medianOf(part, ours), bound: 'at most', limit: part.limit, unit: 'µs' });
}

finishRun(
  {
    name: 'parts',
    parameters: { rows, msEach: time, callsAtLeast: calls },
    notes: [
      'means of CPU time, user and system, of the whole process in which one thread works; many items a call',
      'each part first by s3scan; signatures, paths and listed keys of the others were checked to be the same, Parquet files hold the same rows',
    ],
    tables: [{ title: 'Steps of the hot path', columns: ['part', 'by', 'item', 'µs an item', 'of the first', 'bytes an item'], rows: table }],
    goals,
    commands: [`node dist/bench/parts.js --rows ${rows} --time ${time} --calls ${calls}`],
  },
  !flags['no-keep'],
);
