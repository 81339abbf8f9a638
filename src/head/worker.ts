/** Thread entry: hosts some of the shards, and hands their record batches to the writer thread. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { RecordableHistogram } from 'node:perf_hooks';
import { toFailureMessage } from '../failure.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import { Pace } from '../http/pace.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { createLatencyHistogram } from '../metrics/latency.ts';
import { ShardCounters } from '../metrics/shard-counters.ts';
import { RecordSender } from '../records/channel.ts';
import { AccessCheck } from './access-check.ts';
import type { Engine } from './engine.ts';
import { FastEngine } from './fast-engine.ts';
import { Gate } from './gate.ts';
import type { FromHeadWorker, HeadSettings, HeadWorkerData, ToHeadWorker } from './protocol.ts';
import { RecordAssembly } from './record-assembly.ts';
import { Shard } from './shard.ts';
import { ToldHeads } from './told-heads.ts';

/** How long requests in flight may still take once the scan is to stop. */
const STOP_GRACE_MS = 5000;

const port = parentPort!;

function post(message: FromHeadWorker): void {
  port.postMessage(message);
}

function fail(error: unknown): void {
  post({ type: 'failed', failure: toFailureMessage(error) });
}

async function openEngine(settings: HeadSettings, pace: Pace, slots: number): Promise<Engine<unknown>> {
  if (settings.engine === 'fast') return new FastEngine(settings, pace);
  // Loaded only when used: the SDK takes 200 ms to start.
  const { SdkEngine } = await import('./sdk-engine.ts');
  return new SdkEngine(settings, slots);
}

/** What the thread does once it knows how to ask. */
interface Host {
  hear(message: Exclude<ToHeadWorker, { type: 'start' }>): void;
}

async function openHost(data: HeadWorkerData, settings: HeadSettings, records: MessagePort): Promise<Host> {
  const retryBudget = new RetryBudget(data.retryBudget);
  const access = new AccessCheck(settings.credentials !== null, () => post({ type: 'refused' }));
  const endpoints = new EndpointHealth(data.endpoints);
  const slotsOfAll = data.shards.reduce((sum, { slots }) => sum + slots, 0);
  const paces = Array.from({ length: endpoints.endpoints }, (_, endpoint) => new Pace(data.pace, endpoint));
  const gates = paces.map((pace) => new Gate(pace, retryBudget));
  const engines = await Promise.all(paces.map((pace) => openEngine(settings, pace, slotsOfAll)));
  const sender = new RecordSender(records, () => shards.forEach((shard) => shard.pump()));
  const assembly = new RecordAssembly(settings.schema, sender, settings.recordRows, settings.mayBeTold);
  const told = settings.mayBeTold ? new ToldHeads(settings.schema) : null;
  const latencies: { shard: number; histogram: RecordableHistogram }[] = [];
  let finished = false;

  const finish = (): void => {
    if (finished) return;
    finished = true;
    assembly.flush();
    post({ type: 'finished', recordBatches: sender.sent });
    void Promise.all([...shards.values()].map((shard) => shard.close()));
  };

  const shards = new Map(
    data.shards.map(({ shard, slots }) => {
      const histogram = createLatencyHistogram();
      latencies.push({ shard, histogram });
      const lane = new Shard({
        shard,
        slots,
        engines,
        endpoints,
        assembly,
        told,
        maxAttempts: settings.maxAttempts,
        parts: settings.parts,
        counters: new ShardCounters(data.counters, endpoints.endpoints),
        latency: histogram,
        retryBudget,
        gates,
        access,
        pull: () => post({ type: 'pull', shard }),
        exhausted: (last) => post({ type: 'exhausted', last }),
        idle: () => {
          if ([...shards.values()].every((other) => other.isIdle)) finish();
        },
      });
      return [shard, lane];
    }),
  );

  post({ type: 'ready', latencies });
  for (const shard of shards.values()) shard.pump();
  return {
    hear(message) {
      switch (message.type) {
        case 'batch':
          shards.get(message.shard)!.accept(message.id, message.batch);
          break;
        case 'address':
          message.addresses.forEach((address, endpoint) => engines[endpoint]!.useAddress(message.bucket, address));
          break;
        case 'end':
          for (const shard of shards.values()) shard.end();
          break;
        case 'stop':
          for (const shard of shards.values()) shard.stop();
          setTimeout(finish, STOP_GRACE_MS).unref();
          break;
        case 'access':
          access.settle();
          break;
        case 'credentials':
          for (const engine of engines) engine.useCredentials(message.credentials);
          break;
      }
    },
  };
}

// Whatever a message, a timer or a socket led to: any row of a key file may name a bucket that has no address, and
// a thread that died of it would hand its words on without kind and hint.
process.on('uncaughtException', fail);

let host: Promise<Host> | null = null;
port.on('message', (message: ToHeadWorker) => {
  if (message.type === 'start') host = openHost(workerData as HeadWorkerData, message.settings, message.records);
  else void host?.then((opened) => opened.hear(message)).catch(fail);
  host?.catch(fail);
});
