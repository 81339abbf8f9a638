/** Asks for a good key, a key that is answered badly, and two more good ones, on one connection: by a shard, with either engine. */
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../src/head/engine.ts';
import { FastEngine } from '../../src/head/fast-engine.ts';
import type { EngineName, HeadSettings } from '../../src/head/protocol.ts';
import { RecordAssembly } from '../../src/head/record-assembly.ts';
import { SdkEngine } from '../../src/head/sdk-engine.ts';
import { Shard } from '../../src/head/shard.ts';
import { createLatencyHistogram } from '../../src/metrics/latency.ts';
import { ShardCounters } from '../../src/metrics/shard-counters.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { DIRECT } from '../http/direct.ts';
import { rawServer, response, type RawServer } from '../http/raw-server.ts';
import { keyBatch, packed } from '../queue/key-batches.ts';
import type { Row } from '../records/arrow-rows.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { END, NEXT_REQUEST, RESET, type HostileAnswer, type Piece } from './hostile-answers.ts';
import { recordSink } from './record-sink.ts';
import { unlimited } from './unlimited.ts';

const KEYS = ['before', 'hostile', 'next', 'last'] as const;

function own(key: string): string {
  return response(200, { 'Content-Length': '7', ETag: `"${key}"`, 'x-amz-meta-key': key });
}

/** Sends the pieces; what stands behind `NEXT_REQUEST` is kept for that one. */
async function send(socket: Socket, pieces: readonly Piece[], later: Map<Socket, readonly Piece[]>): Promise<void> {
  for (const [at, piece] of pieces.entries()) {
    if (socket.destroyed) return;
    if (piece === NEXT_REQUEST) {
      later.set(socket, pieces.slice(at + 1));
      return;
    }
    if (piece === END) socket.end();
    else if (piece === RESET) socket.resetAndDestroy();
    else if (typeof piece === 'string') socket.write(piece, 'latin1');
    else if (piece instanceof Uint8Array) socket.write(piece);
    else if ('pauseMs' in piece) await sleep(piece.pauseMs);
  }
}

/**
 * As servers do, one answer after the other on each connection: what belongs to the first is sent before the second.
 * `answerOf`: null for a key that is answered well.
 */
export function serveHostile(t: TestContext, answerOf: (key: string) => HostileAnswer | null): Promise<RawServer> {
  const later = new Map<Socket, readonly Piece[]>();
  const sent = new WeakMap<Socket, Promise<void>>();
  const asked = new Set<string>();
  const answer = async (socket: Socket, key: string, before: Promise<void>): Promise<void> => {
    await before;
    const kept = later.get(socket) ?? [];
    later.delete(socket);
    await send(socket, kept, later);
    const hostile = answerOf(key);
    const isFirst = !asked.has(key);
    asked.add(key);
    await send(socket, hostile !== null && (isFirst || hostile.once !== true) ? hostile.send : [own(key)], later);
  };
  return rawServer(t, (socket, { target, method }) => {
    if (method === 'GET') {
      // The request on the bucket that a scan of given keys begins with.
      socket.write(response(200));
      return;
    }
    sent.set(socket, answer(socket, target.slice(target.lastIndexOf('/') + 1), sent.get(socket) ?? Promise.resolve()));
  });
}

function settings(endpoint: string, engine: EngineName, timeoutMs: number): HeadSettings {
  return {
    endpoint,
    region: 'us-east-1',
    addressing: 'path',
    variants: PLAIN,
    network: DIRECT,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    clockOffsetMs: 0,
    engine,
    schema: HEAD_COLUMNS,
    recordRows: 4096,
    requestHeaders: [],
    parts: false,
    mayBeTold: false,
    timeoutMs,
    maxAttempts: 2,
  };
}

export interface HostileScan {
  readonly rows: ReadonlyMap<string, Row>;
  readonly server: RawServer;
}

export async function scanHostile(t: TestContext, answer: HostileAnswer, name: EngineName): Promise<HostileScan> {
  const server = await serveHostile(t, (key) => (key === 'hostile' ? answer : null));
  const given = settings(server.origin, name, answer.hangs === true ? 1000 : 10_000);
  const { pace, endpoints, retryBudget, gates, access } = unlimited(1);
  const engine = (name === 'fast' ? new FastEngine(given, pace) : new SdkEngine(given, 1)) as Engine<unknown>;
  const sink = recordSink(t, HEAD_COLUMNS);
  const assembly = new RecordAssembly(HEAD_COLUMNS, sink.sender);
  const listed = answer.listed === true ? { size: null, lastModified: null, etag: packed(KEYS) } : null;
  const batch = keyBatch(KEYS, { kind: 'records', after: 0, through: KEYS.length }, listed);
  engine.useAddress(batch.bucket, pathAddress(server.origin, batch.bucket));
  await new Promise<void>((resolve) => {
    const shard = new Shard({
      shard: 0,
      slots: 1,
      maxAttempts: 2,
      parts: false,
      engines: [engine],
      endpoints,
      assembly,
      told: null,
      counters: new ShardCounters(ShardCounters.allocate(1)),
      latency: createLatencyHistogram(),
      retryBudget,
      gates,
      access,
      pull: () => {},
      exhausted: () => {},
      idle: resolve,
    });
    t.after(() => shard.close());
    shard.accept(0, batch);
    shard.end();
  });
  assembly.flush();
  const rows = sink.received().flatMap((received) => received.rows);
  return { rows: new Map(rows.map((row) => [row['key'] as string, row])), server };
}
