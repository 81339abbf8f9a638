/** Options that `list` and `head` share: declared once, read once. */
import { Option, type Command } from 'commander';
import { isatty } from 'node:tty';
import type { EndpointOptions, ListingOptions, OutputOptions } from '../scan/options.ts';
import { formatOf, type Compression, type Format } from '../output/format.ts';
import type { Schema } from '../records/columns.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import { decimal, nameList, wholeNumber } from './option-values.ts';
import type { ProgressMode } from './progress.ts';

/** What commander makes of the options. */
export interface CommonFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly signRequest: boolean;
  readonly addressing: 'auto' | 'path' | 'virtual';
  readonly caBundle?: string;
  readonly insecure: boolean;
  readonly requestPayer: boolean;
  readonly engine: 'fast' | 'sdk';
  readonly timeout: number;
  readonly retries: number;
  readonly startAfter?: string;
  readonly maxKeys?: number;
  readonly pageSize: number;
  readonly output?: string;
  readonly format?: Format;
  readonly compression?: Compression;
  readonly columns?: string[];
  readonly overwrite: boolean;
  readonly metrics?: string;
  readonly progress: ProgressMode;
  readonly quiet: boolean;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

export function addEndpointOptions(command: Command): void {
  command
    .optionsGroup('Endpoint:')
    .option('--endpoint <url>', 'S3 endpoint; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile, AWS')
    .option('--region <name>', 'region to sign for; else AWS_REGION, the profile, us-east-1')
    .option('--profile <name>', 'profile of the shared AWS files')
    .option('--no-sign-request', 'send no credentials: public buckets')
    .addOption(new Option('--addressing <style>', 'where the bucket name goes').choices(['auto', 'path', 'virtual']).default('auto'))
    .option('--ca-bundle <file>', 'PEM certificates to trust; else AWS_CA_BUNDLE')
    .option('--insecure', 'do not check the server certificate', false)
    .option('--request-payer', 'agree to pay for the requests', false);
}

export function addSpeedOptions(command: Command): void {
  command
    .option('--timeout <seconds>', 'for connecting, and for each answer', decimal(0.1, 3600), 20)
    .option('--retries <n>', 'times a key or page is asked again at most', wholeNumber(0, 100), 10)
    .addOption(new Option('--engine <name>', 'fast, or sdk: all requests through the AWS SDK').choices(['fast', 'sdk']).default('fast'));
}

export function addKeyOptions(command: Command): void {
  command
    .optionsGroup('Keys:')
    .option('--start-after <key>', 'only keys after this one')
    .option('--max-keys <n>', 'only the first n keys', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--page-size <n>', 'keys asked for in one LIST', wholeNumber(1, 1_000_000), 1000);
}

export function addOutputOptions(command: Command): void {
  command
    .optionsGroup('Output:')
    .option('-o, --output <file>', '.parquet .arrow .ndjson .jsonl .csv .txt, the last four also .gz .zst; else NDJSON to standard output')
    .addOption(new Option('--format <name>', 'in place of the ending').choices(['parquet', 'ndjson', 'arrow', 'csv', 'text']))
    .addOption(new Option('--compression <name>', 'Parquet: zstd unless told; text: by ending').choices(['none', 'snappy', 'gzip', 'zstd']))
    .option('--columns <names>', 'columns to write, in this order, between commas', nameList)
    .option('--overwrite', 'replace an output that exists', false);
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
    endpoint: flags.endpoint ?? null,
    region: flags.region ?? null,
    profile: flags.profile ?? null,
    noSignRequest: !flags.signRequest,
    addressing: flags.addressing,
    caBundle: flags.caBundle ?? null,
    insecure: flags.insecure,
    requestPayer: flags.requestPayer,
    engine: flags.engine,
    timeoutMs: flags.timeout * 1000,
    maxAttempts: flags.retries + 1,
  };
}

export function listingOptions(flags: CommonFlags, bucket: string, prefix: string): ListingOptions {
  return {
    bucket,
    prefix: Buffer.from(prefix, 'utf8'),
    startAfter: Buffer.from(flags.startAfter ?? '', 'utf8'),
    pageSize: flags.pageSize,
    maxKeys: flags.maxKeys ?? null,
    fetchOwner: flags.columns?.includes('owner_id') ?? false,
  };
}

export function outputOptions(flags: CommonFlags, schema: Schema): OutputOptions {
  const path = flags.output === undefined || flags.output === '-' ? null : flags.output;
  return {
    path,
    ...formatOf(path, flags.format ?? null, flags.compression ?? null),
    overwrite: flags.overwrite,
    terminal: path === null && isatty(1),
    schema,
  };
}
