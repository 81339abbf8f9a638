/** The journal on disk: lines are appended and synced one after the other, and never changed. */
import { constants, lstat, open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { readJournal, type Journal } from './journal.ts';
import { codeOf, outputFailure, shown } from './output-failure.ts';

export const JOURNAL_FILE = '_journal.ndjson';

/** null where there is none. Throws Failure('usage') for one that cannot be read. */
export async function loadJournal(folder: string): Promise<Journal | null> {
  const path = join(folder, JOURNAL_FILE);
  try {
    if (!(await lstat(path)).isFile()) throw new Failure('usage', `${shown(path)} is no regular file`, 'remove it, or name another folder');
    return readJournal(await readFile(path));
  } catch (error) {
    if (error instanceof Failure) throw new Failure(error.kind, `${shown(folder)}: ${error.message}`, error.hint, { cause: error });
    if (codeOf(error) === 'ENOENT') return null;
    throw outputFailure(`cannot read ${shown(path)}`, error, 'usage');
  }
}

export class JournalFile {
  private readonly path: string;
  private readonly file: FileHandle;
  /** lines are written in turn, and none behind one that could not be */
  private work: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /** What is behind `bytes` is torn, and cut off. */
  static async open(folder: string, bytes: number, mode: number): Promise<JournalFile> {
    const path = join(folder, JOURNAL_FILE);
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    try {
      const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, mode);
      await file.truncate(bytes);
      return new JournalFile(path, file);
    } catch (error) {
      throw outputFailure(`cannot write ${shown(path)}`, error, 'usage');
    }
  }

  /** Resolves when the line, and all before it, are on disk. */
  append(line: string): Promise<void> {
    this.work = this.appendAfter(this.work, line);
    return this.work;
  }

  private async appendAfter(before: Promise<void>, line: string): Promise<void> {
    await before;
    try {
      await this.file.appendFile(line);
      await this.file.datasync();
    } catch (error) {
      throw outputFailure(`cannot write ${shown(this.path)}`, error);
    }
  }

  /** Never throws: who appended has heard. */
  async close(): Promise<void> {
    await this.work.catch(() => {});
    await this.file.close().catch(() => {});
  }
}
