/**
 * A ListObjectVersions answer to its entries, versions and delete markers as they come. Checks that the page is well
 * formed and every value readable; how pages follow one another is decided in list-object-versions.ts. An entry is an
 * object here: buckets of versions are not listed often enough for the pains that ListObjectsV2's pages are worth.
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../failure.ts';
import { parseErrorBody } from '../s3/error-body.ts';
import { excerpt, resolveReferences, XmlScanner } from '../s3/xml.ts';
import { KeyText } from './key-text.ts';
import { parseTimestamp } from './timestamp.ts';
import { wholePage } from './whole-page.ts';

/** A version or a delete marker. Values that the server does not tell are null. */
export interface VersionEntry {
  readonly key: Uint8Array;
  readonly versionId: string;
  readonly isLatest: boolean | null;
  readonly isDeleteMarker: boolean;
  readonly size: bigint | null;
  /** ms since the epoch */
  readonly lastModified: number | null;
  /** without its quotes */
  readonly etag: string | null;
  readonly storageClass: string | null;
  /** several joined by commas */
  readonly checksumAlgorithm: string | null;
  readonly checksumType: string | null;
  readonly ownerId: string | null;
  /** `in-progress`, or the expiry date of the restored copy */
  readonly restoreStatus: string | null;
}

export interface VersionsPage {
  readonly entries: readonly VersionEntry[];
  readonly commonPrefixes: readonly Uint8Array[];
  readonly isTruncated: boolean;
  /** as the server gives it: not a key with every server */
  readonly nextKeyMarker: Uint8Array | null;
  readonly nextVersionIdMarker: string | null;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** Values of an entry by the names of their elements, and their bytes where they are needed. */
type Values = Map<string, string>;

interface Span {
  readonly start: number;
  readonly end: number;
}

class VersionsScanner {
  private readonly body: Buffer;
  private readonly scanner: XmlScanner;
  /** keys stand in these until it is known whether they are encoded */
  private readonly raw: { readonly key: Span; readonly values: Values; readonly isDeleteMarker: boolean }[] = [];
  private readonly prefixes: Span[] = [];
  private readonly told = new Map<string, string>();
  private nextKeyMarker: Span | null = null;

  constructor(body: Buffer) {
    this.body = body;
    this.scanner = new XmlScanner(body);
  }

  scan(): VersionsPage {
    const { scanner } = this;
    this.root();
    while (scanner.next()) {
      if (scanner.is('Version')) this.entry(false);
      else if (scanner.is('DeleteMarker')) this.entry(true);
      else if (scanner.is('CommonPrefixes')) this.commonPrefix();
      else if (scanner.is('NextKeyMarker')) this.nextKeyMarker = this.span();
      else if (scanner.is('IsTruncated') || scanner.is('NextVersionIdMarker') || scanner.is('EncodingType')) this.value(this.told, scanner.name);
      else scanner.skip();
    }
    scanner.finish();
    const isTruncated = this.told.get('IsTruncated');
    if (isTruncated !== 'true' && isTruncated !== 'false') throw scanner.error('no <IsTruncated> that is true or false');
    const text = new KeyText(this.body, this.told.get('EncodingType') === 'url', true);
    const marker = this.nextKeyMarker;
    return {
      entries: this.raw.map(({ key, values, isDeleteMarker }, at) => this.entryOf(this.bytes(text, key, `the key of entry ${at + 1}`), values, isDeleteMarker, at)),
      commonPrefixes: this.prefixes.map((span) => this.bytes(text, span, 'a common prefix')),
      isTruncated: isTruncated === 'true',
      nextKeyMarker: marker === null || marker.start === marker.end ? null : this.bytes(text, marker, 'the <NextKeyMarker>'),
      nextVersionIdMarker: this.told.get('NextVersionIdMarker') || null,
    };
  }

  private root(): void {
    const { scanner, body } = this;
    scanner.next();
    if (scanner.is('ListVersionsResult')) return;
    const error = parseErrorBody(body);
    if (error !== null) throw new Failure('listing', `the answer has status 200 and is an error, ${excerpt(error.code)}: ${excerpt(error.message)}`);
    if (!scanner.is('ListBucketResult')) throw scanner.error(`<${scanner.name}> instead of <ListVersionsResult>`, 0);
    throw new Failure('listing', 'asked for versions, the server lists objects', 'it does not know ListObjectVersions: leave --versions out');
  }

  private span(): Span {
    this.scanner.text();
    return { start: this.scanner.textStart, end: this.scanner.textEnd };
  }

  private value(values: Values, name: string): void {
    if (values.has(name)) throw this.scanner.error(`<${name}> twice,`);
    const { start, end } = this.span();
    values.set(name, resolveReferences(this.body, start, end).toString('utf8'));
  }

  private entry(isDeleteMarker: boolean): void {
    const { scanner } = this;
    const values: Values = new Map();
    let key: Span | null = null;
    while (scanner.next()) {
      if (scanner.is('Key')) {
        if (key !== null) throw scanner.error('<Key> twice,');
        key = this.span();
      } else if (scanner.is('LastModified')) {
        this.lastModified(values);
      } else if (scanner.is('ChecksumAlgorithm')) {
        const { start, end } = this.span();
        const before = values.get('ChecksumAlgorithm');
        const name = resolveReferences(this.body, start, end).toString('utf8');
        values.set('ChecksumAlgorithm', before === undefined ? name : `${before},${name}`);
      } else if (scanner.is('Owner')) {
        this.inner(values, ['ID']);
      } else if (scanner.is('RestoreStatus')) {
        this.inner(values, ['IsRestoreInProgress', 'RestoreExpiryDate']);
      } else if (['VersionId', 'IsLatest', 'ETag', 'Size', 'StorageClass', 'ChecksumType'].some((name) => scanner.is(name))) {
        this.value(values, scanner.name);
      } else {
        scanner.skip();
      }
    }
    if (key === null || key.start === key.end) throw scanner.error(`entry ${this.raw.length + 1} of the page has no key,`);
    this.raw.push({ key, values, isDeleteMarker });
  }

  /** Values inside an element of an entry; their names are no entry's own. */
  private inner(values: Values, names: readonly string[]): void {
    const { scanner } = this;
    while (scanner.next()) {
      if (names.some((name) => scanner.is(name))) this.value(values, scanner.name);
      else scanner.skip();
    }
  }

  private lastModified(values: Values): void {
    const { start, end } = this.span();
    if (end === start) return;
    const time = parseTimestamp(this.body, start, end);
    if (Number.isNaN(time)) throw this.unreadable(this.raw.length, 'LastModified', this.body.toString('utf8', start, end));
    values.set('LastModified', String(time));
  }

  private commonPrefix(): void {
    while (this.scanner.next()) {
      if (this.scanner.is('Prefix')) this.prefixes.push(this.span());
      else this.scanner.skip();
    }
  }

  private bytes(text: KeyText, { start, end }: Span, what: string): Uint8Array {
    const problem = text.read(start, end);
    if (problem !== null) throw new Failure('listing', `${what} of the page ${problem}: ${excerpt(this.body.subarray(start, end))}`);
    return text.copy();
  }

  private entryOf(key: Uint8Array, values: Values, isDeleteMarker: boolean, at: number): VersionEntry {
    const told = (name: string): string | null => values.get(name) || null;
    // Of a delete marker MinIO tells a size of 0, and the class of no object: it is as little an object there as on AWS.
    const ofObject = (name: string): string | null => (isDeleteMarker ? null : told(name));
    const versionId = told('VersionId');
    if (versionId === null) throw new Failure('listing', `entry ${at + 1} of the page, "${excerpt(key)}", has no <VersionId>`, 'the server does not list versions as S3 does: leave --versions out');
    const [isLatest, size, lastModified] = [told('IsLatest'), ofObject('Size'), told('LastModified')];
    if (size !== null && (!/^\d{1,19}$/.test(size) || BigInt(size) > MAX_INT64)) throw this.unreadable(at, 'Size', size);
    return {
      key,
      versionId,
      isLatest: isLatest === null ? null : isLatest === 'true',
      isDeleteMarker,
      size: size === null ? null : BigInt(size),
      lastModified: lastModified === null ? null : Number(lastModified),
      etag: ofObject('ETag')?.replace(/^"(.*)"$/s, '$1') ?? null,
      storageClass: ofObject('StorageClass'),
      checksumAlgorithm: ofObject('ChecksumAlgorithm'),
      checksumType: ofObject('ChecksumType'),
      ownerId: told('ID'),
      restoreStatus: told('IsRestoreInProgress') === 'true' ? 'in-progress' : told('RestoreExpiryDate'),
    };
  }

  private unreadable(at: number, element: string, value: string): Failure {
    return new Failure('listing', `<${element}> of entry ${at + 1} of the page cannot be read: ${excerpt(value)}`);
  }
}

/** A Failure where the body is no page of versions, or not a whole one. */
export function readVersionsPage(body: Buffer): VersionsPage {
  if (!isUtf8(body)) throw new Failure('listing', `the answer is not valid UTF-8; it begins: ${excerpt(body)}`);
  return wholePage(() => new VersionsScanner(body).scan());
}
