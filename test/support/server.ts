/**
 * A real S3 server that is not ours, on a free loopback port with a fresh folder, ended by its process id. On a laptop
 * without it the tests that need it skip, and say so; with CI=true they fail.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as getSecurely } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import type { Environment } from './cli.ts';

/** How a server is found and started. */
export interface ServerProgram {
  readonly name: string;
  /** null where it is not there */
  readonly path: string | null;
  readonly howToInstall: string;
  readonly args: (host: string, port: string, folder: string) => string[];
  readonly env: Environment;
  /** what to ask to know whether it serves; any answer but a 5xx says yes */
  readonly readyPath: string;
  /** it speaks TLS, with this certificate */
  readonly ca?: string;
}

export interface S3Server {
  readonly endpoint: string;
  /** what a client needs to be let in */
  readonly env: Environment;
  readonly client: S3Client;
  /** Kills it, and starts it again at the same address with what it has on disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const CREDENTIALS = { accessKeyId: 'e2e-access-key', secretAccessKey: 'e2e+secret/key=0123456789' } as const;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the variable names, or what is on the PATH. */
export function findProgram(variable: string, program: string): string | null {
  const named = process.env[variable];
  if (named) return named;
  return (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program)).find(isExecutable) ?? null;
}

/** As `findProgram`, and where `go install` puts programs. */
export function findGoProgram(variable: string, program: string): string | null {
  const found = findProgram(variable, program);
  if (found !== null) return found;
  const gopath = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' }).stdout?.trim();
  const installed = gopath ? join(gopath, 'bin', program) : null;
  return installed !== null && isExecutable(installed) ? installed : null;
}

function missing({ name, howToInstall }: ServerProgram): string {
  return `${name} not found: ${howToInstall}`;
}

/** For `test(…, { skip })`: false where the server is there, or has to be. */
export function withoutServer(program: ServerProgram): string | false {
  return program.path === null && process.env['CI'] !== 'true' && missing(program);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url: string, agent: HttpsAgent | undefined): Promise<boolean> {
  const status = await new Promise<number>((resolve) => {
    const told = (answer: IncomingMessage): void => {
      resolve(answer.statusCode ?? 500);
      answer.destroy();
    };
    const request = agent === undefined ? get(url, told) : getSecurely(url, { agent }, told);
    request.on('error', () => resolve(500));
  });
  return status < 500;
}

/** Resolves when it answers. */
export async function startServer(program: ServerProgram): Promise<S3Server> {
  const { name, path, ca } = program;
  if (path === null) throw new Error(missing(program));
  const folder = await mkdtemp(join(tmpdir(), 's3scan-server-'));
  const port = String(await freePort());
  const agent = ca === undefined ? undefined : new HttpsAgent({ ca });
  const endpoint = `${agent === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const launch = (): { readonly server: ChildProcess; readonly ended: Promise<unknown> } => {
    const server = spawn(path, program.args('127.0.0.1', port, folder), {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], HOME: folder, ...program.env },
    });
    return { server, ended: once(server, 'exit') };
  };
  let running = launch();
  const kill = async (): Promise<void> => {
    running.server.kill('SIGKILL');
    await running.ended;
  };
  // A process that is ended in the midst, as benchmarks are, does not come to stopping it.
  const leave = (): void => {
    running.server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', leave);
  const stop = async (): Promise<void> => {
    process.off('exit', leave);
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  const ready = async (): Promise<void> => {
    for (let tries = 0; !(await answers(endpoint + program.readyPath, agent)); tries++) {
      if (tries === 300 || running.server.exitCode !== null) {
        await stop();
        throw new Error(`${name} (${path}) does not answer at ${endpoint}`);
      }
      await sleep(100);
    }
  };
  await ready();
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS, ...(agent !== undefined && { requestHandler: { httpsAgent: agent } }) });
  return {
    endpoint,
    env: { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
    client,
    restart: async () => {
      await kill();
      running = launch();
      await ready();
    },
    stop: async () => {
      client.destroy();
      await stop();
    },
  };
}
