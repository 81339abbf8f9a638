/** A bucket with versions behind `GetBucket`: ListObjectVersions as servers write it, without a socket. */
import type { GetBucket } from '../../src/listing/list-objects-v2.ts';
import { bytes, compareText, type Dice, type Schedule } from './fake-bucket.ts';

export interface Version {
  readonly key: string;
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
  /** versions of its key that are newer */
  readonly newer?: number;
}

/** What tells servers apart. */
export interface VersionsDialect {
  readonly urlEncoded: boolean;
  /** MinIO adds words of its own to the marker */
  readonly keyMarkerSuffix: string;
  /** some servers leave it out */
  readonly withVersionIdMarker: boolean;
  /** versitygw writes the delete markers of a page before its versions, moto behind them */
  readonly deleteMarkers?: 'before' | 'behind';
}

export const DIALECTS: readonly VersionsDialect[] = [
  { urlEncoded: true, keyMarkerSuffix: '', withVersionIdMarker: true },
  { urlEncoded: true, keyMarkerSuffix: '[minio_cache:v2,return:]', withVersionIdMarker: true },
  { urlEncoded: false, keyMarkerSuffix: '', withVersionIdMarker: false },
  { urlEncoded: false, keyMarkerSuffix: '', withVersionIdMarker: true, deleteMarkers: 'before' },
  { urlEncoded: true, keyMarkerSuffix: '', withVersionIdMarker: true, deleteMarkers: 'behind' },
];

export type Ask = (name: string) => string | null;

/** A page as the server composes it; markers are those of its last entry unless told. */
export interface VersionsAnswer {
  readonly entries: readonly Version[];
  readonly isTruncated: boolean;
  readonly folders?: readonly string[];
  readonly markers?: { readonly key: string | null; readonly versionId: string | null };
}

function text(value: string, urlEncoded: boolean): string {
  const encoded = urlEncoded ? encodeURIComponent(value).replaceAll('%20', '+') : value;
  return encoded.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** By kind, where the server tells them apart; each as they come. */
function asWritten<T extends Pick<Version, 'isDeleteMarker'>>(entries: readonly T[], { deleteMarkers }: VersionsDialect): readonly T[] {
  if (deleteMarkers === undefined) return entries;
  const kinds = deleteMarkers === 'before' ? [true, false] : [false, true];
  return kinds.flatMap((kind) => entries.filter(({ isDeleteMarker }) => isDeleteMarker === kind));
}

/** The date of every newest version. */
export const NEWEST: number = Date.parse('2026-11-20T12:34:56.789Z');

export function renderVersions({ entries, isTruncated, folders = [], markers }: VersionsAnswer, dialect: VersionsDialect): Buffer {
  const { urlEncoded, keyMarkerSuffix, withVersionIdMarker } = dialect;
  const last = entries.at(-1);
  const { key, versionId } = markers ?? { key: last?.key ?? null, versionId: last?.versionId ?? null };
  const latest = new Set<string>();
  const told = entries.map((entry) => {
    const isLatest = entry.newer === undefined ? !latest.has(entry.key) : entry.newer === 0;
    latest.add(entry.key);
    return { ...entry, isLatest, lastModified: new Date(NEWEST - (entry.newer ?? 0)).toISOString() };
  });
  const elements = asWritten(told, dialect).map((entry) => {
    const { isDeleteMarker, isLatest, lastModified } = entry;
    const name = isDeleteMarker ? 'DeleteMarker' : 'Version';
    const described = isDeleteMarker ? '' : '<ETag>&quot;e&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass>';
    return `<${name}><Key>${text(entry.key, urlEncoded)}</Key><VersionId>${entry.versionId}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${lastModified}</LastModified>${described}<Owner><ID>me</ID><DisplayName>me</DisplayName></Owner></${name}>`;
  });
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><KeyMarker/><VersionIdMarker/>` +
      (isTruncated && key !== null ? `<NextKeyMarker>${text(key + keyMarkerSuffix, urlEncoded)}</NextKeyMarker>` : '') +
      (isTruncated && withVersionIdMarker && versionId !== null ? `<NextVersionIdMarker>${versionId}</NextVersionIdMarker>` : '') +
      `<MaxKeys>1000</MaxKeys>${urlEncoded ? '<EncodingType>url</EncodingType>' : ''}<IsTruncated>${isTruncated}</IsTruncated>` +
      `${elements.join('')}${folders.map((folder) => `<CommonPrefixes><Prefix>${text(folder, urlEncoded)}</Prefix></CommonPrefixes>`).join('')}</ListVersionsResult>`,
  );
}

/** All versions of the bucket in S3's order: by key, the latest first. */
export function ordered(versions: readonly Version[]): Version[] {
  return [...versions].sort((a, b) => compareText(a.key, b.key));
}

/** What a server makes of a key-marker without a version: S3 begins behind the key, versitygw with it; moto passes over one entry. */
export type KeyMarkerRule = 'behind' | 'with' | 'with the version, too' | 'passes over one';

function firstAfter(entries: readonly Version[], keyMarker: string, rule: KeyMarkerRule): number {
  if (keyMarker === '') return 0;
  const from = entries.findIndex(({ key }) => compareText(key, keyMarker) >= 0);
  if (from === -1) return entries.length;
  if (rule !== 'behind') return rule === 'passes over one' ? from + 1 : from;
  const behind = entries.findIndex(({ key }) => compareText(key, keyMarker) > 0);
  return behind === -1 ? entries.length : behind;
}

/** Serves what `all` holds. `dice`: pages are short as they will. */
export function honestVersions(all: readonly Version[], dice: Dice | null = null, rule: KeyMarkerRule = 'behind'): (ask: Ask) => VersionsAnswer {
  const entries = ordered(all);
  return (ask) => {
    const [prefix, keyMarker, versionIdMarker] = [ask('prefix') ?? '', ask('key-marker') ?? '', ask('version-id-marker')];
    const marked = entries.findIndex(({ key, versionId }) => key === keyMarker && versionId === versionIdMarker);
    const left = entries.slice(marked >= 0 ? marked + (rule === 'with the version, too' ? 0 : 1) : firstAfter(entries, keyMarker, rule)).filter(({ key }) => key.startsWith(prefix));
    if (ask('delimiter') !== null) {
      const folders = left.filter(({ key }) => key.includes('/', prefix.length)).map(({ key }) => key.slice(0, key.indexOf('/', prefix.length) + 1));
      return { entries: left.filter(({ key }) => !key.includes('/', prefix.length)), folders: [...new Set(folders)], isTruncated: false };
    }
    const most = Number(ask('max-keys'));
    const size = dice !== null && dice() < 0.3 ? 1 + Math.floor(dice() * most) : most;
    return { entries: left.slice(0, size), isTruncated: left.length > size };
  };
}

/** Answers that come in the order of the schedule. `asked` gets the parameters of each request. */
export function serveVersions(server: (ask: Ask) => VersionsAnswer, dialect: VersionsDialect, schedule: Schedule, asked: Ask[] = []): GetBucket {
  return async (query) => {
    const values = new Map(query.map(([name, value]) => [name, typeof value === 'string' ? value : bytes(Buffer.from(value).toString()).toString()]));
    const ask: Ask = (name) => values.get(name) ?? null;
    asked.push(ask);
    await schedule.turn();
    const body = renderVersions(server(ask), dialect);
    await schedule.turn();
    return body;
  };
}
