/**
 * The key source of `head --from FILE|-`: a list of keys in one of five formats, as packed key batches. It
 * streams: memory depends on the batches, never on the file (R5). Whether the keys exist is for HEAD to say.
 *
 * Whatever cannot be a key ends the reading with a Failure that names its line or row.
 */
import { Failure } from '../failure.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { openSource, peek, sourceOf, withoutBom, type ByteSource } from './byte-source.ts';
import { KeyBatcher } from './key-batcher.ts';
import type { RowFilter } from './filter.ts';
import { enoughToTell, formatByContent, formatByName, type FromFormat } from './key-format.ts';
import { readNdjson } from './ndjson-keys.ts';
import { readText } from './text-keys.ts';

export type { FromFormat } from './key-format.ts';

export interface KeyFileOptions {
  /** '-' is standard input */
  readonly path: string;
  /** null: by the file's ending, else by its content */
  readonly format: FromFormat | null;
  /** that the command names; null: each row names its own */
  readonly bucket: string | null;
}

/** Reads what is opened already: `source` of the options' path. */
async function* readSource(source: ByteSource, options: KeyFileOptions, filter: RowFilter | null): AsyncGenerator<KeyBatch> {
  const { path, bucket } = options;
  const { format: named, compression } = formatByName(path);
  const file = path === '-' ? 'standard input' : path;
  const { head, chunks } = await peek(source.chunks, enoughToTell);
  const format = options.format ?? named ?? formatByContent(head);
  switch (format) {
    case 'text':
      return yield* readText(withoutBom(chunks), new KeyBatcher(file, 'line', bucket, filter));
    case 'ndjson':
      return yield* readNdjson(withoutBom(chunks), new KeyBatcher(file, 'line', bucket, filter));
    case 'csv': {
      const { readCsv } = await import('./csv-keys.ts');
      return yield* readCsv(withoutBom(chunks), new KeyBatcher(file, 'row', bucket, filter));
    }
    case 'arrow':
    case 'parquet':
      break;
  }
  if (compression !== null) {
    throw new Failure('usage', `${file}: ${format} is not read through ${compression}`, 'decompress it first: it has compression of its own');
  }
  const batcher = new KeyBatcher(file, 'row', bucket, filter);
  if (format === 'arrow') {
    const { isArrowFile, readArrowFile, readArrowStream } = await import('./arrow-keys.ts');
    if (!isArrowFile(head)) return yield* readArrowStream(chunks, batcher);
    requireFile(source, file, "Arrow's file format", "save it to a file first, or pipe Arrow's stream format");
    return yield* readArrowFile(path, batcher);
  }
  requireFile(source, file, 'Parquet', 'save it to a file first');
  const { readParquet } = await import('./parquet-keys.ts');
  return yield* readParquet(path, batcher);
}

/** The formats that are read from their end would otherwise have to be kept in memory whole (R5). */
function requireFile(source: ByteSource, file: string, format: string, hint: string): void {
  if (source.seekable) return;
  throw new Failure('usage', `${file} is ${format}, which is read from its end and cannot come through a pipe`, hint);
}

/** The keys of a file in its order, those that the filter wants, cut where the bucket changes. */
export async function* readKeyFile(options: KeyFileOptions, filter: RowFilter | null = null): AsyncGenerator<KeyBatch> {
  const { path } = options;
  const { compression } = formatByName(path);
  const source = path === '-' ? sourceOf('standard input', process.stdin, null) : await openSource(path, compression);
  try {
    yield* readSource(source, options, filter);
  } finally {
    source.close();
  }
}
