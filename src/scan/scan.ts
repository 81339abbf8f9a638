/** What the command line sees of a running scan. */
import type { Failure } from '../failure.ts';
import type { MetricsReport } from '../metrics/report.ts';

/** Why a scan ended before its source did. `closed`: whoever read standard output went away. */
export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'closed' | 'exhausted';

export interface ScanResult {
  readonly report: MetricsReport;
  /** null where nothing was published */
  readonly output: { readonly path: string | null; readonly rows: number; readonly bytes: number } | null;
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
  /** the source has yielded its last key */
  readonly complete: boolean;
}

/** What a listing tells besides. */
export interface ListScanProgress extends ScanProgress {
  readonly apiCalls: number;
  readonly ranges: number;
  readonly splits: number;
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
