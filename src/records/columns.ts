/**
 * The columns of `list` and `head`: names, types, and the header or element each comes from.
 *
 * Names follow boto3's fields in snake case. The README's tables are tested against these.
 */

/** Types that Arrow, DuckDB, pandas, Polars and Spark read without a cast. `map` is map<utf8, utf8>. */
export type ColumnType = 'utf8' | 'int32' | 'int64' | 'bool' | 'timestamp_ms' | 'map';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** the response header (lower case) that fills it as it was sent, or null where s3scan computes it */
  readonly header: string | null;
  /** the option without which the column is left out, or null where it is always there */
  readonly option: '--checksums' | '--extra-headers' | null;
  readonly about: string;
}

/** Columns in output order: what a record batch's arrays are aligned with. */
export type Schema = readonly Column[];

type Extra = Partial<Omit<Column, 'name' | 'type'>>;

function column(name: string, type: ColumnType, about: string, extra: Extra = {}): Column {
  return { name, type, nullable: true, header: null, option: null, about, ...extra };
}

function fromHeader(name: string, type: ColumnType, header: string, extra: Extra = {}): Column {
  return column(name, type, `header \`${header}\``, { header, ...extra });
}

const CHECKSUMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

/** What `head` writes. */
export const HEAD_COLUMNS: Schema = [
  column('bucket', 'utf8', 'bucket asked', { nullable: false }),
  column('key', 'utf8', 'object key, exact', { nullable: false }),
  fromHeader('version_id', 'utf8', 'x-amz-version-id', { about: 'the version asked for, else header `x-amz-version-id`' }),
  column('status', 'int32', 'HTTP status; null if no response came'),
  column('error', 'utf8', 'S3 error code (`NoSuchKey`, `AccessDenied`, `SlowDown`, …) or transport code; null on success'),
  column('error_message', 'utf8', 'what the code means for this row; null on success'),
  fromHeader('content_length', 'int64', 'content-length'),
  fromHeader('content_type', 'utf8', 'content-type'),
  fromHeader('cache_control', 'utf8', 'cache-control'),
  fromHeader('content_disposition', 'utf8', 'content-disposition'),
  fromHeader('content_encoding', 'utf8', 'content-encoding'),
  fromHeader('content_language', 'utf8', 'content-language'),
  fromHeader('accept_ranges', 'utf8', 'accept-ranges'),
  fromHeader('expires', 'utf8', 'expires'),
  fromHeader('last_modified', 'timestamp_ms', 'last-modified'),
  fromHeader('etag', 'utf8', 'etag', { about: 'header `etag`, without the quotes' }),
  fromHeader('storage_class', 'utf8', 'x-amz-storage-class', {
    about: 'header `x-amz-storage-class`; AWS leaves it out for STANDARD, and then it is null',
  }),
  column('metadata', 'map', 'user metadata: `x-amz-meta-*`, names in lower case without the prefix, RFC 2047 words decoded'),
  fromHeader('server_side_encryption', 'utf8', 'x-amz-server-side-encryption'),
  fromHeader('sse_customer_algorithm', 'utf8', 'x-amz-server-side-encryption-customer-algorithm'),
  fromHeader('sse_customer_key_md5', 'utf8', 'x-amz-server-side-encryption-customer-key-md5'),
  fromHeader('sse_kms_key_id', 'utf8', 'x-amz-server-side-encryption-aws-kms-key-id'),
  fromHeader('bucket_key_enabled', 'bool', 'x-amz-server-side-encryption-bucket-key-enabled'),
  fromHeader('delete_marker', 'bool', 'x-amz-delete-marker'),
  fromHeader('website_redirect_location', 'utf8', 'x-amz-website-redirect-location'),
  fromHeader('replication_status', 'utf8', 'x-amz-replication-status'),
  fromHeader('restore', 'utf8', 'x-amz-restore'),
  fromHeader('expiration', 'utf8', 'x-amz-expiration'),
  fromHeader('archive_status', 'utf8', 'x-amz-archive-status'),
  fromHeader('request_charged', 'utf8', 'x-amz-request-charged'),
  ...CHECKSUMS.map((name) => fromHeader(`checksum_${name}`, 'utf8', `x-amz-checksum-${name}`, { option: '--checksums' })),
  fromHeader('checksum_type', 'utf8', 'x-amz-checksum-type', { option: '--checksums' }),
  fromHeader('parts_count', 'int32', 'x-amz-mp-parts-count', { about: 'header `x-amz-mp-parts-count`, of multipart objects and with `--parts`' }),
  fromHeader('missing_meta', 'int32', 'x-amz-missing-meta'),
  fromHeader('tag_count', 'int32', 'x-amz-tagging-count'),
  fromHeader('object_lock_mode', 'utf8', 'x-amz-object-lock-mode'),
  fromHeader('object_lock_legal_hold', 'utf8', 'x-amz-object-lock-legal-hold'),
  fromHeader('object_lock_retain_until', 'timestamp_ms', 'x-amz-object-lock-retain-until-date'),
  column('drift', 'utf8', 'what differs from the LIST entry: `gone`, `version_id`, or `etag`, `size`, `last_modified` joined by commas; null if nothing'),
  column('shard', 'int32', 'shard that asked', { nullable: false }),
  column('attempts', 'int32', 'requests sent for this row', { nullable: false }),
  column('via', 'utf8', 'request that told it: `head`, or `list` where the row is from the listing (`--via`)', { nullable: false }),
  column('latency_us', 'int32', 'µs of the last attempt, from request written to headers received; null if no HEAD was sent, or no response came'),
  fromHeader('request_id', 'utf8', 'x-amz-request-id'),
  column('extra_headers', 'map', 'every header that has no column', { option: '--extra-headers' }),
];

/**
 * Of a listing that is made for `head`: the head of the answer that a HEAD would have, where the listing tells as much.
 * Crosses to the workers, and is in no output.
 */
export const TOLD_HEAD: Column = column('told_head', 'utf8', 'in no output');

/** What `list` writes, as ListObjectsV2 tells it. */
export const LIST_COLUMNS: Schema = [
  column('bucket', 'utf8', 'bucket asked', { nullable: false }),
  column('key', 'utf8', 'object key, exact', { nullable: false }),
  column('version_id', 'utf8', '`VersionId`, with `--versions`; `null` is an id, too'),
  column('size', 'int64', '`Size`, bytes'),
  column('last_modified', 'timestamp_ms', '`LastModified`'),
  column('etag', 'utf8', '`ETag`, without the quotes'),
  column('storage_class', 'utf8', '`StorageClass`'),
  column('checksum_algorithm', 'utf8', '`ChecksumAlgorithm`, several joined by commas'),
  column('checksum_type', 'utf8', '`ChecksumType`'),
  column('owner_id', 'utf8', '`Owner/ID`, where the server sends it'),
  column('is_latest', 'bool', '`IsLatest`, with `--versions`'),
  column('is_delete_marker', 'bool', 'whether it is a `DeleteMarker`, with `--versions`'),
  column('restore_status', 'utf8', '`RestoreStatus`: `in-progress`, or the expiry date of the restored copy'),
];
