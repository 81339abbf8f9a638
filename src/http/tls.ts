/** How a server's certificate is checked and which one is shown to it: what `node:tls` is told. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Failure } from '../failure.ts';

/** Plain data, so that it can be handed to worker threads. */
export interface TlsSettings {
  /** PEM; in place of Node's own roots */
  readonly ca?: string;
  /** PEM, of the client */
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

/** Paths, or null. */
export interface TlsOptions {
  readonly caBundle: string | null;
  readonly clientCert: string | null;
  /** null: in the file of the certificate */
  readonly clientKey: string | null;
  readonly insecure: boolean;
}

function pem(path: string, what: string, label: RegExp, hint: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new Failure('usage', `the ${what} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, hint);
  }
  if (!label.test(text)) throw new Failure('usage', `the ${what} ${path} holds none in PEM form`, hint);
  return text;
}

/** `--ca-bundle`, else `AWS_CA_BUNDLE`; Node itself honours `NODE_EXTRA_CA_CERTS`. Throws Failure('usage'). */
export function tlsSettings({ caBundle, clientCert, clientKey, insecure }: TlsOptions): TlsSettings {
  const bundle = caBundle ?? (process.env['AWS_CA_BUNDLE'] || null);
  return {
    ...(bundle !== null && { ca: pem(bundle, 'certificate bundle', /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/, 'give a PEM file with --ca-bundle or AWS_CA_BUNDLE') }),
    ...clientSettings(clientCert, clientKey),
    rejectUnauthorized: !insecure,
  };
}

function clientSettings(certificatePath: string | null, keyPath: string | null): Pick<TlsSettings, 'cert' | 'key'> {
  if (certificatePath === null) {
    if (keyPath === null) return {};
    throw new Failure('usage', '--client-key without --client-cert', 'give the certificate that the key belongs to');
  }
  const cert = pem(certificatePath, 'client certificate', /-----BEGIN CERTIFICATE-----/, 'give a PEM file with --client-cert');
  const key = pem(keyPath ?? certificatePath, 'key of the client certificate', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'give a PEM file with --client-key');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new Failure('usage', `the key ${keyPath ?? certificatePath} is protected by a passphrase, which s3scan cannot ask for`, 'write it without one for the scan: openssl pkey -in KEY -out PLAIN_KEY');
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const why = (error as { reason?: string }).reason ?? 'they cannot be used';
    throw new Failure('usage', `the client certificate ${certificatePath} and its key do not go together: ${why}`, 'give the key that the certificate was made for');
  }
  return { cert, key };
}
