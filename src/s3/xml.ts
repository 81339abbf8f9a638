/**
 * A strict forward scanner for the XML that S3 answers with: the page decoder's hot path, and error bodies.
 *
 * Not a general XML parser. It works on the body's bytes and makes no object and no string per element: a
 * caller walks the tags with `next`, asks `is(name)`, and reads positions. DOCTYPE, CDATA, comments and
 * processing instructions are refused, so entities cannot be defined and nothing can expand; every end tag
 * is matched, so a truncated document is always an error and never a shorter one.
 *
 * Characters that XML 1.0 forbids are accepted, raw or as references: keys may hold them, and S3 sends them.
 */

/** The document is not what this scanner accepts. The message says what and where, and shows its beginning. */
export class XmlError extends Error {
  override readonly name: string = 'XmlError';
}

const EXCERPT_CHARACTERS = 200;
/** Controls, line separators, and marks that reorder or hide text on a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The first 200 characters of something received, fit for a one-line message: controls are escaped. */
export function excerpt(received: Uint8Array | string): string {
  // A character has at most 4 bytes; one cut in half at the end becomes U+FFFD beyond the 200.
  const bytes = (EXCERPT_CHARACTERS + 1) * 4;
  const text = typeof received === 'string' ? received.slice(0, bytes) : Buffer.from(received.subarray(0, bytes)).toString('utf8');
  const characters = Array.from(text);
  const shown = characters.slice(0, EXCERPT_CHARACTERS).join('');
  const escaped = shown.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return characters.length > EXCERPT_CHARACTERS ? `${escaped}…` : escaped;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const EXCLAMATION = 0x21;
const DOUBLE_QUOTE = 0x22;
const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const LESS_THAN = 0x3c;
const EQUALS = 0x3d;
const GREATER_THAN = 0x3e;
const QUESTION = 0x3f;

/** S3's own documents are at most 5 deep; MinIO's extensions 6. */
const MAX_DEPTH = 32;
/** `&#x10FFFF;` and some leading zeros */
const MAX_REFERENCE = 16;

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

/**
 * Bytes that end a tag's name, or have no place in it, by a 1. Any other byte is let pass: MinIO makes tags
 * of header names, which may hold what XML names may not.
 */
const ENDS_NAME = new Uint8Array(256);
for (const byte of [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE, DOUBLE_QUOTE, AMPERSAND, SLASH, LESS_THAN, EQUALS, GREATER_THAN]) ENDS_NAME[byte] = 1;

/** What ends an attribute's name, or has no place in it. */
const ENDS_ATTRIBUTE: readonly number[] = [EQUALS, DOUBLE_QUOTE, APOSTROPHE, GREATER_THAN, LESS_THAN];

export class XmlScanner {
  readonly body: Buffer;
  /** where the text that `text` read begins and ends in the body */
  textStart = 0;
  textEnd = 0;
  private at = 0;
  private nameStart = 0;
  private nameEnd = 0;
  /** the last tag was `<name/>`: its end is still to be told */
  private emptyElement = false;
  /** start and end of the name of each open element */
  private readonly open = new Int32Array(2 * MAX_DEPTH);
  private depth = 0;

  /** Reads the XML declaration, if there is one. */
  constructor(body: Buffer) {
    this.body = body;
    if (body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) this.at = 3;
    this.space();
    if (this.at === body.length) throw new XmlError('the body is empty');
    if (body[this.at] !== LESS_THAN) throw this.error('no XML document');
    if (body[this.at + 1] === QUESTION) this.declaration();
  }

  /** An error at a position of the document. */
  error(what: string, position: number = this.at): XmlError {
    return new XmlError(`${what} at byte ${position} of ${this.body.length}; it begins: ${excerpt(this.body)}`);
  }

  /**
   * Reads the next tag; nothing but white space may stand before it. True for a start tag, false for the end
   * tag of the innermost open element.
   */
  next(): boolean {
    if (this.emptyElement) {
      this.emptyElement = false;
      this.depth--;
      return false;
    }
    const { body } = this;
    if (body[this.at] !== LESS_THAN) {
      this.space();
      if (this.at >= body.length) throw this.truncated();
      if (body[this.at] !== LESS_THAN) throw this.error('text between elements');
    }
    return this.tag();
  }

  /** Whether the start tag just read has this name (ASCII). */
  is(name: string): boolean {
    const { body, nameStart } = this;
    if (this.nameEnd - nameStart !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (body[nameStart + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Where the start tag just read begins. */
  get tagStart(): number {
    return this.nameStart - 1;
  }

  /** Where reading goes on. */
  get position(): number {
    return this.at;
  }

  /** Goes on behind elements that were read by other means: whole ones, beside the last. */
  goOn(position: number): void {
    this.at = position;
  }

  /** The name of the tag just read, for messages. */
  get name(): string {
    return excerpt(this.body.subarray(this.nameStart, this.nameEnd));
  }

  /** Reads the text of the element whose start tag was just read, and its end tag. References stay as they are. */
  text(): void {
    const { body } = this;
    let at = this.at;
    this.textStart = at;
    if (this.emptyElement) {
      this.emptyElement = false;
      this.depth--;
      this.textEnd = at;
      return;
    }
    const length = body.length;
    while (at < length && body[at] !== LESS_THAN) at++;
    this.textEnd = at;
    // The end tag as nearly all are written: `</`, the name again, `>`.
    let name = this.nameStart;
    const nameEnd = this.nameEnd;
    const close = at + 2 + nameEnd - name;
    if (close < length && body[close] === GREATER_THAN && body[at + 1] === SLASH) {
      at += 2;
      while (name < nameEnd && body[at] === body[name]) {
        at++;
        name++;
      }
      if (name === nameEnd) {
        this.at = close + 1;
        this.depth--;
        return;
      }
    }
    this.at = this.textEnd;
    if (this.at + 1 < length && body[this.at + 1] !== SLASH) throw this.error(`markup inside <${this.name}>, where only text belongs`);
    this.endTag();
  }

  /** Passes over the element whose start tag was just read, and tells where what is in it stands. */
  content(): void {
    const isEmpty = this.emptyElement;
    this.textStart = this.at;
    this.skip();
    this.textEnd = isEmpty ? this.textStart : this.body.lastIndexOf('</', this.at - 1, 'latin1');
  }

  /** Passes over the element whose start tag was just read, with all that is in it. */
  skip(): void {
    const { body } = this;
    const outside = this.depth - 1;
    while (this.depth > outside) {
      if (this.emptyElement) {
        this.emptyElement = false;
        this.depth--;
        continue;
      }
      while (this.at < body.length && body[this.at] !== LESS_THAN) this.at++;
      if (this.at >= body.length) throw this.truncated();
      this.tag();
    }
  }

  /** After the root's end: nothing but white space may follow. */
  finish(): void {
    this.space();
    if (this.at < this.body.length) throw this.error('something follows the document');
  }

  private truncated(): XmlError {
    return this.error('the document is cut short', this.body.length);
  }

  private space(): void {
    const { body } = this;
    while (this.at < body.length && isSpace(body[this.at]!)) this.at++;
  }

  /** `<?xml version="1.0" encoding="UTF-8"?>`. Another encoding would make other bytes of the same key. */
  private declaration(): void {
    const end = this.body.indexOf('?>', this.at, 'latin1');
    const text = this.body.toString('latin1', this.at, end === -1 ? this.body.length : end);
    if (!/^<\?xml\s/.test(text)) throw this.error('a processing instruction');
    if (end === -1) throw this.truncated();
    const encoding = /\sencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
    if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) throw this.error(`the encoding ${excerpt(encoding)}, not UTF-8,`);
    this.at = end + 2;
  }

  /** Reads the tag at `at`, which is a `<`. */
  private tag(): boolean {
    const second = this.body[this.at + 1];
    if (second === SLASH) {
      this.endTag();
      return false;
    }
    if (second === EXCLAMATION) throw this.error('a DOCTYPE, comment or CDATA section');
    if (second === QUESTION) throw this.error('a processing instruction');
    this.startTag();
    return true;
  }

  private startTag(): void {
    const { body } = this;
    const length = body.length;
    const start = this.at + 1;
    let at = start;
    while (at < length && ENDS_NAME[body[at]!] === 0) at++;
    if (at === length) throw this.truncated();
    const byte = body[at]!;
    if (at === start || !(byte === GREATER_THAN || byte === SLASH || isSpace(byte))) throw this.error('a malformed tag');
    if (this.depth === MAX_DEPTH) throw this.error(`elements more than ${MAX_DEPTH} deep`);
    this.nameStart = start;
    this.nameEnd = at;
    this.open[2 * this.depth] = start;
    this.open[2 * this.depth + 1] = at;
    this.depth++;
    this.at = byte === GREATER_THAN ? at + 1 : this.attributes(at);
  }

  /** Passes over attributes, whose values nothing here needs. Returns where the tag has ended. */
  private attributes(from: number): number {
    const { body } = this;
    let at = from;
    for (;;) {
      while (at < body.length && isSpace(body[at]!)) at++;
      if (at >= body.length) throw this.truncated();
      if (body[at] === GREATER_THAN) return at + 1;
      if (body[at] === SLASH) {
        if (at + 1 >= body.length) throw this.truncated();
        if (body[at + 1] !== GREATER_THAN) throw this.error('a malformed tag');
        this.emptyElement = true;
        return at + 2;
      }
      while (at < body.length && !ENDS_ATTRIBUTE.includes(body[at]!)) at++;
      if (at < body.length && body[at] !== EQUALS) throw this.error('a malformed attribute');
      at++;
      while (at < body.length && isSpace(body[at]!)) at++;
      const quote = body[at];
      if (quote === undefined) throw this.truncated();
      if (quote !== DOUBLE_QUOTE && quote !== APOSTROPHE) throw this.error('a malformed attribute');
      at++;
      while (at < body.length && body[at] !== quote && body[at] !== LESS_THAN) at++;
      if (at >= body.length) throw this.truncated();
      if (body[at] === LESS_THAN) throw this.error('a malformed attribute');
      at++;
    }
  }

  /** Reads the end tag at `at`, which must be that of the innermost open element. */
  private endTag(): void {
    const { body } = this;
    if (this.depth === 0) throw this.error('an end tag without a start tag');
    this.depth--;
    const end = this.open[2 * this.depth + 1]!;
    let at = this.at + 2;
    for (let i = this.open[2 * this.depth]!; i < end; i++, at++) {
      if (body[at] !== body[i]) throw at >= body.length ? this.truncated() : this.error('an end tag that does not match its start tag');
    }
    while (at < body.length && body[at] !== GREATER_THAN && isSpace(body[at]!)) at++;
    if (at >= body.length) throw this.truncated();
    if (body[at] !== GREATER_THAN) throw this.error('an end tag that does not match its start tag');
    this.at = at + 1;
  }
}

const NAMED_REFERENCES: ReadonlyMap<string, number> = new Map([
  ['amp', AMPERSAND],
  ['lt', LESS_THAN],
  ['gt', GREATER_THAN],
  ['quot', DOUBLE_QUOTE],
  ['apos', APOSTROPHE],
]);

function codePointOf(name: string): number | null {
  const named = NAMED_REFERENCES.get(name);
  if (named !== undefined) return named;
  const hexadecimal = name.startsWith('#x');
  if (!(hexadecimal ? /^#x[0-9a-fA-F]+$/ : /^#[0-9]+$/).test(name)) return null;
  const codePoint = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
  const isScalar = codePoint < 0xd800 || (codePoint > 0xdfff && codePoint <= 0x10ffff);
  return isScalar ? codePoint : null;
}

/**
 * The text `[start, end)` with its references resolved: the five named ones and numeric ones. A character's
 * bytes are never more than those of its reference, so the result is never longer than the source.
 */
export function resolveReferences(body: Buffer, start: number, end: number): Buffer {
  const resolved = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    if (body[at] !== AMPERSAND) {
      resolved[length++] = body[at]!;
      continue;
    }
    let semicolon = at + 1;
    while (semicolon < end && semicolon - at < MAX_REFERENCE && body[semicolon] !== SEMICOLON) semicolon++;
    const codePoint = body[semicolon] === SEMICOLON && semicolon < end ? codePointOf(body.toString('latin1', at + 1, semicolon)) : null;
    if (codePoint === null) {
      const shown = excerpt(body.subarray(at, Math.min(end, at + MAX_REFERENCE)));
      throw new XmlError(`a reference that XML does not define, ${shown}, at byte ${at} of ${body.length}; it begins: ${excerpt(body)}`);
    }
    length += resolved.write(String.fromCodePoint(codePoint), length, 'utf8');
    at = semicolon;
  }
  return resolved.subarray(0, length);
}
