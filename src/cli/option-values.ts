/** Option values from text: each parser says what it expected. */
import { InvalidArgumentError } from 'commander';
import { Failure } from '../failure.ts';
import { parseHostPort } from '../http/network.ts';
import { compileGlob } from '../source/filter-glob.ts';
import { parseIsoTime } from '../source/iso-time.ts';

/** A whole number in `[least, most]`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A whole number in `[least, most]`, or `auto`: null. */
export function wholeNumberOrAuto(least: number, most: number): (text: string) => number | null {
  const parse = wholeNumber(least, most);
  return (text) => (text === 'auto' ? null : parse(text));
}

/** A decimal number in `[least, most]`. */
export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** An address with its port. It stays text, as the metrics tell it. */
export function hostPort(text: string): string {
  if (parseHostPort(text) === null) throw new InvalidArgumentError('expected HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000.');
  return text;
}

/** The id of an AWS account. */
export function accountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError('expected the 12 digits of an AWS account.');
  return text;
}

/** Names between commas. */
export function nameList(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

const UNITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...['B', 'KB', 'MB', 'GB', 'TB', 'PB'].map((unit, power) => [unit, 1000 ** power] as const),
  ...['KIB', 'MIB', 'GIB', 'TIB', 'PIB'].map((unit, power) => [unit, 1024 ** (power + 1)] as const),
]);

/** A size in bytes, as a number of them or with a unit: `1024`, `5MB`, `1.5GiB`. `5M` could mean two things and is refused. */
export function byteSize(text: string): number {
  const [, digits = '', unit = 'B'] = /^(\d{1,15}(?:\.\d{1,9})?) ?([KMGTP]?i?B)?$/i.exec(text) ?? [];
  const size = Number(digits) * (UNITS[unit.toUpperCase()] ?? NaN);
  if (digits === '' || !Number.isSafeInteger(size)) throw new InvalidArgumentError('expected a size such as 1024, 5MB (5,000,000) or 10MiB (10,485,760).');
  return size;
}

const MS_OF: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** A time, or an age: how long before `nowMs`. As ISO 8601 in UTC, which is how the metrics tell it. */
export function moment(text: string, nowMs: number): string {
  const [, count, unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const time = count === undefined ? isoMoment(text) : nowMs - Number(count) * MS_OF[unit]!;
  // The years that ISO 8601 writes with four digits.
  if (time === null || !(time >= Date.UTC(0, 0) && time < Date.UTC(10_000, 0))) {
    throw new InvalidArgumentError('expected a date such as 2026-01-31, a time such as 2026-01-31T12:00Z, or an age such as 7d, 12h or 30m.');
  }
  return new Date(time).toISOString();
}

/** A date is its beginning; without a zone it is UTC. null for what is no time, as the 30th of February. */
function isoMoment(text: string): number | null {
  const time = parseIsoTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00Z` : text);
  const [date = ''] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [];
  const day = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date ? null : time;
}

/** A glob over whole keys. */
export function glob(text: string): string {
  try {
    compileGlob(text);
  } catch (error) {
    if (error instanceof Failure) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
  return text;
}

/** The name of a storage class: AWS writes them in capitals, other servers let their operators choose. */
export function storageClass(text: string): string {
  if (!/^[\w.-]{1,128}$/.test(text)) throw new InvalidArgumentError('expected a name such as STANDARD or GLACIER.');
  return text;
}

/** An option that may be given several times: its values, in order. */
export function repeatable(parse: (text: string) => string): (text: string, before: readonly string[] | undefined) => string[] {
  return (text, before) => [...(before ?? []), parse(text)];
}
