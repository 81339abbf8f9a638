/** How the official SDK's client is set up to ask what s3scan itself would ask. Imported only with `--engine sdk`. */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { agents } from '../http/agents.ts';
import type { NetworkSettings } from '../http/network.ts';
import type { Addressing } from './address.ts';
import type { Credentials } from './sigv4.ts';

export interface SdkSettings {
  readonly endpoint: string | null;
  readonly region: string;
  readonly addressing: Addressing;
  readonly network: NetworkSettings;
  readonly credentials: Credentials | null;
  readonly clockOffsetMs: number;
  readonly timeoutMs: number;
}

/** Retries are s3scan's own, so that both engines are measured and counted alike. */
export function sdkClientConfig(settings: SdkSettings, connections: number, keepAlive = true): S3ClientConfig {
  const { endpoint, region, addressing, network, credentials, timeoutMs } = settings;
  return {
    region,
    forcePathStyle: addressing === 'path' || (addressing === 'auto' && endpoint !== null),
    maxAttempts: 1,
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
