/**
 * HEADs through the official SDK, one command a key: the oracle that the tests compare the fast engine with,
 * and the baseline of the benchmarks. Parses nothing itself: columns come from the fields of
 * HeadObjectOutput; only `extra_headers`, which has no field, comes from the response.
 */
import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { RequestClock } from '../s3/clock.ts';
import { sdkClient } from '../s3/sdk-config.ts';
import type { Schema } from '../records/columns.ts';
import { totalIn } from '../records/header-decoder.ts';
import type { BoolBuilder, Int32Builder, Int64Builder } from '../records/number-builders.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import type { MapBuilder, Utf8Builder } from '../records/text-builders.ts';
import { decodeEncodedWords } from '../records/rfc2047.ts';
import type { Credentials } from '../s3/sigv4.ts';
import type { AnswerHeaders, Asked, Channel, Engine, SlotOwner } from './engine.ts';
import type { HeadSettings } from './protocol.ts';

/** Fields of HeadObjectOutput by column; a column without an entry has a field of its own treatment below. */
const FIELDS: Readonly<Record<string, keyof HeadObjectCommandOutput>> = {
  version_id: 'VersionId',
  content_type: 'ContentType',
  cache_control: 'CacheControl',
  content_disposition: 'ContentDisposition',
  content_encoding: 'ContentEncoding',
  content_language: 'ContentLanguage',
  accept_ranges: 'AcceptRanges',
  expires: 'ExpiresString',
  last_modified: 'LastModified',
  etag: 'ETag',
  storage_class: 'StorageClass',
  server_side_encryption: 'ServerSideEncryption',
  sse_customer_algorithm: 'SSECustomerAlgorithm',
  sse_customer_key_md5: 'SSECustomerKeyMD5',
  sse_kms_key_id: 'SSEKMSKeyId',
  bucket_key_enabled: 'BucketKeyEnabled',
  delete_marker: 'DeleteMarker',
  website_redirect_location: 'WebsiteRedirectLocation',
  replication_status: 'ReplicationStatus',
  restore: 'Restore',
  expiration: 'Expiration',
  archive_status: 'ArchiveStatus',
  request_charged: 'RequestCharged',
  checksum_crc32: 'ChecksumCRC32',
  checksum_crc32c: 'ChecksumCRC32C',
  checksum_crc64nvme: 'ChecksumCRC64NVME',
  checksum_sha1: 'ChecksumSHA1',
  checksum_sha256: 'ChecksumSHA256',
  checksum_type: 'ChecksumType',
  parts_count: 'PartsCount',
  missing_meta: 'MissingMeta',
  tag_count: 'TagCount',
  object_lock_mode: 'ObjectLockMode',
  object_lock_legal_hold: 'ObjectLockLegalHoldStatus',
  object_lock_retain_until: 'ObjectLockRetainUntilDate',
};

interface SdkAnswer {
  readonly output: Partial<HeadObjectCommandOutput>;
  /** lower-case names */
  readonly headers: Readonly<Record<string, string>>;
}

/** The SDK gives header values as latin1 strings; their bytes may be UTF-8. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  const utf8 = bytes.toString('utf8');
  return utf8.includes('\uFFFD') ? value : utf8;
}

class SdkHeaders implements AnswerHeaders {
  answer: SdkAnswer = { output: {}, headers: {} };
  private readonly schema: Schema;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  private unquotedEtag(): string | null {
    return this.answer.output.ETag?.replace(/^"(.*)"$/, '$1') ?? null;
  }

  etag(): Uint8Array | null {
    const etag = this.unquotedEtag();
    return etag === null ? null : Buffer.from(etag, 'utf8');
  }

  contentLength(): number {
    const { ContentLength = -1, ContentRange } = this.answer.output;
    if (ContentRange === undefined) return ContentLength;
    return Number(totalIn(ContentRange) || -1);
  }

  lastModified(): number {
    return this.answer.output.LastModified?.getTime() ?? Number.NaN;
  }

  text(name: string): string | null {
    return this.answer.headers[name] ?? null;
  }

  write(builder: RecordBuilder, errorRow: boolean): void {
    const row = builder.rows;
    const { output, headers } = this.answer;
    this.schema.forEach((column, index) => {
      const target = builder.columns[index];
      if (column.name === 'request_id') {
        const id = headers['x-amz-request-id'];
        if (id) (target as Utf8Builder).setText(row, textOf(id));
      } else if (errorRow) {
        if (column.name === 'version_id' && headers['x-amz-version-id']) (target as Utf8Builder).setText(row, headers['x-amz-version-id']);
        if (column.name === 'delete_marker' && headers['x-amz-delete-marker']) (target as BoolBuilder).set(row, headers['x-amz-delete-marker'] === 'true');
      } else if (column.name === 'metadata') {
        const entries = Object.entries(output.Metadata ?? {}).map(([name, value]) => [name, decodeEncodedWords(textOf(value))] as const);
        writeMap(target as MapBuilder, row, entries);
      } else if (column.name === 'extra_headers') {
        const known = new Set(this.schema.map(({ header }) => header));
        const extra = Object.entries(headers).filter(([name]) => !known.has(name) && !name.startsWith('x-amz-meta-'));
        writeMap(target as MapBuilder, row, extra.map(([name, value]) => [name, textOf(value)] as const));
      } else if (column.name === 'content_length') {
        setNumber(target as Int64Builder, row, this.contentLength(), 2 ** 53);
      } else if (column.name === 'etag') {
        const etag = this.unquotedEtag();
        if (etag !== null) (target as Utf8Builder).setText(row, etag);
      } else {
        const field = FIELDS[column.name];
        const value = field === undefined ? undefined : output[field];
        if (typeof value === 'string') (target as Utf8Builder).setText(row, textOf(value));
        else if (typeof value === 'number') setNumber(target as Int32Builder | Int64Builder, row, value, column.type === 'int32' ? 2 ** 31 : 2 ** 53);
        else if (typeof value === 'boolean') (target as BoolBuilder).set(row, value);
        else if (value instanceof Date) (target as Int64Builder).set(row, value.getTime());
      }
    });
  }
}

/** The SDK makes numbers of what are none (NaN, -1, 1.5), and rounds those beyond 2^53: left null. */
function setNumber(builder: Int32Builder | Int64Builder, row: number, value: number, limit: number): void {
  if (Number.isInteger(value) && value >= 0 && value < limit) builder.set(row, value);
}

function writeMap(builder: MapBuilder, row: number, entries: readonly (readonly [string, string])[]): void {
  builder.begin(row);
  for (const [name, value] of entries) {
    const nameBytes = Buffer.from(name, 'utf8');
    const valueBytes = Buffer.from(value, 'utf8');
    builder.entry(nameBytes, 0, nameBytes.length, valueBytes, 0, valueBytes.length);
  }
}

/** What the SDK hangs on its errors, besides what it declares. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $response?: { readonly statusCode: number; readonly headers: Record<string, string> };
}

export class SdkEngine implements Engine<SdkAnswer> {
  private readonly clock: RequestClock;
  private readonly headers: SdkHeaders;
  private readonly client: S3Client;
  /** opens a connection for each request */
  private readonly fresh: S3Client;
  /** of outputs, where a column needs them: the SDK does not hand them out otherwise */
  private readonly responseHeaders = new WeakMap<object, Record<string, string>>();

  constructor(settings: HeadSettings, slots: number) {
    this.clock = new RequestClock(settings.clockOffsetMs);
    this.headers = new SdkHeaders(settings.schema);
    const clients = [sdkClient(settings, slots), sdkClient(settings, slots, { keepAlive: false })] as const;
    [this.client, this.fresh] = clients;
    if (settings.schema.some(({ name }) => name === 'extra_headers')) clients.forEach((client) => this.keepResponseHeaders(client));
  }

  private keepResponseHeaders(client: S3Client): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.responseHeaders.set(result.output as object, (result.response as { headers: Record<string, string> }).headers);
        return result;
      },
      { step: 'deserialize', priority: 'high', name: 'keepResponseHeaders' },
    );
  }

  open(owner: SlotOwner<SdkAnswer>): Channel {
    let client = this.client;
    return {
      connects: 0,
      connectUs: 0,
      closed: 0,
      bytesIn: 0,
      bytesOut: 0,
      head: (bucket, keys, start, end, asked) => {
        void this.send(client, owner, bucket, Buffer.from(keys.subarray(start, end)).toString('utf8'), asked);
        client = this.client;
      },
      renew: () => {
        client = this.fresh;
      },
      close: async () => {
        await Promise.resolve();
        this.client.destroy();
        this.fresh.destroy();
      },
    };
  }

  private async send(client: S3Client, owner: SlotOwner<SdkAnswer>, bucket: string, key: string, asked: Asked): Promise<void> {
    const { versionId, firstPart } = asked;
    const input = { Bucket: bucket, Key: key, ...(versionId !== null && { VersionId: versionId }), ...(firstPart && { PartNumber: 1 }) };
    const sentAt = performance.now();
    const latency = (): number => Math.round((performance.now() - sentAt) * 1000);
    let output: HeadObjectCommandOutput;
    try {
      output = await client.send(new HeadObjectCommand(input));
    } catch (error) {
      const { $response: response, code } = error as SdkError;
      // What is no HTTP may be what was left of the answer before.
      if (code?.startsWith('HPE_') === true && client !== this.fresh) void this.send(this.fresh, owner, bucket, key, asked);
      // With a status of 2xx, the answer has a value that the SDK cannot read: an error, and not a row without values.
      else if (response === undefined || response.statusCode < 300) owner.onNoAnswer(error as Error, false);
      else owner.onAnswer(response.statusCode, { output: {}, headers: response.headers }, latency());
      return;
    }
    const headers = this.responseHeaders.get(output) ?? { 'x-amz-request-id': output.$metadata.requestId ?? '' };
    owner.onAnswer(output.$metadata.httpStatusCode ?? 200, { output, headers }, latency());
  }

  read(answer: SdkAnswer): AnswerHeaders {
    this.headers.answer = answer;
    return this.headers;
  }

  correctClock(serverDate: string | null, sentAt: number): boolean {
    const corrected = this.clock.correct(serverDate, sentAt);
    for (const client of [this.client, this.fresh]) client.config.systemClockOffset = this.clock.offsetMs;
    return corrected;
  }

  /** The SDK knows by itself. */
  useAddress(): void {}

  useCredentials(credentials: Credentials): void {
    for (const client of [this.client, this.fresh]) client.config.credentials = () => Promise.resolve(credentials);
  }
}
