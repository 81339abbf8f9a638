/** How the official SDK's client is set up to ask what s3scan itself would ask. Imported only with `--engine sdk`. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { agents } from '../http/agents.ts';
import type { NetworkSettings } from '../http/network.ts';
import type { Addressing, AwsVariants } from './bucket-address.ts';
import type { RequestHeader } from './request-headers.ts';
import type { Credentials } from './sigv4.ts';

export interface SdkSettings {
  readonly endpoint: string | null;
  readonly region: string;
  readonly addressing: Addressing;
  readonly variants: AwsVariants;
  readonly network: NetworkSettings;
  readonly credentials: Credentials | null;
  readonly clockOffsetMs: number;
  readonly timeoutMs: number;
  /** sent with each request */
  readonly requestHeaders: readonly RequestHeader[];
}

function sdkClientConfig(settings: SdkSettings, connections: number, keepAlive: boolean): S3ClientConfig {
  const { endpoint, region, addressing, variants, network, credentials, timeoutMs } = settings;
  return {
    region,
    useFipsEndpoint: variants.fips,
    useDualstackEndpoint: variants.dualStack,
    useAccelerateEndpoint: variants.accelerate,
    disableS3ExpressSessionAuth: !variants.expressSessions,
    useArnRegion: true,
    // AWS's buckets of other regions, in a key file
    followRegionRedirects: endpoint === null,
    forcePathStyle: addressing === 'path' || (addressing === 'auto' && endpoint !== null),
    systemClockOffset: settings.clockOffsetMs,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      ...agents(network, connections, keepAlive),
    },
    ...(endpoint !== null && { endpoint }),
    ...(credentials === null
      ? { signer: { sign: (request) => Promise.resolve(request) }, credentials: { accessKeyId: 'unsigned', secretAccessKey: 'unsigned' } }
      : { credentials: { ...credentials } }),
  };
}

export interface SdkClientOptions {
  readonly maxAttempts?: number;
  readonly keepAlive?: boolean;
}

/**
 * Its requests have the headers of s3scan's own, by the same list; the SDK signs all but the user agent. It asks once unless
 * told: retries are s3scan's own, so that both engines are measured and counted alike.
 */
export function sdkClient(settings: SdkSettings, connections: number, { maxAttempts = 1, keepAlive = true }: SdkClientOptions = {}): S3Client {
  const client = new S3Client({ ...sdkClientConfig(settings, connections, keepAlive), maxAttempts });
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      for (const [name, value] of settings.requestHeaders) headers[name] = value;
      return next(args);
    },
    // Behind the SDK's own user agent, before the signature.
    { step: 'build', priority: 'low', name: 'requestHeaders' },
  );
  return client;
}
