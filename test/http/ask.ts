/** A HeadConnection as promises. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Deadlines } from '../../src/http/deadlines.ts';
import { HeadConnection } from '../../src/http/head-connection.ts';
import { Outbox } from '../../src/http/outbox.ts';
import { Pace } from '../../src/http/pace.ts';
import { ResponseHead } from '../../src/http/response-head.ts';
import type { ConnectionSettings } from '../../src/http/settings.ts';
import { DIRECT } from './direct.ts';

export interface Answer {
  readonly status: number;
  /** names as sent */
  readonly headers: readonly (readonly [string, string])[];
  readonly latencyUs: number;
}

export interface HeadAsker {
  readonly connection: HeadConnection;
  /** whether the connection that the last failure came on had answered before */
  readonly reused: boolean;
  /** Rejects with what the connection says. */
  head(path: string, headers?: string[]): Promise<Answer>;
}

function text(part: Uint8Array): string {
  return Buffer.from(part).toString('latin1');
}

/** Checks that each HEAD is answered or failed once, and closes the connection with the test. */
export function ask(t: TestContext, settings: Pick<ConnectionSettings, 'origin'> & Partial<ConnectionSettings>): HeadAsker {
  let pending: PromiseWithResolvers | null = null;
  let reused = false;
  const settle = (): PromiseWithResolvers => {
    assert.ok(pending !== null, 'an answer or error that nobody asked for');
    const settled = pending;
    pending = null;
    return settled;
  };
  const connection = new HeadConnection(
    { timeoutMs: 5000, network: DIRECT, ...settings },
    {
      onAnswer: (status, raw, latencyUs) => {
        const { names, bytes, spans, count } = raw;
        const headers = Array.from({ length: count }, (_, at) => [text(names[at]!), text(bytes.subarray(spans[at * 2], spans[at * 2 + 1]))] as const);
        settle().resolve({ status, headers, latencyUs });
      },
      onNoAnswer: (error, hadAnswered) => {
        reused = hadAnswered;
        settle().reject(error);
      },
    },
    { deadlines: new Deadlines(), outbox: new Outbox(), head: new ResponseHead(), pace: new Pace(Pace.allocate(null)) },
  );
  t.after(() => connection.close());
  return {
    connection,
    get reused() {
      return reused;
    },
    head: (path, headers = ['host', 'test']) =>
      new Promise((resolve, reject) => {
        assert.equal(pending, null);
        pending = { resolve, reject };
        connection.ask(path, headers);
      }),
  };
}

interface PromiseWithResolvers {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}
