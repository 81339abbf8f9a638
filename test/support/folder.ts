/** A folder of a test's own, gone when the test ends. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What of `TestContext` and of the suite's hooks is needed here. */
export interface Ending {
  after(release: () => Promise<void>): void;
}

export async function temporaryFolder(t: Ending): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 's3scan-e2e-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file of the folder with its bytes, by its path in it. */
export async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [path.slice(folder.length + 1), await readFile(path)] as const)));
}
