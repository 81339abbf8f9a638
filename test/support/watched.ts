/** What a running process holds on to: memory and open files, a sample every so often. Linux tells it, others do not. */
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Holding {
  /** since the first sample */
  readonly seconds: number;
  readonly rssBytes: number;
  readonly openFiles: number;
}

async function holdingOf(pid: number, seconds: number): Promise<Holding | null> {
  try {
    const [status, files] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readdir(`/proc/${pid}/fd`)]);
    return { seconds, rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024, openFiles: files.length };
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

/** Until the process ends. */
export async function watch(child: ChildProcess, everyMs: number): Promise<readonly Holding[]> {
  const samples: Holding[] = [];
  const started = performance.now();
  const state = { ended: false };
  child.once('exit', () => {
    state.ended = true;
  });
  while (!state.ended) {
    const holding = await holdingOf(child.pid!, (performance.now() - started) / 1000);
    if (holding !== null) samples.push(holding);
    await sleep(everyMs);
  }
  return samples;
}

/** The quarters of the time, each with its middle value and its highest. */
export function quarters(samples: readonly Holding[], value: (holding: Holding) => number): { readonly median: number; readonly most: number }[] {
  return [0, 1, 2, 3].map((quarter) => {
    const part = samples.slice(Math.floor((samples.length * quarter) / 4), Math.floor((samples.length * (quarter + 1)) / 4));
    const values = part.map(value).sort((a, b) => a - b);
    return { median: values[values.length >> 1] ?? 0, most: values.at(-1) ?? 0 };
  });
}
