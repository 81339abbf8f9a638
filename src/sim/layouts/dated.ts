/** `year=2026/month=11/day=03/hour=07/part-00012-1f0c….parquet`: a data lake's two years of hourly partitions. */
import { hex8, mix } from '../mix.ts';
import { digitsFor, padded, type LayoutFactory } from './layout.ts';

const FIRST_HOUR = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;
const DAYS = 730;
const HOURS = DAYS * 24;
const FOLDER_LENGTH = 'year=2026/month=11/day=03/hour=07/'.length;
const PART = 'part-';

const HOURS_OF_DAY = Array.from({ length: 24 }, (_, hour) => `hour=${padded(hour, 2)}/`);
const FOLDERS = Array.from({ length: DAYS }, (_, day) => {
  const [year, month, date] = new Date(FIRST_HOUR + day * 24 * HOUR_MS).toISOString().slice(0, 10).split('-');
  return HOURS_OF_DAY.map((hour) => `year=${year}/month=${month}/day=${date}/${hour}`);
}).flat();

export const dated: LayoutFactory = (count, seed) => {
  const digits = digitsFor(Math.ceil(count / HOURS), 5);
  const firstOf = (hour: number): number => Math.ceil((hour * count) / HOURS);
  return {
    keyAt: (index) => {
      const hour = Math.floor((index * HOURS) / count);
      const part = padded(index - firstOf(hour), digits);
      return `${FOLDERS[hour]}${PART}${part}-${hex8(mix(seed, index, 5))}.parquet`;
    },
    guess: (key) => {
      const [year, month, date, hourOfDay] = [key.slice(5, 9), key.slice(16, 18), key.slice(23, 25), key.slice(31, 33)].map(Number);
      const hour = (Date.UTC(year!, month! - 1, date, hourOfDay) - FIRST_HOUR) / HOUR_MS;
      const partAt = FOLDER_LENGTH + PART.length;
      return firstOf(hour) + Number(key.slice(partAt, partAt + digits));
    },
  };
};
