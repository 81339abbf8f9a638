/**
 * A simulation in child processes. This one accepts connections and hands them out in turn, so that each child has its share; waiting
 * children that all accept from one socket would leave most to the first that wakes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import type { SimOptions } from './options.ts';
import type { FromSimProcess, ToSimProcess } from './process-messages.ts';
import { emptyStats, sumStats, type SimStats } from './stats.ts';

const ENTRY = fileURLToPath(new URL(`./server-process${extname(import.meta.url)}`, import.meta.url));

export interface SimProcesses {
  accept(socket: Socket): void;
  stats(): SimStats;
  close(): Promise<void>;
}

export async function startProcesses(options: SimOptions, count: number): Promise<SimProcesses> {
  const children = await Promise.all(Array.from({ length: count }, (_, stream) => startChild(options, stream)));
  let next = 0;
  return {
    accept: (socket) => {
      children[next]!.accept(socket);
      next = (next + 1) % children.length;
    },
    stats: () => sumStats(children.map((child) => child.stats())),
    close: async () => {
      await Promise.all(children.map((child) => child.close()));
    },
  };
}

async function startChild(options: SimOptions, stream: number): Promise<SimProcesses> {
  // Not the parent's flags: a test runner's or an inspector's would run it twice.
  const child = fork(ENTRY, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let stats = emptyStats();
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromSimProcess) => {
      stats = message.stats;
      resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Failure('defect', 'simulation: a child process ended before it was ready')));
  });
  // Options go by message: they may hold a secret, and arguments are for all to see (R7).
  send(child, { kind: 'start', options, stream });
  await ready;
  return {
    accept: (socket) => send(child, { kind: 'connection' }, socket),
    stats: () => stats,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      send(child, { kind: 'stop' });
      await exited;
    },
  };
}

function send(child: ChildProcess, message: ToSimProcess, socket?: Socket): void {
  // A child that is gone takes its connections with it; its exit is what tells.
  child.send(message, socket, {}, () => {});
}
