/**
 * `npm run test:fuzz -- [--minutes N] [TARGET …]`: fuzzes each target for so long, one after the other, and says how many
 * inputs there were. Ends at the first that breaks one, with the input; put that into findings.ts.
 */
import { parseArgs } from 'node:util';
import { diceOf } from '../listing/fake-bucket.ts';
import { mutate } from './mutations.ts';
import { TARGETS, type Target } from './targets.ts';

/** CPU time. One input takes micro- to milliseconds; this long is a hang. */
const HANG_MS = 2000;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function fuzz(target: Target, minutes: number): Promise<boolean> {
  const seed = Date.now() | 0;
  const dice = diceOf(seed);
  const started = performance.now();
  let inputs = 0;
  let slowest = 0;
  while (performance.now() - started < minutes * 60_000) {
    const input = mutate(dice, target.samples, target.words);
    inputs++;
    const before = cpuMs();
    const broken = await Promise.resolve()
      .then(() => target.check(input, dice))
      .then(() => null, (error: unknown) => error);
    slowest = Math.max(slowest, cpuMs() - before);
    if (broken !== null || slowest > HANG_MS) {
      process.stdout.write(`${target.name}: input ${inputs} of seed ${seed}, ${slowest.toFixed(0)} ms of CPU at most\n${JSON.stringify(input.toString('latin1'))}\n${String(broken)}\n`);
      return false;
    }
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${target.name}: ${inputs} inputs in ${seconds.toFixed(0)} s, the slowest ${slowest.toFixed(1)} ms of CPU, seed ${seed}: nothing found\n`);
  return true;
}

const { values, positionals } = parseArgs({ options: { minutes: { type: 'string', default: '10' } }, allowPositionals: true });
for (const target of TARGETS) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  if (!(await fuzz(target, Number(values.minutes)))) process.exitCode = 1;
}
