/**
 * AWS Signature Version 4 over headers, for requests without a body: what GET and HEAD of a scan need. Not for
 * presigned URLs, chunked uploads or SigV4a.
 *
 * One request costs three one-shot SHA-256: `createHmac` takes 2.6 µs on Node 20 and 13 on Node 24, so the HMAC is
 * spelt out (RFC 2104) over buffers that already begin with key⊕ipad and key⊕opad. Whatever is the same for a day, a
 * second or the whole scan is prepared once.
 */
import { createHmac, hash } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignerOptions {
  readonly credentials: Credentials;
  readonly region: string;
  /** `s3` unless told */
  readonly service?: string;
  /**
   * Every header that is signed besides x-amz-date: host, x-amz-content-sha256, x-amz-security-token if there is one,
   * and each further x-amz-* that is sent.
   */
  readonly signedHeaders: readonly (readonly [name: string, value: string])[];
}

/** SHA-256 of an empty body, the value of x-amz-content-sha256 in every request of a scan. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const DATE_HEADER = 'x-amz-date';
const PAYLOAD_HEADER = 'x-amz-content-sha256';
/** SHA-256's block, bytes */
const BLOCK = 64;
const DIGEST = 32;
const HEX_DIGEST = 64;

/** `20130524T000000Z`: the form that x-amz-date and the signature need. */
export function amzDate(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/** Names in lower case and sorted, values trimmed with runs of white space folded, repeated headers joined in order. */
function canonicalHeaders(headers: SignerOptions['signedHeaders']): [name: string, value: string][] {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const folded = value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '');
    const before = values.get(key);
    values.set(key, before === undefined ? folded : `${before},${folded}`);
  }
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1));
}

function lines(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `${name}:${value}\n`).join('');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'utf8').digest();
}

/** Signs the requests of one credential in one region with one set of headers. Not shared between threads. */
export class Signer {
  private readonly credentials: Credentials;
  private readonly region: string;
  private readonly service: string;
  /** canonical header lines that sort before and after x-amz-date */
  private readonly linesBefore: string;
  private readonly linesAfter: string;
  private readonly signedNames: string;
  private readonly payloadHash: string;

  private date = '';
  private day = '';
  /** the canonical request from the end of the query on */
  private requestTail = '';
  /** the header value up to the signature */
  private valueHead = '';
  /** key⊕ipad, the string to sign, its last 64 bytes the hash of the canonical request */
  private inner: Buffer = Buffer.alloc(0);
  private readonly innerPad: Buffer = Buffer.alloc(BLOCK);
  /** key⊕opad, the inner digest */
  private readonly outer: Buffer = Buffer.alloc(BLOCK + DIGEST);

  constructor(options: SignerOptions) {
    this.credentials = options.credentials;
    this.region = options.region;
    this.service = options.service ?? 's3';
    const headers = canonicalHeaders(options.signedHeaders);
    const before = headers.filter(([name]) => name < DATE_HEADER);
    const after = headers.filter(([name]) => name > DATE_HEADER);
    this.linesBefore = lines(before);
    this.linesAfter = lines(after);
    this.signedNames = [...before.map(([name]) => name), DATE_HEADER, ...after.map(([name]) => name)].join(';');
    this.payloadHash = headers.find(([name]) => name === PAYLOAD_HEADER)?.[1] ?? EMPTY_SHA256;
  }

  /**
   * The value of the Authorization header. `canonicalUri` and `canonicalQuery` are what is sent, encoded once and, the
   * query, sorted; `date` is the very string sent as x-amz-date.
   */
  authorization(method: string, canonicalUri: string, canonicalQuery: string, date: string): string {
    const signature = this.signature(method, canonicalUri, canonicalQuery, date);
    return this.valueHead + signature;
  }

  /** The signature, in hex. */
  signature(method: string, canonicalUri: string, canonicalQuery: string, date: string): string {
    const requestHash = hash('sha256', this.canonicalRequest(method, canonicalUri, canonicalQuery, date), 'hex');
    const { inner, outer } = this;
    inner.write(requestHash, inner.length - HEX_DIGEST, 'latin1');
    outer.write(hash('sha256', inner, 'binary'), BLOCK, 'latin1');
    return hash('sha256', outer, 'hex');
  }

  /** The text whose hash is signed: what to compare with the server's when it answers SignatureDoesNotMatch. */
  canonicalRequest(method: string, canonicalUri: string, canonicalQuery: string, date: string): string {
    if (date !== this.date) this.startSecond(date);
    return `${method}\n${canonicalUri}\n${canonicalQuery}${this.requestTail}`;
  }

  private startSecond(date: string): void {
    const day = date.slice(0, 8);
    if (day !== this.day) this.startDay(day);
    this.date = date;
    const scope = `${day}/${this.region}/${this.service}/aws4_request`;
    const headerLines = `${this.linesBefore}${DATE_HEADER}:${date}\n${this.linesAfter}`;
    this.requestTail = `\n${headerLines}\n${this.signedNames}\n${this.payloadHash}`;
    this.valueHead = `${ALGORITHM} Credential=${this.credentials.accessKeyId}/${scope}, SignedHeaders=${this.signedNames}, Signature=`;
    const stringToSign = Buffer.from(`${ALGORITHM}\n${date}\n${scope}\n`);
    this.inner = Buffer.concat([this.innerPad, stringToSign, Buffer.alloc(HEX_DIGEST)]);
  }

  private startDay(day: string): void {
    this.day = day;
    const dayKey = hmac(`AWS4${this.credentials.secretAccessKey}`, day);
    const key = hmac(hmac(hmac(dayKey, this.region), this.service), 'aws4_request');
    this.innerPad.fill(0x36);
    this.outer.fill(0x5c, 0, BLOCK);
    for (const [i, byte] of key.entries()) {
      this.innerPad[i] = byte ^ 0x36;
      this.outer[i] = byte ^ 0x5c;
    }
  }
}
