/** Addresses as they are without any option. */
import type { AwsVariants, BucketAddress } from '../../src/s3/bucket-address.ts';

export const PLAIN: AwsVariants = { dualStack: false, fips: false, accelerate: false, expressSessions: true };

/** A bucket in the path of `http://host:port`. */
export function pathAddress(origin: string, bucket: string): BucketAddress {
  return { origin, host: new URL(origin).host, pathPrefix: `/${bucket}`, region: 'us-east-1', service: 's3', session: false };
}
