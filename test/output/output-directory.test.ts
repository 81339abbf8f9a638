import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import type { Interval } from '../../src/keyspace/interval.ts';
import type { JournalHeader } from '../../src/output/journal.ts';
import { OutputDirectory, type DirectoryOptions } from '../../src/output/output-directory.ts';
import type { PublishedPart } from '../../src/output/part.ts';
import { temporaryFolder } from './rows.ts';

const HEADER: JournalHeader = { s3scan: '1', command: 'list', unit: 'keys', asked: { bucket: 'b' } };

function options(path: string, changes: Partial<DirectoryOptions> = {}): DirectoryOptions {
  return { path, overwrite: false, resume: false, private: false, ...changes };
}

function between(after: string, through: string | null): Interval {
  return { after: Buffer.from(after), through: through === null ? null : Buffer.from(through) };
}

async function partIn(directory: OutputDirectory, file: string, text: string): Promise<PublishedPart> {
  await writeFile(join(directory.dataFolder, file), text);
  return { file, rows: 2, failed: 1, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
}

/** Three parts of texts `a`, `b`, `c` that cover ('', 'a'], ('a', 'b'] and ('c', end); not finished. */
async function begun(path: string): Promise<void> {
  const directory = await OutputDirectory.open(options(path));
  await directory.begin(HEADER);
  const places = { a: between('', 'a'), b: between('a', 'b'), c: between('c', null) };
  for (const [number, [text, place]] of Object.entries(places).entries()) {
    await directory.commit({ part: await partIn(directory, `part-0000${number}.txt`, text), covers: [place] });
  }
  await directory.close();
}

function texts(intervals: readonly Interval[]): (string | null)[][] {
  return intervals.map(({ after, through }) => [Buffer.from(after).toString(), through && Buffer.from(through).toString()]);
}

function usage(word: string | RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.kind === 'usage' && `${error.message} ${error.hint}`.search(word) >= 0;
}

async function folderOf(t: TestContext): Promise<string> {
  return join(await temporaryFolder(t), 'out');
}

test('what was committed is there when the directory is opened again, and what it lacks is what is left', async (t) => {
  const path = await folderOf(t);
  await begun(path);
  const directory = await OutputDirectory.open(options(path, { resume: true }));
  assert.deepEqual([directory.before, directory.isFinished], [HEADER, false]);
  await directory.begin(HEADER);
  assert.deepEqual(texts(directory.missing(between('', null))), [['b', 'c']]);
  assert.equal(directory.nextPart, 3);
  await directory.commit({ part: null, covers: [between('b', 'c')] });
  await directory.succeed();
  await directory.close();
  assert.deepEqual((await readdir(path)).sort(), ['_SUCCESS', '_journal.ndjson', 'data', 'manifest.json']);
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')) as { rows: number; failed: number; parts: PublishedPart[] };
  assert.deepEqual([manifest.rows, manifest.failed, manifest.parts.map(({ file }) => file)], [6, 3, ['part-00000.txt', 'part-00001.txt', 'part-00002.txt']]);
  assert.equal((await OutputDirectory.open(options(path, { resume: true }))).isFinished, true);
});

test('truncated after a kill: parts are verified, damaged ones are dropped, and what no line names is removed', async (t) => {
  const damages: Record<string, (file: string) => Promise<void>> = {
    gone: (file) => rm(file),
    short: (file) => writeFile(file, ''),
    long: (file) => appendFile(file, 'x'),
    changed: (file) => writeFile(file, 'B'),
    link: async (file) => {
      await rm(file);
      await writeFile(`${file}.elsewhere`, 'b');
      await symlink(`${file}.elsewhere`, file);
    },
    folder: async (file) => {
      await rm(file);
      await mkdir(file);
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    const path = join(await temporaryFolder(t), 'out');
    await begun(path);
    const data = join(path, 'data');
    await damage(join(data, 'part-00001.txt'));
    await writeFile(join(data, 'part-00003.txt'), 'published and not entered');
    await writeFile(join(data, 'part-00004.txt.partial'), 'under way');
    await writeFile(join(data, 'notes.txt'), 'somebody else’s');
    await appendFile(join(path, '_journal.ndjson'), '{"part":"part-00003.t');
    const directory = await OutputDirectory.open(options(path, { resume: true }));
    if (name === 'folder') {
      await assert.rejects(directory.begin(HEADER), usage('part-00001'), name);
      await directory.close();
      continue;
    }
    await directory.begin(HEADER);
    assert.deepEqual([directory.dropped, texts(directory.missing(between('', null)))], [['part-00001.txt'], [['a', 'c']]], name);
    const kept = (await readdir(data)).filter((each) => !each.endsWith('.elsewhere')).sort();
    assert.deepEqual(kept, ['notes.txt', 'part-00000.txt', 'part-00002.txt'], name);
    await directory.commit({ part: await partIn(directory, 'part-00003.txt', 'b'), covers: [between('a', 'b')] });
    await directory.close();
    // The journal tells it all to the next one: the torn line is gone, the dropped part stays dropped.
    const again = await OutputDirectory.open(options(path, { resume: true }));
    await again.begin(HEADER);
    assert.deepEqual([again.dropped, texts(again.missing(between('', null))), again.nextPart], [[], [['b', 'c']], 4], name);
    await again.close();
  }
});

test('a folder that is not empty is refused, and --overwrite removes what is ours and nothing else', async (t) => {
  const path = await folderOf(t);
  await begun(path);
  await writeFile(join(path, 'precious'), '');
  await writeFile(join(path, 'data', 'part-9.csv'), '');
  await assert.rejects(OutputDirectory.open(options(path)), usage('--resume goes on.*--overwrite'));
  const directory = await OutputDirectory.open(options(path, { overwrite: true }));
  await directory.begin(HEADER);
  assert.deepEqual(directory.committed, []);
  assert.equal(directory.nextPart, 0);
  await directory.close();
  assert.deepEqual((await readdir(path)).sort(), ['_journal.ndjson', 'data', 'precious']);
  assert.deepEqual(await readdir(join(path, 'data')), ['part-9.csv']);
});

test('--resume begins where there is nothing, and refuses a folder of something else', async (t) => {
  const path = await folderOf(t);
  const fresh = await OutputDirectory.open(options(path, { resume: true }));
  assert.deepEqual([fresh.before, fresh.isFinished], [null, false]);
  await fresh.close();
  // Killed before the first line was whole.
  await writeFile(join(path, '_journal.ndjson'), '{"journal":1,');
  await mkdir(join(path, 'data'));
  const torn = await OutputDirectory.open(options(path, { resume: true }));
  await torn.begin(HEADER);
  await torn.close();
  assert.match(await readFile(join(path, '_journal.ndjson'), 'utf8'), /^\{"journal":1,.*\}\n$/);

  await rm(join(path, '_journal.ndjson'));
  await writeFile(join(path, 'thesis.tex'), '');
  await assert.rejects(OutputDirectory.open(options(path, { resume: true })), usage('not empty.*no scan in it'));
  assert.deepEqual((await readdir(path)).sort(), ['data', 'thesis.tex']);
});

test('a malformed journal is refused by its path and line, and nothing is removed', async (t) => {
  const path = await folderOf(t);
  await begun(path);
  await appendFile(join(path, '_journal.ndjson'), 'rubbish\n');
  await assert.rejects(OutputDirectory.open(options(path, { resume: true })), usage(/out".*line 5 of the journal/));
  assert.equal((await readdir(join(path, 'data'))).length, 3);
});

test('no link leads out of the directory', async (t) => {
  const path = await folderOf(t);
  await begun(path);
  await rm(join(path, 'data'), { recursive: true });
  const elsewhere = join(await temporaryFolder(t), 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'part-00000.txt'), 'a');
  await symlink(elsewhere, join(path, 'data'));
  for (const changes of [{ resume: true }, { overwrite: true }]) {
    const directory = await OutputDirectory.open(options(path, changes));
    await assert.rejects(directory.begin(HEADER), usage('data'));
    await directory.close();
    assert.deepEqual(await readdir(elsewhere), ['part-00000.txt']);
  }
  await rm(join(path, '_journal.ndjson'), { force: true });
  await symlink(join(elsewhere, 'part-00000.txt'), join(path, '_journal.ndjson'));
  await assert.rejects(OutputDirectory.open(options(path, { resume: true })), usage('no regular file'));
  assert.equal(await readFile(join(elsewhere, 'part-00000.txt'), 'utf8'), 'a');
});

test('a lock keeps a second run out, and says who holds it', async (t) => {
  const path = await folderOf(t);
  const directory = await OutputDirectory.open(options(path));
  const other = spawn('sleep', ['60']);
  t.after(() => other.kill());
  const lock = JSON.parse(await readFile(join(path, '_lock'), 'utf8')) as object;
  await assert.rejects(OutputDirectory.open(options(path, { overwrite: true })), usage(`process ${process.pid} `));
  await directory.close();
  assert.deepEqual(await readdir(path), []);

  const write = (change: object): Promise<void> => writeFile(join(path, '_lock'), JSON.stringify({ ...lock, ...change }));
  const began = (await readFile(`/proc/${other.pid}/stat`, 'utf8').catch(() => '')).split(') ')[1]?.split(' ')[19] ?? null;
  await write({ pid: other.pid, began });
  await assert.rejects(OutputDirectory.open(options(path)), usage(`process ${other.pid} on ${JSON.stringify(hostname())}`));
  await write({ pid: 2 ** 22 + 1, host: 'elsewhere.example' });
  await assert.rejects(OutputDirectory.open(options(path, { resume: true })), usage('elsewhere.example'));
  await writeFile(join(path, '_lock'), 'rubbish');
  await assert.rejects(OutputDirectory.open(options(path)), usage('another run'));
  assert.deepEqual(await readdir(path), ['_lock']);

  // Stale: the process is gone, its number is another's now, or it is our own of an earlier life of the container.
  other.kill('SIGKILL');
  await once(other, 'exit');
  for (const change of [{ pid: other.pid }, { pid: process.ppid, began: 'long ago' }, { pid: process.pid, began: 'an earlier life' }]) {
    await write(change);
    await (await OutputDirectory.open(options(path))).close();
    assert.deepEqual(await readdir(path), [], JSON.stringify(change));
  }
});

test('of many who find a stale lock, one takes it', async (t) => {
  const path = await folderOf(t);
  await mkdir(path);
  for (let round = 0; round < 10; round++) {
    await writeFile(join(path, '_lock'), JSON.stringify({ pid: process.ppid, host: hostname(), began: `round ${round}` }));
    const opened = await Promise.allSettled(Array.from({ length: 4 }, () => OutputDirectory.open(options(path, { overwrite: true }))));
    const taken = opened.filter((result) => result.status === 'fulfilled');
    assert.ok(taken.length <= 1, `${taken.length} took it`);
    for (const { value } of taken) await value.close();
    await rm(join(path, '_lock'), { force: true });
  }
});

test('--private: files that only their owner can read, in folders likewise', async (t) => {
  const path = await folderOf(t);
  const directory = await OutputDirectory.open(options(path, { private: true }));
  await directory.begin(HEADER);
  await directory.succeed();
  const modes: Record<string, number> = {};
  for (const name of ['.', '_lock', '_journal.ndjson', 'data', 'manifest.json', '_SUCCESS']) modes[name] = (await stat(join(path, name))).mode & 0o777;
  await directory.close();
  assert.deepEqual(modes, { '.': 0o700, _lock: 0o600, '_journal.ndjson': 0o600, data: 0o700, 'manifest.json': 0o600, _SUCCESS: 0o600 });
});

test('what can be no folder is refused at once', async (t) => {
  const path = await folderOf(t);
  await writeFile(path, 'precious');
  await assert.rejects(OutputDirectory.open(options(path)), usage('out'));
  await assert.rejects(OutputDirectory.open(options(join(path, 'in'))), usage('ENOTDIR'));
  assert.equal(await readFile(path, 'utf8'), 'precious');
});
