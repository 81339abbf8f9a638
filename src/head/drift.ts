/** Whether a HEAD's answer is about the object that the listing showed (R4). Pure. */
import type { Listed } from '../queue/key-batch.ts';
import type { AnswerHeaders } from './engine.ts';

function differs(expected: Uint8Array, start: number, end: number, actual: Uint8Array): boolean {
  if (actual.length !== end - start) return true;
  for (let i = 0; i < actual.length; i++) if (actual[i] !== expected[start + i]) return true;
  return false;
}

/**
 * What differs from the LIST entry: `etag`, `size`, `last_modified`, joined by commas; null if nothing does.
 * Last-Modified has whole seconds where LIST may have milliseconds, so seconds are compared. Where a version was
 * asked for and the answer names another, `version_id` and no more.
 */
export function driftOf(listed: Listed | null, index: number, versionId: string | null, headers: AnswerHeaders): string | null {
  if (versionId !== null && (headers.text('x-amz-version-id') ?? versionId) !== versionId) return 'version_id';
  if (listed === null) return null;
  let drift: string | null = null;
  if (listed.etag !== null) {
    const { offsets, values } = listed.etag;
    const start = offsets[index]!;
    const end = offsets[index + 1]!;
    const etag = headers.etag();
    if (end > start && etag !== null && differs(values, start, end, etag)) drift = 'etag';
  }
  if (listed.size !== null) {
    const size = Number(listed.size[index]);
    const contentLength = headers.contentLength();
    if (size >= 0 && contentLength >= 0 && size !== contentLength) drift = drift === null ? 'size' : `${drift},size`;
  }
  if (listed.lastModified !== null) {
    const listedMs = Number(listed.lastModified[index]);
    const headMs = headers.lastModified();
    if (listedMs >= 0 && headMs >= 0 && Math.floor(listedMs / 1000) !== Math.floor(headMs / 1000)) {
      drift = drift === null ? 'last_modified' : `${drift},last_modified`;
    }
  }
  return drift;
}
