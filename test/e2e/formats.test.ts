/** Whatever a bucket holds, every format and both engines tell what the AWS SDK tells of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ENCODED_WORDS, writeAwkwardObjects, type Written } from '../support/awkward-objects.ts';
import { s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { readWithPyarrow, withoutPyarrow } from '../support/pyarrow.ts';
import { headRows, listRows } from '../support/sdk-oracle.ts';
import { assertSameRows, byKey, readNdjson, readRows, without, type Rows } from '../support/tables.ts';

const BUCKET = 'awkward';
/** Writers know nothing of engines: two formats tell whether an engine fills the columns. */
const FORMATS = { fast: ['parquet', 'ndjson', 'ndjson.gz', 'arrow', 'csv'], sdk: ['parquet', 'csv'] } as const;
/** Columns that some object must fill, or comparing them proves nothing. */
const FILLED = ['cache_control', 'content_disposition', 'content_encoding', 'content_language', 'expires', 'storage_class', 'tag_count'] as const;
/** What a HEAD's row tells of the request and not of the object. */
const OF_THE_REQUEST = ['shard', 'latency_us', 'request_id', 'attempts'] as const;

function meaning(text: string): string {
  return ENCODED_WORDS.get(text) ?? text;
}

describe('formats and engines', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;
  let written: Written;
  /** what the SDK says */
  let heads: Rows;
  let listing: Rows;

  before(async () => {
    minio = await startMinio();
    written = await writeAwkwardObjects(minio.client, BUCKET);
    listing = await listRows(minio.client, BUCKET);
    heads = await headRows(minio.client, BUCKET, [...listing.keys()], { meaning });
  });
  after(() => minio.stop());

  test('the bucket holds what was written', (t) => {
    for (const refusal of written.refused) t.diagnostic(`MinIO refuses the key ${refusal}`);
    const renamed = written.accepted.filter((key) => !listing.has(key));
    t.diagnostic(`MinIO stores under other names: ${JSON.stringify(renamed)}`);
    assert.equal(listing.size, written.accepted.length);
    // Only slashes at the front are lost: otherwise these tests would test less than they say.
    assert.deepEqual(renamed.filter((key) => !key.startsWith('/')), []);
  });

  test('its objects fill the columns', () => {
    const rows = [...heads.values()];
    for (const column of FILLED) assert.ok(rows.some((row) => column in row), column);
    const values = rows.flatMap((row) => row['metadata'] as readonly (readonly [string, string])[]).map(([, value]) => value);
    for (const text of ENCODED_WORDS.values()) assert.ok(values.includes(text), text);
  });

  const scan = async (command: 'head' | 'list', output: string, ...options: readonly string[]): Promise<void> => {
    await s3scanDone([command, `s3://${BUCKET}`, '--endpoint', minio.endpoint, '-o', output, '--quiet', ...options], { env: minio.env });
  };

  for (const engine of ['fast', 'sdk'] as const) {
    for (const format of FORMATS[engine]) {
      test(`head to ${format}, engine ${engine}`, async (t) => {
        const output = join(await temporaryFolder(t), `headers.${format}`);
        await scan('head', output, '--engine', engine);
        assertSameRows(without(await readRows(output), ...OF_THE_REQUEST), heads);
      });

      test(`list to ${format}, engine ${engine}`, async (t) => {
        const output = join(await temporaryFolder(t), `keys.${format}`);
        await scan('list', output, '--engine', engine);
        assertSameRows(await readRows(output), listing);
      });
    }
  }

  test('head to standard output', async () => {
    const { stdout } = await s3scanDone(['head', `s3://${BUCKET}`, '--endpoint', minio.endpoint], { env: minio.env });
    assertSameRows(without(byKey(readNdjson(stdout)), ...OF_THE_REQUEST), heads);
  });

  test('head --checksums', async (t) => {
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await scan('head', output, '--checksums');
    const expected = await headRows(minio.client, BUCKET, [...listing.keys()], { meaning, checksums: true });
    assert.ok([...expected.values()].some((row) => 'checksum_sha256' in row), 'no object has a SHA-256: the test tests nothing');
    assertSameRows(without(await readRows(output), ...OF_THE_REQUEST), expected);
  });

  test('head of a prefix', async (t) => {
    const output = join(await temporaryFolder(t), 'headers.ndjson');
    await s3scanDone(['head', `s3://${BUCKET}/metadata/`, '--endpoint', minio.endpoint, '-o', output], { env: minio.env });
    const expected = new Map([...heads].filter(([key]) => key.startsWith('metadata/')));
    assertSameRows(without(await readRows(output), ...OF_THE_REQUEST), expected);
  });

  test('pyarrow reads the Parquet file', { skip: withoutPyarrow }, async (t) => {
    const output = join(await temporaryFolder(t), 'headers.parquet');
    await scan('head', output);
    assertSameRows(without(await readWithPyarrow(output), ...OF_THE_REQUEST), heads);
  });
});
