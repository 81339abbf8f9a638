/** The version of this package, read where it is asked for: package.json is the one place that has it. */
import { readFileSync } from 'node:fs';

/** Relative to dist/src/cli. */
const PACKAGE = new URL('../../../package.json', import.meta.url);

export function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
}
