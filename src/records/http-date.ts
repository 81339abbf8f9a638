/** Dates of HTTP headers to milliseconds since the epoch, without a string or a Date a row. */
import { daysFromCivil } from './civil.ts';

const GMT_LENGTH = 'Sun, 06 Nov 1994 08:49:37 GMT'.length;
const ZERO = 48;

/** Month from its second and third letter, which together are unique. */
const MONTHS = new Map<number, number>(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, index) => [
    (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    index + 1,
  ]),
);

/**
 * The other forms that name one moment: RFC 850, RFC 3339, and IMF-fixdate a little off. `Date.parse` would
 * guess at the rest: `0` is a year to it, and a time without a zone that of this machine.
 */
const OTHER_FORMS =
  /^([A-Z][a-z]+, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT|[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))$/;
/** In UTC, although it does not say so (RFC 9110, 5.6.7). */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

function parseOtherForm(text: string): number {
  if (ASCTIME.test(text)) return Date.parse(`${text} GMT`);
  return OTHER_FORMS.test(text) ? Date.parse(text) : Number.NaN;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** IMF-fixdate (RFC 9110, 5.6.7) by arithmetic, the other forms of a date through `Date.parse`. NaN where it is none. */
export function parseHttpDate(bytes: Uint8Array): number {
  if (bytes.length === GMT_LENGTH && bytes[3] === 0x2c && bytes[26] === 0x47 && bytes[28] === 0x54) {
    const month = MONTHS.get((bytes[9]! << 8) | bytes[10]!);
    const day = twoDigits(bytes, 5);
    const hour = twoDigits(bytes, 17);
    const minute = twoDigits(bytes, 20);
    const second = twoDigits(bytes, 23);
    if (month !== undefined && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60) {
      const days = daysFromCivil(twoDigits(bytes, 12) * 100 + twoDigits(bytes, 14), month, day);
      return (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000;
    }
  }
  return parseOtherForm(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
}
