/**
 * `LastModified` to milliseconds since the epoch, by arithmetic on its bytes: one a key, so no string and no
 * Date is made for the form that S3 sends, `2026-11-20T12:34:56.000Z`.
 */
import { daysFromCivil } from '../records/civil.ts';

const ZERO = 0x30;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits, or NaN. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** What `Date.parse` may be asked: its own guesses (local time, two-digit years) would be wrong silently. */
const OTHER_FORMS =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)$/;

function parseOtherForm(body: Buffer, start: number, end: number): number {
  if (end - start > 40) return Number.NaN;
  const text = body.toString('latin1', start, end);
  return OTHER_FORMS.test(text) ? Date.parse(text) : Number.NaN;
}

/** The time at `[start, end)`, or NaN where that is none. */
export function parseTimestamp(body: Buffer, start: number, end: number): number {
  const length = end - start;
  const hasMilliseconds = length === 24 && body[start + 19] === DOT;
  if (
    (length !== 20 && !hasMilliseconds) ||
    body[end - 1] !== UPPER_Z ||
    body[start + 4] !== DASH ||
    body[start + 7] !== DASH ||
    body[start + 10] !== UPPER_T ||
    body[start + 13] !== COLON ||
    body[start + 16] !== COLON
  ) {
    return parseOtherForm(body, start, end);
  }
  const year = two(body, start) * 100 + two(body, start + 2);
  const month = two(body, start + 5);
  const day = two(body, start + 8);
  const hour = two(body, start + 11);
  const minute = two(body, start + 14);
  const second = two(body, start + 17);
  const milliseconds = hasMilliseconds ? two(body, start + 20) * 10 + two(body, start + 21) % 10 : 0;
  if (!(month >= 1 && month <= 12 && hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : DAYS_IN_MONTH[month - 1]!;
  if (!(day >= 1 && day <= days)) return Number.NaN;
  return (((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milliseconds;
}
