/** A page through the official SDK: the oracle for the page decoder, and the baseline. For `--engine sdk`. */
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type _Object as ListedObject } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { compareEnds, compareKeys } from '../keyspace/interval.ts';
import type { RecordBuilder } from '../records/record-builder.ts';
import { classifyStatus, classifyTransport, failureOf, oneLine } from '../s3/errors.ts';
import { sdkClient, type SdkSettings } from '../s3/sdk-config.ts';
import { excerpt } from '../s3/xml.ts';
import { OutOfOrder } from './doubts.ts';
import type { ListPage, PageRequest } from './listing.ts';

const SAMPLES = 16;
/** A listing asks again through the SDK's own retries. */
export const LIST_ATTEMPTS = 3;

/** The SDK hands keys on as they were sent. */
export function keyBytes(key: string | undefined, urlEncoded: boolean): Buffer {
  if (!key) throw new Failure('listing', 'an object of the page has no key');
  try {
    return Buffer.from(urlEncoded ? decodeURIComponent(key.replaceAll('+', ' ')) : key, 'utf8');
  } catch {
    throw new Failure('listing', `a key of the page is not encoded as the page says: ${excerpt(key)}`);
  }
}

/** The SDK makes an empty last page of what is no page: HTML, another document, nothing. Throws where it has lost some. */
function checkWhole({ IsTruncated: isTruncated, NextContinuationToken: token, KeyCount: announced = 0, Contents: objects = [], CommonPrefixes: groups = [] }: ListObjectsV2CommandOutput): void {
  // Whatever is not `true` is `false` to the SDK: a token says otherwise.
  if (isTruncated === undefined || (!isTruncated && token)) throw new Failure('listing', 'the answer is no whole page of a listing: it does not say whether more follows');
  const held = objects.length + groups.length;
  if (announced > held) throw new Failure('listing', `the answer is no whole page of a listing: <KeyCount> is ${announced} and the page holds ${held}`);
}

function addRow(builder: RecordBuilder, key: Uint8Array, object: ListedObject): void {
  const row = builder.rows;
  builder.utf8('key')?.setBytes(row, key);
  if (object.Size !== undefined) builder.int64('size')?.set(row, object.Size);
  if (object.LastModified !== undefined) builder.int64('last_modified')?.set(row, object.LastModified.getTime());
  if (object.ETag !== undefined) builder.utf8('etag')?.setText(row, object.ETag.replace(/^"(.*)"$/, '$1'));
  if (object.StorageClass !== undefined) builder.utf8('storage_class')?.setText(row, object.StorageClass);
  if (object.ChecksumAlgorithm !== undefined) builder.utf8('checksum_algorithm')?.setText(row, object.ChecksumAlgorithm.join(','));
  if (object.ChecksumType !== undefined) builder.utf8('checksum_type')?.setText(row, object.ChecksumType);
  if (object.Owner?.ID !== undefined) builder.utf8('owner_id')?.setText(row, object.Owner.ID);
  builder.endRow();
}

export function failureFrom(error: unknown, settings: SdkSettings, bucket: string): Failure {
  const { name, message, $metadata } = error as { name: string; message: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status < 300) return new Failure('listing', `the answer is no whole page of a listing: ${oneLine(message)}`);
  const problem = status === undefined ? classifyTransport(error) : classifyStatus(status, name, message);
  return failureOf(problem, { bucket, endpoint: settings.endpoint, region: settings.region, bucketRegion: null, status: status ?? null });
}

/** Servers that know only version 1 of ListObjects take the key by this name; the SDK has no field for it. */
function addMarker(command: ListObjectsV2Command, key: Uint8Array): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { query } = args.request as { query: Record<string, string> };
      query['marker'] = Buffer.from(key).toString('utf8');
      return next(args);
    },
    // Before the signature.
    { step: 'build', name: 'marker' },
  );
}

/** `connections`: requests that may be on their way. */
export function sdkListPage(settings: SdkSettings, bucket: string, connections = 1): ListPage {
  const client = sdkClient(settings, connections, { maxAttempts: LIST_ATTEMPTS });
  return async (request: PageRequest, builder: RecordBuilder) => {
    const { prefix, startAfter, continuationToken, byMarker, maxKeys, delimiter, window } = request;
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      EncodingType: 'url',
      MaxKeys: maxKeys,
      ...(prefix.length > 0 && { Prefix: Buffer.from(prefix).toString('utf8') }),
      ...(startAfter !== null && { StartAfter: Buffer.from(startAfter).toString('utf8') }),
      ...(delimiter !== undefined && { Delimiter: delimiter }),
      ...(continuationToken !== null && { ContinuationToken: continuationToken }),
    });
    if (startAfter !== null && byMarker === true) addMarker(command, startAfter);
    const page = await client.send(command).catch((error: unknown) => {
      throw failureFrom(error, settings, bucket);
    });
    checkWhole(page);
    const objects = page.Contents ?? [];
    let count = 0;
    let firstKey: Uint8Array | null = null;
    let lastKey: Uint8Array | null = null;
    let previous = window.from ?? window.after;
    let skipped = 0;
    let skippedKey: Uint8Array | null = null;
    const sample: Uint8Array[] = [];
    const sampleStride = Math.max(1, Math.floor(objects.length / SAMPLES));
    for (const object of objects) {
      const key = keyBytes(object.Key, page.EncodingType === 'url');
      if (window.inAnyOrder !== true && compareKeys(key, previous) <= 0) throw new OutOfOrder('keys are not in ascending order');
      previous = key;
      if (compareKeys(key, window.after) <= 0) {
        skippedKey = key;
        skipped++;
        continue;
      }
      if (count === window.limit || compareEnds(key, window.through) > 0) break;
      addRow(builder, key, object);
      if (count % sampleStride === 0) sample.push(key);
      firstKey ??= key;
      lastKey = key;
      count++;
    }
    return {
      objects: objects.length - skipped,
      count,
      firstKey,
      lastKey,
      skippedKey,
      sample,
      sampleStride,
      isTruncated: page.IsTruncated ?? false,
      nextContinuationToken: page.NextContinuationToken || null,
      commonPrefixes: (page.CommonPrefixes ?? []).map((group) => keyBytes(group.Prefix, page.EncodingType === 'url')),
    };
  };
}
