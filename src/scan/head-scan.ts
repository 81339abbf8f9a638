/**
 * `head`: key source → queue → head workers → writer. Wires the stages, stops them in order, and proves that
 * every key has its row (R1) before anything is published.
 */
import { availableParallelism } from 'node:os';
import { Failure } from '../failure.ts';
import { HeadWorkers, planShards } from '../head/head-workers.ts';
import { TARGET_ROWS } from '../head/record-assembly.ts';
import type { HeadSettings } from '../head/protocol.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import { Pace } from '../http/pace.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { createLatencyHistogram } from '../metrics/latency.ts';
import { ListingCounters } from '../metrics/listing-counters.ts';
import type { MetricsReport } from '../metrics/report.ts';
import type { ScanSnapshot } from '../metrics/series.ts';
import { COUNTER, ShardCounters } from '../metrics/shard-counters.ts';
import type { Writer } from '../output/writer.ts';
import { recordsWithin, type KeyBatch } from '../queue/key-batch.ts';
import { KeyQueue } from '../queue/key-queue.ts';
import { intervalOf, recordOfEnd } from '../queue/place.ts';
import { TOLD_HEAD, type Schema } from '../records/columns.ts';
import type { BucketAddress } from '../s3/bucket-address.ts';
import type { BucketClient, Limits } from '../s3/bucket-client.ts';
import { customerKeyHeaders } from '../s3/customer-key.ts';
import type { RequestHeader } from '../s3/request-headers.ts';
import { RowFilter } from '../source/filter.ts';
import { readKeyFile } from '../source/key-file.ts';
import { askedOfHead, type Asked } from './asked.ts';
import { connect, type Connection } from './connect.ts';
import { HEAD_LISTING, keyBatchOf, listedPages, rangeOf, withoutHeads } from './listing-source.ts';
import type { HeadScanOptions } from './options.ts';
import { PaceKeeper } from './pace-keeper.ts';
import { PageFilter } from './page-filter.ts';
import { RunningScan } from './running-scan.ts';
import type { ScanProgress, ScanResult, StopCause } from './scan.ts';
import { planVia, unproven } from './via.ts';

/** Keys waiting in the queue: enough that shards pull full batches, few enough to bound memory (R5). */
const QUEUE_KEYS_PER_SLOT = 200;
const MIN_QUEUE_KEYS = 16_384;
/** Of a part's rows, what comes to it at once: a part ends before a record batch that it has no room for. */
const PART_SHARE = 1 / 8;

/** Records of a key file that are in the batch's place and not in the batch. */
function leftOutOf({ place, count }: KeyBatch): number {
  return place.kind === 'records' ? place.through - place.after - count : 0;
}

export class HeadScan extends RunningScan {
  readonly result: Promise<ScanResult>;
  private readonly options: HeadScanOptions;
  private readonly counterMemory: SharedArrayBuffer;
  private readonly counters: ShardCounters;
  private readonly limits: Limits;
  private readonly listing = new ListingCounters();
  private readonly queue: KeyQueue;
  private readonly filter: PageFilter;
  /** what pages are listed with */
  private readonly listingSchema: Schema;
  /** whether rows may come from the listing; `open` until that is proven or disproven */
  private told: 'no' | 'open' | 'yes';
  /** why rows come from the listing, or do not, where that was left open */
  private viaNote: string | null;
  private workers: HeadWorkers | null = null;
  private listingClient: BucketClient | null = null;
  /** as they were named */
  private endpointNames: readonly string[] = [];
  /** sent with HEADs only */
  private objectHeaders: RequestHeader[] = [];
  /** buckets that the workers know the addresses of */
  private readonly located = new Set<string>();
  private yielded = 0;
  /** of a key file */
  private leftOut = 0;
  private lastProblem = '';
  private failure: Failure | null = null;
  /** asks whether the credentials are still good */
  private prober: BucketClient | null = null;
  private checks: Promise<void> = Promise.resolve();

  constructor(options: HeadScanOptions) {
    super(options);
    this.options = options;
    const { concurrency, shards, via, output, source, endpoint } = options;
    const plan = planVia({ via, schema: output.schema, plainListing: source.kind === 'listing' && !source.listing.versions && endpoint.engine === 'fast' });
    this.told = plan.metadata ? 'open' : 'no';
    this.viaNote = plan.note;
    this.listingSchema = plan.metadata ? [...HEAD_LISTING, TOLD_HEAD] : HEAD_LISTING;
    this.filter = new PageFilter(options.filter, this.listingSchema);
    const endpoints = Math.max(1, endpoint.endpoints.length);
    this.counterMemory = ShardCounters.allocate(Math.min(shards, concurrency), endpoints);
    this.counters = new ShardCounters(this.counterMemory, endpoints);
    this.limits = { retryBudget: RetryBudget.allocate(concurrency), pace: Pace.allocate(endpoint.rate, endpoints), endpoints: EndpointHealth.allocate(endpoints) };
    this.queue = new KeyQueue(Math.max(MIN_QUEUE_KEYS, concurrency * QUEUE_KEYS_PER_SLOT), concurrency);
    this.result = this.run();
  }

  protected asked(): Promise<Asked> {
    return askedOfHead(this.options);
  }

  protected async scan(): Promise<ScanResult> {
    const { source } = this.options;
    const bucket = source.kind === 'listing' ? source.listing.bucket : source.file.bucket;
    const workers = this.spawnWorkers();
    const connection = await connect(this.options.endpoint, bucket, this.options.version);
    this.objectHeaders = customerKeyHeaders(this.options.sseCKeyFile, ...connection.endpoints.map((endpoint) => ({ ...this.options.endpoint, endpoint })));
    if (this.options.checksums) this.objectHeaders.push(['x-amz-checksum-mode', 'ENABLED']);
    this.endpointNames = connection.endpoints.map((endpoint) => endpoint ?? `AWS ${connection.region}`);
    // On one core, the encoder's loading would be in the way of the first HEADs.
    const keysAreNear = source.kind === 'file' || source.listing.concurrency === 1;
    const writer = await this.openWriter(connection, bucket, { loadsEarly: availableParallelism() > 1, keysAreNear });
    const keys = this.keys(connection);
    // The first keys come before any HEAD: what is wrong with the bucket or the file is known then.
    const first = await keys.next();
    const client = await this.probed(connection, first);
    this.prober = client;
    this.startWorkers(workers, connection, client, writer);
    if (client !== null && first.done !== true) this.tell(workers, first.value.bucket, client.targets.map(({ address }) => address));
    const freshness = connection.keepFresh((credentials) => {
      workers.useCredentials(credentials);
      client?.useCredentials(credentials);
    });
    const paces = this.endpointNames.map((_, endpoint) => new PaceKeeper(new Pace(this.limits.pace, endpoint), () => this.counters.ofEndpoint(endpoint)));
    try {
      await Promise.race([this.feed(first, keys, workers, connection), workers.done]);
      return await this.publish(writer, await workers.done, this.failure);
    } finally {
      for (const pace of paces) pace.stop();
      freshness.stop();
    }
  }

  private async *keys(connection: Connection): AsyncGenerator<KeyBatch, undefined> {
    const { source, endpoint, filter } = this.options;
    if (source.kind === 'file') {
      for await (const batch of readKeyFile(source.file, filter && new RowFilter(filter))) yield* this.toDo(batch);
      return;
    }
    const { bucket } = source.listing;
    const client = await this.openClient(connection, bucket, this.limits, this.listing);
    this.listingClient = client;
    const listing = { ...source.listing, metadata: () => this.told !== 'no' };
    for await (const page of listedPages(client, connection, endpoint, listing, this.filter.schema, this.listing, this.missing(rangeOf(source.listing)))) {
      const batch = keyBatchOf(this.filter.apply(page), bucket, this.listingSchema);
      if (this.told === 'open' && batch.count > 0) await this.proveTold(batch, connection, client);
      yield this.told === 'no' ? withoutHeads(batch) : batch;
    }
  }

  /** Decides by the first keys whether rows may come from the listing. */
  private async proveTold(batch: KeyBatch, connection: Connection, client: BucketClient): Promise<void> {
    // Loaded when it is asked for: this thread sends no HEADs otherwise.
    const { proveTold } = await import('../head/told-proof.ts');
    const { doubt, heads } = await proveTold(this.headSettings(connection, client), client.address, new Pace(this.limits.pace), batch);
    this.told = doubt === null ? 'yes' : 'no';
    this.viaNote = doubt === null ? `${heads} HEADs agreed with it` : unproven(this.options.via, this.endpointNames.join(', '), doubt);
  }

  /** Of a batch of a key file what no part holds yet. */
  private toDo(batch: KeyBatch): readonly KeyBatch[] {
    if (this.directory?.isResumed !== true) return [batch];
    return this.directory.missing(intervalOf(batch.place)).map(({ after, through }) => recordsWithin(batch, recordOfEnd(after), recordOfEnd(through!)));
  }

  /** The client that has had an answer from the bucket: the listing's, or one that has asked for just that. */
  private async probed(connection: Connection, first: IteratorResult<KeyBatch, undefined>): Promise<BucketClient | null> {
    if (this.listingClient !== null || first.done === true) return this.listingClient;
    const client = await this.openClient(connection, first.value.bucket, this.limits, this.listing);
    await client.probe();
    return client;
  }

  /** Before anything else: the threads load their code while the endpoint is looked up. */
  private spawnWorkers(): HeadWorkers {
    const { concurrency, shards, workers } = this.options;
    this.workers = new HeadWorkers({
      workers: Math.min(workers, concurrency, shards),
      shards: planShards(concurrency, shards),
      queue: this.queue,
      counters: this.counterMemory,
      ...this.limits,
      onIssued: (id, { count, place }) => this.ledger.issue(id, count, place),
      onExhausted: (last) => {
        this.lastProblem = last;
        this.stop('exhausted');
      },
      onRefused: () => this.checkAccess(),
      onReplaced: (reason) => this.options.log.info('a head worker is replaced', { reason }),
      onBroken: (failure) => this.fails(failure),
    });
    return this.workers;
  }

  private headSettings(connection: Connection, client: BucketClient | null): HeadSettings {
    const { endpoint, output, parts } = this.options;
    const { addressing, engine, timeoutMs, maxAttempts } = endpoint;
    return {
      endpoint: connection.endpoint,
      region: client?.region ?? connection.region,
      addressing,
      variants: connection.variants,
      network: connection.network,
      credentials: connection.credentials,
      clockOffsetMs: client?.clock.offsetMs ?? 0,
      engine,
      schema: output.schema,
      recordRows: output.directory === null ? TARGET_ROWS : Math.min(TARGET_ROWS, Math.ceil(output.directory.partRows * PART_SHARE)),
      requestHeaders: [...connection.requestHeaders, ...this.objectHeaders],
      parts,
      mayBeTold: this.told !== 'no',
      timeoutMs,
      maxAttempts,
    };
  }

  private startWorkers(workers: HeadWorkers, connection: Connection, client: BucketClient | null, writer: Writer): void {
    workers.start(this.headSettings(connection, client), (onEnded) => writer.port(onEnded));
    if (this.stopped !== null) workers.stop();
  }

  private tell(workers: HeadWorkers, bucket: string, addresses: readonly BucketAddress[]): void {
    this.located.add(bucket);
    workers.useAddresses(bucket, addresses);
  }

  /** Where a further bucket of a key file is. On AWS, one request finds its region. */
  private async locate(connection: Connection, bucket: string): Promise<readonly BucketAddress[]> {
    if (connection.endpoint !== null) return connection.locate(bucket);
    const client = await this.openClient(connection, bucket, this.limits, this.listing);
    // What is wrong with the bucket, each of its rows will tell.
    await client.probe().catch(() => {});
    await client.close();
    return [client.address];
  }

  /** Moves keys from the source to the queue, and the shards that wait to the keys. */
  private async feed(first: IteratorResult<KeyBatch, undefined>, keys: AsyncGenerator<KeyBatch, undefined>, workers: HeadWorkers, connection: Connection): Promise<void> {
    try {
      for (let next = first; next.done !== true && this.stopped === null; next = await keys.next()) {
        const { bucket, count } = next.value;
        if (!this.located.has(bucket)) this.tell(workers, bucket, await this.locate(connection, bucket));
        this.yielded += count;
        this.leftOut += leftOutOf(next.value);
        if (next.value.count === 0) this.ledger.pass(next.value.place);
        const room = this.queue.push(next.value);
        workers.dispatch();
        await room;
      }
      this.complete = this.stopped === null;
    } catch (error) {
      if (this.stopped !== null) return;
      if (!(error instanceof Failure) || (error.kind !== 'unreachable' && error.kind !== 'access')) throw error;
      this.failure = error;
      this.stop(error.kind === 'access' ? 'failed' : 'exhausted');
    } finally {
      this.queue.end();
      workers.dispatch();
    }
  }

  /** One after the other: each question is put after the refusals that it is about. Never rejects. */
  private checkAccess(): Promise<void> {
    this.checks = this.probeAfter(this.checks);
    return this.checks;
  }

  private async probeAfter(before: Promise<void>): Promise<void> {
    await before;
    try {
      await this.prober?.probe();
    } catch (error) {
      if (error instanceof Failure && error.kind === 'access') this.fails(error);
    }
  }

  protected override onWritten(keyBatches: readonly number[]): void {
    this.workers?.wrote(keyBatches);
  }

  /** Ends the scan for a reason that leaves what is written as good as it is. */
  private fails(failure: Failure): void {
    this.failure ??= failure;
    this.stop('failed');
  }

  protected onStop(cause: StopCause): void {
    if (cause === 'exhausted') {
      this.failure ??= new Failure(
        'unreachable',
        `too many requests failed (${this.lastProblem}): the retry budget of the scan is spent`,
        'run it again later, or with a lower --concurrency',
      );
    }
    this.queue.clear();
    this.queue.end();
    this.workers?.stop();
  }

  protected async release(): Promise<void> {
    await this.workers?.terminate();
  }

  protected snapshot(): ScanSnapshot {
    const { counters } = this;
    return {
      done: counters.total(COUNTER.done),
      inFlight: counters.total(COUNTER.inFlight),
      errors: counters.total(COUNTER.failed),
      listed: this.yielded,
    };
  }

  private get filtered(): number {
    return this.filter.filtered + this.leftOut;
  }

  progress(): ScanProgress {
    return { ...this.snapshot(), filtered: this.filtered, pages: this.listing.pages, left: this.listing.keysLeft(), complete: this.complete };
  }

  protected report(): MetricsReport {
    const { workers, counters, options } = this;
    return this.reportOf({
      command: 'head',
      endpoints: this.endpointsOf(this.endpointNames, this.limits, (endpoint) => counters.ofEndpoint(endpoint)),
      shards: Array.from({ length: counters.shards }, (_, shard) => ({
        endpoint: this.endpointNames[shard % this.endpointNames.length] ?? '',
        worker: workers?.hosts.get(shard) ?? 0,
        totals: counters.ofShard(shard),
        latency: workers?.latencies.get(shard) ?? createLatencyHistogram(),
      })),
      listing: options.source.kind === 'listing' ? this.listing : null,
      filtered: this.filtered,
      viaNote: this.viaNote,
      concurrency: options.concurrency,
      busiestThread: Math.max(performance.eventLoopUtilization().utilization, workers?.busiest() ?? 0),
    });
  }
}
