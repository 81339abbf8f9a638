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

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * IMF-fixdate (RFC 9110, 5.6.7) by arithmetic; any other form that `Date.parse` knows, through it.
 * NaN where it is no date.
 */
export function parseHttpDate(bytes: Uint8Array): number {
  if (bytes.length === GMT_LENGTH && bytes[3] === 0x2c && bytes[26] === 0x47 && bytes[28] === 0x54) {
    const month = MONTHS.get((bytes[9]! << 8) | bytes[10]!);
    if (month !== undefined) {
      const days = daysFromCivil(twoDigits(bytes, 12) * 100 + twoDigits(bytes, 14), month, twoDigits(bytes, 5));
      const seconds = twoDigits(bytes, 17) * 3600 + twoDigits(bytes, 20) * 60 + twoDigits(bytes, 23);
      return (days * 86_400 + seconds) * 1000;
    }
  }
  return Date.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
}
