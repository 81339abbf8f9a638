/** The HEAD target: nginx on loopback, over plain TCP and over TLS, pinned to a core of its own. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './environment.ts';
import { SERVER_CORE } from './measured-command.ts';
import { endOwned, spawnOwned } from './owned.ts';

const START_MS = 5000;

export interface Target {
  readonly plain: string;
  readonly tls: string;
  /** PEM, for `--ca-bundle` */
  readonly certificate: string;
  stop(): void;
}

/** Debian keeps it where the PATH of an ordinary user does not reach. */
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Self-signed, for this run only. */
function makeCertificate(folder: string): string {
  const certificate = join(folder, 'cert.pem');
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = spawnSync('openssl', [...args, ...names, '-keyout', join(folder, 'key.pem'), '-out', certificate], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.error?.message ?? made.stderr}`);
  return certificate;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** `folder` is the benchmark's temporary one. */
export async function startTarget(folder: string): Promise<Target> {
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix);
  const certificate = makeCertificate(prefix);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const template = readFileSync(join(ROOT, 'bench/nginx.conf'), 'utf8');
  writeFileSync(join(prefix, 'nginx.conf'), template.replaceAll('@PORT@', String(port)).replaceAll('@TLS_PORT@', String(tlsPort)));
  const nginx = spawnOwned('taskset', ['-c', SERVER_CORE, NGINX, '-p', prefix, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(nginx, 'exit').then(([code]) => {
    throw new Error(`nginx ended with code ${String(code)}: nginx-light and taskset are needed, and two cores`);
  });
  const ready = async (): Promise<void> => {
    for (const deadline = Date.now() + START_MS; !((await accepts(port)) && (await accepts(tlsPort))); ) {
      if (Date.now() > deadline) throw new Error('nginx does not accept connections');
      await sleep(20);
    }
  };
  await Promise.race([ready(), ended]);
  ended.catch(() => {});
  return { plain: `http://127.0.0.1:${port}`, tls: `https://127.0.0.1:${tlsPort}`, certificate, stop: () => endOwned(nginx) };
}
