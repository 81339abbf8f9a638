/**
 * Kills a scan at a moment, goes on with it, and looks at what is there: the promise of a directory output, checked by
 * DuckDB, which knows nothing of s3scan, and by what the simulation counts.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sim, SimOptions } from '../../src/sim/sim.ts';
import { s3scanDone, startS3scan } from './cli.ts';
import { committedParts, committedRows, partsOf } from './parts.ts';
import { reconnectsOf } from './reconnects.ts';
import { sql } from './tables.ts';

export interface Chaos {
  /** an empty one */
  readonly folder: string;
  readonly objects: number;
  readonly partRows: number;
  readonly startSim: (options: Partial<SimOptions>) => Promise<Sim>;
}

/** What was found at one moment. */
export interface Kill {
  /** HEADs that the simulation had seen */
  readonly asked: number;
  /** parts that were published, and rows of those that counted */
  readonly parts: number;
  readonly committed: number;
  /** HEADs of the run that went on: exactly those for its own rows, none for a key of a part that was committed */
  readonly askedAgain: number;
}

const TIMEOUT_MS = 600_000;
/** Those whose values are the same from run to run, and how often each key was asked. */
const COLUMNS = 'bucket,key,version_id,status,error,content_length,content_type,last_modified,etag,metadata,drift,attempts';

function options({ objects }: Chaos): Partial<SimOptions> {
  return { bucket: 'sim', objects, layout: 'dated' };
}

function command(sim: Sim, ...args: readonly string[]): string[] {
  return ['head', 's3://sim', '--endpoint', sim.endpoint, '--no-sign-request', '--shards', '8', '--columns', COLUMNS, '--progress', 'never', '-q', ...args];
}

/** The rows as they are where nothing is interrupted, as a file. */
export async function uninterrupted(chaos: Chaos): Promise<string> {
  const sim = await chaos.startSim(options(chaos));
  const path = join(chaos.folder, 'reference.parquet');
  await s3scanDone(command(sim, '-o', path), { timeoutMs: TIMEOUT_MS });
  await sim.close();
  return path;
}

/** Runs until a share of all HEADs was seen, below 0 and above 1 for its beginning and its end, and kills. False: it had ended before. */
async function killAt(chaos: Chaos, out: string, share: number): Promise<{ readonly isKilled: boolean; readonly asked: number }> {
  const sim = await chaos.startSim(options(chaos));
  const { child, ended } = await startS3scan(command(sim, '--part-rows', String(chaos.partRows), '-o', `${out}/`), { timeoutMs: TIMEOUT_MS });
  const wanted = Math.min(1, Math.max(0, share)) * chaos.objects;
  while (sim.stats().heads < wanted && child.exitCode === null) await sleep(1);
  if (share < 0) await sleep(-share * 5000);
  if (share > 1) await sleep((share - 1) * 1000);
  child.kill('SIGKILL');
  const isKilled = (await ended).code === null;
  await sim.close();
  return { isKilled, asked: sim.stats().heads };
}

/** HEADs that were sent for the rows of these files. */
async function attemptsIn(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) return 0;
  const [row] = await sql(`SELECT coalesce(sum(attempts), 0)::INTEGER AS attempts FROM read_parquet([${paths.map((path) => `'${path}'`).join(', ')}])`);
  return row!['attempts'] as number;
}

async function countOf(query: string): Promise<number> {
  const [row] = await sql(`SELECT count(*)::INTEGER AS rows FROM (${query})`);
  return row!['rows'] as number;
}

/** Fails where a file cannot be read, a row is missing, doubled or different, or a key was asked whose part was committed. */
export async function killAndResume(chaos: Chaos, reference: string, share: number): Promise<Kill> {
  const out = join(chaos.folder, `out-${share}`);
  const { isKilled, asked } = await killAt(chaos, out, share);
  if (!isKilled) {
    await rm(out, { recursive: true, force: true });
    // A little earlier, until it is a kill.
    return killAndResume(chaos, reference, share - 0.01);
  }
  const parts = await partsOf(out);
  for (const part of parts) await countOf(`SELECT * FROM read_parquet('${join(out, 'data', part)}')`);
  const before = await committedParts(out);
  const committed = await committedRows(out);
  // Killed as it was about to exit: the metrics stay those of that run.
  const isFinished = existsSync(join(out, '_SUCCESS'));

  const sim = await chaos.startSim(options(chaos));
  await s3scanDone(command(sim, '--part-rows', String(chaos.partRows), '--resume', '-o', `${out}/`), { timeoutMs: TIMEOUT_MS });
  await sim.close();
  const askedAgain = sim.stats().heads;
  const added = (await partsOf(out)).filter((part) => !before.has(part));
  assert.equal(askedAgain, (await attemptsIn(added.map((part) => join(out, 'data', part)))) + (isFinished ? 0 : await reconnectsOf(join(out, 'metrics.json'))), 'keys of committed parts were asked again');

  const [rows, expected] = [`SELECT * EXCLUDE attempts FROM read_parquet('${out}/data/*.parquet')`, `SELECT * EXCLUDE attempts FROM read_parquet('${reference}')`];
  // As many rows, and none that is not among them as often: the same ones.
  assert.equal(await countOf(rows), chaos.objects);
  assert.equal(await countOf(`(${rows}) EXCEPT ALL (${expected})`), 0, 'rows that differ, or are there twice');
  await rm(out, { recursive: true });
  return { asked, parts: parts.length, committed, askedAgain };
}

/** From a little before the first HEAD to a little behind the last, evenly spread, each at random in its own stretch. */
export function moments(count: number, dice: () => number = Math.random): number[] {
  return Array.from({ length: count }, (_, at) => -0.1 + (1.2 * (at + dice())) / count);
}
