import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestClock } from '../../src/s3/clock.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 600);
const MINUTE = 60_000;

test('requests are dated with the time of the server, by the second', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  const clock = new RequestClock(0);
  assert.equal(clock.amzDate(), '20260102T030405Z');
  t.mock.timers.setTime(NOW + 399);
  assert.equal(clock.amzDate(), '20260102T030405Z');
  t.mock.timers.setTime(NOW + 400);
  assert.equal(clock.amzDate(), '20260102T030406Z');
  assert.equal(new RequestClock(-10 * MINUTE).amzDate(), '20260102T025406Z');
});

test('a Date that is minutes off corrects the time, once; a nearer one was not the reason', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  for (const offMs of [20 * MINUTE, -20 * MINUTE]) {
    const clock = new RequestClock(0);
    clock.amzDate();
    assert.equal(clock.correct(new Date(NOW + 3 * MINUTE).toUTCString(), NOW), false);
    assert.equal(clock.correct(new Date(NOW - 3 * MINUTE).toUTCString(), NOW), false);
    assert.equal(clock.offsetMs, 0);
    const serverDate = new Date(NOW + offMs).toUTCString();
    assert.equal(clock.correct(serverDate, NOW), true);
    assert.ok(Math.abs(clock.offsetMs - offMs) <= 1000);
    assert.equal(clock.amzDate(), new Date(NOW + offMs).toISOString().replace(/\.\d+|[-:]/g, ''));
    // What had been sent when it was corrected was dated without it.
    assert.equal(clock.correct(serverDate, NOW - 30_000), true);
    assert.equal(clock.correct(serverDate, NOW + 5000), false);
  }
});

test('no Date, or one that is none, corrects nothing', () => {
  const clock = new RequestClock(0);
  for (const date of [null, '', 'yesterday']) assert.equal(clock.correct(date, NOW), false);
  assert.equal(clock.offsetMs, 0);
});
