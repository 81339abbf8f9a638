/**
 * Where the keys that sign requests come from: the environment, or the AWS SDK's chain (profile, SSO, web identity, process,
 * container, instance metadata). They are handed to the signer and to nothing else (R7).
 */
import { Failure } from '../failure.ts';
import { agents } from '../http/agents.ts';
import { proxiesOf } from '../http/proxy.ts';
import { tlsSettings } from '../http/tls.ts';
import { oneLine } from './errors.ts';
import type { Credentials } from './sigv4.ts';

export type ExpiringCredentials = Credentials & { readonly expiration?: Date };

/**
 * The credentials now: cached, and renewed ahead of their expiry. `forceRefresh` reads them again, for when the server
 * refused those it was given.
 */
export type CredentialProvider = (options?: { readonly forceRefresh?: boolean }) => Promise<ExpiringCredentials>;

/** Instance metadata answers in milliseconds or is not there: 1 s, twice, is what `head` may lose to it. */
const METADATA = { timeout: 1000, maxRetries: 1 };

const HINT =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile NAME, or run where a role is attached; ' +
  'for a public bucket use --no-sign-request';

/** `profile` null: none was named, by flag or environment. Nothing is read before the first call. */
export function credentialProvider(profile: string | null): CredentialProvider {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
  // The first link of the chain, without the 50 ms that loading it costs. A named profile comes before it there too.
  if (profile === null && accessKeyId && secretAccessKey) {
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    return () => Promise.resolve(credentials);
  }
  let chain: Promise<CredentialProvider> | null = null;
  return async (options) => {
    try {
      const provider = await (chain ??= loadChain(profile));
      return await provider(options);
    } catch (error) {
      throw noCredentials(profile, error);
    }
  };
}

/** Of STS and SSO at once, with no connection kept: it would keep the process, too. */
const CONNECTIONS = 4;

/**
 * STS and SSO are asked by way of the proxies of the environment. They get nothing of what was given for the endpoint:
 * neither `--insecure`, nor a client certificate, nor `--connect-to` (R7). Metadata services are never asked by way of this.
 */
function clientConfig(): { readonly requestHandler?: ReturnType<typeof agents> } {
  const proxies = proxiesOf(process.env);
  if (proxies === null) return {};
  const tls = tlsSettings({ caBundle: null, clientCert: null, clientKey: null, insecure: false });
  return { requestHandler: agents({ tls, connectTo: null, proxies }, CONNECTIONS, false) };
}

async function loadChain(profile: string | null): Promise<CredentialProvider> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider({
    ...METADATA,
    clientConfig: clientConfig(),
    ...(profile !== null && { profile }),
    // else a forced refresh would get the files as they were at the start
    ignoreCache: true,
    // else the SDK writes to the console
    logger: SILENT,
  });
}

const ignore = (): void => {};
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Only messages that the SDK composes itself are repeated, and the error is not kept as a cause: parse errors quote
 * what they were parsing, and a failed `credential_process` its command line (R7).
 */
function noCredentials(profile: string | null, error: unknown): Failure {
  const from = profile === null ? '' : ` from profile ${JSON.stringify(profile)}`;
  const composed = error instanceof Error && /^(CredentialsProviderError|TokenProviderError)$/.test(error.name);
  const repeatable = composed && !error.message.startsWith('Command failed');
  const reason = repeatable ? oneLine(error.message) : 'the credential provider failed';
  return new Failure('access', `no AWS credentials${from}: ${reason}`, HINT);
}
