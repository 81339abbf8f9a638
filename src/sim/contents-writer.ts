/**
 * The Contents elements of a page, a thousand of them and nearly all of a listing's cost: each is a copy of one template with its key, date,
 * ETag, size and storage class put in, by the byte. As concatenated strings a page takes twice as long.
 */
import { sizeOf, STORAGE_CLASSES, storageClassOf, writeEtag, writeModified } from './object-attributes.ts';
import type { PageBuffer } from './page-buffer.ts';

const OPENING = Buffer.from('<Contents><Key>', 'latin1');
const CHECKSUM = '<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>';
const DATE = '0000-00-00T00:00:00';
const ETAG = '00000000000000000000000000000000';
const MIDDLE = Buffer.from(
  `</Key><LastModified>${DATE}.000Z</LastModified><ETag>&quot;${ETAG}&quot;</ETag>${CHECKSUM}<Size>`,
  'latin1',
);
const DATE_AT = MIDDLE.indexOf(DATE);
const ETAG_AT = MIDDLE.indexOf(ETAG);
const OWNER = `<Owner><ID>${'0123456789abcdef'.repeat(4)}</ID><DisplayName>s3scan-sim</DisplayName></Owner>`;
const NOT_RESTORED = '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>';

/** More than any element has behind its key. */
const ELEMENT_BYTES = 1_024;

export interface ContentsOptions {
  readonly seed: number;
  readonly withOwner: boolean;
  readonly withRestoreStatus: boolean;
}

/** Writes the elements of the objects `indexes`, whose keys are `writeKey`'s to write. */
export function writeContents(page: PageBuffer, indexes: readonly number[], writeKey: (index: number) => void, options: ContentsOptions): void {
  const { seed } = options;
  const endings = endingsFor(options);
  for (const index of indexes) {
    page.reserve(OPENING.length);
    page.copy(OPENING);
    writeKey(index);
    page.reserve(ELEMENT_BYTES);
    const middleAt = page.length;
    page.copy(MIDDLE);
    writeModified(page.bytes, middleAt + DATE_AT, seed, index);
    writeEtag(page.bytes, middleAt + ETAG_AT, seed, index);
    page.text(String(sizeOf(seed, index)));
    page.copy(endings.get(storageClassOf(seed, index))!);
  }
}

/** What follows the size, by storage class. */
function endingsFor(options: ContentsOptions): ReadonlyMap<string, Uint8Array> {
  const owner = options.withOwner ? OWNER : '';
  return new Map(
    STORAGE_CLASSES.map((name) => {
      const restore = options.withRestoreStatus && name === 'GLACIER' ? NOT_RESTORED : '';
      return [name, Buffer.from(`</Size>${owner}<StorageClass>${name}</StorageClass>${restore}</Contents>`, 'latin1')];
    }),
  );
}
