/**
 * What is sent with every request of a scan besides what signing itself needs: the user agent, and what options ask for.
 * Pure. `--header` may hold a gateway's token: its value is in no message (R7).
 */
import { Failure } from '../failure.ts';

/** Name in lower case, and value. */
export type RequestHeader = readonly [name: string, value: string];

export interface RequestHeaderOptions {
  readonly requestPayer: boolean;
  /** id of the AWS account that is to own the bucket, or null */
  readonly expectedBucketOwner: string | null;
  /** `Name: value`, each */
  readonly headers: readonly string[];
}

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5, without the bytes beyond ASCII: what they mean is for each server to guess. */
const FIELD_VALUE = /^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/;

const SIGNING = 's3scan sets it when it signs';
const CONNECTION = "it is the connection's, which s3scan sees to";
const CONDITION = 'the answer would no longer describe the whole object';
const METHOD = 's3scan only reads';

/** Why a header cannot be given: it would break the signature or the protocol, or change what an answer means. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['host', 'authorization', 'date', 'x-amz-create-session-mode', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-s3session-token', 'x-amz-security-token', 'x-amz-decoded-content-length', 'x-amz-trailer'].map((name) => [name, SIGNING] as const),
  ...['connection', 'content-encoding', 'content-length', 'expect', 'http2-settings', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'].map((name) => [name, CONNECTION] as const),
  ...['accept-encoding', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range'].map((name) => [name, CONDITION] as const),
  ...['x-http-method', 'x-http-method-override', 'x-method-override'].map((name) => [name, METHOD] as const),
  ['x-amz-checksum-mode', 'use --checksums'],
  ['x-amz-expected-bucket-owner', 'use --expected-bucket-owner'],
  ['x-amz-request-payer', 'use --request-payer'],
]);
/** Customer keys would stand on the command line, for every user of the machine to see. */
const ENCRYPTION = 'x-amz-server-side-encryption';

function refusal(what: string, why: string): Failure {
  return new Failure('usage', `--header ${what}`, why);
}

function parseHeader(text: string): RequestHeader {
  const colon = text.indexOf(':');
  const given = colon === -1 ? '' : text.slice(0, colon);
  if (!TOKEN.test(given)) throw refusal('has no name that a header may have', "write it as --header 'Name: value'");
  const name = given.toLowerCase();
  const why = name.startsWith(ENCRYPTION) ? 'for objects that customer keys encrypt, use --sse-c-key-file' : REFUSED.get(name);
  if (why !== undefined) throw refusal(`${name} cannot be given`, why);
  const value = text.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
  if (!FIELD_VALUE.test(value)) throw refusal(`${name} has no value that a header may have`, 'a value is one line of ASCII characters, at least one');
  return [name, value];
}

/** `s3scan/0.1.0 (node/20.18.1; linux)` */
export function userAgent(version: string): string {
  return `s3scan/${version} (node/${process.versions.node}; ${process.platform})`;
}

/** The names of headers that were given, for reports: their values may be secret. */
export function headerNames(headers: readonly string[]): string[] {
  return headers.map((text) => text.slice(0, Math.max(0, text.indexOf(':'))));
}

/** Throws Failure('usage') for a header that cannot be given. A user agent that is given takes the place of `agent`. */
export function requestHeaders({ requestPayer, expectedBucketOwner, headers }: RequestHeaderOptions, agent: string): RequestHeader[] {
  const all = new Map<string, string>([['user-agent', agent]]);
  if (requestPayer) all.set('x-amz-request-payer', 'requester');
  if (expectedBucketOwner !== null) all.set('x-amz-expected-bucket-owner', expectedBucketOwner);
  const given = headers.map(parseHeader);
  for (const [at, [name, value]] of given.entries()) {
    if (given.findIndex(([other]) => other === name) < at) throw refusal(`${name} is given twice`, 'join its values with commas');
    all.set(name, value);
  }
  return [...all];
}
