/**
 * The options that a report repeats, so that a run can be compared with another, without what is secret in
 * them (R7). No option takes a secret, but any URL may hold one.
 */

type OptionValue = string | number | boolean | null | readonly string[];
export type Options = Readonly<Record<string, OptionValue>>;

/** A URL without what may be secret in it: user, password, and the query, where a presigned URL has its signature (R7). */
export function withoutSecrets(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const bare = text.replace(/^([^:]+:\/\/)[^/?#]*@/, '$1');
  return /^https?:/i.test(bare) ? bare.replace(/[?#].*$/s, '') : bare;
}

function optionWithoutSecrets(value: OptionValue): OptionValue {
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value === 'object' && value !== null) return value.map(withoutSecrets);
  return value;
}

export function optionsWithoutSecrets(options: Options): Options {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, optionWithoutSecrets(value)]));
}
