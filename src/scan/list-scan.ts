/** `list`: pages → writer. One thread lists and decodes, the writer's encodes. */
import { Failure } from '../failure.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { ListingCounters } from '../metrics/listing-counters.ts';
import type { MetricsReport } from '../metrics/report.ts';
import type { ScanSnapshot } from '../metrics/series.ts';
import { RecordSender } from '../records/channel.ts';
import type { BucketClient } from '../s3/bucket-client.ts';
import { connect, type Connection } from './connect.ts';
import { listedPages } from './listing-source.ts';
import type { ListScanOptions } from './options.ts';
import { RunningScan } from './running-scan.ts';
import type { ScanProgress, ScanResult } from './scan.ts';

/** LIST requests in flight: one chain of pages. */
const CONCURRENCY = 1;

export class ListScan extends RunningScan {
  readonly result: Promise<ScanResult>;
  private readonly options: ListScanOptions;
  private readonly counters = new ListingCounters();
  private sender: RecordSender | null = null;
  private wake: () => void = () => {};

  constructor(options: ListScanOptions) {
    super(options);
    this.options = options;
    this.result = this.run();
  }

  protected async scan(): Promise<ScanResult> {
    const { bucket } = this.options.listing;
    const connection = await connect(this.options.endpoint);
    const writer = await this.openWriter(connection, bucket);
    const client = this.openClient(connection, bucket, RetryBudget.allocate(CONCURRENCY), this.counters);
    const freshness = connection.keepFresh((credentials) => client.useCredentials(credentials));
    const sender = new RecordSender(writer.port(), () => this.wake());
    this.sender = sender;
    let failure: Failure | null = null;
    try {
      await this.send(client, connection, sender);
    } catch (error) {
      const publishable = error instanceof Failure && error.kind === 'unreachable' && sender.sent > 0;
      if (this.stopped === null && !publishable) throw error;
      if (this.stopped === null) {
        failure = error as Failure;
        this.stop('exhausted');
      }
    } finally {
      freshness.stop();
    }
    return this.publish(writer, sender.sent, failure);
  }

  /** Each page is a record batch: it holds one key batch, itself. */
  private async send(client: BucketClient, connection: Connection, sender: RecordSender): Promise<void> {
    const { listing, endpoint, output } = this.options;
    for await (const page of listedPages(client, connection, endpoint, listing, output.schema, this.counters)) {
      while (!sender.ready && this.stopped === null) await this.credit();
      if (this.stopped !== null) return;
      this.ledger.issue(sender.sent, page.rows.rows);
      sender.send(page.rows, [sender.sent]);
    }
    this.complete = true;
  }

  private credit(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  protected onStop(): void {
    this.wake();
  }

  protected release(): Promise<void> {
    this.sender?.close();
    return Promise.resolve();
  }

  protected snapshot(): ScanSnapshot {
    return { done: this.ledger.keysWritten, inFlight: CONCURRENCY, errors: 0, listed: this.counters.keys };
  }

  progress(): ScanProgress {
    return { ...this.snapshot(), pages: this.counters.pages, complete: this.complete };
  }

  protected report(): MetricsReport {
    const busiestThread = performance.eventLoopUtilization().utilization;
    return this.reportOf({ command: 'list', shards: [], listing: this.counters, concurrency: CONCURRENCY, busiestThread });
  }
}
