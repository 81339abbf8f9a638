/** A page of versions through the official SDK: the oracle, and the baseline. For `--engine sdk`. */
import { ListObjectVersionsCommand, type DeleteMarkerEntry, type ObjectVersion } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { sdkClient, type SdkSettings } from '../s3/sdk-config.ts';
import { excerpt } from '../s3/xml.ts';
import type { GetVersions } from './list-object-versions.ts';
import { failureFrom, keyBytes, LIST_ATTEMPTS } from './sdk-list-page.ts';
import type { VersionEntry } from './versions-page.ts';

function entryOf(version: ObjectVersion & DeleteMarkerEntry, urlEncoded: boolean, isDeleteMarker: boolean): VersionEntry {
  const { Key, VersionId, IsLatest, Size, LastModified, ETag, StorageClass, ChecksumAlgorithm, ChecksumType, Owner, RestoreStatus } = version;
  const key = keyBytes(Key, urlEncoded);
  if (!VersionId) throw new Failure('listing', `an entry of the page, "${excerpt(key)}", has no <VersionId>`, 'the server does not list versions as S3 does: leave --versions out');
  return {
    key,
    versionId: VersionId,
    isLatest: IsLatest ?? null,
    isDeleteMarker,
    size: Size === undefined ? null : BigInt(Size),
    lastModified: LastModified?.getTime() ?? null,
    etag: ETag?.replace(/^"(.*)"$/, '$1') ?? null,
    storageClass: StorageClass ?? null,
    checksumAlgorithm: ChecksumAlgorithm?.join(',') ?? null,
    checksumType: ChecksumType ?? null,
    ownerId: Owner?.ID ?? null,
    restoreStatus: RestoreStatus?.IsRestoreInProgress === true ? 'in-progress' : (RestoreStatus?.RestoreExpiryDate?.toISOString() ?? null),
  };
}

/** `connections`: requests that may be on their way. */
export function sdkGetVersions(settings: SdkSettings, bucket: string, connections: number): GetVersions {
  const client = sdkClient(settings, connections, { maxAttempts: LIST_ATTEMPTS });
  return async ({ prefix, keyMarker, versionIdMarker, maxKeys, delimiter }) => {
    const command = new ListObjectVersionsCommand({
      Bucket: bucket,
      EncodingType: 'url',
      MaxKeys: maxKeys,
      ...(prefix.length > 0 && { Prefix: Buffer.from(prefix).toString('utf8') }),
      ...(keyMarker !== null && { KeyMarker: Buffer.from(keyMarker).toString('utf8') }),
      ...(versionIdMarker !== null && { VersionIdMarker: versionIdMarker }),
      ...(delimiter !== undefined && { Delimiter: delimiter }),
    });
    const page = await client.send(command).catch((error: unknown) => {
      throw failureFrom(error, settings, bucket);
    });
    // The SDK makes an empty last page of what is no page.
    if (page.IsTruncated === undefined) throw new Failure('listing', 'the answer is no whole page of a listing: it does not say whether more follows');
    const urlEncoded = page.EncodingType === 'url';
    const versions = (page.Versions ?? []).map((version) => entryOf(version, urlEncoded, false));
    const markers = (page.DeleteMarkers ?? []).map((marker) => entryOf(marker, urlEncoded, true));
    return {
      entries: [...versions, ...markers],
      commonPrefixes: (page.CommonPrefixes ?? []).map((group) => keyBytes(group.Prefix ?? '', urlEncoded)),
      isTruncated: page.IsTruncated,
      nextKeyMarker: page.NextKeyMarker ? keyBytes(page.NextKeyMarker, urlEncoded) : null,
      nextVersionIdMarker: page.NextVersionIdMarker || null,
    };
  };
}
