/**
 * A page that tells its delete markers apart from its versions, in key order: versitygw and moto write all of the one
 * behind all of the other, and the AWS SDK tells any server's pages so. The two are merged, not sorted: what does not
 * ascend within its kind does not ascend afterwards either, and is found out (R2).
 */
import { Failure } from '../failure.ts';
import { compareKeys } from '../keyspace/interval.ts';
import { excerpt } from '../s3/xml.ts';
import type { VersionEntry, VersionsPage } from './versions-page.ts';

/** By key; within a key the newer first, as far as the page says it: some tell dates by the second. */
function inOrder(a: VersionEntry, b: VersionEntry): number {
  return compareKeys(a.key, b.key) || Number(b.isLatest) - Number(a.isLatest) || (b.lastModified ?? 0) - (a.lastModified ?? 0);
}

/** Null where the kinds alternate, or there is only one. */
function runs(entries: readonly VersionEntry[]): readonly [VersionEntry[], VersionEntry[]] | null {
  const isDeleteMarker = entries[0]?.isDeleteMarker;
  const turn = entries.findIndex((entry) => entry.isDeleteMarker !== isDeleteMarker);
  const isBack = turn === -1 || entries.some((entry, at) => at > turn && entry.isDeleteMarker === isDeleteMarker);
  return isBack ? null : [entries.slice(0, turn), entries.slice(turn)];
}

function merge(first: readonly VersionEntry[], second: readonly VersionEntry[]): VersionEntry[] {
  const merged: VersionEntry[] = [];
  let at = 0;
  for (const entry of first) {
    while (at < second.length && inOrder(second[at]!, entry) < 0) merged.push(second[at++]!);
    merged.push(entry);
  }
  return merged.concat(second.slice(at));
}

/** A server's page ends at its marker. Versitygw's is the path of the folder where its last entry is the object `folder/` (1.8.0). */
function liesBehind(key: Uint8Array, marker: Uint8Array): boolean {
  return compareKeys(key, marker) > 0 && compareKeys(key, Buffer.concat([marker, Buffer.from('/')])) !== 0;
}

/**
 * A truncated page proves nothing where each kind was cut for itself: between where the shorter and where the longer ends,
 * entries are missing. So they have to be counted together, and both to end where the server says that the page does.
 */
function checkEnd({ isTruncated, nextKeyMarker }: VersionsPage, entries: readonly VersionEntry[], maxKeys: number): void {
  if (!isTruncated) return;
  const [last] = entries.slice(-1);
  const problem =
    entries.length > maxKeys ? `they are ${entries.length} of ${maxKeys} asked for`
    : nextKeyMarker === null ? 'it gives no NextKeyMarker'
    : liesBehind(last!.key, nextKeyMarker) ? `"${excerpt(last!.key)}" lies behind its NextKeyMarker, "${excerpt(nextKeyMarker)}"`
    : null;
  if (problem === null) return;
  throw new Failure(
    'listing',
    `the page tells delete markers apart from versions, and not how far it goes with both: ${problem}`,
    'the server does not list versions as S3 does, and such a listing cannot be proven complete',
  );
}

export function inKeyOrder(page: VersionsPage, maxKeys: number): VersionsPage {
  const kinds = runs(page.entries);
  if (kinds === null) return page;
  const entries = merge(...kinds);
  checkEnd(page, entries, maxKeys);
  return { ...page, entries };
}
