import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeEncodedWords } from '../../src/records/rfc2047.ts';

test('the examples of RFC 2047, section 8', () => {
  const examples = [
    ['(=?ISO-8859-1?Q?a?=)', '(a)'],
    ['(=?ISO-8859-1?Q?a?= b)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)'],
    ['=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>', 'Keith Moore <moore@cs.utk.edu>'],
    ['=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>', 'Keld Jørn Simonsen <keld@dkuug.dk>'],
    ['=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>', 'André Pirard <PIRARD@vm1.ulg.ac.be>'],
    ['=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=', 'If you can read this you understand the example.'],
    ['=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=', Buffer.from('d79dd795d79cd7a920d79fd79120d799d79cd798d7a4d7a0', 'hex').toString()],
  ];
  for (const [sent, text] of examples) assert.equal(decodeEncodedWords(sent!), text);
});

function base64(text: string): string {
  return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function quoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => (byte === 32 ? '_' : `=${byte.toString(16).padStart(2, '0').toUpperCase()}`));
  return `=?utf-8?q?${bytes.join('')}?=`;
}

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((string) => !string.includes('=?'));

test('any text survives being encoded in B or Q, once or twice, in one word or several', () => {
  fc.assert(
    // U+FEFF first is a character of the value, and no byte order mark
    fc.property(fc.array(fc.oneof(text, text.map((rest) => `\ufeff${rest}`)), { minLength: 1, maxLength: 4 }), fc.constantFrom(base64, quoted), fc.constantFrom(base64, quoted), (parts, inner, outer) => {
      const words = parts.map((part) => inner(part)).join(' ');
      assert.equal(decodeEncodedWords(words), parts.join(''));
      assert.equal(decodeEncodedWords(outer(words)), parts.join(''));
    }),
  );
});

test('what cannot be decoded is kept as it was sent', () => {
  const kept = ['=?x-unknown?Q?a?=', '=?UTF-8?B?/////w==?=', '=?UTF-8?Q?=FF?=', '=?UTF-8?B?not base64?=', '=?UTF-8?B?#!?=', '=?ISO-8859-1?Q?鍵?=', '=?UTF-8?X?a?=', '=?UTF-8?Q?a', 'a = ?b?=', '==??=='];
  for (const sent of kept) assert.equal(decodeEncodedWords(sent), sent);
});

test('a word in a language (RFC 2231, 5), and words among text that only looks like them', () => {
  assert.equal(decodeEncodedWords("=?US-ASCII*EN?Q?Keith_Moore?="), 'Keith Moore');
  assert.equal(decodeEncodedWords('who?= =?UTF-8?Q?me?='), 'who?= me');
});
