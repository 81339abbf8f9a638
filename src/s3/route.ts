/** What all requests to one bucket share: where they go, their headers, and the signer. */
import { Failure } from '../failure.ts';
import type { BucketAddress } from './bucket-address.ts';
import type { RequestHeader } from './request-headers.ts';
import { EMPTY_SHA256, Signer, type Credentials } from './sigv4.ts';

export interface RouteSettings {
  /** null: requests are not signed */
  readonly credentials: Credentials | null;
  /** sent with each request; those named x-amz-* are signed, too */
  readonly requestHeaders: readonly RequestHeader[];
}

/** What would end the header and begin another is no value (RFC 9110, 5.5). The value is not shown: it may be a token (R7). */
function checkHeader(name: string, value: string): void {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new Failure('usage', `the header ${name} would hold characters that no header may`, 'look for line ends in the credentials and options given');
  }
}

/** S3 asks for a signature over these and host; of others, proxies may change what they hold. */
function isSigned([name]: RequestHeader): boolean {
  return name.startsWith('x-amz-');
}

export class BucketRoute {
  /** what to connect to */
  readonly origin: string;
  /** percent-encoded path of the bucket, without a slash at its end */
  readonly pathPrefix: string;
  /** names and values in turn, without date and authorization */
  private readonly fixedHeaders: readonly string[];
  private readonly signer: Signer | null;

  constructor(settings: RouteSettings, address: BucketAddress) {
    const { credentials, requestHeaders } = settings;
    const { origin, host, pathPrefix, region, service, session } = address;
    const signedHeaders: RequestHeader[] = [['host', host], ...requestHeaders.filter(isSigned)];
    const plainHeaders = requestHeaders.filter((header) => !isSigned(header));
    if (credentials !== null) {
      signedHeaders.push(['x-amz-content-sha256', EMPTY_SHA256]);
      if (credentials.sessionToken !== undefined) signedHeaders.push([session ? 'x-amz-s3session-token' : 'x-amz-security-token', credentials.sessionToken]);
    }
    for (const [name, value] of [...signedHeaders, ...plainHeaders]) checkHeader(name, value);
    this.origin = origin;
    this.pathPrefix = pathPrefix;
    this.fixedHeaders = [...signedHeaders, ...plainHeaders].flat();
    this.signer = credentials && new Signer({ credentials, region, service, signedHeaders });
  }

  /** The headers of one request, names and values in turn. `date` as `amzDate` gives it; path and query as they are sent. */
  headers(method: string, path: string, query: string, date: string): string[] {
    const headers = this.fixedHeaders.slice();
    if (this.signer !== null) headers.push('x-amz-date', date, 'authorization', this.signer.authorization(method, path, query, date));
    return headers;
  }
}
