/** Real servers, keys that get in each other's way, any of the ways to list them: what is listed is what the paginator of the SDK gives. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CreateBucketCommand, paginateListObjectsV2, PutObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3';
import { diceOf, type Dice } from '../listing/fake-bucket.ts';
import { s3scan } from '../support/cli.ts';
import { MATRIX_SERVERS } from '../support/matrix-servers.ts';
import { readNdjson } from '../support/tables.ts';

const BUCKETS = 2;
const KEYS = 150;
const SCANS = 10;
/** What sorts before a slash, and what sorts behind it. */
const PARTS = ['a', 'b', 'a/', 'b/', 'a-', '-', '.', ' ', '!', '0', 'é', 'logs', 'logs/', 'logs-old/'];

function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[Math.floor(dice() * from.length)]!;
}

function key(dice: Dice): string {
  return Array.from({ length: 1 + Math.floor(dice() * 6) }, () => pick(dice, PARTS)).join('') + Math.floor(dice() * 30) + (dice() < 0.1 ? '/' : '');
}

/** Some of them may be refused, or stored under other names. */
async function fill(client: S3Client, bucket: string, dice: Dice): Promise<string[]> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (let count = 0; count < KEYS; count++) {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key(dice), Body: 'x' }));
    } catch (error) {
      if (!(error instanceof S3ServiceException) || (error.$metadata.httpStatusCode ?? 500) >= 500) throw error;
    }
  }
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) keys.push(...Contents.map(({ Key }) => Key!));
  return keys;
}

/** Below it and above it, MinIO and versitygw take any key but those with such segments. */
function beginningOf(keys: readonly string[], dice: Dice): string {
  const beginning = pick(dice, keys).slice(0, Math.floor(dice() * 12));
  return beginning.split('/').some((segment, at) => /^ *\.{1,2} *$/.test(segment) || (segment === '' && at === 0)) || beginning.includes('//') ? '' : beginning;
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('any keys', () => {
  for (const { name, start, skip } of MATRIX_SERVERS) {
    test(name, { skip }, async (t) => {
      const server = await start();
      t.after(() => server.stop());
      const seed = Math.floor(Math.random() * 2 ** 32);
      const dice = diceOf(seed);
      for (let nth = 1; nth <= BUCKETS; nth++) {
        const keys = await fill(server.client, `bucket-${nth}`, dice);
        assert.ok(keys.length > KEYS / 3, `${keys.length} keys`);
        for (let scan = 0; scan < SCANS; scan++) {
          const prefix = dice() < 0.3 ? beginningOf(keys, dice) : '';
          const after = dice() < 0.3 ? beginningOf(keys.filter((each) => each.startsWith(prefix)), dice) : '';
          const args = ['--page-size', pick(dice, ['1', '2', '3', '7', '20', '100']), '--list-concurrency', pick(dice, ['1', '2', '16', 'auto'])];
          if (after > prefix) args.push('--start-after', after);
          // Others have markers that cannot be relied on, and are refused in some of these ways.
          if (dice() < 0.2 && name === 'MinIO') args.push('--versions');
          if (dice() < 0.2) args.push('--engine', 'sdk');
          const { code, stdout, stderr } = await s3scan(['list', `s3://bucket-${nth}`, '--prefix', prefix, ...args, '--endpoint', server.endpoint, '--columns', 'key', '--quiet'], { env: server.env });
          const what = `seed ${seed}: ${JSON.stringify(prefix)} ${args.join(' ')}`;
          assert.equal(code, 0, `${what}: ${stderr}`);
          const listed = readNdjson(stdout).map((row) => String(row['key']));
          assert.deepEqual(listed.sort(compare), keys.filter((each) => each.startsWith(prefix) && (after <= prefix || compare(each, after) > 0)).sort(compare), what);
        }
      }
    });
  }
});
