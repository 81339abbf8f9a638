import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseIsoTime } from '../../src/source/iso-time.ts';

test('reads what Date writes', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      assert.equal(parseIsoTime(date.toISOString()), date.getTime());
    }),
  );
});

test('reads the forms of databases; without a zone it is UTC, whatever the zone here', () => {
  const expected = Date.UTC(2024, 1, 29, 23, 59, 58);
  for (const text of [
    '2024-02-29T23:59:58Z',
    '2024-02-29 23:59:58',
    '2024-02-29 23:59:58.000',
    '2024-03-01 01:29:58+01:30',
    '2024-02-29T18:59:58-0500',
    '2024-03-01 00:59:58+01',
    '2024-02-29 23:59:58 Z',
  ]) {
    assert.equal(parseIsoTime(text), expected, text);
  }
  assert.equal(parseIsoTime('2024-02-29T23:59:58.123456789Z'), expected + 123);
});

test('anything else is no time', () => {
  for (const text of ['', '1', '2024', '2024-02-29', '2024-13-01T00:00:00Z', '2024-02-29T25:00:00Z', 'Thu, 29 Feb 2024 23:59:58 GMT', ' 2024-02-29T23:59:58Z']) {
    assert.equal(parseIsoTime(text), null, text);
  }
});
