/** What each end of a scan is to a script: the table of the README. */
import type { FailureKind } from '../failure.ts';
import type { ScanResult, StopCause } from '../scan/scan.ts';

export const EXIT = {
  complete: 0,
  defect: 1,
  usage: 2,
  someFailed: 3,
  listing: 4,
  access: 5,
  output: 6,
  unreachable: 75,
} as const;

export function exitCodeOfFailure(kind: FailureKind): number {
  return EXIT[kind];
}

/** 128 + the signal's number, as shells have it; a reader that left is no failure. */
const STOPPED: Readonly<Record<StopCause, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, exhausted: EXIT.unreachable, closed: EXIT.complete, failed: EXIT.defect };

export function exitCodeOfStop(cause: StopCause): number {
  return STOPPED[cause];
}

export function exitCodeOfResult(result: ScanResult): number {
  if (result.stopped !== null) return exitCodeOfStop(result.stopped);
  // Of parts, those of earlier runs count too.
  return (result.directory?.failed ?? result.report.overall.failed) > 0 ? EXIT.someFailed : EXIT.complete;
}
