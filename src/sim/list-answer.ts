/** ListObjectsV2 on the wire: its parameters, and its document with the elements in S3's order. */
import { percentTable, writeWith, type ByteString } from './byte-string.ts';
import { writeContents } from './contents-writer.ts';
import { tokenOf, indexOfToken } from './continuation-token.ts';
import type { KeySpace } from './key-space.ts';
import { listPage } from './list-page.ts';
import { PageBuffer } from './page-buffer.ts';
import { invalidArgument, type S3Error } from './s3-error.ts';
import { XML_DECLARATION, xmlText } from './xml-text.ts';

const BAD_TOKEN = 'The continuation token provided is incorrect';

/** What S3 leaves as it is with `encoding-type=url`; a space becomes a plus sign. */
const URL_TABLE: readonly string[] = percentTable(/[A-Za-z0-9\-_.*/]/).with(32, '+');
/** The same for what a page has by the thousand. */
const URL_BYTES = Uint8Array.from(URL_TABLE, (written) => (written.length === 1 ? written.charCodeAt(0) : 0));

export interface ListSource {
  readonly keys: KeySpace;
  readonly bucket: string;
  readonly seed: number;
  readonly pageSize: number;
}

export interface ListAnswer {
  readonly page: PageBuffer;
  readonly keyCount: number;
}

/** `withRestoreStatus`: asked for by the header x-amz-optional-object-attributes. */
export function listAnswer(
  source: ListSource,
  parameters: ReadonlyMap<string, ByteString>,
  withRestoreStatus: boolean,
): ListAnswer | S3Error {
  const { keys, seed } = source;
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const startAfter = parameters.get('start-after') ?? '';
  const token = parameters.get('continuation-token');
  const continueAt = token === undefined ? null : indexOfToken(token, seed);
  if (continueAt === -1) return invalidArgument(BAD_TOKEN, 'continuation-token', token ?? '');
  const encoding = parameters.get('encoding-type') ?? '';
  if (encoding !== '' && encoding !== 'url') {
    return invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encoding);
  }
  const asked = parameters.get('max-keys') ?? '';
  if (!/^\d{0,10}$/.test(asked)) return invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', asked);
  const maxKeys = asked === '' ? source.pageSize : Math.min(Number(asked), source.pageSize);

  const found = listPage(keys, { prefix, delimiter, startAfter, continueAt, maxKeys });
  const isUrl = encoding === 'url';
  const write = isUrl ? (bytes: ByteString): string => writeWith(URL_TABLE, bytes) : xmlText;
  const keyCount = found.indexes.length + found.commonPrefixes.length;
  const withOwner = parameters.get('fetch-owner') === 'true';

  let start = `${XML_DECLARATION}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${source.bucket}</Name>`;
  start += prefix === '' ? '<Prefix/>' : `<Prefix>${write(prefix)}</Prefix>`;
  if (startAfter !== '') start += `<StartAfter>${write(startAfter)}</StartAfter>`;
  if (token !== undefined) start += `<ContinuationToken>${xmlText(token)}</ContinuationToken>`;
  if (found.continueAt !== null) start += `<NextContinuationToken>${tokenOf(found.continueAt, seed)}</NextContinuationToken>`;
  start += `<KeyCount>${keyCount}</KeyCount><MaxKeys>${maxKeys}</MaxKeys>`;
  if (delimiter !== '') start += `<Delimiter>${write(delimiter)}</Delimiter>`;
  if (isUrl) start += '<EncodingType>url</EncodingType>';
  start += `<IsTruncated>${found.continueAt !== null}</IsTruncated>`;
  const page = PageBuffer.take();
  page.text(start);
  const writeKey = isUrl ? urlKeyWriter(page) : (key: ByteString): void => page.text(xmlText(key));
  writeContents(page, found.indexes, (index) => writeKey(keys.keyAt(index)), { seed, withOwner, withRestoreStatus });
  for (const common of found.commonPrefixes) page.text(`<CommonPrefixes><Prefix>${write(common)}</Prefix></CommonPrefixes>`);
  page.text('</ListBucketResult>');
  return { page, keyCount };
}

/** Neighbours in a listing share their folder, which is encoded once. */
function urlKeyWriter(page: PageBuffer): (key: ByteString) => void {
  let folder = '';
  let [start, end] = [0, 0];
  return (key) => {
    const nameAt = key.lastIndexOf('/') + 1;
    const itsFolder = key.slice(0, nameAt);
    if (itsFolder === folder) {
      page.repeat(start, end);
    } else {
      start = page.length;
      page.encoded(key, 0, nameAt, URL_BYTES);
      end = page.length;
      folder = itsFolder;
    }
    page.encoded(key, nameAt, key.length, URL_BYTES);
  };
}
