/** What tells a key file from another: its bytes, whatever its name and its times. */
import { createHash } from 'node:crypto';
import { openSource } from './byte-source.ts';

export interface FileDigest {
  readonly bytes: number;
  /** in hex */
  readonly sha256: string;
}

/** Reads it whole: a file that is to be read again, not a pipe. Throws Failure('usage') for one that cannot be read. */
export async function digestOf(path: string): Promise<FileDigest> {
  const source = await openSource(path, null);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of source.chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } finally {
    source.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
