/**
 * docs/reference.md from the code's own tables: the commander program, the columns, the exit codes, the types of the
 * metrics document. Nothing here repeats a name or a number that the code has; what a field of the metrics
 * document means is written here, and the compiler asks for exactly the fields there are.
 */
import type { Argument, Command, Option } from 'commander';
import { EXIT, exitCodeOfResult } from '../../src/cli/exit-code.ts';
import { buildProgram, type Actions } from '../../src/cli/program.ts';
import type { EndpointReport } from '../../src/metrics/endpoint-report.ts';
import type { LatencySummary } from '../../src/metrics/latency.ts';
import type { Limit } from '../../src/metrics/limit.ts';
import type { ConnectionsReport, ListingReport, MetricsReport, OverallReport, ShardReport } from '../../src/metrics/report.ts';
import type { SeriesSample } from '../../src/metrics/series.ts';
import { COMPRESSIONS_OF } from '../../src/output/format.ts';
import { HEAD_COLUMNS, LIST_COLUMNS, type ColumnType, type Schema } from '../../src/records/columns.ts';
import type { ScanResult, StopCause } from '../../src/scan/scan.ts';

const NO_ACTIONS: Actions = {
  list: () => Promise.resolve(0),
  head: () => Promise.resolve(0),
  sim: () => Promise.resolve(0),
  demo: () => Promise.resolve(0),
};

/** The program with commands that do nothing, and that throws in place of ending the process. Says nothing. */
export function silentProgram(): Command {
  const program = buildProgram('0', NO_ACTIONS, () => {});
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  return program;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return tableLine(titles) + tableLine(titles.map(() => '---')) + rows.map(tableLine).join('');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** What an option is if it is not given; empty where it then is off or unset. */
function defaultOf(option: Option): string {
  const value = option.defaultValue as string | number | boolean | null | undefined;
  if (option.defaultValueDescription !== undefined) return code(option.defaultValueDescription);
  return value === undefined || value === null || typeof value === 'boolean' ? '' : code(String(value));
}

function optionRow(option: Option): string[] {
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.map(code).join(', ')})`;
  return [code(option.flags), option.description + choices, defaultOf(option)];
}

function argumentText(argument: Argument): string {
  const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
  return `${code(name)}: ${argument.description}\n\n`;
}

function groupOf(option: Option): string {
  return option.helpGroupHeading?.replace(/:$/, '') ?? 'Options';
}

function commandSection(command: Command): string {
  const groups = [...new Set(command.options.map(groupOf))];
  const tables = groups.map((group) => table([group, '', 'unless told'], command.options.filter((option) => groupOf(option) === group).map(optionRow)));
  return `### s3scan ${command.name()}\n\n${command.description()}\n\n${command.registeredArguments.map(argumentText).join('')}${tables.join('\n')}`;
}

const FORMATS = Object.entries(COMPRESSIONS_OF).map(([format, compressions]) => [code(format), compressions.map(code).join(', ')]);

const TYPE_NAMES: Readonly<Record<ColumnType, string>> = {
  utf8: 'utf8',
  int32: 'int32',
  int64: 'int64',
  bool: 'bool',
  timestamp_ms: 'timestamp[ms, UTC]',
  map: 'map<utf8, utf8>',
};

function columnTable(schema: Schema): string {
  const rows = schema.map(({ name, type, nullable, option, about }) => [
    code(name),
    code(TYPE_NAMES[type]) + (nullable ? '' : ', never null'),
    about + (option === null ? '' : `; only with ${code(option)}`),
  ]);
  return table(['column', 'type', 'what it holds'], rows);
}

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, readonly [meaning: string, again: string]>> = {
  complete: ['complete: every key has its row; a key that is gone is a row with status 404', 'no'],
  defect: ['a defect in s3scan', 'report it'],
  usage: ['an option, argument, input file or output name that cannot be used', 'after correcting it'],
  someFailed: ['complete, but some keys could not be read: their rows carry the error', 'your choice'],
  listing: ['the listing could not be proven complete, or the answer was no S3 listing', 'look first'],
  access: ['credentials, permissions, certificate, or no such bucket', 'after mending it'],
  output: ['the output could not be written; parts that were published are kept', 'after mending it, in parts with `--resume`'],
  unreachable: ['throttled or unreachable past the retry budget; rows that were whole by then are published', 'yes, later; in parts with `--resume`'],
};

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const satisfies readonly StopCause[];

/** The exit codes, in ascending order. The README has the same table. */
export function exitCodeTable(): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  const ends = names.map((name) => [EXIT[name], ...EXIT_MEANINGS[name]] as const);
  const interrupted = SIGNALS.map((stopped) => {
    const exitCode = exitCodeOfResult({ stopped } as ScanResult);
    return [exitCode, `interrupted by ${stopped}; rows that were whole by then are published`, 'yes; an output in parts goes on with `--resume`'] as const;
  });
  const rows = [...ends, ...interrupted].sort(([a], [b]) => a - b).map(([exitCode, ...texts]) => [String(exitCode), ...texts]);
  return table(['code', 'meaning', 'run it again?'], rows);
}

/** Those that a run of today can end in. */
const LIMITS = ['rate cap', 'client CPU', 'concurrency', 'server', 'listing'] as const satisfies readonly Limit[];

type About<T> = Readonly<Record<keyof T, string>>;

const SPAN = {
  start_time: 'first request sent; null if none was',
  end_time: 'last answer; null if none came',
  elapsed_time: 'seconds between the two',
};

const LATENCY: About<LatencySummary> = {
  p50: 'µs',
  p90: 'µs',
  p99: 'µs',
  p99_9: 'µs',
  max: 'µs',
};

const DOCUMENT: About<MetricsReport> = {
  version: 'of s3scan',
  node: 'version of Node',
  command: '`head` or `list`',
  options: 'as given or by default, without what is secret in URLs',
  overall: 'the whole scan, below',
  listing: 'the listing, below; null where the keys came from a file',
  endpoints: 'one object an endpoint where several were given, below; else empty',
  shards: 'one object a shard, below; empty for `list`',
  series: 'a sample a second, below; thinned out evenly in long scans',
};

const OVERALL: About<OverallReport> = {
  complete: 'whether every key of the source has its row in the output',
  stopped: 'what ended the scan before its source did: `SIGINT`, `SIGTERM`, `SIGHUP`, `exhausted`: too many requests failed, or `failed`: for a reason that the command told; else null',
  rows_written: 'rows in the published output, 0 where none was; fewer than `keys` where the scan was stopped, since only whole batches are published',
  keys: 'keys answered; for `list`, keys listed and not left out',
  filtered: 'keys that filters left out',
  ok: 'keys with headers',
  gone: 'keys with status 404',
  failed: 'keys with any other error',
  told: 'of `ok`, those whose row the listing told, without a HEAD (`--via`)',
  via_note: 'why rows come from the listing, or do not, where that was left open; else null',
  ...SPAN,
  headers_per_second: 'keys done over the time from the first shard’s start to the last one’s end; 0 for `list`',
  cpu_seconds: 'CPU time of the s3scan process, all threads',
  peak_rss_bytes: 'largest resident memory of the process',
  limit: `what probably held the scan back: ${LIMITS.map(code).join(', ')}; null where nothing stands out`,
  connections: 'what the server costs that does not keep them open',
  latency_us: 'of all HEADs',
};

const LISTING: About<ListingReport> = {
  pages: 'pages decoded',
  keys: 'keys on them',
  verified_keys: 'keys listed a second time, and compared: `--verify-list`',
  ...SPAN,
  keys_per_second: 'over the listing’s own time, in which it may have waited for the HEADs',
  api_calls: 'LIST requests sent, retries included: what a provider bills',
  calls_per_1000_keys: 'the same for each 1,000 keys',
  ranges: 'ranges of the keyspace that were listed',
  splits: 'ranges taken over in part by another lister',
  mode: 'many ranges at once (`parallel`), or one `chain` of pages',
  note: 'why it was a chain where ranges were asked for; else null',
  retries: 'LIST requests sent again',
  throttled: 'answers that said to slow down',
  bytes_in: 'bytes of the pages',
  page_latency_us: 'of a page, request sent to body received',
};

const SHARD: About<ShardReport> = {
  shard: 'number, as in the column `shard`',
  endpoint: 'what it asked; of several endpoints, its own',
  worker: 'thread that hosted it',
  batch_size: 'keys done',
  ...SPAN,
  headers_per_second: 'over its own time',
  ok: 'keys with headers',
  gone: 'keys with status 404',
  failed: 'keys with any other error',
  attempts: 'HEAD requests sent',
  retries: '`transient`: sent again after an error; `throttled`: after being told to slow down',
  throttled: 'answers that said to slow down',
  reconnects: 'connections opened after the first of each slot',
  bytes_in: 'bytes received',
  bytes_out: 'bytes sent',
  latency_us: 'of its HEADs',
};

const ENDPOINT: About<EndpointReport> = {
  endpoint: 'as it was given',
  keys: 'keys that its HEADs told',
  ok: 'of those, keys with headers',
  gone: 'keys with status 404',
  failed: 'keys with any other error',
  head_requests: 'HEADs sent',
  list_requests: 'LISTs sent',
  throttled: 'HEADs that it answered by asking for fewer',
  unanswered: 'requests that no answer came to',
  outages: 'times it was taken out, since nothing but failures came',
  out_time: 'seconds in all of them',
  out_at: 'when the last of them began; null for none',
  back_at: 'when it ended; null for none, and where it did not end',
};

const SAMPLE: About<SeriesSample> = {
  time: 'when',
  done: 'keys that have their row',
  headers_per_second: 'since the sample before',
  in_flight: 'HEADs on their way',
  errors: 'rows with an error other than 404',
  listed: 'keys that the source has yielded',
};

const CONNECTIONS: About<ConnectionsReport> = {
  closed: 'answers after which the server closed the connection',
  closed_share: 'of all requests, 0 to 1',
  reconnects: 'connections opened after the first of each slot',
  connecting_time: 'spent on opening connections, over all slots; it is in no latency',
  connecting_share: 'of the time that slots were busy with requests, 0 to 1',
};

function fieldTable(title: string, about: Readonly<Record<string, string>>): string {
  return table([title, ''], Object.entries(about).map(([name, text]) => [code(name), text]));
}

/** The text of docs/reference.md. */
export function reference(): string {
  return `# Reference

Generated from the code by \`npm run docs\`; a test fails where the two differ. Do not edit it by hand.

## Commands

${silentProgram().commands.map(commandSection).join('\n')}
## Output formats

The ending of the file's name decides, or \`--format\`. The first compression is what a format has unless told.

${table(['format', 'compressions'], FORMATS)}
## Columns of head

${columnTable(HEAD_COLUMNS)}
## Columns of list

${columnTable(LIST_COLUMNS)}
## Exit codes

${exitCodeTable()}
## Metrics document

Times are ISO 8601 in UTC, durations seconds, latencies µs. \`--metrics FILE.ndjson\` and \`--metrics FILE.parquet\` hold
the rows of \`shards\` only, with \`retries\` and \`latency_us\` spread over columns such as \`latency_us_p99\`.

${[
  fieldTable('document', DOCUMENT),
  fieldTable('`overall`', OVERALL),
  fieldTable('`listing`', LISTING),
  fieldTable('`endpoints[]`', ENDPOINT),
  fieldTable('`shards[]`', SHARD),
  fieldTable('`series[]`', SAMPLE),
  fieldTable('`overall.connections`', CONNECTIONS),
  fieldTable('each latency', LATENCY),
].join('\n')}`;
}
