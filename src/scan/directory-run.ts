/**
 * A scan's directory output while the scan runs: opens or takes up the journal, enters each published part with what
 * it covers of the source, and says that all is there only when nothing is missing (R1, R2).
 */
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { compareEnds, type Interval } from '../keyspace/interval.ts';
import type { MetricsReport } from '../metrics/report.ts';
import type { JournalEntry } from '../output/journal.ts';
import { METRICS_FILE, OutputDirectory } from '../output/output-directory.ts';
import type { PublishedPart } from '../output/part.ts';
import type { PartsOptions } from '../output/protocol.ts';
import { checkAsked, type Asked } from './asked.ts';
import type { Ledger } from './ledger.ts';
import { writeMetricsFile } from './metrics-file.ts';
import type { DirectoryOptions, OutputOptions } from './options.ts';
import type { DirectoryState } from './scan.ts';

/** What has no rows is entered this often where no part is: a filter that keeps next to nothing may take hours to fill one. */
const PASSED_MS = 30_000;

export class DirectoryRun {
  private readonly output: OutputOptions;
  private readonly options: DirectoryOptions;
  private readonly asked: Asked;
  private readonly directory: OutputDirectory;
  private readonly ledger: Ledger;
  private readonly version: string;
  private timer: NodeJS.Timeout | null = null;
  private before = { parts: 0, rows: 0 };
  private commits: Promise<void> = Promise.resolve();

  private constructor(output: OutputOptions, options: DirectoryOptions, version: string, asked: Asked, directory: OutputDirectory, ledger: Ledger) {
    this.output = output;
    this.options = options;
    this.version = version;
    this.asked = asked;
    this.directory = directory;
    this.ledger = ledger;
  }

  /** Throws Failure('usage') where the folder is in use or not to be written to, or was begun with something else. */
  static async open(output: OutputOptions, options: DirectoryOptions, version: string, asked: Asked, ledger: Ledger): Promise<DirectoryRun> {
    const path = output.path!;
    const { overwrite, private: isPrivate } = output;
    const directory = await OutputDirectory.open({ path, overwrite, resume: options.resume, private: isPrivate });
    try {
      if (directory.before !== null) {
        const { command, asked: then } = directory.before;
        // Which kind of endpoint it is, is known when the scan has begun.
        checkAsked({ ...then, command, endpoint: null }, { ...asked.asked, command: asked.command }, path);
        if (!directory.isFinished) checkResumable(asked);
      }
      return new DirectoryRun(output, options, version, asked, directory, ledger);
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  get isFinished(): boolean {
    return this.directory.isFinished;
  }

  get isResumed(): boolean {
    return this.directory.before !== null;
  }

  /** What of the range is still to be done, ascending. */
  missing(range: Interval): Interval[] {
    return this.directory.missing(range);
  }

  /** For the writer. `onFailure` hears when the journal cannot be written. */
  async begin(endpoint: 'AWS' | 'other', onFailure: (error: unknown) => void): Promise<{ readonly path: string; readonly parts: PartsOptions }> {
    const { directory, asked, version } = this;
    const then = directory.before?.asked['endpoint'];
    if (then !== undefined) checkAsked({ endpoint: then }, { endpoint }, this.output.path!);
    await directory.begin({ s3scan: version, command: asked.command, unit: asked.unit, asked: { ...asked.asked, endpoint } });
    this.before = { parts: directory.published.length, rows: this.rows };
    this.checkOrder();
    this.timer = setInterval(() => this.commitPassed(onFailure), PASSED_MS).unref();
    return { path: directory.dataFolder, parts: { first: directory.nextPart, maxRows: this.options.partRows } };
  }

  /** Parts of a sorted list are in order as long as what is missing lies behind them all. */
  private checkOrder(): void {
    const { asked, range } = this.asked;
    const [first] = this.missing(range);
    if (asked['--sorted'] !== true || first === undefined || compareEnds(first.through, range.through) === 0) return;
    const message = `--resume: ${this.directory.dropped.join(', ') || 'a part'} is missing or damaged, and what is listed again would not be in order`;
    throw new Failure('usage', message, 'begin anew with --overwrite');
  }

  private get rows(): number {
    return this.directory.published.reduce((sum, { rows }) => sum + rows, 0);
  }

  get state(): DirectoryState {
    const { published, dropped } = this.directory;
    const failed = published.reduce((sum, part) => sum + part.failed, 0);
    return { path: this.output.path!, parts: published.length, rows: this.rows, failed, before: this.before, dropped, isFinished: this.isFinished };
  }

  commitPart(part: PublishedPart, onFailure: (error: unknown) => void): void {
    this.commit({ part, covers: this.ledger.takeCovered() }, onFailure);
  }

  private commitPassed(onFailure: (error: unknown) => void): void {
    const covers = this.ledger.takePassed();
    if (covers.length > 0) this.commit({ part: null, covers }, onFailure);
  }

  private commit(entry: JournalEntry, onFailure: (error: unknown) => void): void {
    this.commits = this.afterCommits(this.commits, this.directory.commit(entry));
    this.commits.catch(onFailure);
  }

  private async afterCommits(before: Promise<void>, last: Promise<void>): Promise<void> {
    await Promise.all([before, last]);
  }

  /** Resolves when all that was published is entered, and what had no rows; rejects where that cannot be. */
  async settle(): Promise<void> {
    this.commitPassed(() => {});
    await this.commits;
  }

  /** Throws where the parts do not cover all that was asked for (R2). */
  prove(): void {
    const { range, isOpen } = this.asked;
    const last = this.directory.committed.at(-1);
    const covered = isOpen && last !== undefined ? { ...range, through: last.through } : range;
    if (last === undefined ? isOpen : this.missing(covered).length === 0) return;
    throw new Failure('defect', 'the parts do not cover all that was asked for', 'report it');
  }

  async writeMetrics(report: MetricsReport): Promise<void> {
    await writeMetricsFile(join(this.output.path!, METRICS_FILE), report, this.output.private);
  }

  succeed(): Promise<void> {
    return this.directory.succeed();
  }

  /** Never throws. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.directory.close();
  }
}

/** What cannot be taken up in the midst. */
function checkResumable({ asked }: Asked): void {
  const hint = 'begin anew with --overwrite';
  if (asked['--max-keys'] != null) throw new Failure('usage', '--resume: which keys are the first ones of --max-keys is only known to a scan that lists them all', hint);
  if (asked['--from'] === 'standard input') throw new Failure('usage', '--resume: standard input is not there a second time', `keep the keys in a file, and ${hint}`);
}
