/**
 * The structure of a ListObjectsV2 answer: where in the body each value of each object stands. Decodes
 * nothing, so that nothing is appended before the whole page has been found to be well formed, and because
 * whether keys are encoded may only be told after them (MinIO sends EncodingType last).
 */
import { Failure } from '../failure.ts';
import { parseErrorBody } from '../s3/error-body.ts';
import { excerpt, resolveReferences, XmlScanner } from '../s3/xml.ts';
import { ObjectShape } from './object-shape.ts';

/** The values of an object, as places in `PageScan.spans`. */
export const KEY = 0;
export const SIZE = 1;
export const LAST_MODIFIED = 2;
export const ETAG = 3;
export const STORAGE_CLASS = 4;
export const CHECKSUM_ALGORITHM = 5;
export const CHECKSUM_TYPE = 6;
export const OWNER_ID = 7;
export const IS_RESTORE_IN_PROGRESS = 8;
export const RESTORE_EXPIRY_DATE = 9;
/** what is in the element, with its elements; MinIO's, where it was asked for */
export const USER_METADATA = 10;
const FIELDS = 11;
/** start and end of each */
export const SPAN_STRIDE: number = 2 * FIELDS;

/** Where a value stands in the body. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface PageScan {
  readonly body: Buffer;
  readonly objects: number;
  /** for each object, start and end of each value; both 0 where the object has none */
  readonly spans: Int32Array;
  /** the second and later ChecksumAlgorithm of an object, in the order of the page */
  readonly moreChecksumAlgorithms: readonly (Span & { readonly object: number })[];
  readonly commonPrefixes: readonly Span[];
  readonly isTruncated: boolean;
  readonly nextContinuationToken: string | null;
  /** the answer says `<EncodingType>url`: keys and prefixes are encoded. Decoding unasked would corrupt them. */
  readonly urlEncoded: boolean;
}

/** An object takes 240 to 330 bytes as AWS writes it; more room is made where they are shorter. */
const BYTES_PER_OBJECT = 256;

class PageScanner {
  objects = 0;
  spans: Int32Array;
  readonly moreChecksumAlgorithms: (Span & { readonly object: number })[] = [];
  readonly commonPrefixes: Span[] = [];
  /** the root's own values, by the names of their elements */
  private readonly told = new Map<string, string>();
  private readonly scanner: XmlScanner;

  constructor(body: Buffer, spans: Int32Array) {
    this.scanner = new XmlScanner(body);
    const needed = Math.ceil(body.length / BYTES_PER_OBJECT) * SPAN_STRIDE;
    this.spans = spans.length < needed ? new Int32Array(needed) : spans.fill(0);
  }

  scan(): PageScan {
    const { scanner } = this;
    this.root();
    while (scanner.next()) {
      if (scanner.is('Contents')) this.contents();
      else if (scanner.is('CommonPrefixes')) this.commonPrefix();
      else if (scanner.is('IsTruncated')) this.tell('IsTruncated');
      else if (scanner.is('NextContinuationToken')) this.tell('NextContinuationToken');
      else if (scanner.is('EncodingType')) this.tell('EncodingType');
      else if (scanner.is('KeyCount')) this.tell('KeyCount');
      else scanner.skip();
    }
    scanner.finish();
    this.checkKeyCount();
    return {
      body: scanner.body,
      objects: this.objects,
      spans: this.spans,
      moreChecksumAlgorithms: this.moreChecksumAlgorithms,
      commonPrefixes: this.commonPrefixes,
      isTruncated: this.isTruncated(),
      nextContinuationToken: this.told.get('NextContinuationToken') || null,
      urlEncoded: this.told.get('EncodingType') === 'url',
    };
  }

  private root(): void {
    const { scanner } = this;
    scanner.next();
    if (scanner.is('ListBucketResult')) return;
    const error = parseErrorBody(scanner.body);
    if (error === null) throw scanner.error(`<${scanner.name}> instead of <ListBucketResult>`, 0);
    throw new Failure('listing', `the answer has status 200 and is an error, ${excerpt(error.code)}: ${excerpt(error.message)}`);
  }

  private contents(): void {
    const { scanner } = this;
    const start = scanner.tagStart;
    const repeated = this.moreChecksumAlgorithms.length;
    const base = this.room();
    while (scanner.next()) {
      if (scanner.is('Key')) this.value(base, KEY);
      else if (scanner.is('LastModified')) this.value(base, LAST_MODIFIED);
      else if (scanner.is('ETag')) this.value(base, ETAG);
      else if (scanner.is('Size')) this.value(base, SIZE);
      else if (scanner.is('StorageClass')) this.value(base, STORAGE_CLASS);
      else if (scanner.is('ChecksumAlgorithm')) this.checksumAlgorithm(base);
      else if (scanner.is('ChecksumType')) this.value(base, CHECKSUM_TYPE);
      else if (scanner.is('Owner')) this.owner(base);
      else if (scanner.is('RestoreStatus')) this.restoreStatus(base);
      else if (scanner.is('UserMetadata')) this.userMetadata(base);
      else scanner.skip();
    }
    if (this.spans[base + 2 * KEY] === this.spans[base + 2 * KEY + 1]) throw scanner.error(`object ${this.objects + 1} of the page has no key,`);
    this.objects++;
    // Values that repeat, or hold elements themselves, are no values of a shape.
    if (this.moreChecksumAlgorithms.length > repeated || this.spans[base + 2 * USER_METADATA] !== 0) return;
    this.alike(ObjectShape.of(scanner.body, { spans: this.spans, base, fields: FIELDS }, start, scanner.position));
  }

  /** Passes over the objects that follow at once and are of the same shape. */
  private alike(shape: ObjectShape | null): void {
    const { scanner } = this;
    if (shape === null) return;
    for (;;) {
      const base = this.room();
      const end = shape.match(scanner.position, this.spans, base);
      if (end < 0) return;
      if (this.spans[base + 2 * KEY] === this.spans[base + 2 * KEY + 1]) throw scanner.error(`object ${this.objects + 1} of the page has no key,`);
      scanner.goOn(end);
      this.objects++;
    }
  }

  /** Where the spans of the next object begin. */
  private room(): number {
    const base = this.objects * SPAN_STRIDE;
    if (base === this.spans.length) {
      const larger = new Int32Array(this.spans.length * 2);
      larger.set(this.spans);
      this.spans = larger;
    }
    return base;
  }

  private value(base: number, field: number): void {
    const { scanner, spans } = this;
    const at = base + 2 * field;
    if (spans[at] !== 0) throw scanner.error(`<${scanner.name}> twice in object ${this.objects + 1} of the page,`);
    scanner.text();
    spans[at] = scanner.textStart;
    spans[at + 1] = scanner.textEnd;
  }

  private checksumAlgorithm(base: number): void {
    if (this.spans[base + 2 * CHECKSUM_ALGORITHM] === 0) {
      this.value(base, CHECKSUM_ALGORITHM);
      return;
    }
    this.scanner.text();
    this.moreChecksumAlgorithms.push({ object: this.objects, start: this.scanner.textStart, end: this.scanner.textEnd });
  }

  private owner(base: number): void {
    while (this.scanner.next()) {
      if (this.scanner.is('ID')) this.value(base, OWNER_ID);
      else this.scanner.skip();
    }
  }

  private restoreStatus(base: number): void {
    while (this.scanner.next()) {
      if (this.scanner.is('IsRestoreInProgress')) this.value(base, IS_RESTORE_IN_PROGRESS);
      else if (this.scanner.is('RestoreExpiryDate')) this.value(base, RESTORE_EXPIRY_DATE);
      else this.scanner.skip();
    }
  }

  private userMetadata(base: number): void {
    const at = base + 2 * USER_METADATA;
    if (this.spans[at] !== 0) throw this.scanner.error(`<UserMetadata> twice in object ${this.objects + 1} of the page,`);
    this.scanner.content();
    this.spans[at] = this.scanner.textStart;
    this.spans[at + 1] = this.scanner.textEnd;
  }

  private commonPrefix(): void {
    while (this.scanner.next()) {
      if (!this.scanner.is('Prefix')) {
        this.scanner.skip();
        continue;
      }
      this.scanner.text();
      this.commonPrefixes.push({ start: this.scanner.textStart, end: this.scanner.textEnd });
    }
  }

  private tell(name: string): void {
    const { scanner } = this;
    if (this.told.has(name)) throw scanner.error(`<${name}> twice,`);
    scanner.text();
    this.told.set(name, resolveReferences(scanner.body, scanner.textStart, scanner.textEnd).toString('utf8'));
  }

  private isTruncated(): boolean {
    const told = this.told.get('IsTruncated');
    if (told !== 'true' && told !== 'false') throw this.scanner.error(told === undefined ? 'no <IsTruncated>' : '<IsTruncated> is neither true nor false,');
    return told === 'true';
  }

  /** A page that announces more than it holds has lost some. Fewer are let pass: old RGW does not count prefixes. */
  private checkKeyCount(): void {
    const told = this.told.get('KeyCount');
    const held = this.objects + this.commonPrefixes.length;
    if (told !== undefined && Number(told) > held) throw this.scanner.error(`<KeyCount> is ${Number(told)} and the page holds ${held},`);
  }
}

/**
 * Throws an XmlError or a Failure where the body is no well-formed page. `spans`: room to use, for as long as the scan is
 * of use; by default its own.
 */
export function scanPage(body: Buffer, spans: Int32Array = new Int32Array(0)): PageScan {
  return new PageScanner(body, spans).scan();
}
