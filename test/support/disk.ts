/** A small disk, to be filled: a tmpfs, where one may be mounted. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of its own; null, and the test is skipped, where none may be mounted. */
export async function diskOf(t: TestContext, size: string): Promise<string | null> {
  const disk = await mkdtemp(join(tmpdir(), 's3scan-disk-'));
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]).then(() => true, () => false);
  t.after(async () => {
    if (isMounted) await run('umount', [disk]);
    await rm(disk, { recursive: true });
  });
  if (!isMounted) t.skip('a tmpfs may not be mounted here');
  return isMounted ? disk : null;
}
