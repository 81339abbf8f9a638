import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mock, test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { progressLine, RecentRate, startProgress, type HeadProgress, type ListProgress, type ProgressMode } from '../../src/cli/progress.ts';

const HEAD: HeadProgress = {
  kind: 'head', done: 123_456, errors: 2, inFlight: 80, listed: 300_000, filtered: 0, left: null, complete: false, source: 'listing',
};

test('the whole line, where there is room', () => {
  assert.equal(
    progressLine(HEAD, 15_804.4, 12_345, 200),
    'done 123,456 (41% of what is listed) · 15,804 HEAD/s now · errors 2 · 80 in flight · listed 300,000, listing on · 0:12',
  );
  assert.equal(
    progressLine({ ...HEAD, done: 300_000, complete: true, source: 'file', inFlight: 0 }, 0, 3_723_000, Infinity),
    'done 300,000 (100% of what is read) · 0 HEAD/s now · errors 2 · 0 in flight · read 300,000, reading complete · 1:02:03',
  );
});

test('a listing tells what it costs and how it is cut', () => {
  const list: ListProgress = { kind: 'list', keys: 300_000, filtered: 0, pages: 301, apiCalls: 312, ranges: 70, splits: 69, left: null, verified: 0 };
  const whole = 'listed 300,000 keys · 81,000 keys/s now · 301 pages · 1.04 calls per 1,000 keys · 70 ranges, 69 splits · 0:04';
  assert.equal(progressLine(list, 81_000, 4000, 200), whole);
  assert.equal(progressLine(list, 81_000, 4000, 70), 'listed 300,000 keys · 81,000 keys/s now · 301 pages · 0:04');
  assert.doesNotMatch(progressLine({ ...list, keys: 0 }, 0, 0, 200), /calls|NaN|Infinity/);
});

test('what is left is an estimate, and looks like one; it is gone when keys are listed again to compare', () => {
  assert.match(progressLine({ ...HEAD, left: 1_234_567 }, 0, 0, 200), / · listed 300,000, listing on, ~1,200,000 left · /);
  const list: ListProgress = { kind: 'list', keys: 300_000, filtered: 0, pages: 301, apiCalls: 312, ranges: 70, splits: 69, left: 98_765.4, verified: 0 };
  assert.match(progressLine(list, 0, 0, 200), /^listed 300,000 keys, ~99,000 left · /);
  assert.match(progressLine({ ...list, left: 0 }, 0, 0, 200), /^listed 300,000 keys · /);
  assert.match(progressLine({ ...list, left: null, verified: 1000 }, 0, 0, 200), /^listed 300,000 keys, 1,000 of them again · .* · 1\.04 calls per 1,000 keys/);
});

test('keys that filters left out are told where there are some', () => {
  assert.match(progressLine({ ...HEAD, filtered: 1_200_000 }, 0, 0, 200), / · listed 300,000, 1,200,000 filtered out, listing on/);
  const list: ListProgress = { kind: 'list', keys: 300_000, filtered: 1000, pages: 301, apiCalls: 301, ranges: 1, splits: 0, left: null, verified: 0 };
  assert.match(progressLine(list, 0, 0, 200), /^listed 300,000 keys, 1,000 filtered out · /);
});

test('before the first key is listed there is no share of it', () => {
  const line = progressLine({ ...HEAD, done: 0, listed: 0 }, 0, 0, 200);
  assert.match(line, /^done 0 · 0 HEAD\/s now/);
  assert.doesNotMatch(line, /NaN|%/);
});

test('99.99% is not 100%', () => {
  assert.match(progressLine({ ...HEAD, done: 299_999 }, 0, 0, 200), /\(99% of/);
});

test('narrow terminals lose what matters least, and keep the count, then the rate, then the errors', () => {
  assert.equal(progressLine(HEAD, 15_804, 12_345, 79), 'done 123,456 · 15,804 HEAD/s now · errors 2 · listed 300,000 · 0:12');
  assert.equal(progressLine(HEAD, 15_804, 12_345, 43), 'done 123,456 · 15,804 HEAD/s now · errors 2');
  assert.equal(progressLine(HEAD, 15_804, 12_345, 42), 'done 123,456 · 15,804 HEAD/s now');
  assert.equal(progressLine(HEAD, 15_804, 12_345, 45), 'done 123,456 · 15,804 HEAD/s now · errors 2');
  assert.equal(progressLine(HEAD, 15_804, 12_345, 20), 'done 123,456');
  assert.equal(progressLine(HEAD, 15_804, 12_345, 6), 'done 1');
});

test('property: the line is never wider than the terminal, and a wider terminal never shows less', () => {
  const snapshot = fc.record({
    kind: fc.constant('head' as const), done: fc.nat(1e9), errors: fc.nat(1e6), inFlight: fc.nat(5000), listed: fc.nat(1e9), filtered: fc.nat(1e9), left: fc.option(fc.nat(1e9)),
    complete: fc.boolean(), source: fc.constantFrom('listing' as const, 'file' as const),
  });
  fc.assert(
    fc.property(snapshot, fc.nat(200), (state, width) => {
      const line = progressLine(state, 1234, 99_000, width);
      assert.ok(line.length <= width);
      assert.ok(progressLine(state, 1234, 99_000, width + 1).length >= line.length);
    }),
  );
});

test('the rate now is that of the last span, not of the whole scan', () => {
  const recent = new RecentRate(2000, 0);
  assert.equal(recent.next(0, 0), 0);
  assert.equal(recent.next(1000, 500), 500);
  for (let ms = 2000; ms <= 10_000; ms += 1000) recent.next(ms, 500 + (ms - 1000) * 10);
  assert.equal(recent.next(11_000, 500 + 100_000), 10_000);
  assert.equal(recent.next(13_000, 500 + 100_000), 0);
});

interface Setting {
  readonly mode?: ProgressMode;
  readonly quiet?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly environment?: Record<string, string>;
}

/** Progress on a stream that keeps what it is sent, with timers that the test moves. */
function watched(context: TestContext, part: Setting) {
  mock.timers.enable({ apis: ['setInterval'] });
  context.after(() => mock.timers.reset());
  const state = { now: 1000, done: 0, needDrain: false, text: '' };
  const stream = {
    isTTY: part.isTTY ?? true,
    columns: part.columns ?? 80,
    get writableNeedDrain() {
      return state.needDrain;
    },
    write(text: string) {
      state.text += text;
    },
  };
  const progress = startProgress(() => ({ kind: 'list', keys: state.done, filtered: 0, pages: 1, apiCalls: 1, ranges: 1, splits: 0, left: null, verified: 0 }), {
    mode: part.mode ?? 'auto', quiet: part.quiet ?? false, stream, environment: part.environment ?? {}, now: () => state.now,
  });
  function advance(ms: number): string {
    state.text = '';
    for (let passed = 0; passed < ms; passed += 200) {
      state.now += 200;
      mock.timers.tick(200);
    }
    return state.text;
  }
  return { state, progress, advance };
}

const CLEAR = '\r\u001b[K';

test('on a terminal one line is redrawn, and is gone at the end', (context) => {
  const { state, progress, advance } = watched(context, {});
  state.done = 100;
  assert.equal(advance(200), `${CLEAR}listed 100 keys · 500 keys/s now · 1 pages · 10.00 calls per 1,000 keys · 0:00`);
  assert.equal(advance(1000).split(CLEAR).length - 1, 5);
  state.text = '';
  progress.stop();
  assert.equal(state.text, CLEAR);
  assert.equal(advance(1000), '');
});

test('clear makes room for a message, and stop then has nothing to clear', (context) => {
  const { state, progress, advance } = watched(context, {});
  advance(200);
  state.text = '';
  progress.clear();
  progress.clear();
  progress.stop();
  assert.equal(state.text, CLEAR);
});

test('the line leaves the last column free', (context) => {
  const { advance } = watched(context, { columns: 'listed 0 keys'.length });
  assert.equal(advance(200), `${CLEAR}listed 0 key`);
});

test('elsewhere a plain line comes every five seconds, and none where the scan is over before', (context) => {
  const { state, progress, advance } = watched(context, { isTTY: false });
  assert.equal(advance(4800), '');
  state.done = 5000;
  assert.equal(advance(200), 'listed 5,000 keys · 1,000 keys/s now · 1 pages · 0.20 calls per 1,000 keys · 1 ranges, 0 splits · 0:05\n');
  state.done = 15_000;
  assert.equal(advance(5000), 'listed 15,000 keys · 2,000 keys/s now · 1 pages · 0.07 calls per 1,000 keys · 1 ranges, 0 splits · 0:10\n');
  state.text = '';
  progress.stop();
  assert.equal(state.text, '');
  assert.equal(advance(10_000), '');
});

test('a dumb terminal gets plain lines, --progress always the redrawn one', (context) => {
  assert.equal(watched(context, { environment: { TERM: 'dumb' } }).advance(5000).includes('\u001b'), false);
  mock.timers.reset();
  assert.ok(watched(context, { isTTY: false, mode: 'always' }).advance(200).startsWith(`${CLEAR}listed 0 keys`));
});

test('--progress never and --quiet show nothing', (context) => {
  for (const silent of [{ mode: 'never' }, { quiet: true }, { quiet: true, mode: 'always' }] as const) {
    const { state, progress, advance } = watched(context, silent);
    assert.equal(advance(10_000), '');
    progress.clear();
    progress.stop();
    assert.equal(state.text, '');
    mock.timers.reset();
  }
});

test('a reader that is behind is sent nothing more (R5)', (context) => {
  const { state, advance } = watched(context, {});
  state.needDrain = true;
  assert.equal(advance(2000), '');
  state.needDrain = false;
  assert.match(advance(200), /listed/);
});

test('progress does not keep the process alive', () => {
  const module = new URL('../../src/cli/progress.js', import.meta.url).href;
  const script = `import { startProgress } from ${JSON.stringify(module)};
    const options = { mode: 'always', quiet: false, stream: process.stderr, environment: {}, now: () => 0 };
    startProgress(() => ({ kind: 'list', keys: 1, pages: 1 }), options);`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 5000, stdio: 'pipe' });
});
