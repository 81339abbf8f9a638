/**
 * Where a bucket is: from endpoint, region and bucket name to the origin to connect to, the Host header and the path;
 * and the `s3://BUCKET[/PREFIX]` of the command line. No request is made here.
 */
import { isIP } from 'node:net';
import { Failure } from '../failure.ts';
import { encodeKeyPath } from './uri.ts';

export type Addressing = 'auto' | 'path' | 'virtual';

export interface BucketAddress {
  /** `https://host[:port]`, what to connect to */
  readonly origin: string;
  /** the Host header: without the port where it is the scheme's own */
  readonly host: string;
  /**
   * Percent-encoded, without a trailing slash: `/bucket`, `` or `/base/bucket`. An object's path is
   * `pathPrefix + '/' + encodedKey`, the bucket's is `pathPrefix`, or `/` where that is empty.
   */
  readonly pathPrefix: string;
}

export interface AddressOptions {
  /** null for AWS itself */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  readonly addressing: Addressing;
}

const ENDPOINT_HINT = 'give it as http://HOST[:PORT] or https://HOST[:PORT]';
const URL_HINT = 'name the bucket as s3://BUCKET or s3://BUCKET/PREFIX';

export function bucketAddress(options: AddressOptions): BucketAddress {
  const { region, bucket, addressing } = options;
  checkBucketName(bucket);
  const { url, basePath } = parseEndpoint(options.endpoint ?? awsEndpoint(region));
  if (addressing === 'virtual') requireVirtualHost(url, bucket);
  const virtual = addressing === 'virtual' || (addressing === 'auto' && prefersVirtualHost(url, bucket));
  const host = virtual ? `${bucket}.${url.host}` : url.host;
  return { origin: `${url.protocol}//${host}`, host, pathPrefix: virtual ? basePath : `${basePath}/${bucket}` };
}

/** The server's name, for people: with its port, without a path. Throws Failure('usage') where the endpoint is none. */
export function endpointHost(endpoint: string | null, region: string): string {
  return parseEndpoint(endpoint ?? awsEndpoint(region)).url.host;
}

function awsEndpoint(region: string): string {
  // The region becomes part of the host that gets the signed requests: nothing but a DNS label may (R7).
  if (!/^[a-z0-9-]{1,63}$/.test(region)) {
    const hint = 'give one such as --region eu-central-1, or --endpoint for another server';
    throw new Failure('usage', `${JSON.stringify(region)} is not an AWS region`, hint);
  }
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function parseEndpoint(text: string): { url: URL; basePath: string } {
  // An endpoint with a password or a signature in it must not come back in a message (R7).
  if (text.includes('@')) {
    const hint = `${ENDPOINT_HINT}; credentials go into the environment or a profile`;
    throw new Failure('usage', 'the endpoint URL holds a user name or password', hint);
  }
  if (/[?#]/.test(text)) throw new Failure('usage', 'the endpoint URL holds a query or fragment', ENDPOINT_HINT);
  const unusable = new Failure('usage', `${JSON.stringify(text)} is not an endpoint URL`, ENDPOINT_HINT);
  // URL itself would accept `http:host`, backslashes, tabs and blanks, and change them.
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text)) throw unusable;
  const url = new URL(text);
  try {
    const path = Buffer.from(decodeURIComponent(url.pathname.replace(/\/+$/, '')));
    return { url, basePath: encodeKeyPath(path, 0, path.length) };
  } catch {
    throw unusable;
  }
}

/**
 * AWS wants the bucket in the host name (some of its endpoints accept nothing else), unless its dots would not match
 * the wildcard certificate. Other servers understand the path everywhere, but the host name only where DNS and
 * the server's domain were set up for it (MinIO, Ceph, FlashBlade), so path style is what works unasked.
 */
function prefersVirtualHost(url: URL, bucket: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(url.hostname) && isDnsName(bucket) && !bucket.includes('.');
}

function requireVirtualHost(url: URL, bucket: string): void {
  const hint = 'use --addressing path';
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) {
    throw new Failure('usage', `the endpoint ${url.origin} is an IP address, which cannot carry a bucket in its host name`, hint);
  }
  if (!isDnsName(bucket)) throw new Failure('usage', `the bucket name ${JSON.stringify(bucket)} cannot be part of a host name`, hint);
}

/** Valid by today's bucket naming rules, which are those of a DNS name that is no IP address. */
function isDnsName(bucket: string): boolean {
  return bucket.length <= 63 && isIP(bucket) === 0 && bucket.split('.').every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
}

/**
 * Buckets made before 2018 in us-east-1, and buckets of other servers, may have up to 255 characters, capitals and
 * `_`. Nothing in these characters needs encoding or can leave the bucket's own path.
 */
function checkBucketName(bucket: string): void {
  if (/^[A-Za-z0-9._-]{3,255}$/.test(bucket)) return;
  const what = /^[A-Za-z0-9._-]*$/.test(bucket) ? 'has 3 to 63 characters' : 'has only letters, digits, ".", "-" and "_"';
  const hint = bucket.startsWith('arn:') ? `a bucket name is needed, not an ARN: ${URL_HINT}` : URL_HINT;
  throw new Failure('usage', `${JSON.stringify(bucket)} is not a bucket name: one ${what}`, hint);
}

/** `s3://BUCKET[/PREFIX]`; everything after the first slash is the prefix, to the letter: no URL is parsed (R3). */
export function parseS3Url(text: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(text);
  if (match === null) throw notAnS3Url(text);
  const [, bucket = '', prefix = ''] = match;
  if (bucket === '') throw new Failure('usage', `${JSON.stringify(text)} names no bucket`, URL_HINT);
  checkBucketName(bucket);
  return { bucket, prefix };
}

function notAnS3Url(text: string): Failure {
  // A pasted https URL may be a presigned one: it is not repeated (R7).
  if (/^https?:/i.test(text)) {
    return new Failure('usage', 'an http(s) URL stands where a bucket is expected', `${URL_HINT}, and the server with --endpoint`);
  }
  const what = `${JSON.stringify(text)} is not of the form s3://BUCKET[/PREFIX]`;
  const arn = /^arn:[^:]*:s3:::([^:]+)$/.exec(text)?.[1];
  if (arn !== undefined) return new Failure('usage', what, `a bucket name is needed, not an ARN: did you mean s3://${arn}?`);
  if (text.startsWith('arn:')) return new Failure('usage', what, `a bucket name is needed, not an ARN: ${URL_HINT}`);
  const rest = text.replace(/^(s3:)?\/*/i, '');
  const bucket = rest.split('/')[0]!;
  const guess = /^[A-Za-z0-9._-]{3,255}$/.test(bucket) ? `did you mean s3://${rest}?` : URL_HINT;
  return new Failure('usage', what, guess);
}

/** S3 Express One Zone: their names end so. */
export function isDirectoryBucket(bucket: string): boolean {
  return bucket.endsWith('--x-s3');
}
