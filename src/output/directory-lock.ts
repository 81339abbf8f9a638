/**
 * Keeps two runs out of one directory: a file that only one can create, and that says who did. One whose process is gone
 * from this machine is taken over; of another machine's nothing can be known, so a person has to remove it.
 */
import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { codeOf, outputFailure, shown } from './output-failure.ts';

export const LOCK_FILE = '_lock';

/** Longer than any that s3scan writes. */
const MAX_LOCK_CHARACTERS = 1000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** when the process began, as its system counts; null where that is not told */
  readonly began: string | null;
}

/** The 22nd field of Linux's /proc/PID/stat, which tells a process from a later one of the same number. */
async function beginOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, began } = JSON.parse(text.slice(0, MAX_LOCK_CHARACTERS)) as Partial<Holder>;
    if (!Number.isSafeInteger(pid) || typeof host !== 'string' || (began !== null && typeof began !== 'string')) return null;
    return { pid: pid!, host, began };
  } catch {
    return null;
  }
}

async function isGone({ pid, host, began }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
  // The number may be another's by now; in a container that was begun again it is our own.
  return began !== null && began !== (await beginOf(pid));
}

export class DirectoryLock {
  private readonly path: string;
  private readonly text: string;

  private constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  static async take(folder: string, mode: number): Promise<DirectoryLock> {
    const path = join(folder, LOCK_FILE);
    const holder: Holder = { pid: process.pid, host: hostname(), began: await beginOf(process.pid) };
    const lock = new DirectoryLock(path, `${JSON.stringify({ ...holder, id: randomUUID() })}\n`);
    if ((await lock.create(mode)) || ((await lock.removeStale(folder)) && (await lock.create(mode)))) return lock;
    throw await lock.refusal(folder);
  }

  /** With its text at once, so that a process killed in the midst leaves no lock that names nobody. */
  private async create(mode: number): Promise<boolean> {
    const written = `${this.path}.${randomUUID()}`;
    try {
      await writeFile(written, this.text, { flag: 'wx', mode });
      // Some file systems know no links.
      await link(written, this.path).catch((error: unknown) => {
        if (codeOf(error) === 'EEXIST') throw error;
        return copyFile(written, this.path, constants.COPYFILE_EXCL);
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw outputFailure(`cannot write ${shown(this.path)}`, error, 'usage');
    } finally {
      await rm(written, { force: true }).catch(() => {});
    }
  }

  private read(): Promise<string> {
    return readFile(this.path, 'utf8').catch(() => '');
  }

  /** Moves it away before it is removed, so that of two who find it stale one does it. */
  private async removeStale(folder: string): Promise<boolean> {
    const found = await this.read();
    const holder = parseHolder(found);
    if (holder === null || !(await isGone(holder))) return false;
    const aside = join(folder, `${LOCK_FILE}.${randomUUID()}`);
    try {
      await rename(this.path, aside);
      const isStale = (await readFile(aside, 'utf8')) === found;
      // Somebody was faster, and this is theirs.
      if (!isStale) await link(aside, this.path);
      await rm(aside);
      return isStale;
    } catch {
      return false;
    }
  }

  private async refusal(folder: string): Promise<Failure> {
    const holder = parseHolder(await this.read());
    const who = holder === null ? 'another run' : `process ${holder.pid} on ${shown(holder.host)}`;
    return new Failure('usage', `${shown(folder)} is in use by ${who}`, `wait until it has ended; if it is gone, remove ${shown(this.path)}`);
  }

  /** Never throws. */
  async release(): Promise<void> {
    if ((await this.read()) === this.text) await rm(this.path, { force: true }).catch(() => {});
  }
}
