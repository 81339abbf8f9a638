/** A simulated S3 endpoint: listens, and hands its connections to this process's simulation or to child processes. */
import { once } from 'node:events';
import net from 'node:net';
import { Failure } from '../failure.ts';
import { resolveSimOptions, type SimOptions } from './options.ts';
import { startProcesses } from './processes.ts';
import { Simulation } from './simulation.ts';
import type { SimStats } from './stats.ts';

export interface Sim {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Of child processes: as they last told, at most a tenth of a second ago; exact once the simulation is closed. */
  stats(): SimStats;
  close(): Promise<void>;
}

/** What answers the connections that a server accepts. */
interface Backend {
  accept(socket: net.Socket): void;
  stats(): SimStats;
  close(): Promise<void>;
}

/** In this process; with more than one worker, in as many child processes. */
export async function startSim(given: Partial<SimOptions> = {}): Promise<Sim> {
  const options = resolveSimOptions(given);
  return listen(options, options.workers > 1 ? await startProcesses(options, options.workers) : inThisProcess(options));
}

/** Always in child processes, so that the simulation takes nothing from the event loop of who measures against it. */
export async function startSimProcess(given: Partial<SimOptions> = {}): Promise<Sim> {
  const options = resolveSimOptions(given);
  return listen(options, await startProcesses(options, Math.max(1, options.workers)));
}

function inThisProcess(options: SimOptions): Backend {
  const simulation = new Simulation(options, 0);
  return {
    accept: (socket) => simulation.accept(socket),
    stats: () => ({ ...simulation.stats }),
    close: async () => simulation.close(),
  };
}

async function listen(options: SimOptions, backend: Backend): Promise<Sim> {
  const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => backend.accept(socket));
  server.listen({ port: options.port, host: options.host, backlog: 4_096 });
  try {
    await once(server, 'listening');
  } catch (error) {
    await backend.close();
    const hint = 'Choose another port, or 0 for any free one.';
    throw new Failure('usage', `simulation: cannot listen on ${options.host}:${options.port}`, hint, { cause: error });
  }
  const { port } = server.address() as net.AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    endpoint: `http://${host}:${port}`,
    stats: () => backend.stats(),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await backend.close();
      await closed;
    },
  };
}
