/** `list`: pages → filter → order → writer. One thread lists and decodes, the writer's encodes. */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import { Pace } from '../http/pace.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { MAX_LIST_CONCURRENCY } from '../listing/list-pace.ts';
import type { ListedPage } from '../listing/listing.ts';
import { ListingCounters } from '../metrics/listing-counters.ts';
import type { MetricsReport } from '../metrics/report.ts';
import type { ScanSnapshot } from '../metrics/series.ts';
import { GatheringSender } from '../records/gathering-sender.ts';
import type { BucketClient, Limits } from '../s3/bucket-client.ts';
import { askedOfList, type Asked } from './asked.ts';
import { connect, type Connection } from './connect.ts';
import { listedPages, rangeOf } from './listing-source.ts';
import type { ListScanOptions, OutputOptions } from './options.ts';
import { PageFilter } from './page-filter.ts';
import { RunningScan } from './running-scan.ts';
import type { ListScanProgress, ScanResult } from './scan.ts';
import { sortedPages } from './sorted-pages.ts';

/** For pages that wait to be sorted: beside the output. */
function temporaryFolderOf({ path, directory }: OutputOptions): string {
  if (path === null) return tmpdir();
  return directory === null ? dirname(path) : path;
}

export class ListScan extends RunningScan {
  readonly result: Promise<ScanResult>;
  private readonly options: ListScanOptions;
  private readonly counters = new ListingCounters();
  private readonly limits: Limits;
  private readonly filter: PageFilter;
  private sender: GatheringSender | null = null;
  /** handed to the sender so far */
  private keyBatches = 0;
  private wake: () => void = () => {};

  constructor(options: ListScanOptions) {
    super(options);
    this.options = options;
    const { listing, endpoint } = options;
    const endpoints = Math.max(1, endpoint.endpoints.length);
    this.limits = {
      retryBudget: RetryBudget.allocate(listing.concurrency ?? MAX_LIST_CONCURRENCY),
      pace: Pace.allocate(endpoint.rate, endpoints),
      endpoints: EndpointHealth.allocate(endpoints),
    };
    this.filter = new PageFilter(options.filter, options.output.schema);
    this.result = this.run();
  }

  protected asked(): Asked {
    return askedOfList(this.options);
  }

  protected async scan(): Promise<ScanResult> {
    const { listing: { bucket, concurrency }, sorted } = this.options;
    const connection = await connect(this.options.endpoint, bucket, this.options.version);
    const writer = await this.openWriter(connection, bucket, { loadsEarly: true, keysAreNear: sorted || concurrency === 1 });
    const client = await this.openClient(connection, bucket, this.limits, this.counters);
    const freshness = connection.keepFresh((credentials) => client.useCredentials(credentials));
    const sender = new GatheringSender(writer.port(), () => this.wake());
    this.sender = sender;
    let failure: Failure | null = null;
    try {
      await this.send(client, connection, sender);
    } catch (error) {
      const publishable = error instanceof Failure && (error.kind === 'unreachable' || error.kind === 'access') && this.keyBatches > 0;
      if (this.stopped === null && !publishable) throw error;
      if (this.stopped === null) {
        failure = error as Failure;
        this.stop(failure.kind === 'access' ? 'failed' : 'exhausted');
      }
    } finally {
      freshness.stop();
    }
    sender.flush();
    return this.publish(writer, sender.sent, failure);
  }

  private pages(client: BucketClient, connection: Connection): AsyncGenerator<ListedPage> {
    const { listing, output, sorted } = this.options;
    const pages = this.wantedPages(client, connection);
    if (!sorted) return pages;
    return sortedPages(pages, { after: this.missing(rangeOf(listing))[0]?.after ?? listing.startAfter, folder: temporaryFolderOf(output) });
  }

  private async *wantedPages(client: BucketClient, connection: Connection): AsyncGenerator<ListedPage> {
    const { listing, endpoint } = this.options;
    for await (const page of listedPages(client, connection, endpoint, listing, this.filter.schema, this.counters, this.missing(rangeOf(listing)))) yield this.filter.apply(page);
  }

  /** Each page is a key batch. */
  private async send(client: BucketClient, connection: Connection, sender: GatheringSender): Promise<void> {
    for await (const page of this.pages(client, connection)) {
      const place = { kind: 'keyspace', ...page.interval } as const;
      if (page.rows.rows === 0) {
        this.ledger.pass(place);
        continue;
      }
      while (!sender.ready && this.stopped === null) await this.credit();
      if (this.stopped !== null) return;
      this.ledger.issue(this.keyBatches, page.rows.rows, place);
      sender.add(page.rows, this.keyBatches++);
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
    return { done: this.ledger.keysWritten, inFlight: this.counters.inFlight, errors: 0, listed: this.counters.keys };
  }

  progress(): ListScanProgress {
    const { pages, apiCalls, ranges, splits, verified } = this.counters;
    return { ...this.snapshot(), filtered: this.filter.filtered, pages, complete: this.complete, apiCalls, ranges, splits, verified, left: this.counters.keysLeft() };
  }

  protected report(): MetricsReport {
    return this.reportOf({
      command: 'list',
      endpoints: this.endpointsOf(this.options.endpoint.endpoints, this.limits, () => null),
      shards: [],
      listing: this.counters,
      filtered: this.filter.filtered,
      viaNote: null,
      concurrency: this.counters.concurrency,
      busiestThread: performance.eventLoopUtilization().utilization,
    });
  }
}
