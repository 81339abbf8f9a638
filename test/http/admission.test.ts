/** What a scan does about refusals, in virtual time: against servers that admit a rate, that refuse at random, and that are out for a while. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionAfter, OPEN } from '../../src/http/admission.ts';
import { bucketServer, noisyServer, scan, windowServer, type Client, type Second, type Server } from './virtual-endpoint.ts';

const PHASES = [4000, 1000, 4000];
const PHASE_SECONDS = 20;
const SETTLED_SECONDS = 5;
const CLIENT: Client = { seconds: PHASES.length * PHASE_SECONDS, slots: 80, answerMs: 5, refusalMs: 1 };

function phaseRate(nowMs: number): number {
  return PHASES[Math.floor(nowMs / 1000 / PHASE_SECONDS)]!;
}

function total(seconds: readonly Second[]): Second {
  return seconds.reduce((all, { served, refused }) => ({ served: all.served + served, refused: all.refused + refused }), { served: 0, refused: 0 });
}

/** Of one phase, once it has settled: the share of what is admitted that is used, and the share refused of what is asked. */
function phase(course: readonly Second[], number: number): { used: number; refused: number } {
  const begin = number * PHASE_SECONDS;
  const { served, refused } = total(course.slice(begin + SETTLED_SECONDS, begin + PHASE_SECONDS));
  return { used: served / (PHASES[number]! * (PHASE_SECONDS - SETTLED_SECONDS)), refused: refused / (served + refused) };
}

const SERVERS: Readonly<Record<string, () => Server>> = {
  'hardly a burst': () => bucketServer(phaseRate, 5),
  'bursts of 50 ms': () => bucketServer(phaseRate, 50),
  'bursts of a second': () => bucketServer(phaseRate, 1000),
  'windows of a tenth': () => windowServer(phaseRate, 100),
  'windows of a second': () => windowServer(phaseRate, 1000),
};
const CLIENTS: readonly Client[] = [
  { ...CLIENT, answerMs: 1 },
  { ...CLIENT, answerMs: 10 },
  { ...CLIENT, slots: 500, answerMs: 100 },
  { ...CLIENT, slots: 200, answerMs: 15, refusalMs: 100 },
];

for (const [name, server] of Object.entries(SERVERS)) {
  test(`503 storm: a server that admits 4,000 a second, then 1,000, then 4,000 is used and hardly exceeded (${name})`, () => {
    for (const client of CLIENTS) {
      const course = scan(server(), client);
      PHASES.forEach((rate, number) => {
        const { used, refused } = phase(course, number);
        const what = `${rate} a second, ${client.slots} slots, ${client.answerMs} ms: ${used.toFixed(3)} used, ${refused.toFixed(3)} refused`;
        assert.ok(used >= 0.85, what);
        assert.ok(refused <= 0.05, what);
      });
    }
  });
}

test('503 at random: as fast as the share that is served allows, since going slower would not help', () => {
  for (const share of [0.05, 0.3, 0.5]) {
    for (const answerMs of [1, 10, 100]) {
      const client = { ...CLIENT, seconds: 60, answerMs, refusalMs: answerMs };
      const without = total(scan(() => true, client)).served;
      const { served, refused } = total(scan(noisyServer(share, 7, () => true), client));
      assert.ok(served >= 0.85 * (1 - share) * without, `${share} at ${answerMs} ms: ${(served / without).toFixed(2)} of the rate`);
      assert.ok(refused / (served + refused) <= share + 0.01);
    }
  }
});

test('503 at random and for the rate: the rate is found, and only what is random is refused', () => {
  const server = noisyServer(0.3, 3, bucketServer(() => 2000, 50));
  const { served, refused } = total(scan(server, { ...CLIENT, seconds: 60 }).slice(SETTLED_SECONDS));
  assert.ok(served >= 0.85 * 2000 * 55);
  assert.ok(refused / (served + refused) <= 0.35);
});

test('random refusals that end are forgotten: what is refused then is for the rate', () => {
  const noisy = noisyServer(0.5, 5, () => true);
  const limited = bucketServer(() => 1000, 50);
  const course = scan((now) => (now < 10_000 ? noisy(now) : limited(now)), { ...CLIENT, seconds: 50 });
  const { served, refused } = total(course.slice(30));
  assert.ok(served >= 0.85 * 20_000);
  assert.ok(refused / (served + refused) <= 0.05);
});

test('a server that is out for 10 s is hardly asked meanwhile, and at full speed within 10 s of its end', () => {
  for (const before of [8000, 2000]) {
    const limited = bucketServer(() => before, 50);
    const course = scan((now) => (now < 10_000 || now >= 20_000) && limited(now), { ...CLIENT, seconds: 40, answerMs: 10 });
    assert.ok(total(course.slice(11, 20)).refused <= 100);
    for (const { served } of course.slice(30)) assert.ok(served >= 0.85 * before, `${served} of ${before}`);
  }
});

test('the limit falls once for one burst of refusals, to nearly what was admitted, and rises by 2% at a time', () => {
  const refusing = { ms: 200, served: 200, refused: 300, inFlight: 50 };
  const fine = { ms: 200, served: 180, refused: 0, inFlight: 5 };
  let state = admissionAfter(OPEN, refusing);
  assert.equal(state.limit, Infinity, 'one interval does not tell the rate');
  state = admissionAfter(state, refusing);
  assert.equal(state.limit, 900);
  state = admissionAfter(state, { ...refusing, refused: 20 });
  assert.equal(state.limit, 900, 'those were sent before it fell');
  state = admissionAfter(state, fine);
  const limits = Array.from({ length: 5 }, () => (state = admissionAfter(state, fine)).limit);
  limits.forEach((limit, at) => assert.ok(Math.abs(limit - 900 * 1.02 ** (at + 1)) < 1e-6, `${limit}`));
});

test('a limit that is not reached does not rise', () => {
  const slow = { ms: 200, served: 20, refused: 0, inFlight: 5 };
  const state = { ...OPEN, limit: 1000, ceiling: 1000, growth: 0.02 };
  assert.equal(admissionAfter(state, slow).limit, 1000);
});
