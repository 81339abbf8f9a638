/**
 * Which format a key file is in: by its name, else by its first bytes. Pure (R9).
 */
import type { Compression } from './byte-source.ts';

export type FromFormat = 'text' | 'ndjson' | 'csv' | 'parquet' | 'arrow';

interface NamedFormat {
  /** null where the name does not tell */
  readonly format: FromFormat | null;
  readonly compression: Compression | null;
}

const ENDINGS: ReadonlyMap<string, FromFormat> = new Map([
  ['', 'text'],
  ['.txt', 'text'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.csv', 'csv'],
  ['.parquet', 'parquet'],
  ['.arrow', 'arrow'],
]);

/** The ending of a file's name, in lower case, dot included. A dot in front only hides a file. */
function ending(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** What a path says of its file. `-`, standard input, says nothing. */
export function formatByName(path: string): NamedFormat {
  if (path === '-') return { format: null, compression: null };
  let name = path.slice(path.lastIndexOf('/') + 1);
  const last = ending(name);
  const compression = last === '.gz' ? 'gzip' : last === '.zst' ? 'zstd' : null;
  if (compression !== null) name = name.slice(0, -last.length);
  return { format: ENDINGS.get(ending(name)) ?? null, compression };
}

const SNIFFED_BYTES = 6;
/** How far a first character is looked for behind blank lines. */
const MAX_BLANK_BYTES = 64 * 1024;
const BRACE = 0x7b;

/** First byte that is neither white space nor byte order mark, or -1. */
function firstCharacter(head: Buffer): number {
  const from = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  for (let i = from; i < head.length; i++) {
    const byte = head[i]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
  }
  return -1;
}

/** True where more bytes would not change what `formatByContent` says. */
export function enoughToTell(head: Buffer): boolean {
  return head.length >= SNIFFED_BYTES && (head.length >= MAX_BLANK_BYTES || firstCharacter(head) !== -1);
}

/** What the first bytes say. CSV and Arrow's stream have no mark of their own: they must be named. */
export function formatByContent(head: Buffer): FromFormat {
  const mark = head.toString('latin1', 0, SNIFFED_BYTES);
  if (mark.startsWith('PAR1')) return 'parquet';
  if (mark === 'ARROW1') return 'arrow';
  return firstCharacter(head) === BRACE ? 'ndjson' : 'text';
}
