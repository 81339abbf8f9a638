/**
 * Recomputes SigV4 from a request as it came over the wire, with the AWS SDK's signer: what the client signed, with what it
 * sent. Nothing of s3scan's own signing is used.
 */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RecordedRequest } from './recording-endpoint.ts';

/** What @smithy/signature-v4 needs to hash with. */
export class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    throw new Error('not used');
  }
}

export interface OracleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Names and values between `?` and the end, decoded. */
function queryOf(target: string): Record<string, string | string[]> {
  const query: Record<string, string[]> = {};
  const at = target.indexOf('?');
  for (const part of at === -1 ? [] : target.slice(at + 1).split('&')) {
    const [name = '', value = ''] = part.split('=').map(decodeURIComponent);
    (query[name] ??= []).push(value);
  }
  return query;
}

/** null where the signature is right, else what is wrong. */
export async function wrongSignature(request: RecordedRequest, credentials: OracleCredentials): Promise<string | null> {
  const authorization = request.header('authorization') ?? '';
  const [, access, , region = '', service = '', names = ''] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$/.exec(authorization) ?? [];
  if (access !== credentials.accessKeyId) return `no signature of these credentials: ${authorization}`;
  const signed = names.split(';');
  const missing = request.headers.map(([name]) => name.toLowerCase()).filter((name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name));
  if (missing.length > 0) return `not signed: ${missing.join()}`;
  if ((request.header('x-amz-security-token') ?? undefined) !== credentials.sessionToken) return 'the token is not that of the credentials';
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.header('x-amz-date') ?? '') ?? [];
  const signer = new SignatureV4({ credentials, region, service, sha256: NodeSha256, uriEscapePath: false });
  const expected = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: request.host,
      path: request.target.replace(/\?.*$/s, ''),
      query: queryOf(request.target),
      headers: Object.fromEntries(signed.map((name) => [name, request.header(name) ?? ''])),
    },
    { signingDate: new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))) },
  );
  return expected.headers['authorization'] === authorization ? null : `${request.method} ${request.target}\n${authorization}\n${expected.headers['authorization']}`;
}
