/**
 * Runs the built `bin/s3scan.js` as a process, with an environment that holds nothing of the developer's: no AWS
 * settings, an empty home folder, no instance metadata.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Relative to dist/test/support. */
const BIN = fileURLToPath(new URL('../../../bin/s3scan.js', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export interface RunOptions {
  readonly env?: Environment;
  readonly cwd?: string;
  /** what standard input holds; nothing unless told */
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** null where a signal ended it */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<RunResult>;
}

/** What must never be seen, whatever is asked (R7). */
const SECRET_NAMES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'S3SCAN_SSE_C_KEY'] as const;

export function secretsOf(env: Environment): string[] {
  return SECRET_NAMES.map((name) => env[name]).filter((secret) => secret !== undefined);
}

/** Starts it, for tests that send signals or close its streams. */
export async function startS3scan(args: readonly string[], options: RunOptions = {}): Promise<RunningCommand> {
  const { env = {}, cwd, stdin = '', timeoutMs = 60_000 } = options;
  const home = await mkdtemp(join(tmpdir(), 's3scan-home-'));
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: cwd ?? home,
    env: { PATH: process.env['PATH'], HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => output[name].push(chunk));
    child[name].on('error', () => {});
  }
  // It may end without reading what it is given.
  child.stdin.on('error', () => {}).end(stdin);
  const ended = once(child, 'close').then(async ([code]): Promise<RunResult> => {
    await rm(home, { recursive: true, force: true });
    const stdout = Buffer.concat(output.stdout).toString();
    const stderr = Buffer.concat(output.stderr).toString();
    for (const secret of secretsOf(env)) assert.ok(!`${stdout}${stderr}`.includes(secret), `a secret was shown by s3scan ${args.join(' ')}`);
    return { code: code as number | null, stdout, stderr };
  });
  return { child, ended };
}

/** Runs it to its end. */
export async function s3scan(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { ended } = await startS3scan(args, options);
  return ended;
}

/** Runs it to its end, which must be exit code 0: anything else fails with what it said. */
export async function s3scanDone(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await s3scan(args, options);
  assert.equal(result.code, 0, `s3scan ${args.join(' ')} ended with ${result.code}\n${result.stderr}`);
  return result;
}
