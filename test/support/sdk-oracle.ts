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
  /** what encoded words (RFC 2047) mean, which the SDK leaves as they are */
  readonly meanings?: ReadonlyMap<string, string>;
}

/** A HEAD a key. */
export async function headRows(client: S3Client, bucket: string, keys: readonly string[], options: OracleOptions = {}): Promise<Rows> {
  const meaning = (text: string): string => options.meanings?.get(text) ?? text;
  const rows: Row[] = [];
  for (const key of keys) {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...(options.checksums && { ChecksumMode: 'ENABLED' }) });
    const { ETag, Metadata = {}, ...fields } = await client.send(command);
    const metadata = entriesByName(Object.entries(Metadata).map(([name, text]) => [name, meaning(text)] as const));
    rows.push({ bucket, key, status: 200, via: 'head', ...valuesOf(fields, HEAD_FIELDS), ...unquoted(ETag), metadata });
  }
  return byKey(rows);
}

/** The listing as the SDK's paginator gives it, which leaves keys as they were encoded for XML's sake. */
export async function listRows(client: S3Client, bucket: string): Promise<Rows> {
  const rows: Row[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, EncodingType: 'url' })) {
    for (const { Key, ETag, ChecksumAlgorithm, ...fields } of page.Contents ?? []) {
      const algorithms = ChecksumAlgorithm === undefined ? {} : { checksum_algorithm: ChecksumAlgorithm.join(',') };
      const key = decodeURIComponent(Key!.replaceAll('+', ' '));
      rows.push({ bucket, key, ...valuesOf(fields, LIST_FIELDS), ...unquoted(ETag), ...algorithms });
    }
  }
  return byKey(rows);
}
