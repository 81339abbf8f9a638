/** Options that `list` and `head` share: declared once, read once. */
import { Option, type Command } from 'commander';
import { statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Failure } from '../failure.ts';
import { parseHostPort } from '../http/network.ts';
import { compareKeys } from '../keyspace/interval.ts';
import { isDirectoryBucket } from '../s3/address.ts';
import type { DirectoryOptions, EndpointOptions, ListingOptions, OutputOptions } from '../scan/options.ts';
import { formatOf, type Compression, type Format } from '../output/format.ts';
import type { Schema } from '../records/columns.ts';
import type { Filter } from '../source/filter.ts';
import { narrowedPrefix } from '../source/filter-glob.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import { accountId, byteSize, decimal, glob, hostPort, moment, nameList, repeatable, storageClass, wholeNumber, wholeNumberOrAuto } from './option-values.ts';
import type { ProgressMode } from './progress.ts';

/** What commander makes of the options. */
export interface CommonFlags {
  readonly endpoint?: readonly string[];
  readonly region?: string;
  readonly profile?: string;
  readonly signRequest: boolean;
  readonly addressing: 'auto' | 'path' | 'virtual';
  readonly connectTo?: string;
  readonly dualStack: boolean;
  readonly fips: boolean;
  readonly accelerate: boolean;
  readonly caBundle?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly insecure: boolean;
  readonly requestPayer: boolean;
  readonly expectedBucketOwner?: string;
  readonly header?: readonly string[];
  readonly engine: 'fast' | 'sdk';
  /** null: auto */
  readonly listConcurrency: number | null;
  readonly timeout: number;
  readonly retries: number;
  readonly rate?: number;
  readonly versions: boolean;
  readonly prefix?: string;
  readonly startAfter?: string;
  readonly endAt?: string;
  readonly maxKeys?: number;
  readonly verifyList: boolean;
  readonly pageSize: number;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly minSize?: number;
  readonly maxSize?: number;
  /** ISO 8601 */
  readonly newerThan?: string;
  readonly olderThan?: string;
  readonly storageClass?: readonly string[];
  readonly sample?: number;
  readonly output?: string;
  readonly format?: Format;
  readonly compression?: Compression;
  readonly columns?: string[];
  readonly overwrite: boolean;
  readonly partRows?: number;
  readonly resume: boolean;
  readonly private: boolean;
  readonly metrics?: string;
  readonly progress: ProgressMode;
  readonly quiet: boolean;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

export function addEndpointOptions(command: Command): void {
  command
    .optionsGroup('Endpoint:')
    .option('--endpoint <url>', 'S3 endpoint; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile, AWS; may be repeated, for several of one cluster', repeatable(String))
    .option('--region <name>', 'region to sign for; else AWS_REGION, the profile, us-east-1')
    .option('--profile <name>', 'profile of the shared AWS files')
    .option('--no-sign-request', 'send no credentials: public buckets')
    .addOption(new Option('--addressing <style>', 'where the bucket name goes').choices(['auto', 'path', 'virtual']).default('auto'))
    .option('--connect-to <host:port>', 'connect there instead; Host, TLS name and signature stay those of the endpoint', hostPort)
    .option('--dual-stack', "AWS's endpoints for IPv4 and IPv6; else AWS_USE_DUALSTACK_ENDPOINT, the profile", false)
    .option('--fips', "AWS's FIPS endpoints; else AWS_USE_FIPS_ENDPOINT, the profile", false)
    .option('--accelerate', "AWS's transfer acceleration", false)
    .option('--ca-bundle <file>', 'PEM certificates to trust; else AWS_CA_BUNDLE')
    .option('--client-cert <file>', 'PEM certificate to show to the server, where it wants one')
    .option('--client-key <file>', 'its PEM key, without a passphrase; else in the same file')
    .option('--insecure', 'do not check the server certificate', false)
    .option('--request-payer', 'agree to pay for the requests', false)
    .option('--expected-bucket-owner <id>', 'refuse a bucket that is not of this AWS account', accountId)
    // Checked later: what is wrong with it is to be said without its value.
    .option('--header <line>', "'Name: value' sent with each request, signed if x-amz-*; may be repeated", repeatable(String));
}

export function addSpeedOptions(command: Command): void {
  command
    .option('--list-concurrency <n|auto>', 'LISTs in flight, on as many key ranges; 1: page after page', wholeNumberOrAuto(1, 512), null)
    .option('--timeout <seconds>', 'for each HEAD, connecting included; LISTs may take as long to begin, three times as long in all', decimal(0.1, 3600), 20)
    .option('--rate <n>', 'requests a second at most, LISTs, HEADs and retries together', decimal(0.1, 1_000_000))
    .option('--retries <n>', 'times a key or page is asked again at most; three times as often where the server says to slow down', wholeNumber(0, 100), 10)
    .addOption(new Option('--engine <name>', 'fast, or sdk: all requests through the AWS SDK').choices(['fast', 'sdk']).default('fast'));
}

export function addKeyOptions(command: Command): void {
  command
    .optionsGroup('Keys:')
    .option('--versions', 'all versions of each key and delete markers, a row each', false)
    .option('--prefix <text>', 'only keys that begin so; in place of a prefix in the URL')
    .option('--start-after <key>', 'only keys after this one')
    .option('--end-at <key>', 'only keys up to this one, itself included')
    .option('--max-keys <n>', 'only the first n keys listed, counted before filters', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--page-size <n>', 'keys asked for in one LIST', wholeNumber(1, 1_000_000), 1000)
    .option('--verify-list', 'list twice; where the keys differ, exit code 4', false);
}

export function addFilterOptions(command: Command): void {
  const now = Date.now();
  const time = (text: string): string => moment(text, now);
  command
    .optionsGroup('Filters:')
    .option('--include <glob>', 'only keys that match, whole: * ** ? [a-z] {a,b}, and * stops at "/"; may be repeated', repeatable(glob))
    .option('--exclude <glob>', 'no keys that match; may be repeated', repeatable(glob))
    .option('--min-size <size>', 'only objects of so many bytes or more: 1024, 5MB, 10MiB', byteSize)
    .option('--max-size <size>', 'only objects of so many bytes or less', byteSize)
    .option('--newer-than <time>', 'only objects modified then or later: 2026-01-31, 2026-01-31T12:00Z, or an age as 7d, 12h, 30m', time)
    .option('--older-than <time>', 'only objects modified before', time)
    .option('--storage-class <name>', 'only objects of this class; none told is STANDARD; may be repeated', repeatable(storageClass))
    .option('--sample <share>', 'a share of the keys, up to 1: the same ones in every run', decimal(0.000001, 1));
}

export function addOutputOptions(command: Command): void {
  command
    .optionsGroup('Output:')
    .option('-o, --output <file|folder/>', '.parquet .arrow .ndjson .jsonl .csv .txt, the last four also .gz .zst; a folder for parts that can be resumed; else NDJSON to standard output')
    .addOption(new Option('--format <name>', 'in place of the ending; of parts, parquet unless told').choices(['parquet', 'ndjson', 'arrow', 'csv', 'text']))
    .addOption(new Option('--compression <name>', 'Parquet: zstd unless told; text: by ending').choices(['none', 'snappy', 'gzip', 'zstd']))
    .option('--columns <names>', 'columns to write, in this order, between commas', nameList)
    .option('--part-rows <n>', 'rows in one part of a folder at most; a part also ends after 45 s, and at 256 MiB', wholeNumber(1000, 100_000_000))
    .option('--overwrite', 'replace an output that exists; of a folder, what s3scan wrote to it', false)
    .option('--resume', 'go on with the scan that is in the folder; where there is none, begin', false)
    .option('--private', 'outputs that only their owner can read', false);
  command
    .optionsGroup('Telling:')
    .option('--metrics <file>', '.json .ndjson .parquet; else OUTPUT.metrics.json beside the output')
    .addOption(new Option('--progress <when>', 'progress on standard error').choices(['auto', 'always', 'never']).default('auto'))
    .option('-q, --quiet', 'no progress and no summary', false)
    .addOption(new Option('--log-level <level>', 'structured logs on standard error; debug adds stack traces to errors').choices(LOG_LEVELS))
    .option('--log-file <file>', 'structured logs to a file instead');
}

export function endpointOptions(flags: CommonFlags): EndpointOptions {
  return {
    endpoints: flags.endpoint ?? [],
    region: flags.region ?? null,
    profile: flags.profile ?? null,
    noSignRequest: !flags.signRequest,
    addressing: flags.addressing,
    connectTo: flags.connectTo === undefined ? null : parseHostPort(flags.connectTo),
    dualStack: flags.dualStack,
    fips: flags.fips,
    accelerate: flags.accelerate,
    caBundle: flags.caBundle ?? null,
    clientCert: flags.clientCert ?? null,
    clientKey: flags.clientKey ?? null,
    insecure: flags.insecure,
    requestPayer: flags.requestPayer,
    expectedBucketOwner: flags.expectedBucketOwner ?? null,
    headers: flags.header ?? [],
    engine: flags.engine,
    timeoutMs: flags.timeout * 1000,
    maxAttempts: flags.retries + 1,
    rate: flags.rate ?? null,
  };
}

/** `urlPrefix` is empty where the URL has none. */
function listingPrefix({ prefix: given, include }: CommonFlags, bucket: string, urlPrefix: string): string {
  if (given !== undefined && urlPrefix !== '') {
    throw new Failure('usage', 'the URL names a prefix, and so does --prefix', 'leave one of them out');
  }
  const prefix = given ?? urlPrefix;
  const narrowed = narrowedPrefix(prefix, include ?? []);
  // Prefixes of directory buckets are folders.
  if (narrowed !== null) return isDirectoryBucket(bucket) ? narrowed.slice(0, Math.max(prefix.length, narrowed.lastIndexOf('/') + 1)) : narrowed;
  throw new Failure('usage', `no key under the prefix ${JSON.stringify(prefix)} can match --include`, 'a glob is about the whole key, prefix included');
}

export function listingOptions(flags: CommonFlags, bucket: string, urlPrefix: string): ListingOptions {
  const startAfter = Buffer.from(flags.startAfter ?? '', 'utf8');
  const endAt = flags.endAt === undefined ? null : Buffer.from(flags.endAt, 'utf8');
  if (endAt !== null && compareKeys(endAt, startAfter) <= 0) {
    throw new Failure('usage', '--end-at does not come after --start-after: no key is between them', 'give --end-at a later key; keys are compared as bytes');
  }
  if (flags.verifyList && flags.resume) {
    throw new Failure('usage', '--verify-list compares two listings of one run, and --resume has a part of one from before', 'leave one of them out');
  }
  return {
    bucket,
    prefix: Buffer.from(listingPrefix(flags, bucket, urlPrefix), 'utf8'),
    startAfter,
    endAt,
    pageSize: flags.pageSize,
    maxKeys: flags.maxKeys ?? null,
    verify: flags.verifyList,
    // Commander makes an empty text of a parser's null.
    concurrency: flags.listConcurrency || null,
    versions: flags.versions,
    fetchOwner: flags.columns?.includes('owner_id') ?? false,
  };
}

/** null where every key is wanted. */
export function filterOptions(flags: CommonFlags): Filter | null {
  const { include = [], exclude = [], minSize = null, maxSize = null, newerThan, olderThan, storageClass: storageClasses = [], sample = null } = flags;
  const filter: Filter = {
    include,
    exclude,
    minSize,
    maxSize,
    newerThan: newerThan === undefined ? null : Date.parse(newerThan),
    olderThan: olderThan === undefined ? null : Date.parse(olderThan),
    storageClasses,
    sample,
  };
  if (minSize !== null && maxSize !== null && minSize > maxSize) {
    throw new Failure('usage', `no object has at least ${minSize} and at most ${maxSize} bytes`, 'exchange --min-size and --max-size, or leave one of them out');
  }
  if (filter.newerThan !== null && filter.olderThan !== null && filter.newerThan >= filter.olderThan) {
    throw new Failure('usage', `nothing was modified after ${newerThan} and before ${olderThan}`, 'exchange --newer-than and --older-than, or leave one of them out');
  }
  return Object.values(filter).every((condition) => condition === null || (Array.isArray(condition) && condition.length === 0)) ? null : filter;
}

const PART_ROWS = 1_000_000;

/** Without the slashes behind it, unless it is the root. */
function directoryOf(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

/** Whether `-o` names a folder: by the slash behind it, or because there is one. */
export function isDirectoryOutput({ output }: Pick<CommonFlags, 'output'>): boolean {
  return output !== undefined && output !== '-' && (output.endsWith('/') || statSync(output, { throwIfNoEntry: false })?.isDirectory() === true);
}

function directoryOptions(flags: CommonFlags): DirectoryOptions | null {
  const { partRows, resume, overwrite } = flags;
  if (isDirectoryOutput(flags)) {
    if (resume && overwrite) throw new Failure('usage', '--resume keeps what is there, --overwrite removes it', 'leave one of them out');
    return { partRows: partRows ?? PART_ROWS, resume };
  }
  for (const [option, given] of [['--resume', resume], ['--part-rows', partRows !== undefined]] as const) {
    if (given) throw new Failure('usage', `${option} is about an output in parts, and --output names no folder`, 'name a folder with a slash behind it: -o headers/');
  }
  return null;
}

export function outputOptions(flags: CommonFlags, schema: Schema): OutputOptions {
  const path = flags.output === undefined || flags.output === '-' ? null : flags.output;
  const directory = directoryOptions(flags);
  return {
    path: directory === null ? path : directoryOf(path!),
    directory,
    private: flags.private,
    ...(directory === null ? formatOf(path, flags.format ?? null, flags.compression ?? null) : formatOf(null, flags.format ?? 'parquet', flags.compression ?? null)),
    overwrite: flags.overwrite,
    terminal: path === null && isatty(1),
    schema,
  };
}
