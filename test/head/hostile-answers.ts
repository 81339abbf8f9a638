/**
 * Answers to a HEAD that break HTTP, stretch it, or are what servers and proxies send when something is wrong with
 * them (RFC 9110, RFC 9112): the bytes, and what must become of the key that they were sent for. What must become
 * of the next key is the same in all cases: its own row (R4).
 */

/** Bytes (a string is latin1), a pause, what happens to the connection, or the wait for the next request on it. */
export type Piece = string | Uint8Array | { readonly pauseMs: number } | { readonly act: 'end' | 'reset' | 'await request' };

export const END: Piece = { act: 'end' };
export const RESET: Piece = { act: 'reset' };
/** What follows is sent once the next request has come, and before its answer. */
export const NEXT_REQUEST: Piece = { act: 'await request' };

/** Columns of the row that must have these values, or match these; null: the column must be null. */
export type Becomes = Readonly<Record<string, unknown>>;

export interface HostileAnswer {
  readonly name: string;
  readonly send: readonly Piece[];
  /** sent to the first request for the key only; asked again, it is answered well */
  readonly once?: true;
  /** it takes a timeout to end it */
  readonly hangs?: true;
  readonly becomes: Becomes;
  /** where the engines rightly differ, what the official SDK makes of it */
  readonly sdk?: Becomes;
  /** the keys come with their ETags, as from a listing */
  readonly listed?: true;
  /** Node's client, which the SDK uses, takes the next key's answer for it: only a listing tells */
  readonly fastOnly?: true;
}

/** The row of the key itself, answered well. */
export const OWN: Becomes = { status: 200, error: null, metadata: [['key', 'hostile']], etag: 'hostile', drift: null };

/** How the two parsers call what is not HTTP. */
export const NO_HTTP: RegExp = /^(HTTPParserError|HPE_[A-Z_]+|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/;

const CLOSED = /^(ECONNRESET|UND_ERR_SOCKET)$/;

export function failed(error: string | RegExp): Becomes {
  return { status: null, error, metadata: null, etag: null };
}

export function refused(status: number, error: string): Becomes {
  return { status, error, metadata: null, etag: null };
}

export const STATUS = 'HTTP/1.1 200 OK\r\n';
export const HEADERS = 'ETag: "hostile"\r\nx-amz-meta-key: hostile\r\n';
/** A good answer about an object of seven bytes. */
export const GOOD: string = `${STATUS}Content-Length: 7\r\n${HEADERS}\r\n`;

/** A good answer with these headers, too. */
function withHeaders(lines: string): string {
  return `${STATUS}Content-Length: 7\r\n${HEADERS}${lines}\r\n`;
}

/** Looks like the answer to another HEAD. */
export const FORGED: string = `${STATUS}Content-Length: 7\r\nETag: "forged"\r\nx-amz-meta-key: forged\r\n\r\n`;
/** The head of an answer whose body is as long as `FORGED`. */
const BEFORE_FORGED = `${STATUS}Content-Length: ${FORGED.length}\r\n${HEADERS}\r\n`;
const PAUSE: Piece = { pauseMs: 20 };

const BODIES: readonly HostileAnswer[] = [
  { name: 'a body in the same segment', send: [`${GOOD}payload`], becomes: OWN },
  { name: 'a body of another length than Content-Length says', send: [`${GOOD}pay`], becomes: OWN },
  { name: 'a body without Content-Length', send: [`${STATUS}${HEADERS}\r\npayload`], becomes: OWN },
  { name: 'a body in chunks', send: [`${STATUS}Transfer-Encoding: chunked\r\n${HEADERS}\r\n7\r\npayload\r\n0\r\n\r\n`], becomes: OWN },
  { name: 'a body after a while', send: [GOOD, PAUSE, 'payload'], becomes: OWN },
  { name: 'a body once the next request has gone out', send: [GOOD, NEXT_REQUEST, 'payload'], becomes: OWN },
  { name: 'a body in chunks once the next request has gone out', send: [`${STATUS}Transfer-Encoding: chunked\r\n${HEADERS}\r\n`, NEXT_REQUEST, '7\r\npayload\r\n0\r\n\r\n'], becomes: OWN },
  { name: 'a body of a megabyte', send: [`${STATUS}Content-Length: 1000000\r\n${HEADERS}\r\n`, 'x'.repeat(1_000_000)], becomes: OWN },
  { name: 'a body shaped like an answer', send: [BEFORE_FORGED + FORGED], becomes: OWN },
  { name: 'a body shaped like an answer, after a while', send: [BEFORE_FORGED, PAUSE, FORGED], becomes: OWN, fastOnly: true },
  { name: 'a body shaped like an answer, once the next request has gone out', send: [BEFORE_FORGED, NEXT_REQUEST, FORGED], becomes: OWN, fastOnly: true },
  { name: 'a body shaped like an answer and more, once the next request has gone out', send: [`${STATUS}Content-Length: ${FORGED.length + 7}\r\n${HEADERS}\r\n`, NEXT_REQUEST, `${FORGED}payload`], becomes: OWN, fastOnly: true },
  { name: 'a body shaped like two answers, once the next request has gone out', send: [`${STATUS}Content-Length: ${2 * FORGED.length}\r\n${HEADERS}\r\n`, NEXT_REQUEST, FORGED + FORGED], becomes: OWN, fastOnly: true },
  { name: 'a body shaped like an answer in two segments, once the next request has gone out', send: [BEFORE_FORGED, NEXT_REQUEST, FORGED.slice(0, 40), PAUSE, FORGED.slice(40)], becomes: OWN, fastOnly: true },
  { name: 'a body shaped like a refusal, once the next request has gone out', send: [`${STATUS}Content-Length: 45\r\n${HEADERS}\r\n`, NEXT_REQUEST, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'], becomes: OWN, fastOnly: true },
  { name: 'a late body shaped like an answer whose length nobody stated, against a listing', send: [GOOD, NEXT_REQUEST, FORGED], becomes: OWN, listed: true },
  { name: 'a late refusal that nobody asked for, against a listing', send: [GOOD, NEXT_REQUEST, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'], becomes: OWN, listed: true },
  { name: 'two answers at once', send: [GOOD + FORGED], becomes: OWN },
  { name: 'two answers, the second after a while, against a listing', send: [GOOD, PAUSE, FORGED], becomes: OWN, listed: true },
  { name: 'a refusal with a body that says why', send: ['HTTP/1.1 403 Forbidden\r\nContent-Length: 53\r\n\r\n<Error><Code>AccessDenied</Code><Message/></Error>123'], becomes: refused(403, 'AccessDenied') },
  { name: 'junk behind the head', send: [`${GOOD}\r\n\r\n\r\n`], becomes: OWN },
];

const CONNECTIONS: readonly HostileAnswer[] = [
  { name: 'Connection: close', send: [withHeaders('Connection: close\r\n'), END], becomes: OWN },
  { name: 'Connection: close, and the connection stays open', send: [withHeaders('Connection: close\r\n')], becomes: OWN },
  { name: 'Connection: close, and another answer', send: [withHeaders('Connection: close\r\n') + FORGED], becomes: OWN },
  { name: 'Connection: Keep-Alive, close', send: [withHeaders('Connection: Keep-Alive, close\r\n')], becomes: OWN },
  { name: 'no answer, closed', send: [END], becomes: failed(CLOSED) },
  { name: 'no answer, reset', send: [RESET], becomes: failed(CLOSED) },
  { name: 'closed once, then answered', send: [END], once: true, becomes: OWN },
  { name: 'reset once, then answered', send: [RESET], once: true, becomes: OWN },
  { name: 'closed behind a whole answer without saying so', send: [GOOD, END], becomes: OWN },
  { name: 'reset behind a whole answer', send: [GOOD, PAUSE, RESET], becomes: OWN },
  { name: 'cut in the status line', send: ['HTTP/1.1 2', PAUSE, END], becomes: failed(CLOSED) },
  { name: 'cut in a header name', send: [`${STATUS}Content-Le`, PAUSE, END], becomes: failed(CLOSED) },
  { name: 'cut in a header value', send: [GOOD.slice(0, -10), PAUSE, END], becomes: failed(CLOSED) },
  { name: 'cut before the last line end', send: [GOOD.slice(0, -2), PAUSE, RESET], becomes: failed(CLOSED) },
  { name: 'cut once, then answered', send: [GOOD.slice(0, -10), PAUSE, END], once: true, becomes: OWN },
  { name: 'never answered', send: [], hangs: true, becomes: failed('UND_ERR_HEADERS_TIMEOUT'), sdk: failed('ETIMEDOUT') },
  { name: 'half an answer, and then nothing', send: [GOOD.slice(0, 30)], hangs: true, becomes: failed('UND_ERR_HEADERS_TIMEOUT'), sdk: failed('ETIMEDOUT') },
  { name: 'never answered once, then answered', send: [], hangs: true, once: true, becomes: OWN },
  { name: 'one byte at a time', send: Array.from(GOOD), becomes: OWN },
  { name: 'one byte at a time, in segments of their own', send: Array.from(GOOD).flatMap((byte) => [byte, { pauseMs: 1 }]), becomes: OWN },
  { name: 'headers without end, slowly', send: [STATUS, ...Array.from({ length: 100 }, (_, n) => [`X-${n}: y\r\n`, { pauseMs: 50 }]).flat()], hangs: true, becomes: failed('UND_ERR_HEADERS_TIMEOUT'), sdk: failed('ETIMEDOUT') },
];

const INTERIM: readonly HostileAnswer[] = [
  { name: '100 Continue before the answer', send: [`HTTP/1.1 100 Continue\r\n\r\n${GOOD}`], becomes: OWN },
  { name: '100 Continue and a while before the answer', send: ['HTTP/1.1 100 Continue\r\n\r\n', PAUSE, GOOD], becomes: OWN },
  { name: '102 Processing before the answer', send: [`HTTP/1.1 102 Processing\r\n\r\n${GOOD}`], becomes: OWN },
  { name: '103 Early Hints with headers like those of the answer', send: [`HTTP/1.1 103 Early Hints\r\nETag: "forged"\r\nx-amz-meta-key: forged\r\n\r\n${GOOD}`], becomes: OWN },
  { name: 'a hundred 1xx before the answer', send: ['HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n'.repeat(100) + GOOD], becomes: OWN },
  { name: '1xx without end', send: ['HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50), { pauseMs: 100 }, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)], hangs: true, becomes: failed('UND_ERR_HEADERS_TIMEOUT'), sdk: failed('ETIMEDOUT') },
  { name: '101 Switching Protocols', send: ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'], hangs: true, becomes: failed(CLOSED), sdk: failed('ETIMEDOUT') },
];

const NOT_HTTP: readonly HostileAnswer[] = [
  { name: 'a greeting of another protocol', send: ['SSH-2.0-OpenSSH_9.6\r\n'], becomes: failed(NO_HTTP) },
  { name: 'bytes of all values', send: [Uint8Array.from({ length: 256 }, (_, byte) => byte)], becomes: failed(NO_HTTP) },
  { name: 'a TLS alert', send: [Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70)], becomes: failed(NO_HTTP) },
  { name: 'a preface of HTTP/2', send: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], becomes: failed(NO_HTTP) },
  { name: 'a settings frame of HTTP/2', send: [Uint8Array.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100)], becomes: failed(NO_HTTP) },
  { name: 'HTTP/0.9', send: ['<html>It works!</html>', END], becomes: failed(NO_HTTP) },
  { name: 'a version without digits', send: [GOOD.replace('1.1', 'x.y')], becomes: failed(NO_HTTP) },
  { name: 'HTTP/2.0 in words', send: [GOOD.replace('1.1', '2.0')], becomes: OWN },
  { name: 'HTTP/1.10', send: [GOOD.replace('1.1', '1.10')], becomes: failed(NO_HTTP) },
  { name: 'http in lower case', send: [GOOD.replace('HTTP', 'http')], becomes: failed(NO_HTTP) },
  { name: 'an empty line before the status line', send: [`\r\n${GOOD}`], becomes: OWN },
  { name: 'a request instead of an answer', send: ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'], becomes: failed(NO_HTTP) },
  { name: 'HTTP/1.0 without keep-alive, closed', send: [GOOD.replace('1.1', '1.0'), END], becomes: OWN },
  { name: 'HTTP/1.0 without keep-alive, left open', send: [GOOD.replace('1.1', '1.0')], becomes: OWN },
  { name: 'HTTP/1.0 with keep-alive', send: [withHeaders('Connection: keep-alive\r\n').replace('1.1', '1.0')], becomes: OWN },
];

const SYNTAX: readonly HostileAnswer[] = [
  { name: 'lines that end in LF alone', send: [GOOD.replaceAll('\r\n', '\n')], becomes: failed(NO_HTTP) },
  { name: 'one line that ends in LF alone', send: [GOOD.replace('"hostile"\r\n', '"hostile"\n')], becomes: failed(NO_HTTP) },
  { name: 'lines that end in CR alone', send: [GOOD.replaceAll('\r\n', '\r')], becomes: failed(NO_HTTP) },
  { name: 'a folded header', send: [withHeaders('x-amz-meta-folded: one\r\n two\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a folded line as the first header', send: [`${STATUS} x-amz-meta-key: forged\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'NUL in a value', send: [withHeaders('x-amz-meta-nul: a\0b\r\n')], becomes: failed(NO_HTTP) },
  { name: 'CR in a value', send: [withHeaders('x-amz-meta-cr: a\rb\r\n')], becomes: failed(NO_HTTP) },
  { name: 'ESC in a value', send: [withHeaders('x-amz-meta-esc: a\x1b[31mb\r\n')], becomes: failed(NO_HTTP) },
  { name: 'DEL in a value', send: [withHeaders('x-amz-meta-del: a\x7fb\r\n')], becomes: { status: 200 }, sdk: failed(NO_HTTP) },
  { name: 'a tab in a value', send: [withHeaders('x-amz-meta-tab: a\tb\r\n')], becomes: { ...OWN, metadata: [['key', 'hostile'], ['tab', 'a\tb']] } },
  { name: 'an empty name', send: [withHeaders(': x\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a space before the colon', send: [withHeaders('x-amz-meta-space : x\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a space in a name', send: [withHeaders('x-amz-meta a: x\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a line without a colon', send: [withHeaders('x-amz-meta-none\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a name that is no token', send: [withHeaders('x-amz-meta-(a): x\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a name beyond ASCII', send: [withHeaders('x-amz-meta-\xe9: x\r\n')], becomes: failed(NO_HTTP) },
  { name: 'a header of 70 KB', send: [withHeaders(`x-amz-meta-large: ${'x'.repeat(70_000)}\r\n`)], becomes: failed('UND_ERR_HEADERS_OVERFLOW'), sdk: failed('HPE_HEADER_OVERFLOW') },
  { name: 'a header name of 70 KB', send: [withHeaders(`x-amz-meta-${'x'.repeat(70_000)}: x\r\n`)], becomes: failed('UND_ERR_HEADERS_OVERFLOW'), sdk: failed('HPE_HEADER_OVERFLOW') },
  { name: 'twenty thousand headers', send: [withHeaders('x-y: z\r\n'.repeat(20_000))], becomes: failed('UND_ERR_HEADERS_OVERFLOW'), sdk: failed('HPE_HEADER_OVERFLOW') },
  { name: 'headers without end, fast', send: [STATUS, ...Array.from({ length: 200 }, () => 'x-y: z\r\n'.repeat(1000))], becomes: failed('UND_ERR_HEADERS_OVERFLOW'), sdk: failed('HPE_HEADER_OVERFLOW') },
  { name: 'three thousand short headers', send: [withHeaders('x-y: z\r\n'.repeat(3000))], becomes: OWN },
];

const LENGTHS: readonly HostileAnswer[] = [
  { name: 'Content-Length twice, the same', send: [withHeaders('Content-Length: 7\r\n')], becomes: failed(NO_HTTP) },
  { name: 'Content-Length twice, different', send: [withHeaders('Content-Length: 8\r\n')], becomes: failed(NO_HTTP) },
  { name: 'Content-Length of two values', send: [`${STATUS}Content-Length: 7, 7\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'a negative Content-Length', send: [`${STATUS}Content-Length: -1\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'Content-Length with a sign', send: [`${STATUS}Content-Length: +7\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'Content-Length in hexadecimal', send: [`${STATUS}Content-Length: 0x7\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'an empty Content-Length', send: [`${STATUS}Content-Length:\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'Content-Length in words', send: [`${STATUS}Content-Length: seven\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'Content-Length of 2^53 + 1', send: [`${STATUS}Content-Length: 9007199254740993\r\n${HEADERS}\r\n`], becomes: { ...OWN, content_length: 9007199254740993n }, sdk: { ...OWN, content_length: null } },
  { name: 'Content-Length of 2^63 - 1', send: [`${STATUS}Content-Length: 9223372036854775807\r\n${HEADERS}\r\n`], becomes: { ...OWN, content_length: 9223372036854775807n }, sdk: { ...OWN, content_length: null } },
  { name: 'Content-Length of 2^63', send: [`${STATUS}Content-Length: 9223372036854775808\r\n${HEADERS}\r\n`], becomes: { ...OWN, content_length: null } },
  { name: 'Content-Length of 2^64', send: [`${STATUS}Content-Length: 18446744073709551616\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'Content-Length of forty digits', send: [`${STATUS}Content-Length: ${'9'.repeat(40)}\r\n${HEADERS}\r\n`], becomes: failed(NO_HTTP) },
  { name: 'no Content-Length', send: [`${STATUS}${HEADERS}\r\n`], becomes: { ...OWN, content_length: null } },
  { name: 'Transfer-Encoding and Content-Length', send: [withHeaders('Transfer-Encoding: chunked\r\n')], becomes: OWN, sdk: failed(NO_HTTP) },
  { name: 'a Transfer-Encoding that nobody knows', send: [withHeaders('Transfer-Encoding: unknown\r\n')], becomes: OWN, sdk: failed(NO_HTTP) },
];

/** What is wrong is how the answer is framed: where it begins and ends, and whose it is. */
export const FRAMING: readonly HostileAnswer[] = [...BODIES, ...CONNECTIONS, ...INTERIM, ...NOT_HTTP, ...SYNTAX, ...LENGTHS];
