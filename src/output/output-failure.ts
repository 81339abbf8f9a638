/**
 * What the operating system says when an output cannot be written, as a Failure that names the path and the reason.
 */
import { getSystemErrorMap } from 'node:util';
import { Failure, type FailureKind } from '../failure.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, or write to another disk with --output',
  EDQUOT: 'the quota is used up: free some space, or write elsewhere with --output',
  EACCES: 'write to a folder of your own with --output',
  EPERM: 'write to a folder of your own with --output',
  EIO: 'the disk or its connection fails: look at it before you go on',
  EROFS: 'the file system is read-only: write elsewhere with --output',
};

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** `no space left on device (ENOSPC)`: without the path, which Node's own message repeats unescaped. */
function reason(error: unknown): string {
  const { errno, code } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  if (known !== undefined) return `${known[1]} (${known[0]})`;
  return code ?? String(error);
}

/** The disk's fault, whatever was being done: another name would not help. */
const DISK_FAULTS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);

/** `doing` names the path or standard output: `cannot write "a.parquet"`. */
export function outputFailure(doing: string, error: unknown, kind: FailureKind = 'output', hint: string | null = null): Failure {
  const isFault = DISK_FAULTS.has(codeOf(error) ?? '');
  return new Failure(isFault ? 'output' : kind, `${doing}: ${reason(error)}`, hint ?? HINTS[codeOf(error) ?? ''] ?? null, { cause: error });
}

/** A path as a message shows it: quoted, with control characters escaped. */
export function shown(path: string): string {
  return JSON.stringify(path);
}
