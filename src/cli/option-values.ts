/** Option values from text: each parser says what it expected. */
import { InvalidArgumentError } from 'commander';

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

/** Names between commas. */
export function nameList(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
