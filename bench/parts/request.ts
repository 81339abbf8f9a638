/** What is done before a HEAD goes out: the key to its path, and the signature. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { EMPTY_SHA256, Signer } from '../../src/s3/sigv4.ts';
import { encodeKeyPath } from '../../src/s3/uri.ts';
import { sampleObject } from './objects.ts';
import { check, type Part } from './part.ts';

const REQUESTS = 200;
const HOST = 'bench.s3.us-east-1.amazonaws.com';
const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const DATE = '20261120T123456Z';
const SIGNED_AT = new Date('2026-11-20T12:34:56Z');

/** What the SDK signs with on Node. */
class NodeSha256 {
  private hash: Hash | Hmac;
  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }
  reset(): void {}
}

export async function signing(): Promise<Part> {
  const paths = Array.from({ length: REQUESTS }, (_, index) => `/${sampleObject(index).key}`);
  const signer = new Signer({
    credentials: CREDENTIALS,
    region: REGION,
    signedHeaders: [
      ['host', HOST],
      ['x-amz-content-sha256', EMPTY_SHA256],
    ],
  });
  const smithy = new SignatureV4({ credentials: CREDENTIALS, region: REGION, service: 's3', sha256: NodeSha256, uriEscapePath: false });
  const smithySign = async (path: string): Promise<string | undefined> => {
    const request = { method: 'HEAD', protocol: 'https:', hostname: HOST, path, headers: { host: HOST } };
    return (await smithy.sign(request, { signingDate: SIGNED_AT })).headers['authorization'];
  };
  check((await smithySign(paths[0]!)) === signer.authorization('HEAD', paths[0]!, '', DATE), 'signing');
  return {
    name: 'signing',
    item: 'request',
    variants: [
      {
        name: 's3scan',
        items: REQUESTS,
        run: () => {
          for (const path of paths) signer.authorization('HEAD', path, '', DATE);
        },
      },
      {
        name: '@smithy/signature-v4',
        items: REQUESTS,
        run: async () => {
          for (const path of paths) await smithySign(path);
        },
      },
    ],
  };
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** What the platform offers, with the characters that S3 encodes besides. */
function byPlatform(key: string): string {
  const segments = key.split('/').map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, percentEncoded));
  return segments.join('/');
}

export function keyEncoding(): Part {
  const keys = Array.from({ length: REQUESTS }, (_, index) => sampleObject(index).key);
  const bytes = keys.map((key) => Buffer.from(key));
  check(encodeKeyPath(bytes[0]!, 0, bytes[0]!.length) === byPlatform(keys[0]!), 'key encoding');
  return {
    name: 'key to path',
    item: 'key',
    variants: [
      {
        name: 's3scan, from bytes',
        items: REQUESTS,
        run: () => {
          for (const key of bytes) encodeKeyPath(key, 0, key.length);
        },
      },
      {
        name: 'encodeURIComponent, from strings',
        items: REQUESTS,
        run: () => {
          for (const key of keys) byPlatform(key);
        },
      },
    ],
  };
}
