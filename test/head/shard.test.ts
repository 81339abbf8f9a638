import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { planShards } from '../../src/head/head-workers.ts';
import { RecordAssembly } from '../../src/head/record-assembly.ts';
import { Shard } from '../../src/head/shard.ts';
import type { Pace } from '../../src/http/pace.ts';
import { PATIENCE_MS, type RetryBudget } from '../../src/http/retry-budget.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { createLatencyHistogram } from '../../src/metrics/latency.ts';
import { COUNTER, ShardCounters } from '../../src/metrics/shard-counters.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { KeyQueue } from '../../src/queue/key-queue.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import type { Row } from '../records/arrow-rows.ts';
import { fileBatch, keyBatch, keysOf, packed, pageBatch } from '../queue/key-batches.ts';
import { FakeEngine, type Asked } from './fake-engine.ts';
import { recordSink } from './record-sink.ts';
import { unlimited } from './unlimited.ts';

const SCHEMA = HEAD_COLUMNS.filter(({ name }) => ['bucket', 'key', 'version_id', 'status', 'error', 'drift', 'attempts', 'content_type', 'shard'].includes(name));
const ANYWHERE = { after: new Uint8Array(0), through: null };

interface Lane {
  readonly engine: FakeEngine;
  readonly shard: Shard<unknown>;
  readonly counters: ShardCounters;
  readonly budget: RetryBudget;
  readonly pace: Pace;
  pulls: number;
  idle: number;
  readonly exhausted: string[];
  /** every row written so far, of key batches that are whole */
  flush(): Row[];
}

function lane(t: TestContext, slots: number, maxAttempts = 11, parts = false, engines = [new FakeEngine()]): Lane {
  const [engine] = engines as [FakeEngine];
  const sink = recordSink(t, SCHEMA);
  const assembly = new RecordAssembly(SCHEMA, sink.sender);
  const counters = new ShardCounters(ShardCounters.allocate(1, engines.length), engines.length);
  const endpoints = new EndpointHealth(EndpointHealth.allocate(engines.length));
  const { pace, retryBudget: budget, gates, access } = unlimited(1000);
  const own: Lane = {
    engine,
    counters,
    budget,
    pace,
    pulls: 0,
    idle: 0,
    exhausted: [],
    shard: new Shard({
      shard: 0,
      slots,
      maxAttempts,
      parts,
      engines,
      endpoints,
      assembly,
      told: null,
      counters,
      latency: createLatencyHistogram(),
      retryBudget: budget,
      gates: engines.map(() => gates[0]!),
      access,
      pull: () => {
        own.pulls++;
      },
      exhausted: (last) => own.exhausted.push(last),
      idle: () => {
        own.idle++;
      },
    }),
    flush: () => {
      assembly.flush();
      return sink.received().flatMap(({ rows }) => rows);
    },
  };
  return own;
}

/** What can become of one request. */
const OUTCOMES = {
  ok: (asked: Asked) => asked.answer(200, { etag: etagOf(asked.key), mark: asked.key }),
  drift: (asked: Asked) => asked.answer(200, { etag: 'other', mark: asked.key }),
  gone: (asked: Asked) => asked.answer(404, { mark: asked.key }),
  denied: (asked: Asked) => asked.answer(403, { mark: asked.key }),
  skewed: (asked: Asked) => asked.answer(403, { mark: asked.key, headers: { date: 'skewed' } }),
  slowDown: (asked: Asked) => asked.answer(503, { mark: asked.key }),
  later: (asked: Asked) => asked.answer(429, { mark: asked.key, headers: { 'retry-after': '3' } }),
  internal: (asked: Asked) => asked.answer(500, { mark: asked.key }),
  reset: (asked: Asked) => asked.fail('ECONNRESET', true),
  refused: (asked: Asked) => asked.fail('ECONNREFUSED', false),
  garbage: (asked: Asked) => asked.fail('HPE_INVALID', false),
} as const;
type Outcome = keyof typeof OUTCOMES;

const STATUS: Readonly<Record<Outcome, number | undefined>> = {
  ok: 200, drift: 200, gone: 404, denied: 403, skewed: 403, slowDown: 503, later: 429, internal: 500, reset: undefined, refused: undefined, garbage: undefined,
};
const TEMPORARY: ReadonlySet<Outcome> = new Set(['slowDown', 'later', 'internal', 'reset', 'refused']);

const THROTTLED: ReadonlySet<Outcome> = new Set(['slowDown', 'later']);

function etagOf(key: string): string {
  return `e${Number(key.slice(4))}`;
}

const outcome = fc.oneof({ weight: 6, arbitrary: fc.constant('ok' as const) }, { weight: 5, arbitrary: fc.constantFrom(...(Object.keys(OUTCOMES) as Outcome[])) });
const schedule = fc.record({
  slots: fc.integer({ min: 1, max: 5 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  listed: fc.boolean(),
  batches: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
  outcomes: fc.infiniteStream(outcome),
  dice: fc.infiniteStream(fc.nat()),
  stopAfter: fc.option(fc.nat(60)),
});

test('any schedule of answers, failures and retries: every key one row, with its own answer (R1, R4)', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  fc.assert(
    fc.property(schedule, ({ slots, maxAttempts, listed, batches, outcomes, dice, stopAfter }) => {
      const own = lane(t, slots, maxAttempts);
      const { shard, engine, counters } = own;
      const accepted: KeyBatch[] = [];
      const history = new Map<string, Outcome[]>();
      let asked = 0;
      let stoppedAt: number | null = null;
      shard.pump();
      for (let step = 0; own.idle === 0; step++) {
        assert.ok(step < 20_000, 'it comes to an end');
        if (step === stopAfter) {
          shard.stop();
          stoppedAt = engine.asked.length;
        }
        const die = dice.next().value % 4;
        if (own.pulls > accepted.length && die === 0 && stoppedAt === null) {
          if (accepted.length < batches.length) {
            const count = batches[accepted.length]!;
            const batch = listed ? pageBatch(asked, count, ANYWHERE) : fileBatch(asked, count);
            asked += count;
            accepted.push(batch);
            shard.accept(accepted.length, batch);
          } else {
            shard.end();
          }
        } else if (engine.inFlight.length > 0 && die < 3) {
          const request = engine.inFlight[dice.next().value % engine.inFlight.length]!;
          const what: Outcome = outcomes.next().value;
          history.set(request.key, [...(history.get(request.key) ?? []), what]);
          OUTCOMES[what](request);
        } else {
          t.mock.timers.tick(dice.next().value % 5000);
        }
        assert.equal(counters.get(0, COUNTER.inFlight), engine.inFlight.length);
      }

      assert.ok(engine.mostInFlight <= slots);
      if (stoppedAt !== null) assert.equal(engine.asked.length, stoppedAt, 'nothing starts after stop');
      const rows = own.flush();
      const keys = rows.map(({ key }) => key as string);
      assert.equal(new Set(keys).size, keys.length);
      if (stoppedAt === null) assert.deepEqual([...keys].sort(), accepted.flatMap(keysOf).sort());
      for (const row of rows) checkRow(row, history.get(row['key'] as string)!, engine.asked.filter(({ key }) => key === row['key']), listed, maxAttempts);
      checkCounters(counters, stoppedAt === null ? rows : null, engine.asked.length);
    }),
    { numRuns: 250 },
  );
});

function checkRow(row: Row, outcomes: readonly Outcome[], requests: readonly Asked[], listed: boolean, maxAttempts: number): void {
  const last = outcomes.at(-1)!;
  assert.equal(row['attempts'], requests.length);
  assert.equal(row['status'], STATUS[last]);
  assert.equal(row['bucket'], 'bucket');
  assert.equal(row['content_type'], STATUS[last] === undefined ? undefined : row['key']);
  assert.equal(row['error'] === undefined, last === 'ok' || last === 'drift');
  assert.equal(row['drift'], listed && last === 'drift' ? 'etag' : listed && last === 'gone' ? 'gone' : undefined);

  const doubtful = (each: Outcome): boolean => listed && (each === 'drift' || each === 'gone');
  const count = (which: (each: Outcome) => boolean): number => outcomes.filter(which).length;
  // What does not fit the LIST entry is asked twice, and every time after the first on a fresh connection.
  if (doubtful(last)) assert.equal(count(doubtful), 2);
  else assert.ok(count(doubtful) <= 1);
  const doubtedAt = outcomes.findIndex(doubtful);
  if (doubtedAt >= 0) assert.ok(requests.slice(doubtedAt + 1).every(({ fresh }) => fresh));
  // The clock is corrected once; the end of an idle connection costs no retry, once.
  assert.ok(count((each) => each === 'skewed') <= 2);
  const free = Math.min(1, count((each) => each === 'reset'));
  const most = THROTTLED.has(last) ? 1 + 3 * (maxAttempts - 1) : maxAttempts;
  if (TEMPORARY.has(last)) assert.ok(requests.length >= most, 'a temporary failure is final only after all attempts');
  assert.ok(count((each) => TEMPORARY.has(each)) - free <= 1 + 3 * (maxAttempts - 1));
  assert.ok(count((each) => TEMPORARY.has(each) && !THROTTLED.has(each)) - free <= maxAttempts);
  // Whatever is final, comes last.
  for (const each of outcomes.slice(0, -1)) assert.ok(TEMPORARY.has(each) || doubtful(each) || each === 'skewed', each);
}

function checkCounters(counters: ShardCounters, rows: readonly Row[] | null, requests: number): void {
  const { attempts, done, ok, gone, failed, inFlight } = counters.ofShard(0);
  assert.deepEqual([attempts, inFlight, done], [requests, 0, ok + gone + failed]);
  if (rows === null) return;
  const of = (which: (row: Row) => boolean): number => rows.filter(which).length;
  assert.deepEqual([done, ok, gone], [rows.length, of(({ status }) => status === 200), of(({ status }) => status === 404)]);
}

test('a retry waits for its time, and its slot takes other keys meanwhile', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.mock.method(Math, 'random', () => 0.5);
  const { shard, engine, counters } = lane(t, 1);
  shard.pump();
  shard.accept(0, fileBatch(0, 3));
  OUTCOMES.slowDown(engine.inFlight[0]!);
  assert.equal(engine.inFlight[0]!.key, 'key-0000001');
  OUTCOMES.later(engine.inFlight[0]!);
  OUTCOMES.ok(engine.inFlight[0]!);
  assert.equal(engine.inFlight.length, 0);
  t.mock.timers.tick(49);
  assert.equal(engine.inFlight.length, 0);
  t.mock.timers.tick(1);
  assert.equal(engine.inFlight[0]!.key, 'key-0000000');
  OUTCOMES.internal(engine.inFlight[0]!);
  t.mock.timers.tick(50);
  assert.equal(engine.inFlight[0]!.key, 'key-0000000');
  OUTCOMES.ok(engine.inFlight[0]!);
  // Retry-After: 3
  t.mock.timers.tick(3000 - 100 - 1);
  assert.equal(engine.inFlight.length, 0);
  t.mock.timers.tick(1);
  assert.equal(engine.inFlight[0]!.key, 'key-0000001');
  const { throttled, retriesThrottled, retriesTransient, attempts } = counters.ofShard(0);
  assert.deepEqual([throttled, retriesThrottled, retriesTransient, attempts], [2, 2, 1, 6]);
});

test('an idle connection that the server had ended costs the key nothing, the second time it is a failure', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const own = lane(t, 1, 1);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 1));
  OUTCOMES.reset(own.engine.inFlight[0]!);
  t.mock.timers.tick(0);
  OUTCOMES.reset(own.engine.inFlight[0]!);
  assert.deepEqual(own.flush().map(({ key, attempts, error }) => [key, attempts, error]), [['key-0000000', 2, 'ECONNRESET']]);
});

test("MinIO's words for a refusal become the row's", (t) => {
  const own = lane(t, 1);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 1));
  own.engine.inFlight[0]!.answer(403, { mark: '', headers: { 'x-minio-error-code': 'InvalidAccessKeyId', 'x-minio-error-desc': '"no such key id"' } });
  assert.equal(own.flush()[0]!['error'], 'InvalidAccessKeyId');
});

test('a version is asked for by its id, however often, and its row bears it whatever came (R1)', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const own = lane(t, 1, 3);
  own.shard.pump();
  own.shard.accept(0, keyBatch(['k', 'k', 'k', 'k'], { kind: 'records', after: 0, through: 4 }, null, packed(['v1', 'v2', 'null', ''])));
  const versions = (): (string | null)[] => own.engine.asked.map(({ asked }) => asked.versionId);
  OUTCOMES.internal(own.engine.inFlight[0]!);
  own.engine.inFlight[0]!.answer(404, { mark: '' });
  OUTCOMES.garbage(own.engine.inFlight[0]!);
  own.engine.inFlight[0]!.answer(200, { mark: '', headers: { 'x-amz-version-id': 'null' } });
  t.mock.timers.tick(1000);
  // Another version's answer: asked once more on a fresh connection, then told (R4).
  own.engine.inFlight[0]!.answer(200, { mark: '', headers: { 'x-amz-version-id': 'v2' } });
  t.mock.timers.tick(0);
  assert.ok(own.engine.inFlight[0]!.fresh);
  own.engine.inFlight[0]!.answer(200, { mark: '', headers: { 'x-amz-version-id': 'v2' } });
  assert.deepEqual(versions(), ['v1', 'v2', 'null', null, 'v1', 'v1']);
  const rows = own.flush().map(({ version_id, status, error, drift }) => [version_id, status, error, drift]);
  assert.deepEqual(rows, [
    ['v2', 404, 'NoSuchKey', undefined],
    ['null', undefined, 'HPE_INVALID', undefined],
    [undefined, 200, undefined, undefined],
    ['v1', 200, undefined, 'version_id'],
  ]);
});

test('a delete marker answers 405 and is no failure; where an object was listed, it is asked again (R4)', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const own = lane(t, 3);
  own.shard.pump();
  const listed = { size: BigInt64Array.of(-1n, 5n, 5n), etag: null, lastModified: null };
  own.shard.accept(0, keyBatch(['marker', 'object', 'locked'], { kind: 'keyspace', ...ANYWHERE }, listed, packed(['v1', 'v2', 'v3'])));
  const marker = { mark: '', headers: { 'x-amz-delete-marker': 'true' } };
  const [first, second, third] = own.engine.asked;
  first!.answer(405, marker);
  second!.answer(405, marker);
  third!.answer(405, { mark: '' });
  t.mock.timers.tick(0);
  const [again] = own.engine.inFlight;
  assert.deepEqual([again!.key, again!.asked.versionId, again!.fresh], ['object', 'v2', true]);
  again!.answer(405, marker);
  const { gone, failed } = own.counters.ofShard(0);
  assert.deepEqual([gone, failed], [2, 1]);
  assert.deepEqual(own.flush().map(({ key, drift }) => [key, drift]), [['marker', undefined], ['locked', undefined], ['object', 'gone']]);
});

test('an object without a first part is asked for whole', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const own = lane(t, 1, 1, true);
  own.shard.pump();
  own.shard.accept(0, keyBatch(['empty'], { kind: 'records', after: 0, through: 1 }, null, packed(['v1'])));
  own.engine.inFlight[0]!.answer(416, { mark: '' });
  t.mock.timers.tick(0);
  own.engine.inFlight[0]!.answer(200, { mark: '' });
  assert.deepEqual(own.engine.asked.map(({ asked }) => asked), [{ versionId: 'v1', firstPart: true }, { versionId: 'v1', firstPart: false }]);
  assert.deepEqual(own.flush().map(({ status }) => status), [200]);
});

test('the scan is told when the server has been out for too long, once for each key that would need it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const own = lane(t, 2);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 2));
  while (!own.budget.isOut) own.budget.spend('throttled', Date.now() - PATIENCE_MS);
  OUTCOMES.slowDown(own.engine.inFlight[0]!);
  OUTCOMES.refused(own.engine.inFlight[0]!);
  assert.deepEqual(own.exhausted, ['503 SlowDown', 'ECONNREFUSED']);
  // Neither key is given up: what they are is not known.
  own.shard.stop();
  assert.deepEqual(own.flush(), []);
  assert.ok(own.idle > 0);
});

test('what is cut off in the end gets no row and counts as none', async (t) => {
  const own = lane(t, 2);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 2));
  OUTCOMES.ok(own.engine.inFlight[0]!);
  own.shard.stop();
  assert.equal(own.idle, 0);
  assert.deepEqual(own.flush(), []);
  await own.shard.close();
  assert.deepEqual(own.flush(), []);
  const { ok, failed, done, inFlight } = own.counters.ofShard(0);
  assert.deepEqual([ok, failed, done, inFlight], [1, 0, 1, 0]);
});

// ---- the end of a scan ---------------------------------------------------------------------------------

/** Rounds in which every request takes as long, until all keys of a page have their row; a pull takes no time. */
function roundsFor(t: TestContext, keys: number, concurrency: number, count: number): number {
  const queue = new KeyQueue(1_000_000, concurrency);
  void queue.push(pageBatch(0, keys, ANYWHERE));
  queue.end();
  const plan = planShards(concurrency, count);
  const lanes = plan.map(({ slots }) => ({ slots, served: 0, own: lane(t, slots) }));
  for (const { own } of lanes) own.shard.pump();
  let id = 0;
  let rounds = 0;
  let done = 0;
  while (done < keys) {
    for (let served = true; served; ) {
      served = false;
      for (const each of lanes) {
        if (each.own.pulls === each.served) continue;
        const batch = queue.take(each.slots);
        if (batch === null) continue;
        each.served++;
        each.own.shard.accept(id++, batch);
        served = true;
      }
    }
    rounds++;
    const flying = lanes.flatMap(({ own }) => own.engine.inFlight);
    assert.ok(flying.length > 0 && flying.length <= concurrency);
    for (const asked of flying) OUTCOMES.ok(asked);
    done += flying.length;
  }
  return rounds;
}

test('the last keys spread over all slots: 1,000 keys and 80 in flight are 13 rounds, and few more', (t) => {
  assert.ok(roundsFor(t, 1000, 80, 32) <= Math.floor(1.3 * 13));
  assert.ok(roundsFor(t, 80, 80, 32) <= 2);
  assert.ok(roundsFor(t, 1, 80, 32) === 1);
  assert.ok(roundsFor(t, 10_000, 80, 32) <= Math.floor(1.1 * 125));
});

// ---- pace ----------------------------------------------------------------------------------------------

/** When each HEAD was sent, ms, where all are answered at once. */
function sendTimes(t: TestContext, own: Lane, keys: number): number[] {
  const times: number[] = [];
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, keys));
  own.shard.end();
  for (let ms = 0; times.length < keys; ms++) {
    assert.ok(ms < 60_000);
    while (own.engine.inFlight.length > 0) {
      times.push(ms);
      OUTCOMES.ok(own.engine.inFlight[0]!);
    }
    t.mock.timers.tick(1);
  }
  return times;
}

/** The shared clock, as mocked as the timers. */
function mockedClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.mock.method(performance, 'now', () => Date.now());
}

test('with a limit, keys go out as it allows however many slots are free', (t) => {
  mockedClock(t);
  const own = lane(t, 10);
  own.pace.limit(200);
  const times = sendTimes(t, own, 100);
  for (const [sent, ms] of times.entries()) assert.ok(Math.abs(sent - (ms * 200) / 1000) <= 4, `${sent} in ${ms} ms`);
});

test('a server that is out is hardly asked; the first answer, and all goes on', (t) => {
  mockedClock(t);
  const own = lane(t, 10);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 5000));
  while (!own.budget.isOut) OUTCOMES.refused(own.engine.inFlight[0] ?? (t.mock.timers.tick(10), own.engine.inFlight[0]!));
  for (const each of own.engine.inFlight.slice()) OUTCOMES.refused(each);
  const before = own.engine.asked.length;
  for (let ms = 0; ms < 5000; ms += 10) {
    t.mock.timers.tick(10);
    for (const each of own.engine.inFlight.slice()) OUTCOMES.refused(each);
  }
  const asked = own.engine.asked.length - before;
  assert.ok(asked >= 45 && asked <= 51, `${asked} requests in 5 s`);
  assert.deepEqual(own.exhausted, []);
  while (own.engine.inFlight.length === 0) t.mock.timers.tick(10);
  OUTCOMES.ok(own.engine.inFlight[0]!);
  assert.equal(own.engine.inFlight.length, 10);
});

test('what an endpoint that is out was asked is asked of another: at no cost of the budget, and as its own connection (R4)', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const engines = [new FakeEngine(), new FakeEngine()] as const;
  const [home, other] = engines;
  const own = lane(t, 40, 2, false, [...engines]);
  own.shard.pump();
  own.shard.accept(0, fileBatch(0, 40));
  assert.deepEqual([home.inFlight.length, other.inFlight.length], [40, 0]);
  const spent = t.mock.method(own.budget, 'spend');
  for (const asked of home.inFlight.slice()) asked.fail('ECONNREFUSED', false);
  // The first few were failures like others; each has one retry.
  t.mock.timers.tick(100);
  assert.deepEqual([home.inFlight.length, other.inFlight.length], [0, 40]);
  for (const asked of other.inFlight.slice()) asked.answer(200, { mark: asked.key });
  const rows = own.flush();
  assert.deepEqual(rows.map(({ key }) => key as string).sort(), Array.from({ length: 40 }, (_, at) => `key-${String(at).padStart(7, '0')}`));
  for (const { key, content_type: mark, status, attempts } of rows) assert.deepEqual([mark, status, attempts], [key, 200, 2]);
  const [first, second] = [own.counters.ofEndpoint(0), own.counters.ofEndpoint(1)];
  assert.deepEqual([first.attempts, first.unanswered, first.done, second.attempts, second.done], [40, 40, 0, 40, 40]);
  assert.deepEqual([own.counters.ofShard(0).attempts, own.counters.ofShard(0).inFlight, own.exhausted], [80, 0, []]);
  assert.ok(spent.mock.callCount() < 5);

  // Once its time has come, one key goes to find out whether it is back; its answer brings all that follow.
  t.mock.timers.tick(1000);
  own.shard.accept(1, fileBatch(40, 80));
  assert.deepEqual([home.inFlight.length, other.inFlight.length], [1, 39]);
  home.inFlight[0]!.answer(200, { mark: '' });
  for (const asked of other.inFlight.slice()) asked.answer(200, { mark: '' });
  assert.deepEqual([home.inFlight.length, other.inFlight.length], [40, 0]);
  // A slot has one connection, whichever way it went; the one that tried has it still.
  assert.equal(home.inFlight.filter(({ fresh }) => !fresh).length, 1);
});
