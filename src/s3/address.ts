/**
 * Where a bucket is: from endpoint, region and bucket name to the origin to connect to, the Host header, the path, and what
 * requests are signed for; and the `s3://BUCKET[/PREFIX]` of the command line. No request is made here.
 *
 * A custom endpoint's addresses are composed here, without the SDK. Those of AWS come from the SDK's own rules.
 */
import { isIP } from 'node:net';
import { Failure } from '../failure.ts';
import type { AddressOptions, BucketAddress } from './bucket-address.ts';
import { encodeKeyPath } from './uri.ts';

const ENDPOINT_HINT = 'give it as http://HOST[:PORT] or https://HOST[:PORT]';
const URL_HINT = 'name the bucket as s3://BUCKET or s3://BUCKET/PREFIX';

/** Names that only AWS's rules can read: ARNs, and the aliases of S3 Express and Outposts. */
const AWS_NAME = /^arn:|--(x|xa|op)-s3$/;

/** Throws Failure('usage'). */
export async function bucketAddress(options: AddressOptions, bucket: string): Promise<BucketAddress> {
  checkBucketName(bucket);
  if (options.endpoint !== null) parseEndpoint(options.endpoint);
  const { dualStack, fips, accelerate } = options.variants;
  if (options.endpoint !== null && !AWS_NAME.test(bucket) && !dualStack && !fips && !accelerate) return customAddress(options, options.endpoint, bucket);
  // The SDK takes 200 ms to load: only AWS's addresses cost that.
  const { awsAddress } = await import('./aws-address.ts');
  return awsAddress(options, bucket);
}

function customAddress({ region, addressing }: AddressOptions, endpoint: string, bucket: string): BucketAddress {
  const { url, basePath } = parseEndpoint(endpoint);
  if (addressing === 'virtual') requireVirtualHost(url, bucket);
  const virtual = addressing === 'virtual' || (addressing === 'auto' && prefersVirtualHost(url, bucket));
  const host = virtual ? `${bucket}.${url.host}` : url.host;
  return {
    origin: `${url.protocol}//${host}`,
    host,
    pathPrefix: virtual ? basePath : `${basePath}/${bucket}`,
    // AWS's name for no region in particular, which signs as this one
    region: region === 'aws-global' ? 'us-east-1' : region,
    service: 's3',
    session: false,
  };
}

/** The server's name, for people: with its port, without a path. Throws Failure('usage') where the endpoint is none. */
export async function endpointHost(options: AddressOptions): Promise<string> {
  if (options.endpoint !== null) return parseEndpoint(options.endpoint).url.host;
  const { awsAddress } = await import('./aws-address.ts');
  return awsAddress(options, null).host;
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
 * AWS's own endpoints, such as those of a VPC, want the bucket in the host name, unless its dots would not match the wildcard
 * certificate. Other servers understand the path everywhere, but the host name only where DNS and
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

/** `ARN[/PREFIX]` of a bucket, of an access point, or of one on an outpost; the name may follow a ":" or a "/", as AWS has it. */
const BUCKET_ARN = /^(arn:[a-z0-9-]+:s3:::([^/:]+))(?:\/(.*))?$/s;
const ACCESS_POINT_ARN = /^(arn:[a-z0-9-]+:s3[a-z-]*:[a-z0-9-]*:[0-9]*:(?:outpost[:/][^:/]+[:/])?accesspoint[:/][^:/]+)(?:\/(.*))?$/s;

/**
 * Buckets made before 2018 in us-east-1, and buckets of other servers, may have up to 255 characters, capitals and
 * `_`. Nothing in these characters needs encoding or can leave the bucket's own path. ARNs are read by AWS's rules.
 */
function checkBucketName(bucket: string): void {
  if (/^[A-Za-z0-9._-]{3,255}$/.test(bucket) || ACCESS_POINT_ARN.exec(bucket)?.[1] === bucket) return;
  const what = /^[A-Za-z0-9._-]*$/.test(bucket) ? 'has 3 to 63 characters' : 'has only letters, digits, ".", "-" and "_"';
  const hint = bucket.startsWith('arn:') ? 'an ARN has to be that of a bucket or of an access point' : URL_HINT;
  throw new Failure('usage', `${JSON.stringify(bucket)} is not a bucket name: one ${what}`, hint);
}

/**
 * `s3://BUCKET[/PREFIX]`, or an ARN in place of the bucket, with or without `s3://`; everything after the slash is the prefix,
 * to the letter: no URL is parsed (R3). A bucket's own ARN is its name; that of an access point stays as it is.
 */
export function parseS3Url(text: string): { bucket: string; prefix: string } {
  const rest = /^s3:\/\/(.*)$/is.exec(text)?.[1] ?? (text.startsWith('arn:') ? text : null);
  if (rest === null) throw notAnS3Url(text);
  const [, , named, bucketPrefix] = BUCKET_ARN.exec(rest) ?? [];
  if (named !== undefined) return checked(named, bucketPrefix);
  const [, accessPoint, accessPointPrefix] = ACCESS_POINT_ARN.exec(rest) ?? [];
  if (accessPoint !== undefined) return checked(accessPoint, accessPointPrefix);
  const slash = rest.indexOf('/');
  const bucket = slash === -1 || rest.startsWith('arn:') ? rest : rest.slice(0, slash);
  if (bucket === '') throw new Failure('usage', `${JSON.stringify(text)} names no bucket`, URL_HINT);
  return checked(bucket, rest.slice(bucket.length + 1));
}

function checked(bucket: string, prefix = ''): { bucket: string; prefix: string } {
  checkBucketName(bucket);
  return { bucket, prefix };
}

function notAnS3Url(text: string): Failure {
  // A pasted https URL may be a presigned one: it is not repeated (R7).
  if (/^https?:/i.test(text)) {
    return new Failure('usage', 'an http(s) URL stands where a bucket is expected', `${URL_HINT}, and the server with --endpoint`);
  }
  const what = `${JSON.stringify(text)} is not of the form s3://BUCKET[/PREFIX]`;
  const rest = text.replace(/^(s3:)?\/*/i, '');
  const bucket = rest.split('/')[0]!;
  const guess = /^[A-Za-z0-9._-]{3,255}$/.test(bucket) ? `did you mean s3://${rest}?` : URL_HINT;
  return new Failure('usage', what, guess);
}

/** S3 Express One Zone: their names end so. */
export function isDirectoryBucket(bucket: string): boolean {
  return bucket.endsWith('--x-s3');
}
