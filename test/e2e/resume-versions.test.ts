/** A directory output of a versioned bucket: killed in the midst and gone on with, it holds what an uninterrupted one does (R1, R2). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIALECTS, renderVersions, type Version, type VersionsAnswer, type VersionsDialect } from '../listing/fake-versions.ts';
import { s3scanDone, startS3scan } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { serveHttp } from '../support/http-server.ts';
import { committedRows, partsOf } from '../support/parts.ts';
import { assertSameRows, readTable, without, type Rows } from '../support/tables.ts';
import { byVersion } from '../support/versions-oracle.ts';

const LAST_MODIFIED = 'Fri, 20 Nov 2026 12:34:56 GMT';
/** Of every hundredth key, more versions than a page holds. */
const VERSIONS: readonly Version[] = Array.from({ length: 1200 }, (_, at) => `key-${String(at).padStart(5, '0')}`).flatMap((key, at) =>
  Array.from({ length: at % 100 === 50 ? 60 : 1 + (at % 3) }, (_version, newer) => ({ key, versionId: `v${newer}-${at}`, isDeleteMarker: (at + newer) % 4 === 1, newer })),
);
/** Until the server is hurried, it takes its time, so that a kill comes in the midst. */
const PAUSE_MS = 40;

interface VersionedServer {
  readonly endpoint: string;
  hurry(): void;
}

function answerTo(query: URLSearchParams): VersionsAnswer {
  const [key, versionId] = [query.get('key-marker') ?? '', query.get('version-id-marker')];
  const marker = versionId === null ? VERSIONS.findLastIndex((version) => version.key <= key) : VERSIONS.findIndex((version) => version.key === key && version.versionId === versionId);
  const size = Number(query.get('max-keys'));
  return { entries: VERSIONS.slice(marker + 1, marker + 1 + size), isTruncated: marker + 1 + size < VERSIONS.length };
}

async function serve(t: TestContext, dialect: VersionsDialect): Promise<VersionedServer> {
  let pauseMs = PAUSE_MS;
  const markers = new Set(VERSIONS.filter(({ isDeleteMarker }) => isDeleteMarker).map(({ key, versionId }) => `${key} ${versionId}`));
  const endpoint = await serveHttp(t, (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url!, 'http://localhost');
    const answer = (): void => {
      if (request.method === 'GET') {
        response.end(renderVersions(answerTo(query), dialect));
        return;
      }
      const versionId = query.get('versionId')!;
      const isMarker = markers.has(`${pathname.split('/').at(-1)} ${versionId}`);
      const told = isMarker ? { 'x-amz-delete-marker': 'true', allow: 'DELETE' } : { etag: '"e"', 'content-length': 5 };
      response.writeHead(isMarker ? 405 : 200, { ...told, 'x-amz-version-id': versionId, 'last-modified': LAST_MODIFIED }).end();
    };
    setTimeout(answer, pauseMs);
  });
  return { endpoint, hurry: () => (pauseMs = 0) };
}

async function rowsIn(folder: string): Promise<Rows> {
  const tables = await Promise.all((await partsOf(folder)).map((name) => readTable(join(folder, 'data', name))));
  return without(byVersion(tables.flat()), 'shard', 'latency_us', 'request_id', 'attempts');
}

describe('resume with --versions', { concurrency: 2 }, () => {
  for (const [command, dialect] of [['list', DIALECTS.at(-1)!], ['head', DIALECTS[0]!]] as const) {
    test(`SIGKILL in the midst of ${command} --versions, delete markers ${dialect.deleteMarkers ?? 'in their place'}: --resume gives the rows of an uninterrupted run`, async (t) => {
      const server = await serve(t, dialect);
      const folder = await temporaryFolder(t);
      const [out, whole] = [join(folder, 'out'), join(folder, 'whole')];
      const args = [command, 's3://bucket', '--versions', '--endpoint', server.endpoint, '--no-sign-request', '--page-size', '50', '--part-rows', '1000', '--list-concurrency', '2'];
      const { child, ended } = await startS3scan([...args, '-o', `${out}/`]);
      while ((await committedRows(out)) === 0 && child.exitCode === null) await sleep(5);
      child.kill('SIGKILL');
      await ended;
      const before = await committedRows(out);
      assert.ok(before > 0 && before < VERSIONS.length, `${before} rows`);
      server.hurry();
      await s3scanDone([...args, '--resume', '-o', `${out}/`]);
      await s3scanDone([...args, '-o', `${whole}/`]);
      const rows = await rowsIn(out);
      assertSameRows(rows, await rowsIn(whole));
      assert.deepEqual([...rows.keys()], VERSIONS.map(({ key, versionId }) => `${key} ${versionId}`).sort());
    });
  }
});
