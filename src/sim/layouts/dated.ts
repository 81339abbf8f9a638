/** `year=2026/month=11/day=03/hour=07/part-00012-1f0c….parquet`: a data lake's two years of hourly partitions. */
import { hex8, mix } from '../mix.ts';
import { digitsFor, padded, type LayoutFactory } from './layout.ts';

const FIRST_DAY = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;
const DAYS = 730;
const HOURS = DAYS * 24;
const FOLDER_LENGTH = 'year=2026/month=11/day=03/hour=07/'.length;
const PART = 'part-';

export const dated: LayoutFactory = (count, seed) => {
  const dayFolders = Array.from({ length: DAYS }, (_, day) => {
    const [year, month, date] = new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10).split('-');
    return `year=${year}/month=${month}/day=${date}/`;
  });
  const digits = digitsFor(Math.ceil(count / HOURS), 5);
  const firstOf = (hour: number): number => Math.ceil((hour * count) / HOURS);
  return {
    keyAt: (index) => {
      const hour = Math.floor((index * HOURS) / count);
      const part = padded(index - firstOf(hour), digits);
      const folder = `${dayFolders[Math.floor(hour / 24)]}hour=${padded(hour % 24, 2)}/`;
      return `${folder}${PART}${part}-${hex8(mix(seed, index, 5))}.parquet`;
    },
    guess: (key) => {
      const day = Date.UTC(Number(key.slice(5, 9)), Number(key.slice(16, 18)) - 1, Number(key.slice(23, 25)));
      const hour = ((day - FIRST_DAY) / DAY_MS) * 24 + Number(key.slice(31, 33));
      const partAt = FOLDER_LENGTH + PART.length;
      return firstOf(hour) + Number(key.slice(partAt, partAt + digits));
    },
  };
};
