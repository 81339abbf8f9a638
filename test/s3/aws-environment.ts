/** An environment of its own for a test of settings and credentials: nothing of the machine's AWS set-up shows through. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface AwsFiles {
  readonly config?: string;
  readonly credentials?: string;
}

/** Sets process.env for one test and puts it back afterwards. Returns the folder that holds the files. */
export function awsEnvironment(t: TestContext, variables: Readonly<Record<string, string>>, files: AwsFiles = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 's3scan-aws-'));
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
    rmSync(folder, { recursive: true });
  });
  const kept = Object.entries(before).filter(([name]) => !name.startsWith('AWS_'));
  const own = {
    HOME: folder,
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  if (files.config !== undefined) writeFileSync(own.AWS_CONFIG_FILE, files.config);
  if (files.credentials !== undefined) writeFileSync(own.AWS_SHARED_CREDENTIALS_FILE, files.credentials);
  process.env = { ...Object.fromEntries(kept), ...own, ...variables };
  return folder;
}
