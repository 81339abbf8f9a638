import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { Tiling } from '../../src/keyspace/tiling.ts';
import { getVersions, listObjectVersions } from '../../src/listing/list-object-versions.ts';
import { listWhole } from '../../src/listing/whole-listing.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { rowsOf, type Row } from '../records/arrow-rows.ts';
import { bytes, compareText, diceOf, Schedule } from './fake-bucket.ts';
import { DIALECTS, honestVersions, NEWEST, ordered, serveVersions, type Ask, type KeyMarkerRule, type Version, type VersionsAnswer, type VersionsDialect } from './fake-versions.ts';
import { BUCKET } from './table.ts';

interface Changes {
  readonly after?: string;
  readonly through?: string | null;
  readonly prefix?: string;
  readonly pageSize?: number;
  readonly maxKeys?: number;
  readonly concurrency?: number | null;
}

interface Listed {
  readonly versions: Version[];
  readonly rows: readonly Row[];
  readonly asked: readonly Ask[];
  readonly failure: Failure | null;
}

/** Lists to the end, or to the Failure, and checks that each page holds the versions of its interval's keys and no others. */
async function list(server: (ask: Ask) => VersionsAnswer, seed: number, changes: Changes = {}, dialect: VersionsDialect = DIALECTS[0]!): Promise<Listed> {
  const { after = '', through = null, prefix = '', pageSize = 3, maxKeys = Infinity, concurrency = 6 } = changes;
  const schedule = new Schedule(diceOf(seed));
  const asked: Ask[] = [];
  const listPage = listObjectVersions(getVersions(serveVersions(server, dialect, schedule, asked)));
  const rows: Row[] = [];
  const tiling = new Tiling();
  const pages = listWhole(listPage, {
    bucket: 'b',
    missing: [{ after: bytes(after), through: through === null ? null : bytes(through) }],
    prefix: bytes(prefix),
    pageSize, maxKeys, concurrency,
    schema: LIST_COLUMNS,
    constants: BUCKET,
    counters: new ListingCounters(),
    now: () => 0,
  });
  const consume = async (): Promise<Failure | null> => {
    try {
      for await (const page of pages) {
        assert.ok(tiling.add(page.interval), 'pages overlap');
        const { interval } = page;
        for (const row of rowsOf(LIST_COLUMNS, page.rows)) {
          const key = bytes(String(row['key']));
          assert.ok(Buffer.compare(key, interval.after) > 0 && (interval.through === null || Buffer.compare(key, interval.through) <= 0), 'a row beside its interval');
          rows.push(row);
        }
      }
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error;
    }
  };
  const failure = await schedule.run(consume());
  const versions = rows.map((row) => ({ key: String(row['key']), versionId: String(row['version_id']), isDeleteMarker: row['is_delete_marker'] === true, newer: NEWEST - Number(row['last_modified']) }));
  return { versions, rows, asked, failure };
}

/** Version ids are those of the numbers: on AWS they tell nothing of the order either. */
function versionsOf(counts: Readonly<Record<string, number>>): Version[] {
  return Object.entries(counts).flatMap(([key, count]) =>
    Array.from({ length: count }, (_, at) => ({ key, versionId: at === count - 1 && key.length % 2 === 0 ? 'null' : `v${(at * 7919) % 1009}-${key.length}`, isDeleteMarker: at % 3 === 1, newer: at })),
  );
}

const names = fc.array(fc.constantFrom('a', 'b', '/', '0', '~', ' ', '%', '+', 'é', '😀', '\uffee', '\u0001'), { minLength: 1, maxLength: 4 }).map((characters) => characters.join(''));
/** Most keys have a few versions, some more than fit a page. */
const buckets = fc.dictionary(names, fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 25 })), { maxKeys: 30, noNullPrototype: true }).map(versionsOf);

const byName = (versions: readonly Version[]): string[] => versions.map(({ key, versionId, isDeleteMarker }) => `${key} ${versionId} ${isDeleteMarker}`).sort();

test('any bucket, any pages, any order of answers, any dialect: each version once, in pages of whole keys (R2)', async () => {
  const scans = fc.record({
    all: buckets,
    seed: fc.integer(),
    pageSize: fc.integer({ min: 1, max: 7 }),
    concurrency: fc.constantFrom(1, 4, null),
    dialect: fc.constantFrom(...DIALECTS),
    after: fc.oneof(fc.constant(''), names),
    through: fc.option(names),
    isShort: fc.boolean(),
    rule: fc.constantFrom<KeyMarkerRule>('behind', 'behind', 'with', 'with the version, too'),
  });
  await fc.assert(
    fc.asyncProperty(scans, async ({ all, seed, pageSize, concurrency, dialect, after, through, isShort, rule }) => {
      // XML without url encoding cannot hold it, and the real one would not send it.
      const held = dialect.urlEncoded ? all : all.filter(({ key }) => !key.includes('\u0001'));
      // A page of one entry would always be the marker; and a null version would end the listing.
      fc.pre(rule !== 'with the version, too' || (held.every(({ versionId }) => versionId !== 'null') && pageSize > 1 && !isShort));
      const listed = await list(honestVersions(held, isShort ? diceOf(seed) : null, rule), seed, { pageSize, concurrency, after, through }, dialect);
      assert.equal(listed.failure, null);
      const wanted = ordered(held).filter(({ key }) => compareText(key, after) > 0 && (through === null || compareText(key, through) <= 0));
      // Stable: the versions of a key stay as they came, the latest first.
      assert.deepEqual(ordered(listed.versions), wanted);
    }),
    { numRuns: 300 },
  );
});

test('the first N versions in order, exactly N, also where that is in the midst of a key', async () => {
  const all = versionsOf({ a: 2, b: 9, c: 1, d: 4 });
  for (let maxKeys = 1; maxKeys <= 17; maxKeys++) {
    for (const pageSize of [1, 3, 1000]) {
      const { versions, failure } = await list(honestVersions(all), maxKeys, { maxKeys, pageSize });
      assert.equal(failure, null);
      assert.deepEqual(versions, all.slice(0, maxKeys), `${maxKeys} by ${pageSize}`);
    }
  }
});

test('what a version and a delete marker tell', async () => {
  const { rows } = await list(honestVersions([{ key: 'k', versionId: 'v2', isDeleteMarker: true }, { key: 'k', versionId: 'null', isDeleteMarker: false }]), 1);
  const lastModified = Date.parse('2026-11-20T12:34:56.789Z');
  const common = { bucket: 'b', key: 'k', last_modified: lastModified, owner_id: 'me' };
  const told = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)));
  assert.deepEqual(told, [
    { ...common, version_id: 'v2', is_latest: true, is_delete_marker: true },
    { ...common, version_id: 'null', is_latest: false, is_delete_marker: false, size: 5n, etag: 'e', storage_class: 'STANDARD' },
  ]);
});

test('delete markers told apart from versions stand between them, the newest of a key first; a folder is named without its slash', async () => {
  const all: Version[] = [
    { key: 'a', versionId: 'a2', isDeleteMarker: true, newer: 0 },
    { key: 'a', versionId: 'a1', isDeleteMarker: false, newer: 1 },
    { key: 'b', versionId: 'b3', isDeleteMarker: false, newer: 0 },
    { key: 'b', versionId: 'b2', isDeleteMarker: true, newer: 1 },
    { key: 'b', versionId: 'b1', isDeleteMarker: false, newer: 2 },
    { key: 'c/', versionId: 'null', isDeleteMarker: false, newer: 0 },
    { key: 'd', versionId: 'd1', isDeleteMarker: true, newer: 0 },
  ];
  const honest = honestVersions(all);
  const likeVersitygw = (ask: Ask): VersionsAnswer => {
    const page = honest(ask);
    const last = page.entries.at(-1);
    return { ...page, ...(last?.key === 'c/' && { markers: { key: 'c', versionId: null } }) };
  };
  for (const dialect of DIALECTS) {
    for (const pageSize of [1, 2, 3, 4, 5, 6, 7]) {
      const { versions, failure } = await list(likeVersitygw, 1, { pageSize, concurrency: 1 }, dialect);
      assert.deepEqual([failure, versions], [null, all], `${dialect.deleteMarkers} by ${pageSize}`);
    }
  }
});

test('a key that fills pages is followed by both markers, any other by its key alone', async () => {
  const { asked } = await list(honestVersions(versionsOf({ a: 1, b: 7, c: 1 })), 1, { concurrency: 1 });
  const followed = asked.map((ask) => [ask('key-marker'), ask('version-id-marker') !== null]);
  assert.deepEqual(followed, [[null, false], ['a', false], ['b', true], ['b', true], ['b', false]].slice(0, followed.length));
  for (const ask of asked) assert.deepEqual([ask('versions'), ask('encoding-type')], ['', 'url']);
});

test('a server that passes over a version behind a made-up key-marker is listed by real ones', async () => {
  for (let seed = 0; seed < 20; seed++) {
    // The last folder has neighbours, behind which it is not to be asked from a key that is none.
    const keys = [...Array.from({ length: 40 }, (_, at) => `key-${at}`), 'z-1', 'z/1', 'z1', 'z2', 'z3'].slice(0, 42 + (seed % 4));
    const all = versionsOf(Object.fromEntries(keys.map((key, at) => [key, 1 + (at % 3)])));
    const { versions, failure } = await list(honestVersions(all, null, 'passes over one'), seed, { pageSize: 4 }, DIALECTS[seed % DIALECTS.length]);
    assert.equal(failure, null);
    assert.deepEqual(byName(versions), byName(all));
  }
});

// ---- servers that lie ------------------------------------------------------------------------------------

const DELETED: Version = { key: 'z', versionId: 'm', isDeleteMarker: true };

const LIARS: readonly (readonly [what: string, server: (ask: Ask) => VersionsAnswer, says: RegExp])[] = [
  ['the same page again and again', () => ({ entries: versionsOf({ a: 2, b: 1 }), isTruncated: true }), /not ascending/],
  [
    'a key whose versions never end: the same markers',
    (ask) => ({ entries: ask('version-id-marker') === null ? versionsOf({ a: 3 }) : [], isTruncated: true, markers: { key: 'a', versionId: 'v7' } }),
    /markers that an earlier page gave/,
  ],
  ['a page cut in a key, and no marker', () => ({ entries: versionsOf({ a: 3 }), isTruncated: true, markers: { key: null, versionId: null } }), /IsTruncated and gives no NextKeyMarker/],
  ['an empty page that others follow, and no marker', () => ({ entries: [], isTruncated: true }), /IsTruncated and gives no NextKeyMarker/],
  ['keys out of order', () => ({ entries: versionsOf({ b: 1, a: 1 }), isTruncated: false }), /not ascending.*"a".*"b"/],
  ['a key in two places', () => ({ entries: [...versionsOf({ a: 1, b: 1 }), { key: 'a', versionId: 'x', isDeleteMarker: false }], isTruncated: false }), /not ascending/],
  ['a version twice', () => ({ entries: [...versionsOf({ a: 1 }), ...versionsOf({ a: 1 })], isTruncated: false }), /version v0-1 of "a" is listed twice/],
  [
    'version-id-marker ignored: the same versions again',
    (ask) => ({ entries: versionsOf({ a: 3 }), isTruncated: true, markers: { key: 'a', versionId: `m${ask('version-id-marker')}` } }),
    /listed twice/,
  ],
  ['a page that begins with the null version that was its marker', (ask) => ({ entries: [{ key: 'a', versionId: 'null', isDeleteMarker: false }], isTruncated: ask('version-id-marker') === null }), /behind version null of "a" begins with it/],
  [
    'delete markers behind the versions, each kind cut for itself',
    (ask) => {
      const most = Number(ask('max-keys'));
      return { entries: [...versionsOf(Object.fromEntries(Array.from({ length: most }, (_, at) => [`k${1000 + at}`, 1]))), DELETED], isTruncated: true };
    },
    /tells delete markers apart from versions.*they are \d+ of \d+ asked for/,
  ],
  ['a delete marker behind where the page ends', () => ({ entries: [...versionsOf({ a: 1, b: 1 }), DELETED], isTruncated: true, markers: { key: 'b', versionId: null } }), /"z" lies behind its NextKeyMarker, "b"/],
  ['delete markers apart, and no marker', () => ({ entries: [...versionsOf({ a: 1, b: 1 }), DELETED], isTruncated: true, markers: { key: null, versionId: null } }), /how far it goes with both: it gives no NextKeyMarker/],
  ['delete markers apart, and versions out of order', () => ({ entries: [DELETED, ...versionsOf({ b: 1, a: 1 })], isTruncated: false }), /not ascending.*"a".*"b"/],
  ['keys beside the prefix', () => ({ entries: versionsOf({ b: 1 }), isTruncated: false }), /does not begin with the prefix/],
];

for (const [what, server, says] of LIARS) {
  for (const concurrency of [1, 4]) {
    test(`${what}: a Failure, by ${concurrency}`, async () => {
      const { failure } = await list(server, 1, { concurrency, prefix: what.includes('prefix') ? 'a' : '' });
      assert.equal(failure?.kind, 'listing');
      assert.match(failure.message, says);
    });
  }
}

test('pages without an entry are passed over', async () => {
  const all = versionsOf({ a: 2, b: 5, c: 1 });
  const honest = honestVersions(all);
  let asked = 0;
  const server = (ask: Ask): VersionsAnswer => {
    const [key, versionId] = [ask('key-marker'), ask('version-id-marker')];
    // Before each page an empty one, which names where it really begins.
    return asked++ % 2 === 0 ? { entries: [], isTruncated: true, markers: { key: key ?? ' ', versionId: `${versionId ?? ''}.` } } : honest((name) => (name === 'version-id-marker' ? (versionId ?? '').replace(/\.$/, '') || null : ask(name)));
  };
  const { versions, failure } = await list(server, 1, { concurrency: 1 });
  assert.equal(failure, null);
  assert.deepEqual(versions, all);
});
