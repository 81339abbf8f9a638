/**
 * What a benchmark starts and leaves on disk, and its end: child processes (by their own group) and temporary
 * folders are gone when the benchmark is, however it ends.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** A process in a group of its own: `/usr/bin/time` and `taskset` would not hand a signal on. */
export function spawnOwned(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: true });
  const kill = (): void => endOwned(child);
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

export function endOwned(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It ended meanwhile.
  }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 's3scan-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
