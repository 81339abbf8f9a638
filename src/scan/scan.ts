/** What the command line sees of a running scan. */
import type { Failure } from '../failure.ts';
import type { MetricsReport } from '../metrics/report.ts';

/**
 * Why a scan ended before its source did. `closed`: whoever read standard output went away; `exhausted`: too many
 * requests failed; `failed`: the failure of the result says why.
 */
export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'closed' | 'exhausted' | 'failed';

/** What is in a directory output. */
export interface DirectoryState {
  readonly path: string;
  readonly parts: number;
  readonly rows: number;
  /** rows that hold an error, apart from objects that are gone */
  readonly failed: number;
  /** what earlier runs had committed */
  readonly before: { readonly parts: number; readonly rows: number };
  /** parts of earlier runs that were missing or damaged: what was in them was asked again */
  readonly dropped: readonly string[];
  /** all was there before: nothing was asked */
  readonly isFinished: boolean;
}

export interface ScanResult {
  readonly report: MetricsReport;
  /** null where nothing was published */
  readonly output: { readonly path: string | null; readonly rows: number; readonly bytes: number } | null;
  /** null where the output is no directory */
  readonly directory: DirectoryState | null;
  readonly stopped: StopCause | null;
  /** why the scan is not complete, where it is for a reason that is no signal; what was whole is published */
  readonly failure: Failure | null;
}

/** The state of a scan at one moment, for progress. */
export interface ScanProgress {
  readonly done: number;
  readonly errors: number;
  readonly inFlight: number;
  /** keys that the source has yielded */
  readonly listed: number;
  /** keys that filters left out; for `head` they are not among those yielded */
  readonly filtered: number;
  readonly pages: number;
  /** about how many keys are left to list; null where nobody knows */
  readonly left: number | null;
  /** the source has yielded its last key */
  readonly complete: boolean;
}

/** What a listing tells besides. */
export interface ListScanProgress extends ScanProgress {
  readonly apiCalls: number;
  readonly ranges: number;
  readonly splits: number;
  /** keys listed a second time, to compare */
  readonly verified: number;
}

/** Where a scan says what it does; nothing secret is handed to it (R7). */
export interface ScanLog {
  debug(message: string, fields: Readonly<Record<string, unknown>>): void;
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface Scan {
  progress(): ScanProgress;
  /** Ends the scan early: what is whole is published. */
  stop(cause: StopCause): void;
  /** Ends it at once: nothing is published. */
  abort(): Promise<void>;
  /** Rejects with a Failure where nothing was published. */
  readonly result: Promise<ScanResult>;
}
