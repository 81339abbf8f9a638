/**
 * Single values of a record batch as text, for the formats that are text. Not for Arrow and Parquet: those take
 * whole columns.
 */

/** `validity` is Arrow's bitmap; null means every row is valid. */
export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || (validity[row >> 3]! & (1 << (row & 7))) !== 0;
}

const TWO_32 = 2 ** 32;
/** Up to this high half an int64 is a safe integer. */
const SAFE_HIGH = 2 ** 21;

/** The two 32-bit halves of each value: reading them makes no BigInt a row. */
export function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** The exact digits. */
export function int64Text(halves: Int32Array, row: number): string {
  const low = halves[row * 2]! >>> 0;
  const high = halves[row * 2 + 1]!;
  if (high >= -SAFE_HIGH && high < SAFE_HIGH) return String(high * TWO_32 + low);
  return String((BigInt(high) << 32n) | BigInt(low));
}

const DAY_MS = 86_400_000;
/** What a Date can hold, ±100,000,000 days. */
const DATE_MS = 8.64e15;

/** `2024-05-06T` by day number: making one costs 0.7 µs, and the objects of a bucket share few days. */
const dates = new Map<number, string>();
const MOST_DATES = 10_000;

function dateText(day: number): string {
  let text = dates.get(day);
  if (text === undefined) {
    text = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length);
    if (dates.size === MOST_DATES) dates.clear();
    dates.set(day, text);
  }
  return text;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** ISO 8601 in UTC with milliseconds, as Date.toISOString writes it. What no Date can hold is left as milliseconds. */
export function timestampText(halves: Int32Array, row: number): string {
  const ms = halves[row * 2 + 1]! * TWO_32 + (halves[row * 2]! >>> 0);
  if (Math.abs(ms) > DATE_MS) return int64Text(halves, row);
  const day = Math.floor(ms / DAY_MS);
  let rest = ms - day * DAY_MS;
  const millis = rest % 1000;
  rest = (rest - millis) / 1000;
  const seconds = rest % 60;
  rest = (rest - seconds) / 60;
  const minutes = rest % 60;
  const hours = (rest - minutes) / 60;
  return `${dateText(day)}${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes]}:${TWO_DIGITS[seconds]}.${millis < 100 ? '0' : ''}${TWO_DIGITS[millis] ?? millis}Z`;
}
