import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AccessCheck } from '../../src/head/access-check.ts';

interface Checked {
  readonly check: AccessCheck;
  asked: number;
  /** in the order they were resumed */
  readonly resumed: string[];
  holds(key: string): boolean;
}

function checked(t: TestContext, isSigned = true): Checked {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  const own: Checked = {
    check: new AccessCheck(isSigned, () => own.asked++),
    asked: 0,
    resumed: [],
    holds: (key) => own.check.holds(Date.now(), () => own.resumed.push(key)),
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
  assert.equal(own.holds('b'), false);
  t.mock.timers.tick(1000);
  assert.ok(own.holds('c'));
});

test('without credentials there is no question', (t) => {
  const own = checked(t, false);
  assert.equal(own.holds('a'), false);
});
