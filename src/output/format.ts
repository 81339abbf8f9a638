/**
 * Which format and compression an output has: from its file ending, unless the options say so. Pure (R9).
 * What each format looks like is in the file named after it.
 */
import * as zlib from 'node:zlib';
import { Failure } from '../failure.ts';

export type Format = 'parquet' | 'ndjson' | 'arrow' | 'csv' | 'text';
export type Compression = 'none' | 'snappy' | 'gzip' | 'zstd';

export interface OutputFormat {
  readonly format: Format;
  readonly compression: Compression;
}

/** The first is the default. Arrow is left uncompressed: not every reader of it knows the codecs. */
export const COMPRESSIONS_OF: Readonly<Record<Format, readonly Compression[]>> = {
  parquet: ['zstd', 'snappy', 'gzip', 'none'],
  ndjson: ['none', 'gzip', 'zstd'],
  arrow: ['none'],
  csv: ['none', 'gzip', 'zstd'],
  text: ['none', 'gzip', 'zstd'],
};

const FORMAT_OF_ENDING: ReadonlyMap<string, Format> = new Map([
  ['.parquet', 'parquet'],
  ['.arrow', 'arrow'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.csv', 'csv'],
  ['.txt', 'text'],
]);

const COMPRESSION_OF_ENDING: ReadonlyMap<string, Compression> = new Map([
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
]);

const KNOWN_ENDINGS = `${[...FORMAT_OF_ENDING.keys()].join(' ')}, the last four also with .gz or .zst behind`;

/** Whether this Node can compress zstd streams; it can from 22.15 and 23.8 on. Parquet has a zstd of its own. */
const NODE_HAS_ZSTD = 'createZstdCompress' in zlib;

/** The last ending of a path, lower case: `.gz` of `a/b.ndjson.GZ`; empty where its file name has none. */
function endingOf(path: string): string {
  return /[^/\\](\.[^./\\]*)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

/** `path` null is standard output, NDJSON unless asked otherwise. An explicit format wins over the ending. */
export function formatOf(
  path: string | null,
  explicitFormat: Format | null,
  explicitCompression: Compression | null,
  nodeHasZstd: boolean = NODE_HAS_ZSTD,
): OutputFormat {
  const ending = path === null ? '' : endingOf(path);
  const endingCompression = COMPRESSION_OF_ENDING.get(ending) ?? null;
  const formatEnding = path !== null && endingCompression !== null ? endingOf(path.slice(0, -ending.length)) : ending;

  const format = explicitFormat ?? (path === null ? 'ndjson' : FORMAT_OF_ENDING.get(formatEnding));
  if (format === undefined) {
    throw new Failure(
      'usage',
      `cannot tell the format of ${JSON.stringify(path)} by its ending`,
      `use one of ${KNOWN_ENDINGS}; or name the format with --format`,
    );
  }

  const allowed = COMPRESSIONS_OF[format];
  if (endingCompression !== null) {
    if (format === 'parquet' || format === 'arrow') {
      throw new Failure(
        'usage',
        `a file of format ${format} cannot end in ${ending}`,
        format === 'parquet' ? 'Parquet is compressed inside: leave the ending out, and see --compression' : 'leave the ending out',
      );
    }
    if (explicitCompression !== null && explicitCompression !== endingCompression) {
      throw new Failure(
        'usage',
        `--compression ${explicitCompression} contradicts the ending ${ending}`,
        'leave one of the two out',
      );
    }
  }
  const compression = explicitCompression ?? endingCompression ?? allowed[0]!;
  if (!allowed.includes(compression)) {
    throw new Failure('usage', `${format} cannot be compressed with ${compression}`, `it takes ${allowed.join(', ')}`);
  }
  if (compression === 'zstd' && format !== 'parquet' && !nodeHasZstd) {
    throw new Failure(
      'usage',
      `zstd needs Node 22.15 or later, this is ${process.version}`,
      'use gzip instead (.gz), or Parquet, which brings its own zstd',
    );
  }
  return { format, compression };
}
