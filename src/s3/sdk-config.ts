/** How the official SDK's client is set up to ask what s3scan itself would ask. Imported only with `--engine sdk`. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { TlsSettings } from '../http/tls.ts';
import type { Addressing } from './address.ts';
import type { Credentials } from './sigv4.ts';

export interface SdkSettings {
  readonly endpoint: string | null;
  readonly region: string;
  readonly addressing: Addressing;
  readonly tls: TlsSettings;
  readonly credentials: Credentials | null;
  readonly clockOffsetMs: number;
  readonly timeoutMs: number;
}

/** Retries are s3scan's own, so that both engines are measured and counted alike. */
export function sdkClientConfig(settings: SdkSettings, connections: number): S3ClientConfig {
  const { endpoint, region, addressing, tls, credentials, timeoutMs } = settings;
  const agent = { keepAlive: true, maxSockets: connections };
  return {
    region,
    forcePathStyle: addressing === 'path' || (addressing === 'auto' && endpoint !== null),
    maxAttempts: 1,
    systemClockOffset: settings.clockOffsetMs,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...tls }),
    },
    ...(endpoint !== null && { endpoint }),
    ...(credentials === null
      ? { signer: { sign: (request) => Promise.resolve(request) }, credentials: { accessKeyId: 'unsigned', secretAccessKey: 'unsigned' } }
      : { credentials: { ...credentials } }),
  };
}
