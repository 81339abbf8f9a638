/**
 * MinIO on a free loopback port with a fresh folder: a real S3 server that is not ours. On a laptop without it the
 * tests that need it skip, and say so; with CI=true they fail.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import type { Environment } from './cli.ts';

const HOW_TO_INSTALL = 'install it with `go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c`, or name its binary in MINIO_BIN';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findMinio(): string | null {
  const named = process.env['MINIO_BIN'];
  if (named) return named;
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'minio')).find(isExecutable);
  if (onPath !== undefined) return onPath;
  const gopath = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' }).stdout?.trim();
  const installed = gopath ? join(gopath, 'bin', 'minio') : null;
  return installed !== null && isExecutable(installed) ? installed : null;
}

const MINIO = findMinio();

/** For `test(…, { skip })`: false where MinIO is there, or has to be. */
export const withoutMinio: string | false = MINIO === null && process.env['CI'] !== 'true' && `MinIO not found: ${HOW_TO_INSTALL}`;

export interface Minio {
  readonly endpoint: string;
  /** what a client needs to be let in */
  readonly env: Environment;
  readonly client: S3Client;
  stop(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'e2e-access-key', secretAccessKey: 'e2e+secret/key=0123456789' };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when it answers. */
export async function startMinio(): Promise<Minio> {
  if (MINIO === null) throw new Error(`MinIO not found: ${HOW_TO_INSTALL}`);
  const folder = await mkdtemp(join(tmpdir(), 's3scan-minio-'));
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const server = spawn(MINIO, ['server', '--quiet', '--address', new URL(endpoint).host, folder], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      MINIO_ROOT_USER: CREDENTIALS.accessKeyId,
      MINIO_ROOT_PASSWORD: CREDENTIALS.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(endpoint)); tries++) {
    if (tries === 300 || server.exitCode !== null) {
      await stop();
      throw new Error(`MinIO (${MINIO}) does not answer at ${endpoint}`);
    }
    await sleep(100);
  }
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS });
  return {
    endpoint,
    env: { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
    client,
    stop: async () => {
      client.destroy();
      await stop();
    },
  };
}

async function answers(endpoint: string): Promise<boolean> {
  const answer = await fetch(`${endpoint}/minio/health/live`).catch(() => null);
  return answer?.ok === true;
}
