/**
 * Globs over whole keys, and the prefix that they narrow a listing to.
 *
 * Not a library for paths: those clean up or pass over `.`, `..` and `//`, and a key is none of their business (R3).
 * `*` is any run of characters but "/", `**` any run, `**` before a "/" also none at all with that "/", `?` one
 * character but "/", `[a-z]` and `[!a-z]` one character but "/", `{a,b}` either; `\` takes the next one as it is.
 */
import { Failure } from '../failure.ts';

/** Room for what a key can be, many times; nested braces are followed by recursion. */
const MAX_CHARACTERS = 2048;
const SPECIAL_IN_REGEXP = /[\\^$.*+?()[\]{}|/]/;
/** Where a glob begins to be more than text. */
const SPECIAL_IN_GLOB = /[*?[\]{}\\]/u;

function refusal(glob: string, what: string): Failure {
  return new Failure('usage', `the glob ${JSON.stringify(glob)} ${what}`, 'put a \\ before a character that stands for itself');
}

function escaped(character: string): string {
  return SPECIAL_IN_REGEXP.test(character) ? `\\${character}` : character;
}

class GlobTranslator {
  private readonly glob: string;
  private readonly characters: readonly string[];
  private at = 0;

  constructor(glob: string) {
    this.glob = glob;
    this.characters = Array.from(glob);
  }

  whole(): string {
    const source = this.sequence(false);
    if (this.at < this.characters.length) throw refusal(this.glob, 'has a } that closes nothing');
    return source;
  }

  /** Up to the end, or to what ends an alternative of braces. */
  private sequence(inBraces: boolean): string {
    let source = '';
    for (let character = this.characters[this.at]; character !== undefined; character = this.characters[this.at]) {
      if (character === '}' || (inBraces && character === ',')) break;
      this.at++;
      source += this.one(character);
    }
    return source;
  }

  private one(character: string): string {
    switch (character) {
      case '*':
        return this.stars();
      case '?':
        return '[^/]';
      case '[':
        return this.set();
      case '{':
        return this.braces();
      case '\\': {
        const next = this.characters[this.at++];
        if (next === undefined) throw refusal(this.glob, 'ends in a \\');
        return escaped(next);
      }
      default:
        return escaped(character);
    }
  }

  /** Behind the first star. */
  private stars(): string {
    const { characters } = this;
    const first = this.at - 1;
    while (characters[this.at] === '*') this.at++;
    if (this.at - first === 1) return '[^/]*';
    const beginsFolder = first === 0 || characters[first - 1] === '/';
    if (!beginsFolder || characters[this.at] !== '/') return '.*';
    this.at++;
    return '(?:.*/)?';
  }

  /** Behind the bracket. A `]` that comes first stands for itself, as in a shell. */
  private set(): string {
    const negated = this.characters[this.at] === '!' || this.characters[this.at] === '^';
    if (negated) this.at++;
    let source = '';
    for (let first = true; ; first = false) {
      const character = this.characters[this.at++];
      if (character === undefined) throw refusal(this.glob, 'has a [ that is not closed');
      if (character === ']' && !first) break;
      if (character === '\\') {
        const next = this.characters[this.at++];
        if (next === undefined) throw refusal(this.glob, 'ends in a \\');
        source += next === '-' ? '\\-' : escaped(next);
      } else {
        source += escaped(character);
      }
    }
    return `(?!/)[${negated ? '^' : ''}${source}]`;
  }

  /** Behind the brace. */
  private braces(): string {
    const alternatives = [this.sequence(true)];
    while (this.characters[this.at] === ',') {
      this.at++;
      alternatives.push(this.sequence(true));
    }
    if (this.characters[this.at++] !== '}') throw refusal(this.glob, 'has a { that is not closed');
    if (alternatives.length === 1) throw refusal(this.glob, 'has a { } without a comma');
    return `(?:${alternatives.join('|')})`;
  }
}

/** Whether a whole key matches. Throws Failure('usage') for what is no glob. */
export function compileGlob(glob: string): (key: string) => boolean {
  if (glob === '') throw refusal(glob, 'is empty: no key is');
  if (glob.length > MAX_CHARACTERS) throw new Failure('usage', `a glob is longer than ${MAX_CHARACTERS} characters`, 'give it as several');
  const source = new GlobTranslator(glob).whole();
  let pattern: RegExp;
  try {
    // s: a key may hold a line end. u: `?` is a character, not half of one.
    pattern = new RegExp(`^(?:${source})$`, 'su');
  } catch {
    // All but the order within [z-a] is written here.
    throw refusal(glob, 'has a range in [ ] that is none');
  }
  return (key) => pattern.test(key);
}

/** What every key that matches begins with. */
export function literalBeginning(glob: string): string {
  const end = glob.search(SPECIAL_IN_GLOB);
  return end === -1 ? glob : glob.slice(0, end);
}

function commonBeginning(a: string, b: string): string {
  const others = Array.from(b);
  let common = '';
  for (const [at, character] of Array.from(a).entries()) {
    if (others[at] !== character) break;
    common += character;
  }
  return common;
}

/**
 * The longest prefix, `prefix` or longer, under which lie all keys under `prefix` that one of the globs matches;
 * `prefix` without globs. null: none of them can match there.
 */
export function narrowedPrefix(prefix: string, globs: readonly string[]): string | null {
  if (globs.length === 0) return prefix;
  const reachable = globs.map(literalBeginning).filter((text) => text.startsWith(prefix) || prefix.startsWith(text));
  if (reachable.length === 0) return null;
  const common = reachable.reduce(commonBeginning);
  return common.startsWith(prefix) ? common : prefix;
}
