/**
 * What `list` and `head` have in common while they run: the writer, the proof that every batch reached it
 * (R1), the way to an early end, and the samples for the metrics.
 */
import { availableParallelism } from 'node:os';
import type { Failure } from '../failure.ts';
import { buildReport, type MetricsReport, type ReportInput } from '../metrics/report.ts';
import { Series, type ScanSnapshot } from '../metrics/series.ts';
import { Writer } from '../output/writer.ts';
import type { BucketClient } from '../s3/bucket-client.ts';
import type { ListingCounters } from '../metrics/listing-counters.ts';
import type { Connection } from './connect.ts';
import { fileMetadata } from './file-metadata.ts';
import { Ledger } from './ledger.ts';
import type { ScanOptions } from './options.ts';
import type { Scan, ScanProgress, ScanResult, StopCause } from './scan.ts';

const SAMPLE_MS = 1000;

/** What of the report only the command knows. */
type ReportParts = Pick<ReportInput, 'command' | 'shards' | 'listing' | 'filtered' | 'concurrency' | 'busiestThread'>;

export abstract class RunningScan implements Scan {
  abstract readonly result: Promise<ScanResult>;
  protected readonly ledger: Ledger = new Ledger();
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
  }

  abstract progress(): ScanProgress;
  protected abstract snapshot(): ScanSnapshot;
  protected abstract report(): MetricsReport;
  /** The scan itself. */
  protected abstract scan(): Promise<ScanResult>;
  /** Ends what the command started, on every way out. */
  protected abstract release(): Promise<void>;
  /** Tells the stages to come to an end. */
  protected abstract onStop(cause: StopCause): void;

  protected async run(): Promise<ScanResult> {
    const broken = new Promise<never>((_resolve, reject) => {
      this.fail = reject;
    });
    broken.catch(() => {});
    const sampling = setInterval(() => this.sample(), SAMPLE_MS).unref();
    try {
      return await Promise.race([this.scan(), broken]);
    } catch (error) {
      await this.writer?.abort();
      // What was cut off by the stop itself is no failure.
      if (this.stopped === null || this.stopped === 'exhausted') throw error;
      return { report: this.report(), output: null, stopped: this.stopped, failure: null };
    } finally {
      clearInterval(sampling);
      await Promise.all([this.release(), this.closeClients()]);
    }
  }

  protected async openWriter(connection: Connection, bucket: string | null): Promise<Writer> {
    const { output, version } = this.common;
    const options = { ...output, fileMetadata: fileMetadata(version, connection, bucket) };
    this.writer = await Writer.start(options, {
      onWritten: (_rows, keyBatches) => {
        try {
          this.ledger.write(keyBatches);
        } catch (error) {
          this.fail(error);
        }
      },
      onClosed: () => this.stop('closed'),
      onFailure: (failure) => this.fail(failure),
    });
    return this.writer;
  }

  protected openClient(connection: Connection, bucket: string, retryBudget: SharedArrayBuffer, listing: ListingCounters): BucketClient {
    const client = connection.client(bucket, retryBudget, (reason, throttled) => {
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
      return { report: this.report(), output: null, stopped: 'closed', failure: null };
    }
    const output = await writer.finish(recordBatches);
    this.rowsWritten = output.rows;
    this.series.end(Date.now(), this.snapshot());
    if (this.stopped === null) this.ledger.prove(output.rows);
    const { stopped } = this;
    this.common.log.info('scan ended', { stopped, rows: output.rows, bytes: output.bytes });
    return { report: this.report(), output, stopped, failure };
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
  }

  private sample(): void {
    this.series.sample(Date.now(), this.snapshot());
  }

  protected reportOf(parts: ReportParts): MetricsReport {
    return buildReport({
      ...parts,
      version: this.common.version,
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
