/**
 * ISO 8601 times of key files, as s3scan, DuckDB and others write them. Not `Date.parse`: that takes `1` for
 * a year, and a time without a zone for the local one.
 */

const ISO_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:(Z)|([+-]\d\d)(?::?(\d\d))?)?$/i;

/** Milliseconds since the epoch, or null where the text is no such time. Without a zone it is UTC. */
export function parseIsoTime(text: string): number | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const [, date, time, , hours, minutes] = match;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes ?? '00'}`;
  const milliseconds = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
