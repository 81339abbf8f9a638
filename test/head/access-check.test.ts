import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AccessCheck } from '../../src/head/access-check.ts';

interface Checked {
  readonly check: AccessCheck;
  asked: number;
  /** in the order they were resumed */
  readonly resumed: string[];
  /** a refusal of what was signed so long ago, by default just now */
  holds(key: string, agoMs?: number): boolean;
}

function checked(t: TestContext, isSigned = true): Checked {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  const own: Checked = {
    check: new AccessCheck(isSigned, () => own.asked++),
    asked: 0,
    resumed: [],
    holds: (key, agoMs = 0) => own.check.holds(Date.now() - agoMs, Date.now(), () => own.resumed.push(key)),
  };
  return own;
}

test('one question for all that were refused by then; what is refused later waits for the next', (t) => {
  const own = checked(t);
  assert.ok(own.holds('a') && own.holds('b'));
  t.mock.timers.tick(0);
  assert.equal(own.asked, 1);
  own.check.succeeded();
  assert.ok(own.holds('c'), 'it may have been refused after the question');
  own.check.settle();
  assert.deepEqual(own.resumed, ['a', 'b']);
  t.mock.timers.tick(999);
  assert.equal(own.asked, 1);
  t.mock.timers.tick(1);
  assert.equal(own.asked, 2);
  own.check.settle();
  assert.deepEqual(own.resumed, ['a', 'b', 'c']);
});

test('where nothing but refusals comes, one question a second is enough', (t) => {
  const own = checked(t);
  assert.ok(own.holds('a'));
  t.mock.timers.tick(0);
  own.check.settle();
  t.mock.timers.tick(1);
  assert.equal(own.holds('b'), false);
  t.mock.timers.tick(999);
  assert.ok(own.holds('c'));
});

test('refused while the question is open, or signed before its answer: by credentials that may have expired', (t) => {
  const own = checked(t);
  assert.ok(own.holds('a'));
  t.mock.timers.tick(0);
  assert.ok(own.holds('b'), 'nothing has succeeded since the question, and its answer is open');
  t.mock.timers.tick(10);
  own.check.settle();
  t.mock.timers.tick(5);
  assert.ok(own.holds('c', 6), 'signed before the answer, which may have come with other credentials');
  assert.equal(own.holds('d', 4), false);
  t.mock.timers.tick(985);
  own.check.settle();
  assert.deepEqual(own.resumed, ['a', 'b', 'c']);
});

test('a clock that is set back puts the next question off by no more than a second', (t) => {
  const own = checked(t);
  assert.ok(own.holds('a'));
  t.mock.timers.tick(0);
  own.check.settle();
  assert.ok(own.check.holds(Date.now() - 3_600_000, Date.now() - 3_600_000, () => own.resumed.push('b')));
  t.mock.timers.tick(1000);
  assert.equal(own.asked, 2);
});

test('without credentials there is no question', (t) => {
  const own = checked(t, false);
  assert.equal(own.holds('a'), false);
});
