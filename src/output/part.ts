/** The parts of a directory output: how they are called, and when one has grown enough. Pure (R9). */
import type { OutputFormat } from './format.ts';

/** The folder in the output's that holds the parts and nothing else. */
export const DATA_FOLDER = 'data';

/** A part under its final name. */
export interface PublishedPart {
  /** its name in the data folder */
  readonly file: string;
  readonly rows: number;
  /** rows that hold an error, apart from objects that are gone */
  readonly failed: number;
  readonly bytes: number;
  /** of the file, in hex */
  readonly sha256: string;
}

const ENDINGS = { parquet: '.parquet', ndjson: '.ndjson', arrow: '.arrow', csv: '.csv', text: '.txt' } as const;
const PART_NAME = /^part-(\d{5,15})\.(?:parquet|arrow|(?:ndjson|csv|txt)(?:\.(?:gz|zst))?)$/;
const PARTIAL = '.partial';

function compressionEnding({ format, compression }: OutputFormat): string {
  if (format === 'parquet' || compression === 'none') return '';
  return compression === 'gzip' ? '.gz' : '.zst';
}

export function partName(number: number, format: OutputFormat): string {
  return `part-${String(number).padStart(5, '0')}${ENDINGS[format.format]}${compressionEnding(format)}`;
}

/** null for what is no name of a part: nothing of that name is read or removed. */
export function partNumber(name: string): number | null {
  const digits = PART_NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Whether a file of the data folder is one of ours, finished or not. */
export function isPartFile(name: string): boolean {
  return partNumber(name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name) !== null;
}

/** Bytes behind which a part ends: below what readers take in one task. */
const PART_BYTES = 256 * 2 ** 20;

/** Whether the part is to end before it takes in so many rows more. It has at most `maxRows`, or one batch. */
export function isFull(part: { readonly rows: number; readonly bytes: number }, nextRows: number, maxRows: number): boolean {
  return part.rows > 0 && (part.rows + nextRows > maxRows || part.bytes >= PART_BYTES);
}
