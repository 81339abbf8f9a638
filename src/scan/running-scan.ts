/**
 * What `list` and `head` have in common while they run: the writer, the proof that every batch reached it
 * (R1), the way to an early end, and the samples for the metrics.
 */
import { availableParallelism } from 'node:os';
import { Failure } from '../failure.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import type { Interval } from '../keyspace/interval.ts';
import type { EndpointInput } from '../metrics/endpoint-report.ts';
import { buildReport, type MetricsReport, type ReportInput } from '../metrics/report.ts';
import { Series, type ScanSnapshot } from '../metrics/series.ts';
import type { ShardTotals } from '../metrics/shard-counters.ts';
import { Writer, type WriterOptions, type WriterResult } from '../output/writer.ts';
import type { BucketClient, Limits } from '../s3/bucket-client.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import type { Asked } from './asked.ts';
import type { Connection } from './connect.ts';
import { DirectoryRun } from './directory-run.ts';
import { fileMetadata } from './file-metadata.ts';
import { Ledger } from './ledger.ts';
import type { ScanOptions } from './options.ts';
import type { Scan, ScanProgress, ScanResult, StopCause } from './scan.ts';

const SAMPLE_MS = 1000;

/** What of the report only the command knows. */
type ReportParts = Pick<ReportInput, 'command' | 'shards' | 'endpoints' | 'listing' | 'filtered' | 'viaNote' | 'concurrency' | 'busiestThread'>;

export abstract class RunningScan implements Scan {
  abstract readonly result: Promise<ScanResult>;
  protected readonly ledger: Ledger;
  /** null where the output is no directory */
  protected directory: DirectoryRun | null = null;
  protected stopped: StopCause | null = null;
  /** the source has yielded its last key */
  protected complete = false;
  private readonly common: ScanOptions;
  private readonly series: Series = new Series(Date.now());
  private readonly clients: BucketClient[] = [];
  private writer: Writer | null = null;
  /** in the output that was published */
  private rowsWritten = 0;
  private fail: (failure: unknown) => void = () => {};

  constructor(options: ScanOptions) {
    this.common = options;
    this.ledger = new Ledger(options.output.directory !== null);
  }

  abstract progress(): ScanProgress;
  protected abstract snapshot(): ScanSnapshot;
  protected abstract report(): MetricsReport;
  /** What the journal of a directory output says was asked. */
  protected abstract asked(): Asked | Promise<Asked>;
  /** The scan itself. */
  protected abstract scan(): Promise<ScanResult>;
  /** Ends what the command started, on every way out. */
  protected abstract release(): Promise<void>;
  /** The writer has taken these key batches in. */
  protected onWritten(_keyBatches: readonly number[]): void {}
  /** Tells the stages to come to an end. */
  protected abstract onStop(cause: StopCause): void;

  protected async run(): Promise<ScanResult> {
    const broken = new Promise<never>((_resolve, reject) => {
      this.fail = reject;
    });
    broken.catch(() => {});
    const sampling = setInterval(() => this.sample(), SAMPLE_MS).unref();
    try {
      await this.openDirectory();
      if (this.directory?.isFinished === true) return this.resultOf(null, null);
      return await Promise.race([this.scan(), broken]);
    } catch (error) {
      await this.writer?.abort();
      // What is committed is kept, and what was published is still entered.
      await this.directory?.settle().catch(() => {});
      // What was cut off by the stop itself is no failure.
      if (this.stopped === null || this.stopped === 'exhausted' || this.stopped === 'failed') throw this.withWayOn(error);
      return this.resultOf(null, null);
    } finally {
      clearInterval(sampling);
      await Promise.all([this.release(), this.closeClients(), this.directory?.close()]);
    }
  }

  /** What of a listing's range no part covers yet. */
  protected missing(range: Interval): readonly Interval[] {
    return this.directory?.isResumed === true ? this.directory.missing(range) : [range];
  }

  private async openDirectory(): Promise<void> {
    const { output, version } = this.common;
    if (output.directory === null) return;
    this.directory = await DirectoryRun.open(output, output.directory, version, await this.asked(), this.ledger);
  }

  private resultOf(output: WriterResult | null, failure: Failure | null): ScanResult {
    return { report: this.report(), output, directory: this.directory?.state ?? null, stopped: this.stopped, failure };
  }

  /** A failure in the midst of a directory output is not the end of it. */
  private withWayOn(error: unknown): unknown {
    const state = this.directory?.state;
    if (!(error instanceof Failure) || state === undefined || state.parts === 0) return error;
    const kept = `${state.rows} rows in ${state.parts} parts are kept: --resume goes on from there`;
    return new Failure(error.kind, error.message, error.hint === null ? kept : `${error.hint}; ${kept}`, { cause: error });
  }

  protected async openWriter(connection: Connection, bucket: string | null, how: Pick<WriterOptions, 'loadsEarly' | 'keysAreNear'>): Promise<Writer> {
    const { output, version } = this.common;
    const fail = (error: unknown): void => this.fail(error);
    const directory = this.directory === null ? { parts: null } : await this.directory.begin(connection.endpoint === null ? 'AWS' : 'other', fail);
    const options = { ...output, ...directory, ...how, fileMetadata: fileMetadata(version, connection, bucket) };
    this.writer = await Writer.start(options, {
      onWritten: (_rows, keyBatches) => {
        try {
          this.ledger.write(keyBatches);
          this.onWritten(keyBatches);
        } catch (error) {
          this.fail(error);
        }
      },
      onPart: (part) => this.directory?.commitPart(part, fail),
      onClosed: () => this.stop('closed'),
      onFailure: fail,
    });
    return this.writer;
  }

  protected async openClient(connection: Connection, bucket: string, limits: Limits, listing: ListingCounters): Promise<BucketClient> {
    if (this.clients.length === 0) await connection.tryEndpoints(bucket, limits);
    const client = await connection.client(bucket, limits, (reason, throttled) => {
      listing.retries++;
      if (throttled) listing.throttled++;
      listing.apiCalls++;
      this.common.log.debug('request on the bucket sent again', { bucket, reason });
    });
    this.clients.push(client);
    return client;
  }

  /** Publishes what the writer has, and proves it where the scan is whole. */
  protected async publish(writer: Writer, recordBatches: number, failure: Failure | null): Promise<ScanResult> {
    if (this.stopped === 'closed') {
      // Nobody reads on; the thread, left alone, would keep the process from ending.
      await writer.abort();
      return this.resultOf(null, null);
    }
    const output = await writer.finish(recordBatches, this.stopped === null);
    this.rowsWritten = output.rows;
    this.series.end(Date.now(), this.snapshot());
    if (this.stopped === null) this.ledger.prove(output.rows);
    const result = this.resultOf({ ...output, path: this.common.output.path }, failure);
    if (this.directory !== null) await this.publishDirectory(this.directory, result);
    this.common.log.info('scan ended', { stopped: this.stopped, rows: output.rows, bytes: output.bytes });
    return { ...result, directory: this.directory?.state ?? null };
  }

  private async publishDirectory(directory: DirectoryRun, { report, stopped }: ScanResult): Promise<void> {
    await directory.settle();
    if (stopped === null) directory.prove();
    await directory.writeMetrics(report);
    if (stopped === null) await directory.succeed();
  }

  private async closeClients(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }

  stop(cause: StopCause): void {
    if (this.stopped !== null) return;
    this.stopped = cause;
    this.onStop(cause);
    void this.closeClients();
  }

  async abort(): Promise<void> {
    await this.writer?.abort();
    await this.directory?.close();
  }

  /** What there is to tell of several endpoints. `totalsOf`: of their HEADs. */
  protected endpointsOf(names: readonly string[], { endpoints }: Limits, totalsOf: (endpoint: number) => ShardTotals | null): EndpointInput[] {
    if (names.length < 2) return [];
    const health = new EndpointHealth(endpoints);
    const sum = (pick: (client: BucketClient) => number): number => this.clients.reduce((all, client) => all + pick(client), 0);
    return names.map((endpoint, at) => ({
      endpoint,
      totals: totalsOf(at),
      lists: { requests: sum((client) => client.requests[at]!), unanswered: sum((client) => client.unanswered[at]!) },
      health: health.state(at),
      nowMs: Date.now(),
    }));
  }

  private sample(): void {
    this.series.sample(Date.now(), this.snapshot());
  }

  protected reportOf(parts: ReportParts): MetricsReport {
    return buildReport({
      ...parts,
      version: this.common.version,
      rate: this.common.endpoint.rate,
      node: process.version,
      options: this.common.given,
      complete: this.complete && this.stopped === null,
      stopped: this.stopped,
      rowsWritten: this.rowsWritten,
      series: this.series.samples(),
      cores: availableParallelism(),
      cpuUsage: process.cpuUsage(),
      uptimeSeconds: process.uptime(),
      maxRss: process.resourceUsage().maxRSS,
    });
  }
}
