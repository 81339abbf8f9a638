import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseTimestamp } from '../../src/listing/timestamp.ts';

function parse(text: string): number {
  const body = Buffer.from(`<LastModified>${text}</LastModified>`);
  return parseTimestamp(body, 14, body.length - 15);
}

test('the form S3 sends is read as Date reads it, over all years', () => {
  const dates = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(fc.property(dates, (date) => assert.equal(parse(date.toISOString()), date.getTime())), { numRuns: 2000 });
});

test('every day of four centuries is its own', () => {
  let days = 0;
  for (let time = Date.UTC(1900, 0, 1); time < Date.UTC(2300, 0, 1); time += 86_400_000) {
    assert.equal(parse(new Date(time).toISOString()), time);
    days++;
  }
  assert.equal(days, 146_097);
});

test('other forms of servers: no fraction, more digits, an offset, an HTTP date', () => {
  const time = Date.UTC(2026, 10, 20, 12, 34, 56);
  assert.equal(parse('2026-11-20T12:34:56Z'), time);
  assert.equal(parse('2026-11-20T12:34:56.123456Z'), time + 123);
  assert.equal(parse('2026-11-20T12:34:56.1Z'), time + 100);
  assert.equal(parse('2026-11-20T14:34:56+02:00'), time);
  assert.equal(parse('Fri, 20 Nov 2026 12:34:56 GMT'), time);
});

test('what is no time, or of an unknown zone, is not guessed at', () => {
  const bad = [
    '', 'yesterday', '0', '1', '2026', '2026-11-20', '2026-11-20T12:34:56', '2026-11-20 12:34:56', '20 Nov 2026', '2026-13-01T00:00:00.000Z', '2026-00-01T00:00:00.000Z',
    '2026-02-29T00:00:00.000Z', '2100-02-29T00:00:00.000Z', '2026-04-31T00:00:00Z', '2026-11-20T24:00:00.000Z', '2026-11-20T12:60:00.000Z', '2026-11-20T12:34:60.000Z',
    '2026-11-2xT12:34:56.000Z', '2026-11-20T12:34:56.00xZ', '2026-11-20T12:34:56.000z', 'x026-11-20T12:34:56.000Z', '2026-11-20T12:34:56.000Z ', '+2026-11-20T12:34:56.000Z', '-026-11-20T12:34:56.000Z',
  ];
  for (const text of bad) assert.ok(Number.isNaN(parse(text)), text);
});
