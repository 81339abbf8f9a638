/**
 * Answers to ListObjectsV2 that are none, are damaged, or are not true: what becomes of a true answer, and how the
 * listing must end. In no case may it end well with fewer keys than the bucket has (R2).
 */
import { gzipSync } from 'node:zlib';
import type { FailureKind } from '../../src/failure.ts';

/** A request of the listing, as far as lies depend on it. */
export interface Asked {
  /** counted from 1 */
  readonly nth: number;
  /** the bucket's first page */
  readonly first: string;
}

/** A body; or, as bytes, all that is sent in place of the answer. */
export type Told = { readonly body: string | Uint8Array } | { readonly raw: readonly (string | Uint8Array)[]; readonly end?: true };

export interface Lie {
  readonly name: string;
  /** `page` is the true answer */
  readonly tell: (page: string, asked: Asked) => Told;
  /** the first request that is lied to; those before are answered truly */
  readonly from?: number;
  /** how the listing ends: with a Failure of this kind that says this, or well and with every key */
  readonly ends: RegExp | 'well';
  readonly kind?: FailureKind;
  /** the official SDK cannot read it, or not in finite time */
  readonly fastOnly?: true;
  /** where ranges are listed by start-after, and tokens do not matter */
  readonly parallel?: 'well';
}

type Change = (page: string) => string;

const NO_PAGE = /the answer is no whole page of a listing/;
/** whatever is said */
const ANY = /./;

/** The answer, changed. */
function changed(name: string, change: Change, ends: Lie['ends'], more: Partial<Lie> = {}): Lie {
  return { name, tell: (page) => ({ body: change(page) }), ends, ...more };
}

function body(name: string, text: string | Uint8Array, ends: Lie['ends'] = NO_PAGE, more: Partial<Lie> = {}): Lie {
  return { name, tell: () => ({ body: text }), ends, ...more };
}

const add = (element: string): Change => (page) => page.replace('</ListBucketResult>', `${element}</ListBucketResult>`);
const firstKey = (key: string): Change => (page) => page.replace(/<Key>[^<]*</, `<Key>${key}<`);
const element = (name: string, value: string): Change => (page) => page.replace(new RegExp(`<${name}>[^<]*<`), `<${name}>${value}<`);
const without = (name: string): Change => (page) => page.replace(new RegExp(`<${name}>[^<]*</${name}>`), '');
const inXml = (text: string): Change => (page) => page.replace('?>', `?>${text}`);

/** No keys, and more to come. */
const empty = (token: string): Change => (page) =>
  without('NextContinuationToken')(page)
    .replace(/<Contents>.*<\/Contents>/s, '')
    .replace(/<KeyCount>\d+</, '<KeyCount>0<')
    .replace(/<IsTruncated>\w+<\/IsTruncated>/, `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`);

const LAUGHS = `<!DOCTYPE x [<!ENTITY a "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`).join('')}]>`;

const NO_XML: readonly Lie[] = [
  body('nothing', ''),
  body('blanks', ' \r\n\t'),
  body('text', 'It works!'),
  body('JSON', '{"ListBucketResult":{"IsTruncated":false}}'),
  body('HTML of a proxy', '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><p>Please log in<br></body></html>'),
  body('HTML without a DOCTYPE', '<html><body>Log in</body></html>'),
  body('XHTML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'),
  { name: 'gzip', tell: (page) => ({ body: gzipSync(page) }), ends: NO_PAGE },
  { name: 'UTF-16 with a byte order mark', tell: (page) => ({ body: Buffer.from(`\ufeff${page}`, 'utf16le') }), ends: NO_PAGE },
  { name: 'UTF-16, big-endian', tell: (page) => ({ body: Buffer.from(page, 'utf16le').swap16() }), ends: NO_PAGE },
  changed('a byte order mark in UTF-8', (page) => `\ufeff${page}`, 'well', { fastOnly: true }),
  body('a megabyte of zeros', new Uint8Array(1_000_000)),
  body('a megabyte of less-than signs', '<'.repeat(1_000_000)),
  body('a megabyte of ampersands', `<ListBucketResult>${'&'.repeat(1_000_000)}`),
  body('elements a hundred thousand deep', '<a>'.repeat(100_000)),
  body('an element of a megabyte of attributes', `<ListBucketResult ${'a="b" '.repeat(160_000)}>`),
  body('another document', '<?xml version="1.0"?><ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'),
  body('an error with status 200', '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>try again</Message></Error>', /InternalError: try again/),
  body('an error with escapes in its message', '<Error><Code>X</Code><Message>&#27;[31m\u202e</Message></Error>', /\\u\{1b\}\[31m\\u\{202e\}/),
];

const DAMAGED: readonly Lie[] = [
  ...[0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99].map((share) => changed(`cut after ${share * 100}%`, (page) => page.slice(0, Math.ceil(page.length * share)), NO_PAGE)),
  changed('cut before the last character', (page) => page.slice(0, -1), NO_PAGE),
  changed('cut behind an object', (page) => page.slice(0, page.indexOf('</Contents>') + '</Contents>'.length), NO_PAGE),
  changed('cut within a key', (page) => page.slice(0, page.indexOf('</Key>') - 2), NO_PAGE),
  changed('something behind the document', (page) => `${page}<more/>`, NO_PAGE),
  changed('text behind the document', (page) => `${page} and more`, NO_PAGE),
  changed('the document twice', (page) => page + page.replace(/^<\?xml.*?\?>/, ''), NO_PAGE),
  changed('text before the document', (page) => `Warning: deprecated\n${page}`, NO_PAGE),
  changed('a DOCTYPE', inXml('<!DOCTYPE ListBucketResult>'), NO_PAGE),
  changed('a DOCTYPE with entities', (page) => firstKey('&a;')(inXml('<!DOCTYPE x [<!ENTITY a "aa">]>')(page)), NO_PAGE),
  changed('a DOCTYPE with an entity of a file', (page) => firstKey('&a;')(inXml('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>')(page)), NO_PAGE),
  changed('entities that multiply', (page) => firstKey('&j;')(inXml(LAUGHS)(page)), NO_PAGE),
  changed('a comment', (page) => page.replace('<Contents>', '<!-- more --><Contents>'), NO_PAGE),
  changed('a comment around an object', (page) => page.replace('<Contents>', '<!--<Contents>').replace('</Contents>', '</Contents>-->'), NO_PAGE),
  changed('a CDATA section', (page) => page.replace(/<Key>([^<]*)</, '<Key><![CDATA[$1]]><'), NO_PAGE),
  changed('a processing instruction', (page) => page.replace('<Contents>', '<?php exit ?><Contents>'), NO_PAGE),
  changed('the encoding ISO-8859-1', (page) => page.replace('UTF-8', 'ISO-8859-1'), NO_PAGE),
  changed('XML 1.1', (page) => page.replace('version="1.0"', 'version="1.1"'), 'well'),
  changed('no XML declaration', (page) => page.replace(/<\?xml.*?\?>/, ''), 'well'),
  changed('another namespace', (page) => page.replace(/xmlns="[^"]*"/, 'xmlns="urn:none"'), 'well'),
  changed('a namespace prefix', (page) => page.replaceAll(/<(\/?)ListBucketResult/g, '<$1s3:ListBucketResult'), NO_PAGE),
  changed('names in lower case', (page) => page.toLowerCase(), NO_PAGE),
  changed('an end tag too many', (page) => page.replace('</Contents>', '</Contents></Contents>'), NO_PAGE),
  changed('an end tag too few', (page) => page.replace('</Contents>', ''), NO_PAGE),
  changed('end tags crossed', (page) => page.replace('</Size>', '</ETag>'), NO_PAGE),
  changed('an attribute without quotes', (page) => page.replace('<Contents>', '<Contents a=b>'), NO_PAGE),
  changed('text between objects', (page) => page.replace('<Contents>', 'text<Contents>'), NO_PAGE),
  changed('markup in a key', firstKey('a<b/>'), NO_PAGE),
  changed('an object in an object', (page) => page.replace('<Contents>', '<Contents><Contents>').replace('</Contents>', '</Contents></Contents>'), NO_PAGE),
  changed('an entity nobody defined', firstKey('aa&nbsp;'), NO_PAGE),
  changed('an ampersand alone', firstKey('aa&amp'), NO_PAGE),
  changed('a reference beyond Unicode', firstKey('aa&#x110000;'), NO_PAGE),
  changed('a reference to half a character', firstKey('aa&#xD800;'), NO_PAGE),
  changed('a reference of a thousand digits', firstKey(`aa&#${'1'.repeat(1000)};`), NO_PAGE),
  changed('a megabyte of references, where nobody looks', add(`<Future>${'&#97;'.repeat(200_000)}</Future>`), 'well', { fastOnly: true }),
  changed('a million elements that nobody knows', add(`<Future>${'<a/>'.repeat(1_000_000)}</Future>`), 'well', { fastOnly: true }),
];

const BYTES: readonly (readonly [string, Uint8Array, RegExp | 'well'])[] = [
  ['a byte that is not UTF-8', Uint8Array.of(0x61, 0xff), /not valid UTF-8/],
  ['a character cut short', Uint8Array.of(0x61, 0xe2, 0x82), /not valid UTF-8/],
  ['an overlong slash', Uint8Array.of(0x61, 0xc0, 0xaf), /not valid UTF-8/],
  ['half of a surrogate pair', Uint8Array.of(0x61, 0xed, 0xa0, 0x80), /not valid UTF-8/],
];

/** With keys as they are, not encoded. */
function keyBytes([name, bytes, ends]: (typeof BYTES)[number]): Lie {
  return {
    name: `${name} in a key`,
    tell: (page) => {
      const [before = '', after = ''] = without('EncodingType')(page).split(/(?<=<Key>)[^<]*(?=<)(.*)/s, 2);
      return { body: Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]) };
    },
    ends,
  };
}

const VALUES: readonly Lie[] = [
  ...BYTES.map(keyBytes),
  ...['%', '%4', '%zz', '%E2%82', '%FF'].map((key) => changed(`the key ${key}, said to be encoded`, firstKey(`aa${key}`), /malformed percent|not valid UTF-8/)),
  changed('an empty key', firstKey(''), NO_PAGE),
  changed('no key', (page) => page.replace(/<Key>[^<]*<\/Key>/, ''), NO_PAGE),
  changed('two keys in an object', (page) => page.replace('<Size>', '<Key>zz</Key><Size>'), NO_PAGE),
  ...['-1', 'NaN', '1e3', '0x10', '1.5', ' 1', '99999999999999999999', 'Infinity', '9'.repeat(1000)].map((size) => changed(`a size of ${size.slice(0, 25)}`, element('Size', size), /<Size> of object 1/)),
  ...['yesterday', '2026-13-01T00:00:00.000Z', '2026-02-30T00:00:00.000Z', '2026-01-01T25:00:00.000Z', '0', '2026-01-01'].map((date) => changed(`the date ${date}`, element('LastModified', date), /<LastModified> of object 1/)),
  changed('an empty size', element('Size', ''), 'well'),
  changed('an ETag of quotes alone', element('ETag', '&quot;'), 'well'),
];

const STRUCTURE: readonly Lie[] = [
  changed('no IsTruncated', without('IsTruncated'), /no <IsTruncated>/),
  ...['', 'True', 'TRUE', '1', '0', 'maybe', ' true'].map((value) => changed(`IsTruncated is "${value}"`, element('IsTruncated', value), /<IsTruncated> is neither/)),
  changed('IsTruncated twice, the second time false', add('<IsTruncated>false</IsTruncated>'), NO_PAGE),
  // The last key does as start-after, or as marker.
  changed('truncated without a token', without('NextContinuationToken'), 'well'),
  changed('truncated with an empty token', element('NextContinuationToken', ''), 'well'),
  changed('the same token each time', element('NextContinuationToken', 'same'), /a continuation token that an earlier page gave/, { parallel: 'well' }),
  { name: 'two tokens in turn', tell: (page, { nth }) => ({ body: element('NextContinuationToken', nth % 2 === 0 ? 'even' : 'odd')(page) }), ends: 'well' },
  { name: 'empty pages with the same token', tell: (page) => ({ body: empty('same')(page) }), ends: /a continuation token that an earlier page gave/ },
  { name: 'empty pages with two tokens in turn', tell: (page, { nth }) => ({ body: empty(nth % 2 === 0 ? 'even' : 'odd')(page) }), ends: /a continuation token that an earlier page gave/ },
  { name: 'empty pages for ever', tell: (page, { nth }) => ({ body: empty(`token ${nth}`)(page) }), ends: /truncated pages in a row without a key/ },
  changed('more keys announced than held', element('KeyCount', '1000'), /<KeyCount> is 1000 and the page holds 4/),
  changed('fewer keys announced than held', element('KeyCount', '0'), 'well'),
  changed('keys announced in words', element('KeyCount', 'four'), 'well'),
  changed('the keys of the page reversed', (page) => page.replace(/<Contents>.*<\/Contents>/s, (all) => all.split('</Contents>').slice(0, -1).reverse().map((each) => `${each}</Contents>`).join('')), /not (in )?ascending/),
  changed('an object twice', (page) => page.replace(/(<Contents>.*?<\/Contents>)/s, '$1$1'), /not (in )?ascending/),
  changed('keys grouped unasked', add('<CommonPrefixes><Prefix>zz/</Prefix></CommonPrefixes>'), /hidden in CommonPrefixes|no whole page/),
  { name: 'the first page whatever is asked', tell: (_page, { first }) => ({ body: first }), ends: /not (in )?ascending/ },
  changed('an empty page that says it is the last', (page) => page.replace(/<Contents>.*<\/Contents>/s, '').replace(/<KeyCount>\d+</, '<KeyCount>4<').replace(/<IsTruncated>\w+</, '<IsTruncated>false<'), /<KeyCount> is 4/),
];

function response(status: string, headers: string, text: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}\r\n${text}`;
}

const HTML = '<html><body>no</body></html>';
const ELSEWHERE = 'Location: http://127.0.0.1:1/stolen\r\n';

function raw(name: string, answer: string | readonly (string | Uint8Array)[], kind: FailureKind, ends: RegExp = /./, end?: true): Lie {
  const told: Told = { raw: typeof answer === 'string' ? [answer] : answer, ...(end && { end }) };
  return { name, tell: () => told, ends, kind };
}

const TRANSPORT: readonly Lie[] = [
  { name: 'Content-Length shorter than the page', tell: (page) => ({ raw: [response('200 OK', '', page).replace(/Content-Length: \d+/, 'Content-Length: 200')] }), ends: NO_PAGE },
  { name: 'Content-Length longer than the page, closed', tell: (page) => ({ raw: [response('200 OK', '', page).replace(/Content-Length: \d+/, 'Content-Length: 99999')], end: true }), ends: ANY, kind: 'unreachable' },
  { name: 'chunks that end too soon', tell: (page) => ({ raw: [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n${page.slice(0, 64)}\r\n`], end: true }), ends: ANY, kind: 'unreachable' },
  raw('a chunk of no length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'listing'),
  { name: 'gzip, and it says so', tell: (page) => ({ raw: ['HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n', gzipSync(page)], end: true }), ends: NO_PAGE },
  raw('status 204', 'HTTP/1.1 204 No Content\r\n\r\n', 'listing'),
  raw('status 302 to elsewhere', response('302 Found', ELSEWHERE, ''), 'listing', /Http302/),
  raw('status 307 to elsewhere', response('307 Temporary Redirect', ELSEWHERE, ''), 'access', /TemporaryRedirect/),
  raw('status 304', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'listing', /NotModified/),
  raw('status 401 with HTML', response('401 Unauthorized', '', HTML), 'access'),
  raw('status 403 with HTML', response('403 Forbidden', '', HTML), 'access', /AccessDenied/),
  raw('status 404 with HTML', response('404 Not Found', '', HTML), 'listing'),
  raw('status 407', response('407 Proxy Authentication Required', '', HTML), 'listing', /Http407/),
  raw('status 418 with escapes', response('418 I am \x1b[31mred', '', '<b>\x1b[31m</b>'), 'listing', /Http418|HTTP/),
  raw('status 500 each time', response('500 Internal Server Error', '', HTML), 'unreachable', /InternalError/),
  raw('status 503 each time', response('503 Slow Down', '', ''), 'unreachable', /SlowDown/),
  raw('status 600', response('600 Beyond', '', ''), 'unreachable', /600/),
  raw('no HTTP', 'SSH-2.0-OpenSSH\r\n', 'listing', /HTTP/),
  raw('closed at once', [], 'unreachable', /./, true),
  raw('headers over 64 KiB', `HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(70_000)}\r\n\r\n`, 'listing', /headers of the answer are too large|HPE_HEADER_OVERFLOW/),
];

export const LIES: readonly Lie[] = [...NO_XML, ...DAMAGED, ...VALUES, ...STRUCTURE, ...TRANSPORT];
