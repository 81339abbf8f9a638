import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { excerpt, resolveReferences, XmlError, XmlScanner } from '../../src/s3/xml.ts';

/** An element as a plain value: its text, or its children in order. */
type Element = [name: string, content: string | Element[]];

/** Walks a document with the scanner alone. Elements of the names in `texts` hold text, all others elements. */
function read(document: string, texts: readonly string[]): Element {
  const scanner = new XmlScanner(Buffer.from(document));
  const element = (): Element => {
    const { name } = scanner;
    if (texts.includes(name)) {
      assert.ok(scanner.is(name));
      scanner.text();
      return [name, resolveReferences(scanner.body, scanner.textStart, scanner.textEnd).toString()];
    }
    const children: Element[] = [];
    while (scanner.next()) children.push(element());
    return [name, children];
  };
  assert.ok(scanner.next());
  const root = element();
  scanner.finish();
  return root;
}

/** Everything, by passing over the root. */
function skim(document: string | Buffer): void {
  const scanner = new XmlScanner(Buffer.from(document));
  scanner.next();
  scanner.skip();
  scanner.finish();
}

test('walks elements, attributes, empty elements and white space', () => {
  const document = `\ufeff<?xml version="1.0" encoding="utf-8" ?>\r\n
    <a xmlns="http://x/" y = 'a>b'>
      <t>one</t ><t/><t x="1"/><b><t> two </t></b><b />
    </a>\n`;
  assert.deepEqual(read(document, ['t']), ['a', [['t', 'one'], ['t', ''], ['t', ''], ['b', [['t', ' two ']]], ['b', []]]]);
});

test('text and references are read as fast-xml-parser reads them', () => {
  const parser = new XMLParser({ trimValues: false, parseTagValue: false, htmlEntities: true });
  const character = fc.oneof(
    fc.constantFrom('&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#65;', '&#x20ac;', '&#x1F600;', '&#10;'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((c) => !/[<&\r]|^\p{Cc}$/u.test(c)),
  );
  fc.assert(
    fc.property(fc.array(character, { minLength: 1, maxLength: 12 }), (characters) => {
      const document = `<r><t>${characters.join('')}</t></r>`;
      assert.deepEqual(read(document, ['t']), ['r', [['t', (parser.parse(document) as { r: { t: string } }).r.t]]]);
    }),
  );
});

test('control characters, which XML forbids and keys may hold, are read from references', () => {
  assert.deepEqual(read('<t>&#1;&#x1f;&#0;&#xFFFF;</t>', ['t']), ['t', '\u0001\u001f\u0000\uffff']);
});

test('references that XML does not define are refused', () => {
  const bad = ['&nbsp;', '&', '&;', '&amp', '&#;', '&#x;', '&#xD800;', '&#x110000;', '&#-1;', '&#1e3;', '& lt;', '&a;&a;', `&#${'0'.repeat(100)}65;`, '&#x', '&constructor;'];
  for (const text of bad) assert.throws(() => read(`<t>${text}</t>`, ['t']), XmlError, text);
});

test('what could define entities or hide markup is refused', () => {
  const bomb = `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>`;
  const bad = [bomb, '<r><!-- x --></r>', '<!-- x --><r/>', '<r><![CDATA[x]]></r>', '<r><?php x ?></r>', '<?php x ?><r/>', '<?xml version="1.0" encoding="ISO-8859-1"?><r/>'];
  for (const document of bad) assert.throws(() => skim(document), XmlError, document);
});

test('malformed documents are refused', () => {
  const bad = [
    '', ' ', 'not found', '{"a":1}', '<', '</r>', '<r>', '<r', '<r/', '<r></r', '<r></s>', '<r></rr>', '<rr></r>', '<r><a></r></a>', '<r></r><r></r>', '<r/>x', '<r/><',
    '<r <a></a></r>', '<r a></r>', '<r a=b></r>', '<r a="1></r>', '<r a="<"></r>', '<r / ></r>', '< r></r>', '<></>', '<r&x></r&x>', '<r="x"></r="x">', '\0<r/>',
  ];
  for (const document of bad) assert.throws(() => skim(document), XmlError, document);
  assert.throws(() => read('<r>x<t></t></r>', ['t']), /text between elements/);
  assert.throws(() => read('<t>a<b></b></t>', ['t']), /markup inside <t>/);
  for (const end of ['</s>', '</tt>', '</>', '<t>', '</t', '</t x>']) assert.throws(() => read(`<t>a${end}`, ['t']), XmlError, end);
  assert.throws(() => skim('<d>'.repeat(100_000)), /more than 32 deep/);
});

test('every proper beginning of a document is refused', () => {
  const document = `<?xml version="1.0"?><r xmlns='u'><a>x&amp;y</a><b c="d"/><e ><f></f></e></r>`;
  skim(document);
  for (let length = 0; length < document.length; length++) {
    assert.throws(() => skim(document.slice(0, length)), XmlError, document.slice(0, length));
  }
});

test('any bytes at all are read or refused, never anything else', () => {
  const piece = fc.oneof(fc.constantFrom('<r>', '</r>', '<a', '/>', '>', '<', '</', '&', ' ', '"', "='", '?', '<?xml', '!', 'x', '\0'), fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        skim(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof XmlError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('an error shows the first 200 characters in one line, with what a terminal would act on escaped', () => {
  const body = `<html>\n\u001b[31m\u202e${'é'.repeat(300)}</html>`;
  assert.throws(() => skim(Buffer.from(body).subarray(0, 400)), (error: Error) => {
    assert.match(error.message, /cut short at byte 400 of 400/);
    assert.match(error.message, /<html>\\u\{a\}\\u\{1b\}\[31m\\u\{202e\}é+…$/);
    return true;
  });
  assert.equal(excerpt(Buffer.from('é'.repeat(200))), 'é'.repeat(200));
  assert.equal(excerpt('\u{1f600}'.repeat(201)), `${'\u{1f600}'.repeat(200)}…`);
});
