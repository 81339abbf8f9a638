import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { parseHttpDate } from '../../src/records/http-date.ts';

function parse(text: string): number {
  return parseHttpDate(Buffer.from(text, 'latin1'));
}

/** A zone that no machine of a test has by chance: what is taken for local time shows. */
function farFromGreenwich(t: TestContext): void {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Pacific/Kiritimati';
  t.after(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
}

const second = fc.integer({ min: Date.UTC(1600, 0), max: Date.UTC(9999, 11, 31) }).map((ms) => Math.floor(ms / 1000) * 1000);

test('IMF-fixdate: what Date says of every second from 1600 to 9999', (t) => {
  farFromGreenwich(t);
  fc.assert(
    fc.property(second, (ms) => assert.equal(parse(new Date(ms).toUTCString()), ms)),
    { numRuns: 2000 },
  );
  for (const ms of [0, Date.UTC(2000, 1, 29), Date.UTC(2100, 1, 28, 23, 59, 59), Date.UTC(2024, 11, 31, 23, 59, 59)]) {
    assert.equal(parse(new Date(ms).toUTCString()), ms);
  }
});

test('the two older forms of RFC 9110, 5.6.7, are in UTC too, wherever this machine is', (t) => {
  farFromGreenwich(t);
  const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(parse('Sun, 06 Nov 1994 08:49:37 GMT'), expected);
  assert.equal(parse('Sunday, 06-Nov-94 08:49:37 GMT'), expected);
  assert.equal(parse('Sun Nov  6 08:49:37 1994'), expected);
});

test('RFC 3339, as object lock has it', (t) => {
  farFromGreenwich(t);
  assert.equal(parse('2030-01-02T03:04:05Z'), Date.UTC(2030, 0, 2, 3, 4, 5));
  assert.equal(parse('2030-01-02T03:04:05.678Z'), Date.UTC(2030, 0, 2, 3, 4, 5, 678));
  assert.equal(parse('2030-01-02T03:04:05.678901234+01:00'), Date.UTC(2030, 0, 2, 2, 4, 5, 678));
});

test('what is no date is none: nothing is guessed', () => {
  const none = ['', '0', '-1', '1994', 'yesterday', 'Sun, 06 Nov 1994 08:49:37', '2030-01-02', '2030-01-02T03:04:05', 'Sun, 06 Nov 1994 08:4x:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT', 'Sun, 32 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 24:49:37 GMT', 'Sun, 06 Xxx 1994 08:49:37 GMT', '\xff'.repeat(29)];
  for (const text of none) assert.ok(Number.isNaN(parse(text)), text);
});
