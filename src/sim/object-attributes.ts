/** What an object's headers say, each a pure function of the seed and the object's number. Texts are ready for the wire. */
import { hex8, mix, writeHex8 } from './mix.ts';

/** One salt an attribute, so that they are independent; the layouts use those below 10. */
const SALT = { etag: 10, version: 20, size: 30, modified: 32, kind: 33, source: 34, checksum: 40 } as const;

/** From nothing to 4 GiB, as often from 1 to 2 kB as from 1 to 2 GB; about one in thirty is empty. */
export function sizeOf(seed: number, index: number): number {
  return mix(seed, index, SALT.size) >>> (mix(seed, index, SALT.size + 1) & 31);
}

const HEX_DIGITS = 32;
const scratch = Buffer.alloc(HEX_DIGITS);

/** 32 hex digits, without quotes. */
export function etagOf(seed: number, index: number): string {
  writeEtag(scratch, 0, seed, index);
  return scratch.toString('latin1', 0, HEX_DIGITS);
}

/** The same into a page of a listing. */
export function writeEtag(into: Uint8Array, at: number, seed: number, index: number): void {
  writeHex32(into, at, seed, index, SALT.etag);
}

export function versionIdOf(seed: number, index: number): string {
  writeHex32(scratch, 0, seed, index, SALT.version);
  return scratch.toString('latin1', 0, HEX_DIGITS);
}

function writeHex32(into: Uint8Array, at: number, seed: number, index: number, salt: number): void {
  for (let word = 0; word < 4; word++) writeHex8(into, at + 8 * word, mix(seed, index, salt + word));
}

/** Base64 of the eight bytes that a CRC-64 has. */
export function checksumOf(seed: number, index: number): string {
  return Buffer.from(hex8(mix(seed, index, SALT.checksum)) + hex8(mix(seed, index, SALT.checksum + 1)), 'hex').toString('base64');
}

const FIRST_DAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const DAYS = 1_000;
const MINUTES = 1_440;
const dates = Array.from({ length: DAYS }, (_, day) => new Date(FIRST_DAY + day * DAY_MS));
/** `2026-09-13T` and `07:05:`, one after another */
const ISO_DAYS = Buffer.from(dates.map((date) => date.toISOString().slice(0, 11)).join(''), 'latin1');
const HTTP_DAYS = dates.map((date) => date.toUTCString().slice(0, 17));
const CLOCK = Array.from({ length: MINUTES }, (_, minute) => new Date(minute * 60_000).toISOString().slice(11, 17));
const ISO_CLOCK = Buffer.from(CLOCK.join(''), 'latin1');
const SECONDS = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, '0'));

/** `Sun, 13 Sep 2026 07:05:59 GMT` */
export function modifiedHttp(seed: number, index: number): string {
  const bits = mix(seed, index, SALT.modified);
  return `${HTTP_DAYS[bits % DAYS]!}${CLOCK[minuteOf(bits)]!}${SECONDS[secondOf(bits)]!} GMT`;
}

/** The same moment into a page of a listing, as `2026-09-13T07:05:59`. */
export function writeModified(into: Uint8Array, at: number, seed: number, index: number): void {
  const bits = mix(seed, index, SALT.modified);
  const dayAt = (bits % DAYS) * 11;
  for (let byte = 0; byte < 11; byte++) into[at + byte] = ISO_DAYS[dayAt + byte]!;
  const minuteAt = minuteOf(bits) * 6;
  for (let byte = 0; byte < 6; byte++) into[at + 11 + byte] = ISO_CLOCK[minuteAt + byte]!;
  const second = secondOf(bits);
  into[at + 17] = 48 + Math.floor(second / 10);
  into[at + 18] = 48 + (second % 10);
}

function minuteOf(bits: number): number {
  return (bits >>> 10) % MINUTES;
}

function secondOf(bits: number): number {
  return (bits >>> 21) % 60;
}

const CONTENT_TYPES = ['image/jpeg', 'image/png', 'application/octet-stream', 'application/json', 'text/csv; charset=utf-8', 'video/mp4'];
/** The third is `café`, as S3 sends what is not ASCII: an encoded word of RFC 2047. */
const LABELS = ['cat', 'dog', '=?UTF-8?B?Y2Fmw6k=?=', 'bicycle', 'traffic light', 'none'];
const SPLITS = ['', 'x-amz-meta-split: train\r\n', 'x-amz-meta-split: val\r\n', 'x-amz-meta-split: test\r\n'];
/** As often as they are in here. */
export const STORAGE_CLASSES: readonly string[] = ['STANDARD', 'STANDARD', 'STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER'];
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
