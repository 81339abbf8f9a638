/** Answers that are framed well and say what nobody expects: statuses, and values of headers. */
import { failed, GOOD, HEADERS, NO_HTTP, OWN, refused, STATUS, type Becomes, type HostileAnswer } from './hostile-answers.ts';

function status(line: string, becomes: Becomes, headers = ''): HostileAnswer {
  return { name: `status ${JSON.stringify(line)}${headers === '' ? '' : ` with ${JSON.stringify(headers)}`}`, send: [`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n${headers}\r\n`], becomes };
}

const ELSEWHERE = 'Location: http://127.0.0.1:1/stolen\r\n';

const STATUSES: readonly HostileAnswer[] = [
  { ...status('000 Zero', failed(NO_HTTP)), sdk: refused(-1, 'Http-1') },
  { ...status('099 Below', failed(NO_HTTP)), sdk: refused(99, 'Http99') },
  status('600 Above', refused(600, 'Http600')),
  status('999 Denied', refused(999, 'Http999')),
  status('1000 Four digits', failed(NO_HTTP)),
  status('20 Two digits', failed(NO_HTTP)),
  status('2x0 Letters', failed(NO_HTTP)),
  status('-200 Signed', failed(NO_HTTP)),
  status('404 \x1b[31mRed\x1b]0;title\x07', refused(404, 'NoSuchKey')),
  status('404', refused(404, 'NoSuchKey')),
  status('404 ', refused(404, 'NoSuchKey')),
  status(`404 ${'x'.repeat(10_000)}`, refused(404, 'NoSuchKey')),
  { name: 'status 200 without a reason', send: [GOOD.replace(' OK', '')], becomes: OWN },
  { name: 'status 200 with two spaces', send: [GOOD.replace(' 200', '  200')], becomes: failed(NO_HTTP) },
  { name: 'status 203 with headers', send: [GOOD.replace('200 OK', '203 Non-Authoritative Information')], becomes: { ...OWN, status: 203 } },
  { name: 'status 204 with headers', send: [GOOD.replace('200 OK', '204 No Content')], becomes: { ...OWN, status: 204 } },
  { name: 'status 206 with headers', send: [GOOD.replace('200 OK', '206 Partial Content')], becomes: { ...OWN, status: 206 } },
  status('300 Multiple Choices', refused(300, 'Http300')),
  status('301 Moved', refused(301, 'PermanentRedirect'), ELSEWHERE),
  status('302 Found', refused(302, 'Http302'), ELSEWHERE),
  status('304 Not Modified', refused(304, 'NotModified')),
  status('307 Temporary', refused(307, 'TemporaryRedirect'), ELSEWHERE),
  status('308 Permanent', refused(308, 'Http308'), ELSEWHERE),
  status('301 Moved', refused(301, 'PermanentRedirect'), 'x-amz-bucket-region: eu-west-1\r\n'),
  status('400 Bad Request', refused(400, 'BadRequest')),
  status('401 Unauthorized', refused(401, 'Http401'), 'WWW-Authenticate: Basic realm="x"\r\n'),
  status('403 Forbidden', refused(403, 'AccessDenied')),
  status('405 Method Not Allowed', refused(405, 'MethodNotAllowed'), 'x-amz-delete-marker: true\r\n'),
  status('407 Proxy Authentication Required', refused(407, 'Http407')),
  status('408 Request Timeout', refused(408, 'RequestTimeout')),
  status('410 Gone', refused(410, 'Http410')),
  status('412 Precondition Failed', refused(412, 'PreconditionFailed')),
  status('416 Range Not Satisfiable', refused(416, 'InvalidRange')),
  status('426 Upgrade Required', refused(426, 'Http426'), 'Upgrade: h2c\r\n'),
  status('429 Too Many Requests', refused(429, 'SlowDown')),
  status('500 Internal Server Error', refused(500, 'InternalError')),
  status('501 Not Implemented', refused(501, 'Http501')),
  status('502 Bad Gateway', refused(502, 'BadGateway')),
  status('503 Slow Down', refused(503, 'SlowDown')),
  status('504 Gateway Timeout', refused(504, 'GatewayTimeout')),
  status('505 Version Not Supported', refused(505, 'Http505')),
  status('520 Unknown', refused(520, 'Http520')),
  ...['-1', 'soon', '1e9', '99999999999999999999', 'Thu, 01 Jan 1970 00:00:00 GMT', '0', '', '\xff'].map((value) => status('503 Slow Down', refused(503, 'SlowDown'), `Retry-After: ${value}\r\n`)),
  { name: 'status 503 once, then answered', send: ['HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n'], once: true, becomes: OWN },
  status('403 Forbidden', refused(403, 'AccessDenied'), 'Date: Thu, 99 Foo 2026 99:99:99 GMT\r\n'),
  status('403 Forbidden', refused(403, 'AccessDenied'), 'x-minio-error-code: no code\r\nx-minio-error-desc: "\xe2\x80\xae"\r\n'),
  status('404 Not Found', refused(404, 'NoSuchBucket'), 'x-minio-error-code: NoSuchBucket\r\n'),
  status('404 Not Found', refused(404, '__proto__'), 'x-minio-error-code: __proto__\r\n'),
];

/** A good answer with one header more, and what its column has of it. */
function answered(name: string, line: string | Uint8Array, columns: Becomes): HostileAnswer {
  return { name, send: [`${STATUS}Content-Length: 7\r\n${HEADERS}`, line, '\r\n\r\n'], becomes: { ...OWN, ...columns } };
}

function metadata(name: string, line: string | Uint8Array, ...entries: readonly (readonly [string, string])[]): HostileAnswer {
  return answered(name, line, { metadata: [['key', 'hostile'], ...entries] });
}

/** The header's own column, which is null. */
function unread(name: string, column: string, line: string): HostileAnswer {
  return answered(name, line, { [column]: null });
}

/** The SDK has no answer for a key one of whose dates it cannot read: an error row, and not one without values. */
function noDate(name: string, column: string, line: string): HostileAnswer {
  return { ...unread(name, column, line), sdk: failed('TransportError') };
}

const HEADER_VALUES: readonly HostileAnswer[] = [
  // An entry of this name in a plain object, which the SDK makes, is none.
  { ...metadata('metadata named __proto__', 'x-amz-meta-__proto__: x', ['__proto__', 'x']), sdk: OWN },
  metadata('metadata named constructor', 'x-amz-meta-constructor: x', ['constructor', 'x']),
  metadata('metadata without a name', 'x-amz-meta-: x', ['', 'x']),
  metadata('metadata in capitals', 'X-AMZ-META-CAPITALS: X', ['capitals', 'X']),
  metadata('metadata twice', 'x-amz-meta-a: 1\r\nX-Amz-Meta-A: 2', ['a', '1, 2']),
  metadata('metadata without a value', 'x-amz-meta-empty:', ['empty', '']),
  metadata('metadata that is a formula', "x-amz-meta-f: =cmd|'/c calc'!A1", ['f', "=cmd|'/c calc'!A1"]),
  metadata('metadata in ISO 8859-1', 'x-amz-meta-latin: gr\xfcn', ['latin', 'grün']),
  metadata('metadata in UTF-8', Buffer.from('x-amz-meta-utf8: grün 😀'), ['utf8', 'grün 😀']),
  metadata('metadata that is neither', Uint8Array.from(Buffer.from('x-amz-meta-bytes: \xff\xfe\x80', 'latin1')), ['bytes', '\u00ff\u00fe\u0080']),
  metadata('metadata in an encoding nobody knows', 'x-amz-meta-word: =?x-none?b?AAAA?=', ['word', '=?x-none?b?AAAA?=']),
  metadata('metadata in an encoding that hides a line break', 'x-amz-meta-word: =?utf-8?q?a=0D=0Ab?=', ['word', 'a\r\nb']),
  metadata('metadata with broken base64', 'x-amz-meta-word: =?utf-8?b?*?=', ['word', '=?utf-8?b?*?=']),
  // 50 KB: Node's own client, which the SDK uses, takes 16 KiB.
  { ...metadata('metadata of five thousand unfinished words', `x-amz-meta-word: ${'=?utf-8?q?'.repeat(5000)}`, ['word', '=?utf-8?q?'.repeat(5000)]), sdk: failed('HPE_HEADER_OVERFLOW') },
  answered('an ETag without quotes', 'ETag: x', { etag: 'hostile' }),
  { name: 'an ETag of one quote', send: [`${STATUS}ETag: "\r\nx-amz-meta-key: hostile\r\n\r\n`], becomes: { ...OWN, etag: '"' } },
  { name: 'an empty ETag', send: [`${STATUS}ETag:\r\nx-amz-meta-key: hostile\r\n\r\n`], becomes: { ...OWN, etag: '' } },
  { name: 'a weak ETag', send: [`${STATUS}ETag: W/"x"\r\nx-amz-meta-key: hostile\r\n\r\n`], becomes: { ...OWN, etag: 'W/"x"' } },
  ...['0', 'yesterday', 'Thu, 32 Jan 2026 00:00:00 GMT', 'Thu, 01 Jan 2026 25:00:00 GMT', '2026-13-01T00:00:00Z', ''].map((date) => noDate(`Last-Modified: ${date}`, 'last_modified', `Last-Modified: ${date}`)),
  ...['-1', '1.5', '99999999999', 'x'].map((number) => unread(`x-amz-mp-parts-count: ${number}`, 'parts_count', `x-amz-mp-parts-count: ${number}`)),
  { ...unread('a flag that is neither', 'delete_marker', 'x-amz-delete-marker: maybe'), sdk: { ...OWN, delete_marker: false } },
  noDate('a date to be kept until that is none', 'object_lock_retain_until', 'x-amz-object-lock-retain-until-date: never'),
];

export const VALUES: readonly HostileAnswer[] = [...STATUSES, ...HEADER_VALUES];
