/**
 * Runs a command on one core and tells what it used: getrusage of the ended child with all its threads, asked for by
 * a small program around it, since Node tells only its own. GNU time where there is one, else Python.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnOwned } from './owned.ts';

/** The measured process has a core to itself, and the server another. */
export const CLIENT_CORE = '0';
export const SERVER_CORE = '1';

export interface Usage {
  readonly wallSeconds: number;
  /** user and system time, from the start of the process to its end */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly stdout: string;
}

export interface MeasuredOptions {
  /** of the benchmark */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** kept and given back; else it goes to /dev/null */
  readonly keepStdout?: boolean;
}

/** Writes wall, user and system seconds and the peak in KiB, as GNU time does. */
const PYTHON_TIME = `
import os, resource, subprocess, sys, time
start = time.monotonic()
code = subprocess.call(sys.argv[2:])
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], 'w').write(f'{wall} {used.ru_utime} {used.ru_stime} {used.ru_maxrss}')
sys.exit(code)`;

function findTimer(): (file: string) => string[] {
  const gnu = spawnSync('/usr/bin/time', ['--version'], { encoding: 'utf8' });
  if (/GNU/i.test(`${gnu.stdout}${gnu.stderr}`)) return (file) => ['/usr/bin/time', '-o', file, '-f', '%e %U %S %M'];
  if (spawnSync('python3', ['--version']).status === 0) return (file) => ['python3', '-c', PYTHON_TIME, file];
  throw new Error('neither GNU time (/usr/bin/time) nor python3 is here to measure a process with');
}

const timed = findTimer();

export async function measure(command: readonly string[], options: MeasuredOptions): Promise<Usage> {
  const usageFile = join(options.folder, 'usage.txt');
  const args = ['-c', CLIENT_CORE, ...timed(usageFile), ...command];
  const child = spawnOwned('taskset', args, {
    env: options.environment,
    stdio: ['ignore', options.keepStdout === true ? 'pipe' : 'ignore', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`exit code ${code}: ${command.join(' ')}\n${stderr}`);
  const [wall, user, system, peakKiB] = readFileSync(usageFile, 'utf8').trim().split(' ').map(Number) as [number, number, number, number];
  return { wallSeconds: wall, cpuSeconds: user + system, peakRssBytes: peakKiB * 1024, stdout };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
