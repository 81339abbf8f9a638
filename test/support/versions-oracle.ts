/** What the AWS SDK reports of a versioned bucket: each version and each delete marker. Shares no code with s3scan. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HeadObjectCommand, ListObjectVersionsCommand, type DeleteMarkerEntry, type HeadObjectCommandOutput, type ListObjectVersionsCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { Row, Rows } from './tables.ts';

/** Columns that the HEAD of a version is compared in. */
export const VERSION_HEAD_COLUMNS = ['key', 'version_id', 'status', 'content_length', 'etag', 'last_modified', 'delete_marker', 'drift'] as const;

export function byVersion(rows: readonly Row[]): Rows {
  const named = rows.map((row) => [`${String(row['key'])} ${String(row['version_id'])}`, row] as const);
  assert.equal(new Set(named.map(([name]) => name)).size, rows.length, 'a version has two rows');
  return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Cuts times to milliseconds before the SDK sees them, which rounds: versitygw tells those of delete markers in nanoseconds,
 * and the second has to stay the one that HEAD tells.
 */
function cutTimes(command: ListObjectVersionsCommand): ListObjectVersionsCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: Readable };
      response.body = Readable.from([Buffer.from((await text(response.body)).replaceAll(/(T[\d:]{8}\.\d{3})\d+Z</g, '$1Z<'))]);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return command;
}

/** Page after page by both markers, as the SDK gives them. */
export async function listedVersions(client: S3Client, bucket: string): Promise<Rows> {
  const rows: Row[] = [];
  for (let KeyMarker: string | undefined, VersionIdMarker: string | undefined, more = true; more; ) {
    const page: ListObjectVersionsCommandOutput = await client.send(
      cutTimes(new ListObjectVersionsCommand({ Bucket: bucket, ...(KeyMarker !== undefined && { KeyMarker }), ...(VersionIdMarker !== undefined && { VersionIdMarker }) })),
    );
    const common = ({ Key, VersionId, IsLatest, LastModified, Owner }: DeleteMarkerEntry): Row => ({
      bucket,
      key: Key!,
      version_id: VersionId!,
      last_modified: LastModified!.toISOString(),
      is_latest: IsLatest!,
      ...(Owner?.ID !== undefined && { owner_id: Owner.ID }),
    });
    for (const { Size, ETag, StorageClass, ChecksumAlgorithm, ChecksumType, ...version } of page.Versions ?? []) {
      rows.push({
        ...common(version),
        size: Size!,
        etag: ETag!.replaceAll('"', ''),
        ...(StorageClass !== undefined && { storage_class: StorageClass }),
        ...(ChecksumAlgorithm?.[0] && { checksum_algorithm: ChecksumAlgorithm.join(',') }),
        ...(ChecksumType && { checksum_type: ChecksumType }),
        is_delete_marker: false,
      });
    }
    for (const marker of page.DeleteMarkers ?? []) rows.push({ ...common(marker), is_delete_marker: true });
    [KeyMarker, VersionIdMarker, more] = [page.NextKeyMarker, page.NextVersionIdMarker, page.IsTruncated === true];
  }
  return byVersion(rows);
}

/** A HEAD a version; of a delete marker, what its refusal tells. */
export async function versionHeads(client: S3Client, bucket: string, versions: Rows): Promise<Rows> {
  const rows: Row[] = [];
  for (const { key, version_id: versionId, is_delete_marker: isDeleteMarker } of versions.values()) {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: String(key), VersionId: String(versionId) });
    const told = await client.send(command).catch((error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode);
    const common = { key: key!, version_id: versionId! };
    if (isDeleteMarker === true) {
      assert.equal(told, 405);
      rows.push({ ...common, status: 405, delete_marker: true });
    } else {
      const { ContentLength, ETag, LastModified } = told as HeadObjectCommandOutput;
      rows.push({ ...common, status: 200, content_length: ContentLength!, etag: ETag!.replaceAll('"', ''), last_modified: LastModified!.toISOString() });
    }
  }
  return byVersion(rows);
}
