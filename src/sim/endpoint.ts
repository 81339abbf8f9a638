/** Which answer a request gets: addresses, methods, HEAD of objects and buckets, listings. No sockets and no time but the signature's. */
import { AnswerWriter, type Answer } from './answer.ts';
import { percentDecode, type ByteString } from './byte-string.ts';
import { createKeySpace, type KeySpace } from './key-space.ts';
import { listAnswer, type ListAnswer } from './list-answer.ts';
import { checksumOf, descriptiveHeaders, etagOf, modifiedHttp, sizeOf, versionIdOf } from './object-attributes.ts';
import type { SimOptions } from './options.ts';
import { parseQuery } from './query.ts';
import { fieldOf, type Malformed, type Request } from './request.ts';
import * as s3Error from './s3-error.ts';
import type { S3Error } from './s3-error.ts';
import { signatureCheck, type SignatureCheck } from './signature.ts';
import type { SimStats } from './stats.ts';

const MAX_KEY_BYTES = 1_024;
const MALFORMED: Readonly<Record<Malformed, S3Error>> = {
  malformed: s3Error.MALFORMED,
  'too-large': s3Error.HEADERS_TOO_LARGE,
  version: s3Error.VERSION_UNSUPPORTED,
};

export class Endpoint {
  readonly #options: SimOptions;
  readonly #stats: SimStats;
  readonly #keys: KeySpace;
  readonly #writer: AnswerWriter;
  readonly #checkSignature: SignatureCheck | null;
  readonly #bucketHost: string;
  /** of path-style addresses: `/BUCKET` */
  readonly #bucketPath: string;

  constructor(options: SimOptions, stream: number, stats: SimStats) {
    this.#options = options;
    this.#stats = stats;
    this.#keys = createKeySpace(options.layout, options.objects, options.seed);
    this.#writer = new AnswerWriter(stream);
    this.#checkSignature = options.credentials === null ? null : signatureCheck(options.credentials, options.region);
    this.#bucketHost = `${options.bucket}.`;
    this.#bucketPath = `/${options.bucket}`;
  }

  /** `slowDown`: refused unseen, as an overloaded server does. */
  answer(request: Request, slowDown: boolean): Answer {
    const head = request.method === 'HEAD';
    if (!head && request.method !== 'GET') return this.#refuse(request, s3Error.METHOD_NOT_ALLOWED);
    if (head) this.#stats.heads++;
    else this.#stats.lists++;
    if (slowDown) {
      this.#stats.slowDowns++;
      return this.#refuse(request, s3Error.SLOW_DOWN);
    }
    const refusal = this.#checkSignature === null ? null : this.#checkSignature(request, Date.now());
    if (refusal !== null) {
      this.#stats.refused++;
      return this.#refuse(request, refusal);
    }
    const wireKey = this.#wireKey(request);
    if (wireKey === null) return this.#refuse(request, s3Error.NO_SUCH_BUCKET);
    if (wireKey === '') return head ? this.#headBucket(request) : this.#list(request);
    const key = percentDecode(wireKey);
    if (key === null) return this.#refuse(request, s3Error.INVALID_URI);
    if (key.length > MAX_KEY_BYTES) return this.#refuse(request, s3Error.KEY_TOO_LONG);
    return head ? this.#headObject(request, key) : this.#refuse(request, s3Error.NOT_IMPLEMENTED);
  }

  /** Writes a few pages for nobody. The first of all takes 30 ms, since V8 has compiled nothing yet: no server of a bench is like that. */
  warmUp(): void {
    for (let pages = 0; pages < 3; pages++) {
      const answer = this.#page(new Map([['encoding-type', 'url']]), false);
      if ('page' in answer) answer.page.release();
    }
  }

  /** To what cannot be parsed; the connection closes behind it. */
  answerMalformed(kind: Malformed): string {
    this.#stats.errors++;
    return this.#writer.error(MALFORMED[kind], false, true);
  }

  /** The key as sent; empty for the bucket itself; null for any other bucket. */
  #wireKey(request: Request): string | null {
    if (request.fields.host.startsWith(this.#bucketHost)) return request.path.slice(1);
    const { path } = request;
    if (!path.startsWith(this.#bucketPath)) return null;
    if (path.length === this.#bucketPath.length) return '';
    return path[this.#bucketPath.length] === '/' ? path.slice(this.#bucketPath.length + 1) : null;
  }

  #headObject(request: Request, key: ByteString): string {
    const index = this.#keys.find(key);
    if (index === -1) return this.#refuse(request, s3Error.NO_SUCH_KEY);
    const { seed } = this.#options;
    const withChecksum = fieldOf(request.fields, 'x-amz-checksum-mode') === 'ENABLED';
    const checksum = withChecksum
      ? `x-amz-checksum-crc64nvme: ${checksumOf(seed, index)}\r\nx-amz-checksum-type: FULL_OBJECT\r\n`
      : '';
    return this.#writer.head(
      `Last-Modified: ${modifiedHttp(seed, index)}\r\nETag: "${etagOf(seed, index)}"\r\nAccept-Ranges: bytes\r\n` +
        `x-amz-version-id: ${versionIdOf(seed, index)}\r\nx-amz-server-side-encryption: AES256\r\n` +
        `${descriptiveHeaders(seed, index)}${checksum}Content-Length: ${sizeOf(seed, index)}\r\n`,
      request.fields.close,
    );
  }

  #headBucket(request: Request): string {
    const headers = `x-amz-bucket-region: ${this.#options.region}\r\nContent-Type: application/xml\r\nContent-Length: 0\r\n`;
    return this.#writer.head(headers, request.fields.close);
  }

  #list(request: Request): Answer {
    const parameters = parseQuery(request.query);
    if (parameters === null) return this.#refuse(request, s3Error.INVALID_URI);
    const byName = new Map(parameters);
    if (byName.get('list-type') !== '2') return this.#refuse(request, s3Error.NOT_IMPLEMENTED);
    const withRestoreStatus = fieldOf(request.fields, 'x-amz-optional-object-attributes') === 'RestoreStatus';
    const answer = this.#page(byName, withRestoreStatus);
    if (!('page' in answer)) return this.#refuse(request, answer);
    this.#stats.keysListed += answer.keyCount;
    return { head: this.#writer.beforeDocument(answer.page.length, request.fields.close), page: answer.page };
  }

  #page(parameters: ReadonlyMap<string, ByteString>, withRestoreStatus: boolean): ListAnswer | S3Error {
    const { bucket, seed, pageSize } = this.#options;
    return listAnswer({ keys: this.#keys, bucket, seed, pageSize }, parameters, withRestoreStatus);
  }

  #refuse(request: Request, error: S3Error): string {
    this.#stats.errors++;
    return this.#writer.error(error, request.method === 'HEAD', request.fields.close);
  }
}
