/** Keys written by `list`, or by hand, are scanned by `head --from` into the rows that scanning the bucket gives. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { writeAwkwardObjects } from '../support/awkward-objects.ts';
import { s3scanDone, type RunOptions } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startMinio, withoutMinio, type Minio } from '../support/minio.ts';
import { assertSameRows, byKey, readNdjson, without, type Rows } from '../support/tables.ts';

const BUCKET = 'keys';
const URL = `s3://${BUCKET}`;
const OF_THE_REQUEST = ['shard', 'latency_us', 'request_id', 'attempts'] as const;

async function written(t: TestContext, name: string, content: string): Promise<string> {
  const path = join(await temporaryFolder(t), name);
  await writeFile(path, content);
  return path;
}

describe('head --from', { concurrency: 2, skip: withoutMinio }, () => {
  let minio: Minio;
  let whole: Rows;

  const rowsOf = async (args: readonly string[], options: RunOptions = {}): Promise<Rows> => {
    const { stdout } = await s3scanDone(['head', ...args, '--endpoint', minio.endpoint, '--quiet'], { ...options, env: minio.env });
    return without(byKey(readNdjson(stdout)), ...OF_THE_REQUEST);
  };

  /** Those that a line of text can hold. */
  const keysForText = (): string[] => [...whole.keys()].filter((key) => !key.includes('\n'));

  const expected = (keys: readonly string[]): Rows => new Map(keys.map((key) => [key, whole.get(key)!]));

  before(async () => {
    minio = await startMinio();
    await writeAwkwardObjects(minio.client, BUCKET);
    whole = await rowsOf([URL]);
  });
  after(() => minio.stop());

  for (const name of ['keys.parquet', 'keys.ndjson', 'keys.csv', 'keys.csv.gz', 'keys.arrow']) {
    test(`${name}, as list wrote it`, async (t) => {
      const path = join(await temporaryFolder(t), name);
      await s3scanDone(['list', URL, '--endpoint', minio.endpoint, '-o', path], { env: minio.env });
      assertSameRows(await rowsOf(['--from', path]), whole);
    });
  }

  test('headers.parquet, as head wrote it', async (t) => {
    const path = join(await temporaryFolder(t), 'headers.parquet');
    await s3scanDone(['head', URL, '--endpoint', minio.endpoint, '-o', path], { env: minio.env });
    assertSameRows(await rowsOf(['--from', path]), whole);
  });

  test('a key a line', async (t) => {
    const keys = keysForText();
    assertSameRows(await rowsOf([URL, '--from', await written(t, 'keys.txt', keys.join('\n'))]), expected(keys));
  });

  test('an s3:// URL a line, with line ends of Windows', async (t) => {
    const keys = keysForText();
    const lines = keys.map((key) => `${URL}/${key}\r\n`).join('');
    assertSameRows(await rowsOf(['--from', await written(t, 'keys.txt', lines)]), expected(keys));
  });

  test('standard input', async () => {
    const keys = keysForText();
    assertSameRows(await rowsOf([URL, '--from', '-'], { stdin: keys.join('\n') }), expected(keys));
    const lines = [...whole.keys()].map((key) => `${JSON.stringify({ bucket: BUCKET, key })}\n`).join('');
    assertSameRows(await rowsOf(['--from', '-'], { stdin: lines }), whole);
  });

  test('a CSV that a spreadsheet could have written', async (t) => {
    const keys = [...whole.keys()].filter((key) => !/^'+[=+\-@＝]/.test(key));
    const lines = keys.map((key, at) => `${at},"${key.replaceAll('"', '""')}"\r\n`).join('');
    assertSameRows(await rowsOf([URL, '--from', await written(t, 'keys.csv', `\ufeffnumber,key\r\n${lines}`)]), expected(keys));
  });
});
