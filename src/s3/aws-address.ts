/**
 * Where a bucket is on AWS, by the rules that the official SDK carries: partitions, ARNs, access points, outposts, S3 Express,
 * FIPS, dual-stack, acceleration. Imported only where such an address is asked for: it loads the SDK.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import type { AddressOptions, BucketAddress } from './bucket-address.ts';
import { oneLine } from './errors.ts';

/** How requests to the address are to be signed, first the way that AWS prefers. */
interface AuthScheme {
  readonly name: string;
  readonly signingName?: string;
  readonly signingRegion?: string;
}

const { endpointProvider: rules } = new S3Client({ region: 'us-east-1' }).config;

/** `bucket` null: the service itself. Throws Failure('usage') where the rules know no such address. */
export function awsAddress({ endpoint, region, addressing, variants }: AddressOptions, bucket: string | null): BucketAddress {
  if (endpoint === null) checkRegion(region);
  const { url, schemes } = resolve({
    Region: region,
    // A name that only AWS's rules can read is composed by them at a custom endpoint too.
    ...(endpoint !== null && { Endpoint: endpoint }),
    ...(bucket !== null && { Bucket: bucket }),
    ForcePathStyle: addressing === 'path',
    UseFIPS: variants.fips,
    UseDualStack: variants.dualStack,
    Accelerate: variants.accelerate,
    DisableS3ExpressSessionAuth: !variants.expressSessions,
    // The ARN says where its access point is, wherever else the scan would ask.
    UseArnRegion: true,
  });
  const scheme = schemes.find(({ name }) => name === 'sigv4' || name === 'sigv4-s3express');
  if (scheme === undefined) {
    const what = `${bucket}: requests to a multi-region access point are signed with SigV4a, which s3scan does not do`;
    throw new Failure('usage', what, 'name one of the buckets behind it, or an access point of one region');
  }
  if (addressing === 'virtual' && bucket !== null && !bucket.startsWith('arn:') && !url.host.startsWith(`${bucket}.`)) {
    throw new Failure('usage', `the bucket name ${JSON.stringify(bucket)} cannot be part of AWS's host name`, 'use --addressing path');
  }
  return {
    origin: url.origin,
    host: url.host,
    pathPrefix: url.pathname.replace(/\/$/, ''),
    region: scheme.signingRegion ?? region,
    service: scheme.signingName ?? 's3',
    session: scheme.name === 'sigv4-s3express',
  };
}

function resolve(parameters: Parameters<typeof rules>[0]): { url: URL; schemes: readonly AuthScheme[] } {
  try {
    const { url, properties } = rules(parameters);
    return { url, schemes: properties?.['authSchemes'] ?? [] };
  } catch (error) {
    const why = oneLine(error instanceof Error ? error.message : String(error));
    throw new Failure('usage', `AWS has no such address: ${why}`, 'check bucket, --region, --endpoint, --addressing, --fips, --dual-stack and --accelerate');
  }
}

/** The region becomes part of the host that gets the signed requests: nothing but a DNS label may (R7). */
function checkRegion(region: string): void {
  if (/^[a-z0-9-]{1,63}$/.test(region)) return;
  const hint = 'give one such as --region eu-central-1, or --endpoint for another server';
  throw new Failure('usage', `${JSON.stringify(region)} is not an AWS region`, hint);
}
