/** Whether as many files may be open as a scan needs: a connection is one, and EMFILE in its midst would help nobody. */
import { readFileSync } from 'node:fs';
import { Failure } from '../failure.ts';

/** Modules, output, threads, and connections of the listing. */
const OTHER_FILES = 128;
/** Where the limit costs 50 ms to learn, it is not asked for so few: the smallest default of any system is 256. */
const FEW = 100;

function softLimit(connections: number): number {
  try {
    // Linux, at no cost.
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  } catch {
    if (connections <= FEW) return Number.NaN;
    const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
    return Number(userLimits?.open_files?.soft);
  }
}

/** Throws Failure('usage') where the limit is known and too low. */
export function checkOpenFiles(connections: number): void {
  const limit = softLimit(connections);
  const needed = connections + OTHER_FILES;
  if (limit < needed) {
    throw new Failure('usage', `--concurrency ${connections} needs some ${needed} open files, and the limit is ${limit}`, `raise it with \`ulimit -n ${connections * 2 + OTHER_FILES}\`, or lower --concurrency`);
  }
}
