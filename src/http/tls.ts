/** How a server's certificate is checked: what `node:tls` is told. */
import { readFileSync } from 'node:fs';
import { Failure } from '../failure.ts';

/** Plain data, so that it can be handed to worker threads. */
export interface TlsSettings {
  /** PEM; in place of Node's own roots */
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
}

/** Reads `--ca-bundle` (else `AWS_CA_BUNDLE`). Node itself honours `NODE_EXTRA_CA_CERTS`. */
export function tlsSettings(caBundle: string | null, insecure: boolean): TlsSettings {
  const path = caBundle ?? process.env['AWS_CA_BUNDLE'] ?? null;
  if (path === null || path === '') return { rejectUnauthorized: !insecure };
  try {
    return { ca: readFileSync(path, 'utf8'), rejectUnauthorized: !insecure };
  } catch (error) {
    throw new Failure(
      'usage',
      `the certificate bundle ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'give a PEM file with --ca-bundle or AWS_CA_BUNDLE',
    );
  }
}
