/** What an object's headers say, each a pure function of the seed and the object's number. Texts are ready for the wire. */
import { hex8, mix } from './mix.ts';

/** One salt an attribute, so that they are independent; the layouts use those below 10. */
const SALT = { etag: 10, version: 20, size: 30, modified: 32, kind: 33, source: 34, checksum: 40 } as const;

/** From nothing to 4 GiB, as often from 1 to 2 kB as from 1 to 2 GB; about one in thirty is empty. */
export function sizeOf(seed: number, index: number): number {
  return mix(seed, index, SALT.size) >>> (mix(seed, index, SALT.size + 1) & 31);
}

/** 32 hex digits, without quotes. */
export function etagOf(seed: number, index: number): string {
  return hex32(seed, index, SALT.etag);
}

export function versionIdOf(seed: number, index: number): string {
  return hex32(seed, index, SALT.version);
}

/** Base64 of the eight bytes that a CRC-64 has. */
export function checksumOf(seed: number, index: number): string {
  return Buffer.from(hex8(mix(seed, index, SALT.checksum)) + hex8(mix(seed, index, SALT.checksum + 1)), 'hex').toString('base64');
}

function hex32(seed: number, index: number, salt: number): string {
  const first = hex8(mix(seed, index, salt)) + hex8(mix(seed, index, salt + 1));
  return first + hex8(mix(seed, index, salt + 2)) + hex8(mix(seed, index, salt + 3));
}

const FIRST_DAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const DAYS = 1_000;
const MINUTES = 1_440;
const dates = Array.from({ length: DAYS }, (_, day) => new Date(FIRST_DAY + day * DAY_MS));
const ISO_DAYS = dates.map((date) => date.toISOString().slice(0, 11));
const HTTP_DAYS = dates.map((date) => date.toUTCString().slice(0, 17));
const CLOCK = Array.from({ length: MINUTES }, (_, minute) => new Date(minute * 60_000).toISOString().slice(11, 17));
const SECONDS = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, '0'));

/** `2026-09-13T07:05:59.000Z`, as a listing writes it. */
export function modifiedIso(seed: number, index: number): string {
  const bits = mix(seed, index, SALT.modified);
  return `${ISO_DAYS[bits % DAYS]!}${clock(bits)}.000Z`;
}

/** `Sun, 13 Sep 2026 07:05:59 GMT`, the same moment as a header writes it. */
export function modifiedHttp(seed: number, index: number): string {
  const bits = mix(seed, index, SALT.modified);
  return `${HTTP_DAYS[bits % DAYS]!}${clock(bits)} GMT`;
}

function clock(bits: number): string {
  return CLOCK[(bits >>> 10) % MINUTES]! + SECONDS[(bits >>> 21) % 60]!;
}

const CONTENT_TYPES = ['image/jpeg', 'image/png', 'application/octet-stream', 'application/json', 'text/csv; charset=utf-8', 'video/mp4'];
/** The third is `café`, as S3 sends what is not ASCII: an encoded word of RFC 2047. */
const LABELS = ['cat', 'dog', '=?UTF-8?B?Y2Fmw6k=?=', 'bicycle', 'traffic light', 'none'];
const SPLITS = ['', 'x-amz-meta-split: train\r\n', 'x-amz-meta-split: val\r\n', 'x-amz-meta-split: test\r\n'];
const STORAGE_CLASSES = ['STANDARD', 'STANDARD', 'STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER'];
const SOURCES = 256;

interface Kind {
  readonly storageClass: string;
  /** header lines, each with its line end */
  readonly headers: string;
}

/** Everything with few values in one table of prebuilt lines: type, label, split and storage class, 864 ways. */
const KINDS: readonly Kind[] = CONTENT_TYPES.flatMap((type) =>
  LABELS.flatMap((label) =>
    SPLITS.flatMap((split) =>
      STORAGE_CLASSES.map((storageClass) => ({
        storageClass,
        headers:
          // S3 leaves the header out for STANDARD.
          (storageClass === 'STANDARD' ? '' : `x-amz-storage-class: ${storageClass}\r\n`) +
          `Content-Type: ${type}\r\nx-amz-meta-label: ${label}\r\n${split}`,
      })),
    ),
  ),
);
const SOURCE_HEADERS = Array.from({ length: SOURCES }, (_, camera) => `x-amz-meta-source: camera-${String(camera).padStart(3, '0')}\r\n`);

export function storageClassOf(seed: number, index: number): string {
  return KINDS[mix(seed, index, SALT.kind) % KINDS.length]!.storageClass;
}

/** Content-Type, two or three `x-amz-meta-*`, and the storage class unless it is STANDARD. */
export function descriptiveHeaders(seed: number, index: number): string {
  return KINDS[mix(seed, index, SALT.kind) % KINDS.length]!.headers + SOURCE_HEADERS[mix(seed, index, SALT.source) % SOURCES]!;
}
