/**
 * What is said on standard error when a scan is over: the shards as a table, then the whole in a few lines.
 * Pure: a report in, text out. The same numbers, and more, are in the metrics file.
 */
import type { EndpointReport } from '../metrics/endpoint-report.ts';
import type { LatencySummary } from '../metrics/latency.ts';
import { closesConnections, type Limit } from '../metrics/limit.ts';
import type { ConnectionsReport, ListingReport, MetricsReport, OverallReport, ShardReport } from '../metrics/report.ts';
import type { DirectoryState } from '../scan/scan.ts';
import { escapeForTerminal, formatBytes, formatCount, formatDuration, formatMilliseconds, type Paint } from './terminal.ts';

export interface SummaryOptions {
  /** where the records went, as the user would name it; null where that is standard output */
  readonly output: string | null;
  /** what is in a directory output; null where it is none */
  readonly directory: DirectoryState | null;
  readonly metricsFile: string | null;
  /** what the shards' table may take; Infinity where lines do not wrap */
  readonly width: number;
  readonly paint: Paint;
}

/** Shards shown; the others are in the metrics file. */
const MAX_SHARDS = 32;
/** Names of parts shown. */
const MAX_DROPPED = 5;

interface TableColumn {
  readonly title: string;
  /** where the table is too wide, the column of the greatest `drop` goes first; 0 stays */
  readonly drop: number;
  readonly cell: (shard: ShardReport) => string;
}

/** The time of day of an ISO 8601 time, to the second. */
function timeOfDay(time: string | null): string {
  return time === null ? '-' : time.slice(11, 19);
}

const SHARD_COLUMNS: readonly TableColumn[] = [
  { title: 'shard', drop: 0, cell: (row) => String(row.shard) },
  { title: 'batch_size', drop: 0, cell: (row) => formatCount(row.batch_size) },
  { title: 'start', drop: 7, cell: (row) => timeOfDay(row.start_time) },
  { title: 'end', drop: 6, cell: (row) => timeOfDay(row.end_time) },
  { title: 'elapsed', drop: 4, cell: (row) => formatDuration(row.elapsed_time) },
  { title: 'headers/s', drop: 1, cell: (row) => formatCount(row.headers_per_second) },
  { title: 'p50 ms', drop: 3, cell: (row) => formatMilliseconds(row.latency_us.p50) },
  { title: 'p99 ms', drop: 2, cell: (row) => formatMilliseconds(row.latency_us.p99) },
  { title: 'max ms', drop: 5, cell: (row) => formatMilliseconds(row.latency_us.max) },
  { title: 'failed', drop: 0, cell: (row) => formatCount(row.failed) },
];

/** Right-aligned lines: the titles, then the rows. */
function tableLines(columns: readonly TableColumn[], shards: readonly ShardReport[]): string[] {
  const grid = [columns.map((column) => column.title), ...shards.map((shard) => columns.map((column) => column.cell(shard)))];
  const widths = columns.map((_, index) => Math.max(...grid.map((cells) => cells[index]!.length)));
  return grid.map((cells) => cells.map((cell, index) => cell.padStart(widths[index]!)).join('  '));
}

function shardTable(report: MetricsReport, { width, paint, metricsFile }: SummaryOptions): string[] {
  // A shard without keys has nothing to tell: there were fewer keys than shards.
  const busy = report.shards.filter((shard) => shard.attempts > 0);
  const shown = busy.slice(0, MAX_SHARDS);
  if (shown.length === 0) return [];
  let columns = SHARD_COLUMNS;
  let lines = tableLines(columns, shown);
  for (let drop = columns.length; drop > 0 && lines[0]!.length > width; drop--) {
    columns = columns.filter((column) => column.drop < drop);
    lines = tableLines(columns, shown);
  }
  const [head = '', ...rows] = lines;
  const more = busy.length - shown.length;
  const note = more === 0 ? [] : [`… ${formatCount(more)} more${metricsFile === null ? '' : ', in the metrics file'}`];
  return [paint('bold', head), ...rows, ...note, ''];
}

function latencyText(latency: LatencySummary): string {
  const { p50, p90, p99, p99_9: p999, max } = latency;
  const parts = [['p50', p50], ['p90', p90], ['p99', p99], ['p99.9', p999], ['max', max]] as const;
  return `${parts.map(([name, us]) => `${name} ${formatMilliseconds(us)}`).join(' · ')} ms`;
}

/** Elapsed, with the time of day it began and ended. */
function elapsedText({ elapsed_time: elapsed, start_time: start, end_time: end }: OverallReport): string {
  return `${formatDuration(elapsed)} (${timeOfDay(start)} to ${timeOfDay(end)} UTC)`;
}

function clientText(overall: OverallReport): string {
  const each = overall.keys === 0 ? '' : `, ${((overall.cpu_seconds * 1e6) / overall.keys).toFixed(1)} µs a key`;
  return `CPU ${overall.cpu_seconds.toFixed(1)} s${each} · peak memory ${formatBytes(overall.peak_rss_bytes)}`;
}

/** What each limit means for the next run, by command. */
const LIMIT_ADVICE: Readonly<Record<MetricsReport['command'], Readonly<Record<Limit, string>>>> = {
  head: {
    'rate cap': 'as many requests a second as --rate allows',
    'client CPU': 'a thread of s3scan was busy all the time; more --workers if cores are free',
    concurrency: 'every connection was waiting for an answer; try a higher --concurrency',
    server: 'it slowed us down, or requests queued there; more --concurrency will not help',
    listing: 'keys came more slowly than they could be asked; with --from, a key file gives them sooner',
  },
  list: {
    'rate cap': 'as many requests a second as --rate allows',
    'client CPU': 'a thread of s3scan was busy all the time',
    concurrency: 'it was waiting for pages all the time',
    server: 'it slowed us down, or requests queued there',
    listing: 'it was waiting for pages most of the time',
  },
};

function limitText({ overall: { limit }, command }: MetricsReport): string {
  return limit === null ? 'none that stands out' : `${limit}: ${LIMIT_ADVICE[command][limit]}`;
}

const STOPPED_BY: Readonly<Record<string, string>> = { exhausted: 'too many failed requests', failed: 'a failure' };

/** What a scan that was stopped left out: the rows of key batches that were not whole (R1). */
function stoppedLines({ overall, command }: MetricsReport): Line[] {
  const { stopped, keys, rows_written: written } = overall;
  if (stopped === null) return [];
  const left = keys - written;
  const why = `by ${STOPPED_BY[stopped] ?? stopped}`;
  const verb = command === 'list' ? 'listed' : 'answered';
  const rest = left > 0 ? `; ${formatCount(left)} more keys were ${verb} and are not, since only whole batches are` : '';
  return [['stopped', `${why}: ${formatCount(written)} rows are published${rest}`]];
}

function verifiedLines({ listing, overall }: MetricsReport): Line[] {
  if (listing === null || listing.verified_keys === 0 || !overall.complete) return [];
  return [['verified', `listed a second time: the same ${formatCount(listing.verified_keys)} keys`]];
}

function pagesText(listing: ListingReport): string {
  const calls = `${formatCount(listing.api_calls)} calls (${listing.calls_per_1000_keys.toFixed(2)} per 1,000 keys)`;
  return `${formatCount(listing.pages)} in ${calls} · ${formatCount(listing.ranges)} ranges, ${formatCount(listing.splits)} splits`;
}

type Line = readonly [label: string, text: string];

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** What it costs that a server closes connections: a new one a request, which takes time that no latency shows. */
function closingText({ closed_share: closed, reconnects, connecting_share: connecting }: ConnectionsReport): string {
  const cost = `${formatCount(reconnects)} were opened anew, ${percent(connecting)} of the time of the requests`;
  return `the server closes connections, after ${percent(closed)} of its answers: ${cost}; keep-alive, at the server or the proxy before it, would save that`;
}

/** Of one of several endpoints; of outages, when the last was. */
function endpointText(row: EndpointReport): string {
  const { endpoint, keys, head_requests: heads, list_requests: lists, unanswered, outages } = row;
  const asked = [
    ...(heads > 0 ? [`${formatCount(keys)} keys in ${formatCount(heads)} HEADs`] : []),
    ...(lists > 0 ? [`${formatCount(lists)} LISTs`] : []),
    ...(unanswered > 0 ? [`${formatCount(unanswered)} not answered`] : []),
    ...(heads + lists === 0 ? ['not asked'] : []),
  ];
  if (outages > 0) asked.push(outageText(row));
  return `${escapeForTerminal(endpoint)}: ${asked.join(' · ')}`;
}

function outageText({ outages, out_time: outTime, out_at: out, back_at: back }: EndpointReport): string {
  const end = back === null ? 'UTC and did not come back' : `until ${timeOfDay(back)} UTC`;
  const times = outages === 1 ? '' : ` ${formatCount(outages)} times, ${formatDuration(outTime)} in all, the last`;
  return `taken out${times} at ${timeOfDay(out)} ${end}`;
}

/** What went wrong on the way and was mended, or slowed it down. */
function troubleLines(report: MetricsReport): Line[] {
  const lines: Line[] = [];
  const total = (pick: (row: ShardReport) => number): number => report.shards.reduce((sum, row) => sum + pick(row), 0);
  const listing = report.listing;
  const transient = total((row) => row.retries.transient);
  const slowed = total((row) => row.retries.throttled);
  if (transient + slowed > 0) {
    lines.push(['retries', `${formatCount(transient)} after errors · ${formatCount(slowed)} after being told to slow down`]);
  }
  if (listing !== null && listing.retries > 0) lines.push(['LIST retries', formatCount(listing.retries)]);
  if (listing !== null && listing.note !== null) lines.push(['note', listing.note]);
  const { connections } = report.overall;
  if (closesConnections(connections.closed, total((row) => row.attempts))) lines.push(['note', closingText(connections)]);
  return lines;
}

function directoryLines({ parts, rows, before, dropped }: DirectoryState, stopped: boolean): Line[] {
  const earlier = before.parts === 0 ? '' : `, ${formatCount(before.rows)} in ${formatCount(before.parts)} of them from before`;
  const lines: Line[] = [['parts', `${formatCount(rows)} rows in ${formatCount(parts)}${earlier}`]];
  if (dropped.length > 0) lines.push(['note', `missing or damaged, and asked again: ${dropped.slice(0, MAX_DROPPED).join(', ')}${dropped.length > MAX_DROPPED ? ', …' : ''}`]);
  if (stopped) lines.push(['go on', 'with the same command and --resume']);
  return lines;
}

function whereLines({ output, directory, metricsFile }: SummaryOptions, stopped: boolean): Line[] {
  const lines: Line[] = [];
  if (output !== null) lines.push(['output', escapeForTerminal(output)]);
  if (directory !== null) lines.push(...directoryLines(directory, stopped));
  if (metricsFile !== null) lines.push(['metrics', escapeForTerminal(metricsFile)]);
  return lines;
}

function listingLines(listing: ListingReport | null): Line[] {
  if (listing === null) return [];
  return [
    ['listing', `${formatCount(listing.keys)} keys · ${formatCount(listing.keys_per_second)} keys/s`],
    ['pages', pagesText(listing)],
  ];
}

function filterLines({ command, overall: { keys, filtered } }: MetricsReport): Line[] {
  if (filtered === 0) return [];
  return [['filters', `left out ${formatCount(filtered)} of ${formatCount(keys + filtered)} keys · ${formatCount(keys)} ${command === 'list' ? 'written' : 'asked'}`]];
}

/** Which requests told the rows, where that was not HEADs from the start. */
function viaLines({ told, keys, via_note: note }: OverallReport): Line[] {
  if (note === null) return [];
  const rows = told === 0 ? 'HEADs' : `${formatCount(told)} rows from the listing, ${formatCount(keys - told)} by HEAD`;
  return [['via', `${rows}: ${escapeForTerminal(note)}`]];
}

function headLines(report: MetricsReport, paint: Paint): Line[] {
  const { overall, listing } = report;
  const failed = `failed ${formatCount(overall.failed)}`;
  const outcome = `ok ${formatCount(overall.ok)} · gone ${formatCount(overall.gone)} · ${overall.failed === 0 ? failed : paint('red', failed)}`;
  return [
    ['keys', `${formatCount(overall.keys)} (${outcome})`],
    ['speed', paint('bold', `${formatCount(overall.headers_per_second)} headers/s`)],
    ['elapsed', elapsedText(overall)],
    ['latency', latencyText(overall.latency_us)],
    ...listingLines(listing),
    ...viaLines(overall),
    ...filterLines(report),
  ];
}

function listLines(report: MetricsReport, paint: Paint): Line[] {
  const { overall, listing } = report;
  if (listing === null) return [];
  return [
    ['keys', formatCount(overall.keys)],
    ...filterLines(report),
    ['speed', paint('bold', `${formatCount(listing.keys_per_second)} keys/s`)],
    ['elapsed', elapsedText(overall)],
    ['page latency', latencyText(listing.page_latency_us)],
    ['pages', pagesText(listing)],

  ];
}

/** The text, every line ended. */
export function renderSummary(report: MetricsReport, options: SummaryOptions): string {
  const { overall } = report;
  const lines: readonly Line[] = [
    ...(report.command === 'head' ? headLines(report, options.paint) : listLines(report, options.paint)),
    ...verifiedLines(report),
    ...stoppedLines(report),
    ['client', clientText(overall)],
    ['limit', limitText(report)],
    ...report.endpoints.map((row): Line => ['endpoint', endpointText(row)]),
    ...troubleLines(report),
    ...whereLines(options, overall.stopped !== null),
  ];
  const labels = Math.max(...lines.map(([label]) => label.length));
  const block = lines.map(([label, text]) => `${options.paint('dim', label.padEnd(labels))}  ${text}`);
  return [...shardTable(report, options), ...block].map((line) => `${line}\n`).join('');
}
