/**
 * A file that gets its name only when it is whole (R8): written as `PATH.partial` beside its place, synced to
 * disk, renamed. Not here: what the bytes mean.
 */
import { lstat, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import { codeOf, outputFailure, shown } from './output-failure.ts';
import type { Sink } from './sink.ts';

/** What files and folders are made with, as far as the umask lets it. */
export function modesOf(isPrivate: boolean): { readonly file: number; readonly folder: number } {
  return isPrivate ? { file: 0o600, folder: 0o700 } : { file: 0o666, folder: 0o777 };
}

export function partialOf(path: string): string {
  return `${path}.partial`;
}

/** Refuses what a rename would destroy: a folder, a device such as /dev/null, or a file that is not to be overwritten. */
async function checkTarget(path: string, overwrite: boolean): Promise<void> {
  const target = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw outputFailure(`cannot write ${shown(path)}`, error, 'usage');
  });
  if (target === null) return;
  if (target.isDirectory()) throw new Failure('usage', `${shown(path)} is a folder`, 'name a file in it');
  if (!target.isFile()) {
    throw new Failure('usage', `${shown(path)} is no regular file`, 'use --output - to write to standard output');
  }
  if (!overwrite) throw new Failure('usage', `${shown(path)} exists already`, 'use --overwrite to replace it');
}

/** Opens the partial file anew. One that is there is a killed scan's leftover, or another scan's: see `commit`. */
async function openPartial(path: string, mode: number): Promise<FileHandle> {
  const folder = dirname(path);
  try {
    await rm(partialOf(path), { force: true });
    return await open(partialOf(path), 'wx', mode);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new Failure('usage', `the folder ${shown(folder)} does not exist`, 'make it first, or name another with --output');
    }
    throw outputFailure(`cannot write into the folder ${shown(folder)}`, error, 'usage');
  }
}

/** Makes the new name survive a power cut, where the file system can: some refuse to open or sync folders. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (codeOf(error) === 'EIO') throw outputFailure(`cannot sync the folder ${shown(folder)}`, error);
  }
}

interface Identity {
  readonly ino: number;
  readonly dev: number;
}

export class FileSink implements Sink {
  bytes = 0;
  private readonly path: string;
  private readonly overwrite: boolean;
  private readonly handle: FileHandle;
  /** what tells our partial file from one that another scan put in its place */
  private readonly identity: Identity;
  /** whole and on disk: from here on nothing removes it */
  private whole = false;

  private constructor(path: string, overwrite: boolean, handle: FileHandle, identity: Identity) {
    this.path = path;
    this.overwrite = overwrite;
    this.handle = handle;
    this.identity = identity;
  }

  /** Finds out what can be found out before the scan starts; a Failure of kind `usage` if it cannot be written. */
  static async open(path: string, overwrite: boolean, mode: number = modesOf(false).file): Promise<FileSink> {
    await checkTarget(path, overwrite);
    const handle = await openPartial(path, mode);
    return new FileSink(path, overwrite, handle, await handle.stat());
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.handle.writeFile(bytes);
    } catch (error) {
      throw outputFailure(`cannot write ${shown(partialOf(this.path))}`, error);
    }
    this.bytes += bytes.length;
  }

  private async isOurs(): Promise<boolean> {
    const there = await lstat(partialOf(this.path)).catch(() => null);
    return there !== null && there.ino === this.identity.ino && there.dev === this.identity.dev;
  }

  async commit(): Promise<void> {
    const { path } = this;
    const partial = partialOf(path);
    try {
      await this.handle.sync();
      await this.handle.close();
    } catch (error) {
      throw outputFailure(`cannot write ${shown(partial)}`, error);
    }
    if (!(await this.isOurs())) {
      throw new Failure('output', `something else replaced ${shown(partial)}`, 'does another scan write to the same --output?');
    }
    this.whole = true;
    try {
      await checkTarget(path, this.overwrite);
      await rename(partial, path);
    } catch (error) {
      const hint = `the result is whole: rename ${shown(partial)} yourself`;
      if (error instanceof Failure) throw new Failure('output', error.message, hint, { cause: error });
      throw outputFailure(`cannot rename ${shown(partial)} to ${shown(path)}`, error, 'output', hint);
    }
    await syncFolder(dirname(path));
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => {});
    if (!this.whole && (await this.isOurs())) await rm(partialOf(this.path), { force: true }).catch(() => {});
  }
}
