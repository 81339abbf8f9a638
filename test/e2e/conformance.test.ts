/**
 * More than 500 awkward keys, metadata in every encoding, every header: from each server, `list` and `head` tell in every
 * format what the AWS SDK tells, and the README's table says what is so.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { compareBucket, FORMATS, runMatrix, type Difference } from '../support/matrix.ts';
import { MATRIX_SERVERS } from '../support/matrix-servers.ts';
import { betweenMarks, parseTable, renderFates, tableOf } from '../support/matrix-table.ts';
import { startSimCommand } from '../support/sim.ts';

/** Relative to dist/test/e2e. */
function documentText(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
}

function assertNone(differences: readonly Difference[]): void {
  assert.equal(differences.length, 0, `${differences.length} values differ, the first:\n${JSON.stringify(differences.slice(0, 5), null, 2)}`);
}

/** The titles and one server's column. */
function columnOf(table: readonly (readonly string[])[], server: string): string[][] {
  const at = table[0]!.indexOf(server);
  assert.ok(at > 0, `the README's table has no column ${server}: run \`npm run matrix\``);
  return table.map((row) => [row[0]!, row[at]!]);
}

describe('conformance: awkward keys and headers, as the SDK tells them', { concurrency: 2 }, () => {
  for (const { name, start, skip, fast } of MATRIX_SERVERS) {
    test(name, { skip }, async () => {
      const server = await start();
      try {
        const result = await runMatrix(name, server, fast);
        assertNone(result.differences);
        const told = columnOf(parseTable(betweenMarks(documentText('README.md'))), name);
        assert.deepEqual(tableOf([result]), told, 'the README says otherwise: run `npm run matrix`');
        assert.ok(documentText('docs/conformance.md').includes(renderFates(result)), 'docs/conformance.md says otherwise: run `npm run matrix`');
      } finally {
        await server.stop();
      }
    });
  }

  test('the simulation, of its own objects', async (t) => {
    const env = { AWS_ACCESS_KEY_ID: 'conformance', AWS_SECRET_ACCESS_KEY: 'conformance/secret+0123456789' };
    const { endpoint } = await startSimCommand(t, ['--objects', '700', '--layout', 'unicode'], env);
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    t.after(() => client.destroy());
    const { listed, differences } = await compareBucket(client, { bucket: 'sim', endpoint, env, formats: FORMATS, headPrefix: '' });
    assert.equal(listed.size, 700);
    assertNone(differences);
  });
});
