/** One process's share of a simulated endpoint: the connections that it was given, and what they share. It listens on nothing. */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Connection, type DelayedAnswer, type Service } from './connection.ts';
import { DelayWheel } from './delay-wheel.ts';
import { Endpoint } from './endpoint.ts';
import { fateDrawer, maxDelayMs } from './fate.ts';
import type { SimOptions } from './options.ts';
import { emptyStats, type SimStats } from './stats.ts';

export class Simulation {
  readonly stats: SimStats = emptyStats();
  readonly #service: Service;
  readonly #connections = new Set<Connection>();
  readonly #resets: NodeJS.Timeout | null;

  /** `stream`: which process of the simulation this is. */
  constructor(options: SimOptions, stream: number) {
    this.#service = {
      endpoint: new Endpoint(options, stream, this.stats),
      drawFate: fateDrawer(options, stream, () => performance.now()),
      wheel: new DelayWheel(maxDelayMs(options), deliver, () => performance.now()),
      stats: this.stats,
    };
    this.#resets = options.resetEveryMs === 0 ? null : setInterval(() => this.#resetAll(), options.resetEveryMs);
  }

  /** Before the first request, where times are measured. */
  warmUp(): void {
    this.#service.endpoint.warmUp();
  }

  #resetAll(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Takes a connection of a server with `pauseOnConnect`. */
  accept(socket: Socket): void {
    const connection = new Connection(this.#service, socket);
    this.#connections.add(connection);
    connection.onClose(() => this.#connections.delete(connection));
  }

  close(): void {
    if (this.#resets !== null) clearInterval(this.#resets);
    this.#service.wheel.close();
    for (const connection of this.#connections) connection.destroy();
  }
}

/** Answers first, writes then: what one connection gets in one millisecond leaves in one write. */
function deliver(due: readonly DelayedAnswer[]): void {
  for (const answer of due) answer.connection.deliver(answer);
  for (const { connection } of due) connection.flush();
}
