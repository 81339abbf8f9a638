/**
 * As much of HTTP/1.1 (RFC 9112) as an S3 client's GET and HEAD need: a request line, and fields ended by an empty line. No bodies:
 * a request that brings one is marked, and its connection closed behind the answer, since nothing here is ever written.
 */

export interface Request {
  readonly method: string;
  /** as sent, percent-encoded, without the query */
  readonly path: string;
  /** as sent, without the question mark; empty if there is none */
  readonly query: string;
  readonly fields: Fields;
}

/** One header section, in the order sent; names in lower case. Every character is a byte. */
export interface Fields {
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly host: string;
  /** the client asks for it, or sends a body that nobody will read */
  readonly close: boolean;
}

/** What a request line or header section is refused with; the connection closes behind it. */
export type Malformed = 'malformed' | 'too-large' | 'version';

const MAX_HEADER_BYTES = 65_536;
const LINE_END = '\r\n';
const SECTION_END = '\r\n\r\n';

/** Takes requests out of what one connection sends, however it is cut into chunks. */
export class RequestParser {
  #rest = '';
  #latestSection = '';
  #latestFields: Fields | null = null;

  /** The next chunk, one character a byte. */
  push(chunk: string): void {
    this.#rest = this.#rest === '' ? chunk : this.#rest + chunk;
  }

  /** The next whole request; null if more has to arrive first. After a refusal nothing more can be taken. */
  next(): Request | Malformed | null {
    // An empty line before a request line is ignored (RFC 9112, 2.2).
    while (this.#rest.startsWith(LINE_END)) this.#rest = this.#rest.slice(2);
    const text = this.#rest;
    const end = text.indexOf(SECTION_END);
    if (end === -1) return text.length > MAX_HEADER_BYTES ? 'too-large' : null;
    if (end > MAX_HEADER_BYTES) return 'too-large';
    this.#rest = text.slice(end + SECTION_END.length);

    const lineEnd = text.indexOf(LINE_END);
    const methodEnd = text.indexOf(' ');
    const targetEnd = text.indexOf(' ', methodEnd + 1);
    if (methodEnd < 1 || targetEnd === -1 || targetEnd > lineEnd || text[methodEnd + 1] !== '/') return 'malformed';
    if (text.slice(targetEnd + 1, lineEnd) !== 'HTTP/1.1') return 'version';
    const target = text.slice(methodEnd + 1, targetEnd);
    const question = target.indexOf('?');
    const fields = this.#section(lineEnd === end ? '' : text.slice(lineEnd + 2, end));
    if (fields === null) return 'malformed';
    return {
      method: text.slice(0, methodEnd),
      path: question === -1 ? target : target.slice(0, question),
      query: question === -1 ? '' : target.slice(question + 1),
      fields,
    };
  }

  /** Clients that sign nothing send the same section with every request: it is parsed once. */
  #section(section: string): Fields | null {
    if (this.#latestFields === null || section !== this.#latestSection) {
      this.#latestSection = section;
      this.#latestFields = parseFields(section);
    }
    return this.#latestFields;
  }
}

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** null if a line is no field, or no host is named (RFC 9112, 3.2). */
function parseFields(section: string): Fields | null {
  const names: string[] = [];
  const values: string[] = [];
  let host: string | null = null;
  let close = false;
  for (let at = 0; at < section.length;) {
    const found = section.indexOf(LINE_END, at);
    const lineEnd = found === -1 ? section.length : found;
    const colon = section.indexOf(':', at);
    if (colon === -1 || colon > lineEnd) return null;
    const name = fieldName(section.slice(at, colon));
    if (name === null) return null;
    const value = trimmed(section, colon + 1, lineEnd);
    if (name === 'host') {
      if (host !== null) return null;
      host = value;
    } else if (name === 'connection') close ||= value.toLowerCase() === 'close';
    else if (name === 'content-length') close ||= value !== '0';
    else if (name === 'transfer-encoding') close = true;
    names.push(name);
    values.push(value);
    at = lineEnd + 2;
  }
  return host === null ? null : { names, values, host, close };
}

const MAX_KNOWN_NAMES = 256;
const knownNames = new Map<string, string>();

/** In lower case; null if it is none. Clients use few names, so each is checked once. */
function fieldName(sent: string): string | null {
  const known = knownNames.get(sent);
  if (known !== undefined) return known;
  const name = sent.toLowerCase();
  if (!FIELD_NAME.test(name)) return null;
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(sent, name);
  return name;
}

/** Without optional whitespace, which is space and tab: String.trim would take bytes of UTF-8 for spaces. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** The value of a field, or undefined. `name` in lower case. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  const at = fields.names.indexOf(name);
  return at === -1 ? undefined : fields.values[at];
}
