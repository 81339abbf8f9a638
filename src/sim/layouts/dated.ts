/** `year=2026/month=11/day=03/hour=07/part-00012-1f0c….parquet`: a data lake's two years of hourly partitions. */
import { mix, writeHex8 } from '../mix.ts';
import { digitsFor, padded, writeDigits, type LayoutFactory } from './layout.ts';

const FIRST_HOUR = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;
const DAYS = 730;
const HOURS = DAYS * 24;
const PART_AT = 'year=2026/month=11/day=03/hour=07/part-'.length;

const HOURS_OF_DAY = Array.from({ length: 24 }, (_, hour) => `hour=${padded(hour, 2)}/`);
const FOLDERS = Array.from({ length: DAYS }, (_, day) => {
  const [year, month, date] = new Date(FIRST_HOUR + day * 24 * HOUR_MS).toISOString().slice(0, 10).split('-');
  return HOURS_OF_DAY.map((hour) => Buffer.from(`year=${year}/month=${month}/day=${date}/${hour}`, 'latin1'));
}).flat();

export const dated: LayoutFactory = (count, seed) => {
  const digits = digitsFor(Math.ceil(count / HOURS), 5);
  // Written over for each key: put together from strings, a page of keys takes twice as long.
  const scratch = Buffer.from(`${FOLDERS[0]!.toString('latin1')}part-${'0'.repeat(digits)}-00000000.parquet`, 'latin1');
  const firstOf = (hour: number): number => Math.ceil((hour * count) / HOURS);
  return {
    keyAt: (index) => {
      const hour = Math.floor((index * HOURS) / count);
      scratch.set(FOLDERS[hour]!);
      writeDigits(scratch, PART_AT, index - firstOf(hour), digits);
      writeHex8(scratch, PART_AT + digits + 1, mix(seed, index, 5));
      return scratch.toString('latin1');
    },
    guess: (key) => {
      const [year, month, date, hourOfDay] = [key.slice(5, 9), key.slice(16, 18), key.slice(23, 25), key.slice(31, 33)].map(Number);
      const hour = (Date.UTC(year!, month! - 1, date, hourOfDay) - FIRST_HOUR) / HOUR_MS;
      return firstOf(hour) + Number(key.slice(PART_AT, PART_AT + digits));
    },
  };
};
