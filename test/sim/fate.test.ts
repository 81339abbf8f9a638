import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fateDrawer } from '../../src/sim/fate.ts';
import { resolveSimOptions, type SimOptions } from '../../src/sim/options.ts';
import { headRequest, raw, withSim } from './client.ts';

const draw = (options: Partial<SimOptions>, stream: number, count: number, method: string = 'HEAD'): string[] => {
  const next = fateDrawer(resolveSimOptions(options), stream, () => 0);
  return Array.from({ length: count }, () => JSON.stringify(next(method)));
};

test('a run can be repeated; another seed or process draws otherwise', () => {
  const options = { seed: 4, errorRate: 0.3, resetRate: 0.1, headLatencyMs: 10, latencyJitter: 0.5 };
  assert.deepEqual(draw(options, 0, 500), draw(options, 0, 500));
  assert.notDeepEqual(draw(options, 0, 500), draw(options, 1, 500));
  assert.notDeepEqual(draw(options, 0, 500), draw({ ...options, seed: 5 }, 0, 500));
});

const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 0.015, `${actual}, not ${expected}`);

test('faults come as often as asked for, to those they are asked for, and delays stay within the jitter', () => {
  const options = { errorRate: 0.3, listErrorRate: 0.05, resetRate: 0.1, headLatencyMs: 10, listLatencyMs: 40, latencyJitter: 0.5 };
  const share = (method: string, fault: string): number =>
    draw(options, 0, 20_000, method).filter((fate) => fate.includes(fault)).length / 20_000;
  near(share('HEAD', 'reset'), 0.1);
  near(share('HEAD', 'slow-down'), 0.9 * 0.3);
  near(share('GET', 'slow-down'), 0.9 * 0.05);
  for (const [method, latency] of [['HEAD', 10], ['GET', 40]] as const) {
    const delays = draw(options, 0, 2_000, method).map((fate) => (JSON.parse(fate) as { delayMs: number }).delayMs);
    assert.ok(delays.every((delay) => delay >= latency * 0.5 && delay <= latency * 1.5));
    assert.ok(Math.max(...delays) - Math.min(...delays) > latency * 0.9);
  }
});

test('a refused request that is sent again draws anew: no key stays refused', async () => {
  await withSim({ errorRate: 0.5, seed: 3 }, async (sim) => {
    const request = headRequest('/bucket/object-000000001');
    const statuses = (await raw(sim, [request.repeat(60)], 60)).map(({ status }) => status);
    assert.deepEqual(new Set(statuses), new Set([200, 503]));
    assert.equal(sim.stats().slowDowns, statuses.filter((status) => status === 503).length);
    assert.equal(sim.stats().heads, 60);
  });
});

test('a reset ends the connection in place of an answer, behind the answers before it', async () => {
  await withSim({ resetRate: 0.2, seed: 2 }, async (sim) => {
    let answered = 0;
    for (let connection = 0; connection < 20; connection++) {
      answered += (await raw(sim, [headRequest('/bucket/object-000000001').repeat(50)], null)).length;
    }
    const { resets, heads } = sim.stats();
    assert.deepEqual([resets, heads], [20, answered]);
    assert.ok(answered > 20);
  });
});

test('what is not admitted is refused at once, whatever the latency; what is silent gets no answer, nor what follows it', async () => {
  const fates = draw({ admit: [{ rate: 1000, seconds: 60 }], headLatencyMs: 10 }, 0, 100).map((fate) => JSON.parse(fate) as { delayMs: number; fault: string });
  const refused = fates.filter(({ fault }) => fault === 'slow-down');
  assert.ok(refused.length >= 49 && refused.every(({ delayMs }) => delayMs === 0));
  await withSim({ silentRate: 0.1, seed: 2 }, async (sim) => {
    const answers = await raw(sim, [headRequest('/bucket/object-000000001').repeat(200)], 200).catch(() => []);
    assert.ok(answers.length < 200);
    assert.equal(sim.stats().silences, 1);
  });
});

test('all connections are reset now and then', async () => {
  await withSim({ resetEveryMs: 30 }, async (sim) => {
    for (let connection = 0; connection < 3; connection++) await raw(sim, [headRequest('/bucket/object-000000001')], null);
    assert.ok(sim.stats().resets >= 3);
  });
});
