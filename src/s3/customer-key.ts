/**
 * The key of objects encrypted with keys that customers keep (SSE-C): S3 wants it with each HEAD. It comes from a file or
 * the environment, never from the command line, and goes to the endpoint and nowhere else (R7): no message holds it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../failure.ts';
import type { HostPort } from '../http/network.ts';
import type { RequestHeader } from './request-headers.ts';

export const CUSTOMER_KEY_VARIABLE = 'S3SCAN_SSE_C_KEY';

/** Where the key would go. */
export interface Destination {
  /** null: AWS itself */
  readonly endpoint: string | null;
  readonly connectTo: HostPort | null;
  readonly insecure: boolean;
}

/** AES-256, the one algorithm that S3 knows for this. */
const KEY_BYTES = 32;
const FORM = 'a key is 32 bytes: in base64, 44 characters; in a file also the bytes themselves';

/** Base64 of exactly 32 bytes, canonical: Buffer passes over what is none. */
function fromBase64(text: string): Buffer | null {
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES && key.toString('base64') === text ? key : null;
}

function readKeyFile(path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new Failure('usage', `the key file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'give another with --sse-c-key-file');
  }
  const key = content.length === KEY_BYTES ? content : fromBase64(content.toString('latin1').trim());
  if (key === null) throw new Failure('usage', `${path} holds no customer key`, FORM);
  return key;
}

function customerKey(path: string | null): Buffer | null {
  if (path !== null) return readKeyFile(path);
  const text = process.env[CUSTOMER_KEY_VARIABLE] ?? '';
  if (text === '') return null;
  const key = fromBase64(text.trim());
  if (key === null) throw new Failure('usage', `${CUSTOMER_KEY_VARIABLE} holds no customer key`, FORM);
  return key;
}

/** AWS refuses the key over plain HTTP, and says that one sent so is to be thrown away. */
function checkDestination({ endpoint, connectTo, insecure }: Destination): void {
  if (endpoint === null || insecure) return;
  const { protocol, hostname } = new URL(endpoint);
  const host = connectTo?.host ?? hostname.replace(/^\[(.*)\]$/, '$1');
  const isLoopback = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
  if (protocol === 'https:' || isLoopback) return;
  throw new Failure('usage', `the customer key is not sent to ${host} over plain HTTP`, 'use an https:// endpoint, or --insecure to send it all the same');
}

/**
 * The headers that tell S3 the key of `--sse-c-key-file`, else of the environment; none without a key. Throws
 * Failure('usage') for what is no key, and for an endpoint that it must not be sent to.
 */
export function customerKeyHeaders(path: string | null, ...destinations: readonly Destination[]): RequestHeader[] {
  const key = customerKey(path);
  if (key === null) return [];
  for (const destination of destinations) checkDestination(destination);
  const prefix = 'x-amz-server-side-encryption-customer';
  return [
    [`${prefix}-algorithm`, 'AES256'],
    [`${prefix}-key`, key.toString('base64')],
    [`${prefix}-key-md5`, createHash('md5').update(key).digest('base64')],
  ];
}
