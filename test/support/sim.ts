/** `s3scan sim` as a process, as a user starts it. */
import { once } from 'node:events';
import type { Environment } from './cli.ts';
import { startS3scan } from './cli.ts';
import type { Ending } from './folder.ts';

export interface SimCommand {
  readonly endpoint: string;
  /** what every command against it needs, bucket included */
  readonly target: readonly string[];
}

/** Serves until the test ends. With `env`, signatures are checked against its keys. */
export async function startSimCommand(t: Ending, args: readonly string[], env: Environment | null = null): Promise<SimCommand> {
  const { child, ended } = await startS3scan(['sim', ...args, ...(env === null ? [] : ['--sign'])], { timeoutMs: 120_000, ...(env !== null && { env }) });
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const line = await Promise.race([once(child.stdout!, 'data').then(([chunk]) => String(chunk)), ended.then(({ stderr }) => stderr)]);
  const endpoint = line.trim();
  if (!URL.canParse(endpoint)) throw new Error(`s3scan sim did not start: ${line}`);
  return { endpoint, target: ['s3://sim', '--endpoint', endpoint, ...(env === null ? ['--no-sign-request'] : [])] };
}
