/**
 * What the AWS SDK reports of a bucket, in the normal form of the tables: the truth that s3scan's own rows are
 * compared with. Shares no code with s3scan.
 */
import { HeadObjectCommand, paginateListObjectsV2, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { byKey, entriesByName, type Row, type Rows, type Value } from './tables.ts';

type Fields = Readonly<Record<string, unknown>>;

const HEAD_FIELDS = {
  version_id: 'VersionId',
  content_length: 'ContentLength',
  content_type: 'ContentType',
  cache_control: 'CacheControl',
  content_disposition: 'ContentDisposition',
  content_encoding: 'ContentEncoding',
  content_language: 'ContentLanguage',
  accept_ranges: 'AcceptRanges',
  expires: 'ExpiresString',
  last_modified: 'LastModified',
  storage_class: 'StorageClass',
  server_side_encryption: 'ServerSideEncryption',
  website_redirect_location: 'WebsiteRedirectLocation',
  replication_status: 'ReplicationStatus',
  parts_count: 'PartsCount',
  missing_meta: 'MissingMeta',
  tag_count: 'TagCount',
  object_lock_mode: 'ObjectLockMode',
  object_lock_legal_hold: 'ObjectLockLegalHoldStatus',
  object_lock_retain_until: 'ObjectLockRetainUntilDate',
  checksum_crc32: 'ChecksumCRC32',
  checksum_crc32c: 'ChecksumCRC32C',
  checksum_crc64nvme: 'ChecksumCRC64NVME',
  checksum_sha1: 'ChecksumSHA1',
  checksum_sha256: 'ChecksumSHA256',
  checksum_type: 'ChecksumType',
} as const satisfies Record<string, keyof HeadObjectCommandOutput>;

const LIST_FIELDS = { size: 'Size', last_modified: 'LastModified', storage_class: 'StorageClass', checksum_type: 'ChecksumType' } as const;

function valuesOf(fields: Fields, names: Readonly<Record<string, string>>): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [column, field] of Object.entries(names)) {
    const value = fields[field];
    if (value !== undefined) values[column] = value instanceof Date ? value.toISOString() : (value as Value);
  }
  return values;
}

function unquoted(etag: string | undefined): Record<string, Value> {
  return etag === undefined ? {} : { etag: etag.replaceAll('"', '') };
}

export interface OracleOptions {
  readonly checksums?: boolean;
  /** what a value of user metadata means, which the SDK leaves as it came: encoded (RFC 2047), or bytes as characters */
  readonly meaning?: (text: string) => string;
}

/** HEADs on their way at once: enough to keep a server busy. */
const IN_FLIGHT = 16;

/** Calls `act` for each of the items, some at a time. */
export async function inParallel<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await act(items[next++]!);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function headRow(client: S3Client, bucket: string, key: string, { checksums, meaning = (text) => text }: OracleOptions): Promise<Row> {
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...(checksums && { ChecksumMode: 'ENABLED' }) });
  const { ETag, Metadata = {}, ...fields } = await client.send(command);
  const metadata = entriesByName(Object.entries(Metadata).map(([name, text]) => [name, meaning(text)] as const));
  return { bucket, key, status: 200, via: 'head', ...valuesOf(fields, HEAD_FIELDS), ...unquoted(ETag), metadata };
}

/** A HEAD a key. */
export async function headRows(client: S3Client, bucket: string, keys: readonly string[], options: OracleOptions = {}): Promise<Rows> {
  const rows: Row[] = [];
  await inParallel(keys, async (key) => {
    rows.push(await headRow(client, bucket, key, options));
  });
  return byKey(rows);
}

/** The same, where a key that is refused has a row with its status and no more. */
export async function headRowsOrStatus(client: S3Client, bucket: string, keys: readonly string[], options: OracleOptions = {}): Promise<Rows> {
  const rows: Row[] = [];
  await inParallel(keys, async (key) => {
    rows.push(
      await headRow(client, bucket, key, options).catch((error: unknown): Row => {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        if (status === undefined || status < 400 || status >= 500) throw error;
        return { bucket, key, status };
      }),
    );
  });
  return byKey(rows);
}

/** The listing as the SDK's paginator gives it, which leaves keys as they were encoded for XML's sake. */
export async function listRows(client: S3Client, bucket: string): Promise<Rows> {
  const rows: Row[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, EncodingType: 'url' })) {
    for (const { Key, ETag, ChecksumAlgorithm, ...fields } of page.Contents ?? []) {
      const algorithms = ChecksumAlgorithm === undefined ? {} : { checksum_algorithm: ChecksumAlgorithm.join(',') };
      // Only where the answer says so: some servers do not heed the request.
      const key = page.EncodingType === 'url' ? decodeURIComponent(Key!.replaceAll('+', ' ')) : Key!;
      rows.push({ bucket, key, ...valuesOf(fields, LIST_FIELDS), ...unquoted(ETag), ...algorithms });
    }
  }
  return byKey(rows);
}
