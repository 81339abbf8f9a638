/** ListObjectsV2 on the wire: its parameters, and its document with the elements in S3's order. */
import { percentTable, writeWith, type ByteString } from './byte-string.ts';
import { tokenOf, indexOfToken } from './continuation-token.ts';
import type { KeySpace } from './key-space.ts';
import { listPage } from './list-page.ts';
import { etagOf, modifiedIso, sizeOf, storageClassOf } from './object-attributes.ts';
import { invalidArgument, type S3Error } from './s3-error.ts';
import { xmlText } from './xml-text.ts';

const BAD_TOKEN = 'The continuation token provided is incorrect';
const OWNER = `<Owner><ID>${'0123456789abcdef'.repeat(4)}</ID><DisplayName>s3scan-sim</DisplayName></Owner>`;
const CHECKSUM = '<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>';
const NOT_RESTORED = '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>';

/** What S3 leaves as it is with `encoding-type=url`; a space becomes a plus sign. */
const URL_TABLE: readonly string[] = percentTable(/[A-Za-z0-9\-_.*/]/).with(32, '+');
const URL_SPECIAL = /[^A-Za-z0-9\-_.*/]/;

export interface ListSource {
  readonly keys: KeySpace;
  readonly bucket: string;
  readonly seed: number;
  readonly pageSize: number;
}

export interface ListAnswer {
  /** what follows the XML declaration */
  readonly document: string;
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

  const page = listPage(keys, { prefix, delimiter, startAfter, continueAt, maxKeys });
  const write = encoding === 'url' ? urlWriter() : xmlText;
  const keyCount = page.indexes.length + page.commonPrefixes.length;
  const owner = parameters.get('fetch-owner') === 'true' ? OWNER : '';

  let document = `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${source.bucket}</Name>`;
  document += prefix === '' ? '<Prefix/>' : `<Prefix>${write(prefix)}</Prefix>`;
  if (startAfter !== '') document += `<StartAfter>${write(startAfter)}</StartAfter>`;
  if (token !== undefined) document += `<ContinuationToken>${xmlText(token)}</ContinuationToken>`;
  if (page.continueAt !== null) document += `<NextContinuationToken>${tokenOf(page.continueAt, seed)}</NextContinuationToken>`;
  document += `<KeyCount>${keyCount}</KeyCount><MaxKeys>${maxKeys}</MaxKeys>`;
  if (delimiter !== '') document += `<Delimiter>${write(delimiter)}</Delimiter>`;
  if (encoding === 'url') document += '<EncodingType>url</EncodingType>';
  document += `<IsTruncated>${page.continueAt !== null}</IsTruncated>`;
  for (const index of page.indexes) {
    const storageClass = storageClassOf(seed, index);
    document +=
      `<Contents><Key>${write(keys.keyAt(index))}</Key><LastModified>${modifiedIso(seed, index)}</LastModified>` +
      `<ETag>&quot;${etagOf(seed, index)}&quot;</ETag>${CHECKSUM}<Size>${sizeOf(seed, index)}</Size>${owner}` +
      `<StorageClass>${storageClass}</StorageClass>${withRestoreStatus && storageClass === 'GLACIER' ? NOT_RESTORED : ''}</Contents>`;
  }
  for (const common of page.commonPrefixes) document += `<CommonPrefixes><Prefix>${write(common)}</Prefix></CommonPrefixes>`;
  return { document: `${document}</ListBucketResult>`, keyCount };
}

/** Neighbours in a listing share their folder, which is encoded once. */
function urlWriter(): (key: ByteString) => string {
  let folder = '';
  let folderWritten = '';
  return (key) => {
    const nameAt = key.lastIndexOf('/') + 1;
    if (!key.startsWith(folder) || nameAt !== folder.length) {
      folder = key.slice(0, nameAt);
      folderWritten = urlEncode(folder);
    }
    return folderWritten + urlEncode(key.slice(nameAt));
  };
}

function urlEncode(bytes: ByteString): string {
  return URL_SPECIAL.test(bytes) ? writeWith(URL_TABLE, bytes) : bytes;
}
