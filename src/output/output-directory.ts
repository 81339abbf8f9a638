/**
 * A directory output: parts in `data/`, a journal of what they cover, and `_SUCCESS` when nothing is missing. Whoever holds
 * one holds its lock. What was committed survives whatever happens to the process; everything else is done again (R1, R8).
 *
 * Only files that s3scan names so are ever removed, and no link is followed on the way to them.
 */
import { createHash } from 'node:crypto';
import { constants, lstat, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { Interval } from '../keyspace/interval.ts';
import { Tiling } from '../keyspace/tiling.ts';
import { DirectoryLock, LOCK_FILE } from './directory-lock.ts';
import { FileSink, modesOf, syncFolder } from './file-sink.ts';
import { droppedLine, entryLine, headerLine, type Journal, type JournalEntry, type JournalHeader } from './journal.ts';
import { JournalFile, JOURNAL_FILE, loadJournal } from './journal-file.ts';
import { codeOf, outputFailure, shown } from './output-failure.ts';
import { DATA_FOLDER, isPartFile, type PublishedPart } from './part.ts';

export const METRICS_FILE = 'metrics.json';
const MANIFEST_FILE = 'manifest.json';
const SUCCESS_FILE = '_SUCCESS';
/** In the order in which they are removed: first what says that the rest is whole. */
const OWN_FILES = [SUCCESS_FILE, MANIFEST_FILE, METRICS_FILE, JOURNAL_FILE];

export interface DirectoryOptions {
  readonly path: string;
  readonly overwrite: boolean;
  readonly resume: boolean;
  /** readable by its owner only */
  readonly private: boolean;
}

function isOwn(name: string): boolean {
  return OWN_FILES.some((own) => name === own || name === `${own}.partial`) || name.startsWith(LOCK_FILE) || name === DATA_FOLDER;
}

async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path).catch(() => null))?.isDirectory() === true) return;
    throw outputFailure(`cannot make the folder ${shown(path)}`, error, 'usage');
  }
}

/** Whether the part is there as it was written. */
async function isWhole(path: string, { bytes, sha256 }: PublishedPart): Promise<boolean> {
  try {
    if (!(await lstat(path)).isFile()) return false;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if ((await file.stat()).size !== bytes) return false;
      const hash = createHash('sha256');
      for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
      return hash.digest('hex') === sha256;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

/** A file that is whole under its name, or not there. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const sink = await FileSink.open(path, true, mode);
  try {
    await sink.write(Buffer.from(text));
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

export class OutputDirectory {
  /** nothing is missing: there is nothing to do */
  readonly isFinished: boolean;
  /** what an earlier run was asked; null where none was */
  readonly before: JournalHeader | null;
  /** parts of earlier runs that were named in the journal and are no more as they were written */
  readonly dropped: string[] = [];
  private readonly options: DirectoryOptions;
  private readonly lock: DirectoryLock;
  private readonly journal: Journal | null;
  private readonly parts: PublishedPart[] = [];
  private readonly tiling = new Tiling();
  private file: JournalFile | null = null;
  private header: JournalHeader | null = null;

  private constructor(options: DirectoryOptions, lock: DirectoryLock, journal: Journal | null, isFinished: boolean) {
    this.options = options;
    this.lock = lock;
    this.journal = journal;
    this.before = journal?.header ?? null;
    this.isFinished = isFinished;
  }

  /** Throws Failure('usage') for a folder that is in use, is not ours, or holds a scan that is not to be gone on with. */
  static async open(options: DirectoryOptions): Promise<OutputDirectory> {
    const { path, resume, overwrite } = options;
    const mode = modesOf(options.private);
    await makeFolder(path, mode.folder);
    const lock = await DirectoryLock.take(path, mode.file);
    try {
      const names = await readdir(path);
      const others = names.filter((name) => !name.startsWith(LOCK_FILE));
      const journal = resume ? await loadJournal(path) : null;
      const isBegun = journal !== null && journal.header !== null;
      if (!isBegun && !overwrite && others.some((name) => !resume || !isOwn(name))) {
        const hint = names.includes(JOURNAL_FILE) ? '--resume goes on with the scan in it, --overwrite begins it anew' : '--overwrite removes what an earlier scan left in it, and nothing else';
        throw new Failure('usage', `the folder ${shown(path)} is not empty`, resume ? 'there is no scan in it that could be gone on with: name another' : hint);
      }
      return new OutputDirectory(options, lock, journal, isBegun && names.includes(SUCCESS_FILE));
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get dataFolder(): string {
    return join(this.options.path, DATA_FOLDER);
  }

  /** What is committed, in ascending order. */
  get committed(): readonly Interval[] {
    return this.tiling.intervals;
  }

  get published(): readonly PublishedPart[] {
    return this.parts;
  }

  /** The number of the next part. */
  get nextPart(): number {
    return this.journal?.nextPart ?? 0;
  }

  /** What of the range is not committed. */
  missing(range: Interval): Interval[] {
    return this.tiling.missing(range);
  }

  /** Sets to work: takes over what earlier parts are whole, removes what no line names, and opens the journal. */
  async begin(header: JournalHeader): Promise<void> {
    const { path } = this.options;
    const mode = modesOf(this.options.private);
    this.header = header;
    const isBegun = this.before !== null;
    if (!isBegun) for (const name of OWN_FILES) await this.remove(join(path, name));
    await makeFolder(this.dataFolder, mode.folder);
    if (!(await lstat(this.dataFolder)).isDirectory()) throw new Failure('usage', `${shown(this.dataFolder)} is no folder`, 'a link is not followed: remove it');
    for (const { part, covers } of this.journal?.entries ?? []) {
      if (part === null || (await isWhole(join(this.dataFolder, part.file), part))) this.enter({ part, covers });
      else this.dropped.push(part.file);
    }
    await this.removeUnnamed();
    this.file = await JournalFile.open(path, isBegun ? this.journal!.bytes : 0, mode.file);
    if (!isBegun) await this.file.append(headerLine(header));
    await syncFolder(path);
    for (const file of this.dropped) await this.file.append(droppedLine(file));
  }

  private enter({ part, covers }: JournalEntry): void {
    for (const interval of covers) {
      if (!this.tiling.add(interval)) throw new Failure('defect', 'a part covers what another one covers (R1)', 'report it');
    }
    if (part !== null) this.parts.push(part);
  }

  private async remove(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw outputFailure(`cannot remove ${shown(path)}`, error, 'usage');
    }
  }

  private async removeUnnamed(): Promise<void> {
    const named = new Set(this.parts.map(({ file }) => file));
    for (const name of await readdir(this.dataFolder)) {
      if (isPartFile(name) && !named.has(name)) await this.remove(join(this.dataFolder, name));
    }
    // Of runs that were killed as they took the lock.
    for (const name of await readdir(this.options.path)) if (name.startsWith(`${LOCK_FILE}.`)) await this.remove(join(this.options.path, name));
  }

  /** Resolves when it is on disk: only then it counts. */
  async commit(entry: JournalEntry): Promise<void> {
    this.enter(entry);
    await this.file!.append(entryLine(entry, this.header!.unit));
  }

  /** Says that all is there; `_SUCCESS` last. */
  async succeed(): Promise<void> {
    const { path } = this.options;
    const mode = modesOf(this.options.private).file;
    const { s3scan, command, asked } = this.header!;
    const total = (pick: (part: PublishedPart) => number): number => this.parts.reduce((sum, part) => sum + pick(part), 0);
    const sums = { rows: total(({ rows }) => rows), failed: total(({ failed }) => failed), bytes: total(({ bytes }) => bytes) };
    const manifest = { s3scan, command, asked, ...sums, parts: this.parts };
    await writeWhole(join(path, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, mode);
    await writeWhole(join(path, SUCCESS_FILE), '', mode);
  }

  /** On every way out, when nothing more will be committed. Never throws. */
  async close(): Promise<void> {
    await this.file?.close();
    await this.lock.release();
  }
}

