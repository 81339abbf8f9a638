/**
 * The metrics document: what `--metrics FILE` holds and the summary shows, built from the counters when a scan
 * is over. Pure: everything it tells is handed in (R9), and no secret gets through (R7).
 *
 * Field names are the file's; times are ISO 8601 UTC, durations seconds, latencies µs, and every number finite.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import { buildEndpoint, type EndpointInput, type EndpointReport } from './endpoint-report.ts';
import { mergeLatencies, summarizeLatency, totalLatencySeconds, type LatencySummary } from './latency.ts';
import { findLimit, type Limit } from './limit.ts';
import type { ListingCounters } from './listing-counters.ts';
import { optionsWithoutSecrets, withoutSecrets, type Options } from './options.ts';
import { isoTime, perSecond } from './rates.ts';
import type { SeriesSample } from './series.ts';
import type { ShardTotals } from './shard-counters.ts';

/** One shard when all is over. */
export interface ShardInput {
  readonly endpoint: string;
  readonly worker: number;
  readonly totals: ShardTotals;
  readonly latency: RecordableHistogram;
}

export interface ReportInput {
  readonly command: 'head' | 'list';
  readonly version: string;
  readonly node: string;
  /** what the command line and the environment came to */
  readonly options: Options;
  /** every key of the source was asked for, and what was asked is written */
  readonly complete: boolean;
  /** what ended the scan before its source did, or null */
  readonly stopped: string | null;
  /** in the output that was published */
  readonly rowsWritten: number;
  /** by shard number; empty for `list` */
  readonly shards: readonly ShardInput[];
  /** in the order given; empty where there is one */
  readonly endpoints: readonly EndpointInput[];
  /** null where the keys came from a file */
  readonly listing: ListingCounters | null;
  /** keys that filters left out */
  readonly filtered: number;
  /** why rows come from the listing, or do not, where that was left open */
  readonly viaNote: string | null;
  readonly series: readonly SeriesSample[];
  /** requests allowed in flight: HEADs, or LISTs for `list` */
  readonly concurrency: number;
  /** requests a second allowed, or null */
  readonly rate: number | null;
  /** `os.availableParallelism()` */
  readonly cores: number;
  /** greatest `eventLoopUtilization().utilization` of main and the workers */
  readonly busiestThread: number;
  /** `process.cpuUsage()`: all threads, since the process began */
  readonly cpuUsage: { readonly user: number; readonly system: number };
  /** `process.uptime()` */
  readonly uptimeSeconds: number;
  /** `process.resourceUsage().maxRSS`: KiB */
  readonly maxRss: number;
}

interface Span {
  readonly start_time: string | null;
  readonly end_time: string | null;
  readonly elapsed_time: number;
}

export interface ShardReport extends Span {
  readonly shard: number;
  readonly endpoint: string;
  readonly worker: number;
  /** keys done */
  readonly batch_size: number;
  readonly headers_per_second: number;
  readonly ok: number;
  readonly gone: number;
  readonly failed: number;
  readonly attempts: number;
  readonly retries: { readonly transient: number; readonly throttled: number };
  readonly throttled: number;
  readonly reconnects: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly latency_us: LatencySummary;
}

/** What a server costs that does not keep connections open. */
export interface ConnectionsReport {
  /** answers after which the server closed the connection */
  readonly closed: number;
  /** of all requests, 0 to 1 */
  readonly closed_share: number;
  /** connections opened after the first of each slot */
  readonly reconnects: number;
  /** spent on opening connections, over all slots; no latency has it */
  readonly connecting_time: number;
  /** of the time that slots were busy with requests, 0 to 1 */
  readonly connecting_share: number;
}

export interface ListingReport extends Span {
  readonly pages: number;
  readonly keys: number;
  /** keys that were listed a second time, and compared */
  readonly verified_keys: number;
  /** over the listing's own time, in which it may have waited for the HEADs to catch up */
  readonly keys_per_second: number;
  readonly api_calls: number;
  readonly calls_per_1000_keys: number;
  readonly ranges: number;
  readonly splits: number;
  readonly mode: 'parallel' | 'chain';
  /** why it was a chain where ranges were asked for */
  readonly note: string | null;
  readonly retries: number;
  readonly throttled: number;
  readonly bytes_in: number;
  readonly page_latency_us: LatencySummary;
}

export interface OverallReport extends Span {
  /** every key of the source has its row in the output */
  readonly complete: boolean;
  readonly stopped: string | null;
  /** less than `keys` where the scan was stopped: only whole key batches are written (R1) */
  readonly rows_written: number;
  /** keys answered; for `list`, keys listed and not left out */
  readonly keys: number;
  readonly filtered: number;
  readonly ok: number;
  readonly gone: number;
  readonly failed: number;
  /** of `ok`, those whose row the listing told, without a HEAD */
  readonly told: number;
  /** why rows come from the listing, or do not, where that was left open; else null */
  readonly via_note: string | null;
  /** over the time from the first shard's start to the last one's end; 0 for `list` */
  readonly headers_per_second: number;
  readonly cpu_seconds: number;
  readonly peak_rss_bytes: number;
  readonly limit: Limit | null;
  /** of HEAD requests */
  readonly connections: ConnectionsReport;
  /** of HEAD requests */
  readonly latency_us: LatencySummary;
}

export interface MetricsReport {
  readonly version: string;
  readonly node: string;
  readonly command: 'head' | 'list';
  readonly options: Options;
  readonly overall: OverallReport;
  readonly listing: ListingReport | null;
  /** empty where there is one */
  readonly endpoints: readonly EndpointReport[];
  readonly shards: readonly ShardReport[];
  readonly series: readonly SeriesSample[];
}

/** 0 stands for never, in the counters. */
function elapsedMs(startMs: number, endMs: number): number {
  return startMs === 0 || endMs === 0 ? 0 : Math.max(0, Math.round(endMs) - Math.round(startMs));
}

function span(startMs: number, endMs: number): Span {
  return {
    start_time: startMs === 0 ? null : isoTime(startMs),
    end_time: endMs === 0 ? null : isoTime(endMs),
    elapsed_time: elapsedMs(startMs, endMs) / 1000,
  };
}

function buildShard({ endpoint, worker, totals, latency }: ShardInput, shard: number): ShardReport {
  return {
    shard,
    endpoint: withoutSecrets(endpoint),
    worker,
    batch_size: totals.done,
    ...span(totals.startMs, totals.endMs),
    headers_per_second: perSecond(totals.done, elapsedMs(totals.startMs, totals.endMs)),
    ok: totals.ok,
    gone: totals.gone,
    failed: totals.failed,
    attempts: totals.attempts,
    retries: { transient: totals.retriesTransient, throttled: totals.retriesThrottled },
    throttled: totals.throttled,
    reconnects: totals.reconnects,
    bytes_in: totals.bytesIn,
    bytes_out: totals.bytesOut,
    latency_us: summarizeLatency(latency),
  };
}

function buildListing(listing: ListingCounters): ListingReport {
  return {
    pages: listing.pages,
    keys: listing.keys,
    verified_keys: listing.verified,
    ...span(listing.startMs, listing.endMs),
    keys_per_second: perSecond(listing.keys, elapsedMs(listing.startMs, listing.endMs)),
    api_calls: listing.apiCalls,
    calls_per_1000_keys: listing.keys === 0 ? 0 : Math.round((listing.apiCalls / (listing.keys + listing.verified)) * 1e6) / 1000,
    ranges: listing.ranges,
    splits: listing.splits,
    mode: listing.mode,
    note: listing.note,
    retries: listing.retries,
    throttled: listing.throttled,
    bytes_in: listing.bytesIn,
    page_latency_us: summarizeLatency(listing.pageLatency),
  };
}

/** What the scan's requests came to: HEADs, or for `list` its LISTs. */
interface Requests {
  readonly startMs: number;
  readonly endMs: number;
  readonly requests: number;
  readonly throttled: number;
  readonly reconnects: number;
  readonly latency: RecordableHistogram;
}

function headRequests(shards: readonly ShardInput[]): Requests {
  const totals = shards.map((shard) => shard.totals);
  const starts = totals.map((row) => row.startMs).filter((ms) => ms > 0);
  return {
    startMs: starts.length === 0 ? 0 : Math.min(...starts),
    endMs: Math.max(0, ...totals.map((row) => row.endMs)),
    requests: sum(totals, 'attempts'),
    throttled: sum(totals, 'throttled'),
    reconnects: sum(totals, 'reconnects'),
    latency: mergeLatencies(shards.map((shard) => shard.latency)),
  };
}

function listRequests(listing: ListingCounters): Requests {
  const { startMs, endMs, apiCalls, throttled, pageLatency } = listing;
  return { startMs, endMs, requests: apiCalls, throttled, reconnects: 0, latency: pageLatency };
}

function sum(totals: readonly ShardTotals[], counter: keyof ShardTotals): number {
  return totals.reduce((all, row) => all + row[counter], 0);
}

/** 0 to 1. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, Math.round((part / whole) * 1000) / 1000);
}

function buildConnections(totals: readonly ShardTotals[], { requests, latency }: Requests): ConnectionsReport {
  const closed = sum(totals, 'closed');
  const connecting = sum(totals, 'connectUs') / 1e6;
  const busy = connecting + totalLatencySeconds(latency);
  return {
    closed,
    closed_share: share(closed, requests),
    reconnects: sum(totals, 'reconnects'),
    connecting_time: Math.round(connecting * 1000) / 1000,
    connecting_share: share(connecting, busy),
  };
}

function buildOverall(input: ReportInput): OverallReport {
  const heads = headRequests(input.shards);
  const asked = input.command === 'list' && input.listing !== null ? listRequests(input.listing) : heads;
  const totals = input.shards.map((shard) => shard.totals);
  const done = sum(totals, 'done');
  const cpuSeconds = (input.cpuUsage.user + input.cpuUsage.system) / 1e6;
  return {
    complete: input.complete,
    stopped: input.stopped,
    rows_written: input.rowsWritten,
    keys: input.command === 'list' ? (input.listing?.keys ?? 0) - input.filtered : done,
    filtered: input.filtered,
    ok: sum(totals, 'ok'),
    gone: sum(totals, 'gone'),
    failed: sum(totals, 'failed'),
    told: sum(totals, 'told'),
    via_note: input.viaNote,
    ...span(asked.startMs, asked.endMs),
    headers_per_second: perSecond(done, elapsedMs(heads.startMs, heads.endMs)),
    cpu_seconds: Math.round(cpuSeconds * 1000) / 1000,
    peak_rss_bytes: input.maxRss * 1024,
    limit: findLimit({
      elapsedSeconds: elapsedMs(asked.startMs, asked.endMs) / 1000,
      requests: asked.requests,
      rate: input.rate,
      throttled: asked.throttled,
      reconnects: asked.reconnects,
      concurrency: input.concurrency,
      inFlightSeconds: totalLatencySeconds(asked.latency),
      fastestUs: asked.latency.percentile(1),
      medianUs: asked.latency.percentile(50),
      busiestThread: input.busiestThread,
      cpuShare: input.uptimeSeconds > 0 ? cpuSeconds / (input.uptimeSeconds * input.cores) : 0,
      series: input.series,
    }),
    connections: buildConnections(totals, heads),
    latency_us: summarizeLatency(heads.latency),
  };
}

export function buildReport(input: ReportInput): MetricsReport {
  return {
    version: input.version,
    node: input.node,
    command: input.command,
    options: optionsWithoutSecrets(input.options),
    overall: buildOverall(input),
    listing: input.listing && buildListing(input.listing),
    endpoints: input.endpoints.map(buildEndpoint),
    shards: input.shards.map(buildShard),
    series: input.series,
  };
}
