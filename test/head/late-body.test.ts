import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastEngine } from '../../src/head/fast-engine.ts';
import { RecordAssembly } from '../../src/head/record-assembly.ts';
import { Shard } from '../../src/head/shard.ts';
import { createLatencyHistogram } from '../../src/metrics/latency.ts';
import { ShardCounters } from '../../src/metrics/shard-counters.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { DIRECT } from '../http/direct.ts';
import { rawServer, response } from '../http/raw-server.ts';
import { keysOf, pageBatch } from '../queue/key-batches.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { recordSink } from './record-sink.ts';
import { unlimited } from './unlimited.ts';

test("a server that sends bodies after its HEADs, late and shaped like answers: every row is its own key's (R4)", async (t) => {
  const server = await rawServer(t, (socket, { target, number }) => {
    const key = decodeURIComponent(target.split('/').at(-1)!);
    setTimeout(() => {
      // The first on a connection is answered well: what is asked again gets its own answer.
      socket.write(response(200, { ETag: `"e${Number(key.slice(4))}"`, 'x-amz-meta-key': key }));
      if (number > 1 || Number(key.slice(4)) % 2 === 0) {
        setTimeout(() => socket.write(response(200, { ETag: '"forged"', 'x-amz-meta-key': 'forged' })), 4);
      }
    }, 15);
  });
  const sink = recordSink(t, HEAD_COLUMNS);
  const assembly = new RecordAssembly(HEAD_COLUMNS, sink.sender);
  const { pace, endpoints, retryBudget, gates, access } = unlimited(2);
  const engine = new FastEngine({
    endpoint: server.origin,
    region: 'us-east-1',
    addressing: 'path',
    variants: PLAIN,
    network: DIRECT,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    clockOffsetMs: 0,
    engine: 'fast',
    schema: HEAD_COLUMNS,
    recordRows: 4096,
    requestHeaders: [],
    parts: false,
    mayBeTold: false,
    timeoutMs: 5000,
    maxAttempts: 5,
  }, pace);
  engine.useAddress('bucket', pathAddress(server.origin, 'bucket'));
  const batch = pageBatch(0, 12, { after: new Uint8Array(0), through: null });
  const listed = { ...batch.listed!, size: null, lastModified: null };
  await new Promise<void>((resolve) => {
    const shard = new Shard({
      shard: 0,
      slots: 2,
      maxAttempts: 5,
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
    shard.accept(0, { ...batch, listed });
    shard.end();
  });
  assembly.flush();
  const rows = sink.received().flatMap((received) => received.rows);
  assert.deepEqual(rows.map(({ key }) => key as string).sort(), keysOf(batch));
  for (const { key, metadata, status, drift } of rows) assert.deepEqual([status, drift, metadata], [200, undefined, [['key', key]]]);
  // It was not for want of trying.
  assert.ok(server.requests.length > batch.count);
  assert.match(server.requests[0]!.header('authorization')!, /^AWS4-HMAC-SHA256 Credential=id\//);
});
