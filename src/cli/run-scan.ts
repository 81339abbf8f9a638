/** What every scan shows and leaves behind: progress, signals, summary, metrics file, exit code. */
import type { Options } from '../metrics/options.ts';
import { headerNames } from '../s3/request-headers.ts';
import { writeMetricsFile, metricsFormat } from '../scan/metrics-file.ts';
import type { Scan, StopCause } from '../scan/scan.ts';
import { isDirectoryOutput, type CommonFlags } from './common-options.ts';
import { EXIT, exitCodeOfFailure, exitCodeOfResult, exitCodeOfStop } from './exit-code.ts';
import { startProgress, type ProgressSnapshot } from './progress.ts';
import { renderSummary } from './summary.ts';
import { escapeForTerminal, painter } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Beside the output unless told: `headers.parquet` → `headers.metrics.json`. */
export function metricsPath(flags: CommonFlags, command: 'head' | 'list'): string | null {
  if (flags.metrics !== undefined) {
    metricsFormat(flags.metrics, command);
    return flags.metrics;
  }
  // A folder has its metrics in it.
  if (flags.output === undefined || flags.output === '-' || isDirectoryOutput(flags)) return null;
  return `${flags.output.replace(/(\.(parquet|arrow|ndjson|jsonl|csv|txt))?(\.(gz|zst))?$/i, '')}.metrics.json`;
}

/** The options as given, for the metrics document: of headers the names only, since their values may be secret (R7). */
export function givenOptions(url: string | undefined, flags: CommonFlags): Options {
  const named = { ...flags, header: flags.header && headerNames(flags.header) };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return { ...(url !== undefined && { url }), ...(Object.fromEntries(given) as Options) };
}

export interface RunOptions {
  readonly flags: CommonFlags;
  readonly metrics: string | null;
  readonly snapshot: () => ProgressSnapshot;
}

/** Runs a scan to its end. Throws the Failure of a scan that published nothing. */
export async function runScan(scan: Scan, { flags, metrics, snapshot }: RunOptions): Promise<number> {
  const { stderr } = process;
  if (flags.insecure) stderr.write('s3scan: --insecure: server certificates are not checked, so anyone on the way can read and change what is sent\n');
  const progress = startProgress(snapshot, {
    mode: flags.progress,
    quiet: flags.quiet,
    stream: stderr,
    environment: process.env,
    now: () => performance.now(),
  });
  const onSignal = (signal: StopCause): void => {
    if (signalled) {
      void scan.abort().finally(() => process.exit(exitCodeOfStop(signal)));
      return;
    }
    signalled = true;
    progress.clear();
    if (!flags.quiet) stderr.write('s3scan: stopping: requests in flight may take 5 s; a second signal stops at once\n');
    scan.stop(signal);
  };
  let signalled = false;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const result = await scan.result;
    progress.stop();
    if (result.stopped === 'closed') return exitCodeOfResult(result);
    if (result.directory?.isFinished === true) {
      if (!flags.quiet) stderr.write(`s3scan: the scan in ${escapeForTerminal(result.directory.path)} is complete already: nothing was asked\n`);
      return EXIT.complete;
    }
    const metricsFile = result.output === null ? null : metrics;
    if (metricsFile !== null) await writeMetricsFile(metricsFile, result.report, flags.private);
    if (!flags.quiet) {
      stderr.write(
        renderSummary(result.report, {
          output: result.output?.path ?? null,
          directory: result.directory,
          metricsFile,
          width: stderr.isTTY ? stderr.columns : Infinity,
          paint: painter(stderr, process.env),
        }),
      );
    }
    if (result.failure !== null) {
      stderr.write(`s3scan: ${escapeForTerminal(result.failure.message)}\n`);
      if (result.failure.hint !== null) stderr.write(`  ${escapeForTerminal(result.failure.hint)}\n`);
      return exitCodeOfFailure(result.failure.kind);
    }
    return exitCodeOfResult(result);
  } finally {
    progress.stop();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
