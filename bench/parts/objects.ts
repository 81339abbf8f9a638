/** Objects as a bucket of images has them: keys, ETags, sizes and dates that differ, and the headers that do not. */
import { createHash } from 'node:crypto';

export interface SampleObject {
  readonly key: string;
  /** without quotes */
  readonly etag: string;
  readonly size: number;
  /** ms, whole seconds */
  readonly lastModified: number;
  readonly requestId: string;
}

const FIRST_DATE = Date.UTC(2026, 0, 1);

export function sampleObject(index: number): SampleObject {
  const digest = createHash('md5').update(String(index)).digest();
  return {
    key: `images/2026/${String(index % 997).padStart(3, '0')}/object-${String(index).padStart(9, '0')}.jpg`,
    etag: digest.toString('hex'),
    size: digest.readUInt32LE(0) % 5_000_000,
    lastModified: FIRST_DATE + (digest.readUInt32LE(4) % 25_000_000) * 1000,
    requestId: digest.toString('hex', 0, 8).toUpperCase(),
  };
}

/** What every answer says alike. */
export const SAME = {
  content_type: 'image/jpeg',
  accept_ranges: 'bytes',
  storage_class: 'INTELLIGENT_TIERING',
  server_side_encryption: 'AES256',
  label: 'cat',
  source: 'camera-17/2026-11-20',
} as const;

/** The 13 headers of a HEAD's answer, names and values in turn, each in bytes of its own as undici hands them over. */
export function rawHeaders({ etag, size, lastModified, requestId }: SampleObject): Buffer[] {
  const headers = [
    ['x-amz-id-2', 'eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran1Example'],
    ['x-amz-request-id', requestId],
    ['Date', 'Fri, 20 Nov 2026 12:34:56 GMT'],
    ['Last-Modified', new Date(lastModified).toUTCString()],
    ['ETag', `"${etag}"`],
    ['x-amz-storage-class', SAME.storage_class],
    ['x-amz-server-side-encryption', SAME.server_side_encryption],
    ['x-amz-meta-label', SAME.label],
    ['x-amz-meta-source', SAME.source],
    ['Accept-Ranges', SAME.accept_ranges],
    ['Content-Type', SAME.content_type],
    ['Content-Length', String(size)],
    ['Server', 'AmazonS3'],
  ];
  return headers.flat().map((text) => Buffer.from(text, 'latin1'));
}
