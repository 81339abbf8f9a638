/** The commands and their options: what `--help` teaches. What a command does is loaded when it runs. */
import { Command, Option } from 'commander';
import { addEndpointOptions, addFilterOptions, addKeyOptions, addOutputOptions, addSpeedOptions, type CommonFlags } from './common-options.ts';
import { decimal, wholeNumber, wholeNumberOrAuto } from './option-values.ts';

export interface ListFlags extends CommonFlags {
  readonly sorted: boolean;
}

export interface HeadFlags extends CommonFlags {
  readonly from?: string;
  readonly fromFormat?: 'text' | 'ndjson' | 'csv' | 'parquet' | 'arrow';
  readonly concurrency: number;
  /** null: auto */
  readonly workers: number | null;
  readonly shards: number;
  readonly via: 'auto' | 'head' | 'list';
  readonly checksums: boolean;
  readonly parts: boolean;
  readonly sseCKeyFile?: string;
  readonly extraHeaders: boolean;
}

export interface SimFlags {
  readonly port: number;
  readonly host: string;
  readonly bucket: string;
  readonly objects: number;
  readonly layout: string;
  readonly seed: number;
  readonly headLatency: number;
  readonly listLatency: number;
  readonly jitter: number;
  readonly errorRate: number;
  readonly listErrorRate: number;
  readonly resetRate: number;
  readonly silentRate: number;
  readonly resetEvery: number;
  readonly admit?: string;
  readonly workers: number;
  readonly sign: boolean;
}

export interface DemoFlags {
  readonly objects: number;
  readonly output: string;
}

/** What the commands do; each resolves to the exit code. */
export interface Actions {
  list(url: string, flags: ListFlags): Promise<number>;
  head(url: string | undefined, flags: HeadFlags): Promise<number>;
  sim(flags: SimFlags): Promise<number>;
  demo(flags: DemoFlags): Promise<number>;
}

const EXAMPLES = `
Examples:
  s3scan head s3://bucket/prefix --endpoint http://127.0.0.1:9000 -o headers.parquet
  s3scan list s3://bucket -o keys.parquet
  s3scan head --from keys.parquet -o headers.parquet
  s3scan head s3://bucket -o headers/ --resume        in parts; goes on where it was interrupted
  s3scan head s3://bucket | jq -r 'select(.status != 200) | .key'

Exit codes: 0 complete · 2 usage · 3 complete, but some keys could not be read · 4 the listing could not be
proven complete · 5 credentials, permissions, or no such bucket · 6 the output could not be written ·
75 throttled or unreachable · 129, 130, 143 interrupted; what was published is whole · 1 a defect: please report it
`;

export function buildProgram(version: string, actions: Actions, onExit: (code: number) => void): Command {
  const program = new Command('s3scan');
  program
    .description("Turns an S3 bucket into a table of its objects' headers. Only reads what it scans.")
    .version(version, '-V, --version')
    .helpOption('-h, --help', 'this help; `s3scan COMMAND --help` for a command')
    .helpCommand(false)
    .showHelpAfterError('(try `s3scan --help`)')
    .addHelpText('after', EXAMPLES);

  const list = program
    .command('list')
    .argument('<url>', 's3://BUCKET or s3://BUCKET/PREFIX')
    .summary('a bucket to a table of keys')
    .description('Lists a bucket: keys, sizes, ETags, dates, as ListObjectsV2 gives them.')
    .action(async (url: string, flags: ListFlags) => onExit(await actions.list(url, flags)));
  addEndpointOptions(list);
  addSpeedOptions(list.optionsGroup('Speed:'));
  addKeyOptions(list);
  addFilterOptions(list);
  addOutputOptions(list);
  list.optionsGroup('Output:').option('--sorted', 'rows in the order of the keys, by way of a temporary file where memory would not do', false);

  const head = program
    .command('head')
    .argument('[url]', 's3://BUCKET or s3://BUCKET/PREFIX; with --from, the bucket of the keys')
    .summary('a bucket, or a list of keys, to a table of headers')
    .description('One HEAD a key: content type, user metadata, ETag, size, encryption, … one row each.')
    .action(async (url: string | undefined, flags: HeadFlags) => onExit(await actions.head(url, flags)));
  addEndpointOptions(head);
  head
    .optionsGroup('Speed:')
    .option('-c, --concurrency <n>', 'HEADs in flight', wholeNumber(1, 20_000), 80)
    .addOption(new Option('--workers <n|auto>', 'threads that send; auto: the cores but one').argParser(wholeNumberOrAuto(1, 256)).default(null, 'auto'))
    .addOption(new Option('--via <request>', 'what tells the rows: HEADs; the listing, where it carries the headers (MinIO); auto: the listing where it is proven to').choices(['auto', 'head', 'list']).default('head'))
    .option('--shards <n>', 'lanes with their own connections and metrics row', wholeNumber(1, 1024), 32);
  addSpeedOptions(head);
  addKeyOptions(head);
  head
    .option('--from <file>', 'keys from a file instead of a listing: text, NDJSON, CSV, Parquet, Arrow; - for standard input')
    .addOption(new Option('--from-format <name>', 'in place of its ending').choices(['text', 'ndjson', 'csv', 'parquet', 'arrow']));
  addFilterOptions(head);
  addOutputOptions(head);
  head
    .optionsGroup('Endpoint:')
    .option('--sse-c-key-file <file>', 'customer key of SSE-C objects: 32 bytes, or their base64; else S3SCAN_SSE_C_KEY');
  head
    .optionsGroup('Columns:')
    .option('--checksums', 'ask for checksums, and add their columns', false)
    .option('--parts', 'ask for the first part, so that parts_count is told', false)
    .option('--extra-headers', 'add a MAP of every header that has no column', false);

  program
    .command('sim')
    .summary('a simulated S3 endpoint')
    .description('Serves a bucket of as many objects as asked for, computed from their number, until it is interrupted.')
    .option('--port <n>', '0 for a free one', wholeNumber(0, 65_535), 0)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--bucket <name>', 'name of its bucket', 'sim')
    .option('--objects <n>', 'objects in it', wholeNumber(0, 1e11), 100_000)
    .option('--layout <name>', 'what keys look like: flat, hex, dated, skewed, sparse, unicode, deep, long', 'dated')
    .option('--seed <n>', 'decides metadata and injected faults', wholeNumber(0, 2 ** 31), 1)
    .option('--head-latency <ms>', 'of each HEAD', decimal(0, 60_000), 0)
    .option('--list-latency <ms>', 'of each LIST', decimal(0, 60_000), 0)
    .option('--jitter <share>', 'of the latencies, 0 to 1', decimal(0, 1), 0)
    .option('--error-rate <share>', 'of HEADs answered 503', decimal(0, 1), 0)
    .option('--list-error-rate <share>', 'of LISTs answered 503', decimal(0, 1), 0)
    .option('--reset-rate <share>', 'of requests answered by closing the connection', decimal(0, 1), 0)
    .option('--silent-rate <share>', 'of HEADs that are never answered', decimal(0, 1), 0)
    .option('--reset-every <seconds>', 'reset all connections so often; 0 for never', decimal(0, 3600), 0)
    .option('--admit <rates>', 'requests a second that are admitted, the others are answered 503; over time: 4000:20,1000:20,4000')
    .option('--workers <n>', 'processes that serve', wholeNumber(1, 64), 1)
    .option('--sign', 'check signatures against AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', false)
    .action(async (flags: SimFlags) => onExit(await actions.sim(flags)));

  program
    .command('demo')
    .summary('sim + head + summary: no S3 needed')
    .description('Starts a simulated endpoint, scans it, and shows what to do with the result.')
    .option('--objects <n>', 'objects to scan', wholeNumber(1, 100_000_000), 100_000)
    .option('-o, --output <file>', 'Parquet file to write', 'demo-headers.parquet')
    .action(async (flags: DemoFlags) => onExit(await actions.demo(flags)));

  return program;
}
