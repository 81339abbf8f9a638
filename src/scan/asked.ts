/**
 * What a scan was asked, as far as its rows depend on it: kept in the journal, and to be the same when the scan is gone
 * on with. How fast, through which address and by whom it is asked may differ. Nothing secret is in it (R7).
 */
import { Failure } from '../failure.ts';
import type { Interval } from '../keyspace/interval.ts';
import { keyToJson, type Json, type Unit } from '../output/journal.ts';
import { recordEnd } from '../queue/place.ts';
import type { Filter } from '../source/filter.ts';
import { digestOf } from '../source/file-digest.ts';
import { rangeOf } from './listing-source.ts';
import type { HeadScanOptions, KeyFileSource, ListingOptions, ListScanOptions, OutputOptions } from './options.ts';

export interface Asked {
  readonly command: 'list' | 'head';
  readonly unit: Unit;
  /** by the names that a user knows */
  readonly asked: Readonly<Record<string, Json>>;
  /** what of the source is to be covered */
  readonly range: Interval;
  /** the range may be covered to some place before its end */
  readonly isOpen: boolean;
}

function askedOfListing({ bucket, versions, prefix, startAfter, endAt, maxKeys }: ListingOptions): Record<string, Json> {
  return {
    bucket,
    '--versions': versions,
    '--prefix': keyToJson(prefix),
    '--start-after': keyToJson(startAfter),
    '--end-at': endAt && keyToJson(endAt),
    '--max-keys': maxKeys,
  };
}

async function askedOfFile({ path, format, bucket }: KeyFileSource): Promise<Record<string, Json>> {
  return { bucket, '--from': path === '-' ? 'standard input' : { ...(await digestOf(path)) }, '--from-format': format };
}

function time(ms: number | null): Json {
  return ms === null ? null : new Date(ms).toISOString();
}

function askedOfFilter(filter: Filter | null): Record<string, Json> {
  if (filter === null) return {};
  return {
    '--include': filter.include,
    '--exclude': filter.exclude,
    '--min-size': filter.minSize,
    '--max-size': filter.maxSize,
    '--newer-than': time(filter.newerThan),
    '--older-than': time(filter.olderThan),
    '--storage-class': filter.storageClasses,
    '--sample': filter.sample,
  };
}

function askedOfOutput({ schema, format, compression }: OutputOptions): Record<string, Json> {
  return { '--columns': schema.map(({ name }) => name).join(','), '--format': format, '--compression': compression };
}

export function askedOfList({ listing, filter, sorted, output }: ListScanOptions): Asked {
  const asked = { ...askedOfListing(listing), ...askedOfFilter(filter), '--sorted': sorted, ...askedOfOutput(output) };
  return { command: 'list', unit: 'keys', asked, range: rangeOf(listing), isOpen: listing.maxKeys !== null };
}

export async function askedOfHead({ source, filter, checksums, parts, via, output }: HeadScanOptions): Promise<Asked> {
  const others = { ...askedOfFilter(filter), '--checksums': checksums, '--parts': parts, '--via': via, ...askedOfOutput(output) };
  if (source.kind === 'file') {
    return { command: 'head', unit: 'records', asked: { ...(await askedOfFile(source.file)), ...others }, range: { after: recordEnd(0), through: null }, isOpen: true };
  }
  const { listing } = source;
  return { command: 'head', unit: 'keys', asked: { ...askedOfListing(listing), ...others }, range: rangeOf(listing), isOpen: listing.maxKeys !== null };
}

/** In a message: short. */
function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return 'not given';
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Throws Failure('usage') that names the first difference. `folder` is how the message calls the output. */
export function checkAsked(before: Readonly<Record<string, Json>>, now: Readonly<Record<string, Json>>, folder: string): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [then, today] = [before[name] ?? null, now[name] ?? null];
    if (JSON.stringify(then) === JSON.stringify(today)) continue;
    throw new Failure(
      'usage',
      `--resume: the scan in ${JSON.stringify(folder)} was begun with another ${name}: ${shown(then)}, and is now ${shown(today)}`,
      'give what was given then (it is in the first line of its _journal.ndjson), or begin anew with --overwrite',
    );
  }
}
