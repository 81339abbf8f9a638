/** What is asked and told about where a bucket is, at a custom endpoint and on AWS. Types only. */

export type Addressing = 'auto' | 'path' | 'virtual';

/** Plain data, so that it can be handed to worker threads. */
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
  /** what requests are signed for: the ARN's region, where the bucket is named by one */
  readonly region: string;
  /** the service they are signed for: `s3`, `s3express`, `s3-outposts`, … */
  readonly service: string;
  /** requests are signed with a session's credentials (S3 Express) */
  readonly session: boolean;
}

/** AWS's variants of its endpoints, as its tools name them. */
export interface AwsVariants {
  readonly dualStack: boolean;
  readonly fips: boolean;
  readonly accelerate: boolean;
  /** S3 Express buckets are asked by way of a session */
  readonly expressSessions: boolean;
}

export interface AddressOptions {
  /** null for AWS itself */
  readonly endpoint: string | null;
  readonly region: string;
  readonly addressing: Addressing;
  readonly variants: AwsVariants;
}
