/**
 * Pages that begin in a folder, from servers that miscount there (R2).
 *
 * MinIO begins its walk, in every folder that the start-after is in, at the name of the next one without its slash. What
 * sorts between the two, as `logs-old/…` and `logs.txt` do before `logs/…`, is passed over, and counts towards the size of the page:
 * where that is used up, keys are left out, and the page may say that no others follow. RustFS has its walk from MinIO.
 *
 * So whether keys sort right before a folder is asked, once for each folder: if so, it is crowded, and what follows in it is asked
 * with the folder as prefix, where the walk begins inside, and then what follows behind it. Servers that show by their
 * markers that they walk so are asked beside every page; others where a page says that it is the last.
 */
import { Failure } from '../failure.ts';
import { compareKeys, EVERYTHING, hasPrefix } from '../keyspace/interval.ts';
import { RecordBuilder } from '../records/record-builder.ts';
import { excerpt } from '../s3/xml.ts';
import type { ListPage, ListPageInfo, PageRequest } from './listing.ts';
import { keyOfOwn, keyOfWalk, markerOf, tokenAfter } from './markers.ts';

const SLASH = 0x2f;
const AFTER_SLASH = Buffer.from([SLASH + 1]);
/** With less, MinIO answers a request for the beginning of a prefix with the object of that name, and says that no others follow. */
const MIN_KEYS = 2;

function after(key: Uint8Array, request: PageRequest): PageRequest {
  return { ...request, startAfter: key, continuationToken: null };
}

/** The folders that hold the key, those within the prefix, each with its slash, the outermost first. */
function foldersOf(key: Uint8Array, prefix: Uint8Array): Uint8Array[] {
  const folders: Uint8Array[] = [];
  if (!hasPrefix(key, prefix)) return folders;
  for (let at = key.indexOf(SLASH, prefix.length); at >= 0; at = key.indexOf(SLASH, at + 1)) folders.push(key.subarray(0, at + 1));
  return folders;
}

function nameOf(folder: Uint8Array): string {
  return Buffer.from(folder).toString('latin1');
}

/** Others may follow behind the last key, and the server's token does not lead there. */
function part(page: ListPageInfo): ListPageInfo {
  const last = page.lastKey ?? page.skippedKey;
  return { ...page, isTruncated: true, nextContinuationToken: last && tokenAfter(last) };
}

function isEmpty({ objects, skippedKey, isTruncated }: ListPageInfo): boolean {
  return objects === 0 && skippedKey === null && !isTruncated;
}

/** Whether what follows a start-after that is no key is all told. */
export type TakesMadeUp = (request: PageRequest) => Promise<boolean>;

class CrowdedFolders {
  private readonly listPage: ListPage;
  private readonly takesMadeUp: TakesMadeUp;
  /** whether a folder is crowded, as far as asked */
  private readonly answers = new Map<string, Promise<boolean>>();
  private readonly crowded = new Set<string>();
  private walks = false;

  constructor(listPage: ListPage, takesMadeUp: TakesMadeUp) {
    this.listPage = listPage;
    this.takesMadeUp = takesMadeUp;
  }

  async page(request: PageRequest, builder: RecordBuilder): Promise<ListPageInfo> {
    const marker = request.delimiter === undefined ? markerOf(request) : null;
    if (marker === null) return this.beginning(request, builder);
    const folders = foldersOf(marker, request.prefix);
    const known = folders.findLast((folder) => this.crowded.has(nameOf(folder)));
    if (known !== undefined) return this.pageIn(known, marker, request, builder);
    const asked = this.walks ? this.deepestCrowded(folders) : null;
    asked?.catch(() => {});
    const page = await this.answer(keyOfOwn(request.continuationToken) === null ? request : after(marker, request), builder);
    if (page.isTruncated && !this.walks) return page;
    const folder = await (asked ?? this.deepestCrowded(folders));
    if (folder === null) return page;
    builder.take();
    return this.pageIn(folder, marker, request, builder);
  }

  /** What follows in the crowded folder, or behind it where that is nothing. */
  private async pageIn(folder: Uint8Array, marker: Uint8Array, request: PageRequest, builder: RecordBuilder): Promise<ListPageInfo> {
    const inside = await this.page(after(marker, { ...request, prefix: folder }), builder);
    if (!isEmpty(inside)) return part(inside);
    const behind = Buffer.concat([folder.subarray(0, -1), AFTER_SLASH]);
    const named = await this.beginning({ ...request, prefix: behind, startAfter: null, continuationToken: null }, builder);
    if (!isEmpty(named)) return part(named);
    return this.page(after(behind, request), builder);
  }

  private beginning(request: PageRequest, builder: RecordBuilder): Promise<ListPageInfo> {
    const isEnough = request.prefix.length === 0 || request.maxKeys >= MIN_KEYS;
    return this.answer(isEnough ? request : { ...request, maxKeys: MIN_KEYS }, builder);
  }

  private async answer(request: PageRequest, builder: RecordBuilder): Promise<ListPageInfo> {
    const page = await this.listPage(request, builder);
    this.walks ||= page.isWalked === true || keyOfWalk(page.nextContinuationToken) !== null;
    return page;
  }

  private async deepestCrowded(folders: readonly Uint8Array[]): Promise<Uint8Array | null> {
    const areCrowded = await Promise.all(folders.map((folder) => this.isCrowded(folder)));
    return folders[areCrowded.lastIndexOf(true)] ?? null;
  }

  private isCrowded(folder: Uint8Array): Promise<boolean> {
    const name = nameOf(folder);
    let answer = this.answers.get(name);
    if (answer === undefined) {
      this.answers.set(name, (answer = this.askAbout(folder)));
      answer.catch(() => this.answers.delete(name));
    }
    return answer;
  }

  private async askAbout(folder: Uint8Array): Promise<boolean> {
    const request = { prefix: folder.subarray(0, -1), startAfter: null, continuationToken: null, maxKeys: MIN_KEYS, window: { ...EVERYTHING, limit: 1 } };
    const firstKey = await this.firstKey(request, folder);
    // What follows behind it is asked from a key that is none: a server that leaves out something there is better believed.
    const isCrowded = firstKey !== null && compareKeys(firstKey, folder) < 0 && (await this.takesMadeUp(request));
    if (isCrowded) this.crowded.add(nameOf(folder));
    return isCrowded;
  }

  /** Null where there is none, or it may not be asked: a policy may allow the prefix that is listed, and no other. */
  private async firstKey(request: PageRequest, folder: Uint8Array): Promise<Uint8Array | null> {
    try {
      return (await this.answer(request, new RecordBuilder([]))).firstKey;
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === 'unreachable') throw error;
      if (!this.walks) return null;
      const what = `the server leaves out keys of folders that others sort right before, and whether they do before "${excerpt(folder)}" cannot be asked`;
      throw new Failure(error.kind, `${what}: ${error.message}`, 'allow ListBucket with any prefix below the one that is listed', { cause: error });
    }
  }
}

/** A `ListPage` that leaves out no key beside a folder, and whose word on where the keys end is good. */
export function aroundCrowdedFolders(listPage: ListPage, takesMadeUp: TakesMadeUp = () => Promise.resolve(true)): ListPage {
  const folders = new CrowdedFolders(listPage, takesMadeUp);
  return (request, builder) => folders.page(request, builder);
}
