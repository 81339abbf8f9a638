/**
 * The bytes of a key file: opened, decompressed, and looked at before they are read. What cannot be read is
 * a Failure that says why. Nothing here knows a format.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Failure } from '../failure.ts';

export type Compression = 'gzip' | 'zstd';

export interface ByteSource {
  readonly chunks: AsyncGenerator<Buffer>;
  /** a file that can be read from any place, not a pipe */
  readonly seekable: boolean;
  /** Gives the file back, read to its end or not. */
  close(): void;
}

const READ_BYTES = 256 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
};

function cannotRead(file: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code.startsWith('Z_') || code.startsWith('ZSTD_')) {
    return new Failure('usage', `${file} cannot be decompressed: ${message}`, 'look whether the file is whole', { cause });
  }
  const hint = 'give --from a file that can be read, or - for standard input';
  return new Failure('usage', `${file} cannot be read: ${REASONS[code] ?? message}`, hint, { cause });
}

/** zlib has zstd since Node 22.15. */
function zstdDecompressor(file: string): Transform {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress !== undefined) return createZstdDecompress();
  throw new Failure(
    'usage',
    `${file} is compressed with zstd, which Node ${process.versions.node} cannot read`,
    'run s3scan on Node 22.15 or later, or decompress it first: zstd -dc FILE | s3scan head --from -',
  );
}

async function* read(file: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw cannotRead(file, error);
  }
}

/** The bytes of a stream, decompressed. `file` is how messages call it. */
export function sourceOf(file: string, stream: Readable, compression: Compression | null, seekable = false): ByteSource {
  let decompressed = stream;
  if (compression !== null) {
    const decompressor = compression === 'gzip' ? zlib.createGunzip({ chunkSize: READ_BYTES }) : zstdDecompressor(file);
    // whoever reads the decompressor gets the errors of both
    decompressed = pipeline(stream, decompressor, () => {});
  }
  return { chunks: read(file, decompressed), seekable, close: () => decompressed.destroy() };
}

/** Opens a path. */
export async function openSource(path: string, compression: Compression | null): Promise<ByteSource> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
    return sourceOf(path, handle.createReadStream({ highWaterMark: READ_BYTES }), compression, stats.isFile());
  } catch (error) {
    await handle?.close();
    throw cannotRead(path, error);
  }
}

interface Peeked {
  /** the first bytes, as many as were asked for, or all there are */
  readonly head: Buffer;
  /** everything, those bytes included */
  readonly chunks: AsyncGenerator<Buffer>;
}

async function* rejoined(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** Reads ahead until `enough` is seen, or the end. */
export async function peek(chunks: AsyncGenerator<Buffer>, enough: (head: Buffer) => boolean): Promise<Peeked> {
  let head: Buffer = Buffer.alloc(0);
  while (!enough(head)) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return { head, chunks: rejoined(head, chunks) };
}

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Drops a byte order mark at the start, which editors on Windows write before UTF-8. */
export async function* withoutBom(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const peeked = await peek(chunks, (head) => head.length >= UTF8_BOM.length);
  let first = true;
  for await (const chunk of peeked.chunks) {
    const marked = first && chunk.subarray(0, UTF8_BOM.length).equals(UTF8_BOM);
    first = false;
    yield marked ? chunk.subarray(UTF8_BOM.length) : chunk;
  }
}
