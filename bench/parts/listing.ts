/** A ListObjectsV2 page to rows, beside a general XML parser and the SDK. */
import { Readable } from 'node:stream';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { XMLParser } from 'fast-xml-parser';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { BUCKET } from '../head-command.ts';
import { SAME, sampleObject } from './objects.ts';
import { check, type Part } from './part.ts';

const PAGE_KEYS = 1000;

interface ParsedPage {
  readonly ListBucketResult: { readonly Contents: readonly { readonly Key: string }[] };
}

/** As AWS writes it. */
function page(): Buffer {
  const objects = Array.from({ length: PAGE_KEYS }, (_, index) => sampleObject(index)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const contents = objects.map(
    ({ key, etag, size, lastModified }) =>
      `<Contents><Key>${key}</Key><LastModified>${new Date(lastModified).toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag>` +
      `<Size>${size}</Size><StorageClass>${SAME.storage_class}</StorageClass></Contents>`,
  );
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      `<Name>${BUCKET}</Name><Prefix></Prefix><EncodingType>url</EncodingType><KeyCount>${PAGE_KEYS}</KeyCount><MaxKeys>${PAGE_KEYS}</MaxKeys>` +
      `<IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
  );
}

/** The SDK's client over a connection that gives every request the same answer. */
function sdkAnswering(body: Buffer): S3Client {
  const response = () => ({ statusCode: 200, headers: { 'content-type': 'application/xml' }, body: Readable.from([body]) });
  const requestHandler = { handle: () => Promise.resolve({ response: response() }) };
  return new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler,
  });
}

export async function pageDecoding(): Promise<Part> {
  const body = page();
  const window = { after: Buffer.alloc(0), through: null, limit: PAGE_KEYS };
  const builder = new RecordBuilder(LIST_COLUMNS, new Map([['bucket', BUCKET]]));
  const decoded = decodeListPage(body, window, builder);
  builder.take();
  // As a parser must be set for keys: no conversion, `007` is no number.
  const parser = new XMLParser({ parseTagValue: false });
  const parsed = parser.parse(body.toString()) as ParsedPage;
  const client = sdkAnswering(body);
  const command = new ListObjectsV2Command({ Bucket: BUCKET, EncodingType: 'url' });
  const listed = (await client.send(command)).Contents ?? [];
  const lastKey = decoded.lastKey === null ? '' : Buffer.from(decoded.lastKey).toString();
  const theirs = parsed.ListBucketResult.Contents;
  check(decoded.count === PAGE_KEYS && theirs.length === PAGE_KEYS && listed.length === PAGE_KEYS, 'page to rows');
  check(theirs.at(-1)?.Key === lastKey && listed.at(-1)?.Key === lastKey, 'page to rows');
  return {
    name: 'LIST page to rows',
    item: 'key',
    limit: 1.5,
    variants: [
      {
        name: 's3scan, page to record batch',
        items: PAGE_KEYS,
        run: () => {
          decodeListPage(body, window, builder);
          return builder.take();
        },
      },
      { name: 'fast-xml-parser, page to objects', items: PAGE_KEYS, run: () => parser.parse(body.toString()) as ParsedPage },
      { name: '@aws-sdk/client-s3, answer to output', items: PAGE_KEYS, run: () => client.send(command) },
    ],
  };
}
