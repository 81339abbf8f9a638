/** The scanner of XML and the decoder of pages, against fast-xml-parser on what they accept; and error bodies. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { XMLParser } from 'fast-xml-parser';
import { Failure } from '../../src/failure.ts';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { parseErrorBody } from '../../src/s3/error-body.ts';
import { plainObject, renderPage } from '../listing/render-page.ts';
import { listBuilder, readRows } from '../listing/table.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

const ORACLE = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false, processEntities: false, isArray: (name) => name === 'Contents' });

const REFERENCES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

function resolved(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|[a-z]+);/g, (reference, hexadecimal?: string, decimal?: string) => {
    if (hexadecimal === undefined && decimal === undefined) return REFERENCES[reference] ?? reference;
    return String.fromCodePoint(hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16));
  });
}

interface OraclePage {
  readonly ListBucketResult?: { readonly EncodingType?: unknown; readonly IsTruncated?: unknown; readonly Contents?: readonly { readonly Key?: unknown }[] };
}

/** Null where it refuses: it is stricter about the names of elements. */
function keysByOracle(input: Buffer): string[] | null {
  let page: OraclePage;
  try {
    page = ORACLE.parse(input.toString('utf8').replace(/^\ufeff?\s*(<\?xml.*?\?>)?/s, '')) as OraclePage;
  } catch {
    return null;
  }
  const { ListBucketResult: root = {} } = page;
  const decode = typeof root.EncodingType !== 'string' || resolved(root.EncodingType) !== 'url' ? (key: string) => key : (key: string) => decodeURIComponent(key.replaceAll('+', ' '));
  return (root.Contents ?? []).map(({ Key: key }) => decode(resolved(String(key))));
}

const WINDOW = { after: new Uint8Array(0), through: null, limit: Infinity } as const;

export const pageTarget: Target = {
  name: 'page',
  samples: [
    renderPage(['a', 'a b', 'a/b+c', 'é', '漢'].map(plainObject)),
    renderPage(['k1', 'k2'].map(plainObject), { token: 'next & more' }),
    renderPage([]),
    ...buffers([
      '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>a &amp; b</Message><RequestId>1</RequestId></Error>',
      '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&#97;&#x62;</Key><Size>1</Size></Contents></ListBucketResult>',
      '<ListBucketResult><IsTruncated>false</IsTruncated><Contents a="b" c=\'d\'><Key>a</Key><Owner><ID>x</ID></Owner><x/></Contents ></ListBucketResult>\n',
    ]),
  ],
  words: buffers(['<Contents>', '</Contents>', '<Key>', '</Key>', '<Key/>', '&amp;', '&#0;', '&#x10ffff;', '&#xd800;', '&a;', '&', '<!--', '-->', '<![CDATA[', ']]>', '<?x ?>', '<!DOCTYPE a>', '/>', '"', '%41', '%', '+', '<EncodingType>url</EncodingType>', '<IsTruncated>true</IsTruncated>', '<NextContinuationToken>', '\xef\xbb\xbf', '\xff', '\0', '<ListBucketResult>', '</ListBucketResult>', '-1', '2026-02-30T00:00:00Z']),
  check(input) {
    const error = parseErrorBody(input);
    if (error !== null) assert.ok(error.code.length > 0 && error.message.length <= 1024);
    const builder = listBuilder();
    try {
      decodeListPage(input, WINDOW, builder);
    } catch (failure) {
      assert.ok(failure instanceof Failure, String(failure));
      assert.equal(failure.kind, 'listing');
      assert.doesNotMatch(failure.message, /[\p{Cc}\p{Cf}]/u);
      return;
    }
    const keys = readRows(builder.take()).map((row) => String(row['key']));
    // What is not UTF-8, where no column has it, and line ends (XML 1.0, 2.11) the oracle reads as something else.
    const expected = isUtf8(input) && !input.includes('\r') ? keysByOracle(input) : null;
    if (expected !== null) assert.deepEqual(keys, expected);
  },
};
