/**
 * The layers, read from the imports themselves: what the lint rules say, said a second time and independently, so that
 * loosening a rule, or a comment that switches it off, fails here.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { test } from 'node:test';

/** The sources, whether this runs from `test` or from `dist/test`. */
const ROOT = import.meta.dirname.replace(/([\\/]dist)?[\\/]test$/, '');
const SOURCES = join(ROOT, 'src');

const SHARED = ['queue', 'records', 'metrics', 's3', 'http', 'keyspace'];
const STAGES = ['listing', 'source', 'head', 'output'];

/** What each folder may import besides itself and failure.ts: cli → scan | sim → stages → queue, records, metrics → s3 → http, keyspace. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  cli: ['scan', 'sim', ...STAGES, ...SHARED],
  scan: [...STAGES, ...SHARED],
  sim: ['s3', 'http', 'keyspace'],
  listing: SHARED,
  source: SHARED,
  head: SHARED,
  output: SHARED,
  queue: ['keyspace', 'records'],
  records: ['keyspace'],
  metrics: [],
  s3: ['http'],
  http: [],
  keyspace: [],
};

/** Files whose decisions are pure (R9): given the same, they say the same. */
const PURE = ['output/journal.ts', 'output/part.ts', 'queue/place.ts', 'http/retry.ts', 'queue/batch-size.ts', 'head/drift.ts', 'metrics/limit.ts', 'keyspace/'];

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}

interface Source {
  /** below src, with slashes */
  readonly path: string;
  readonly code: string;
  readonly imports: readonly string[];
  /** those of them that are loaded before the file itself runs: no types, no `import()` */
  readonly loads: readonly string[];
}

function statements(code: string): string[] {
  return [...code.matchAll(/^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)].map((match) => match[1]!);
}

function expressions(code: string): string[] {
  return [...code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
}

const sources: readonly Source[] = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const code = withoutComments(readFileSync(join(SOURCES, path), 'utf8'));
    return {
      path: path.split(sep).join('/'),
      code,
      imports: [...statements(code), ...expressions(code)],
      loads: statements(code.replace(/^(import|export) type\s[^;]*;/gm, '')),
    };
  });

/** The file below src that a relative import of `from` names. */
function resolved(from: string, specifier: string): string {
  return posix.join(dirname(from), specifier);
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

test('every import is seen, and names a file that is there', () => {
  assert.ok(sources.length > 100);
  const paths = new Set(sources.map(({ path }) => path));
  for (const { path, code, imports } of sources) {
    assert.equal(imports.length, (code.match(/\bfrom\s+['"]|^\s*import\s+['"]|\bimport\s*\(\s*['"]/gm) ?? []).length, path);
    // an import that is put together at run time could name anything
    assert.ok(!/\bimport\s*\(\s*[^'"\s]|\brequire\s*\(/.test(code), `${path} imports what is not written out`);
    for (const [use] of code.replace(/^import .*/gm, '').matchAll(/\bcreateRequire\b.*/g)) assert.match(use, /^createRequire\(import\.meta\.url\)\('[^']+'\)/, path);
    for (const specifier of imports.filter((each) => each.startsWith('.'))) {
      assert.ok(paths.has(resolved(path, specifier)), `${path} imports ${specifier}`);
    }
  }
});

test('apache-arrow and parquet-wasm are loaded in one file each, as CommonJS', () => {
  for (const library of ['apache-arrow', 'parquet-wasm']) {
    const loaders = sources.filter(({ code, loads }) => loads.includes(library) || code.includes(`createRequire(import.meta.url)('${library}')`));
    assert.deepEqual(loaders.map(({ path }) => path), [`records/${library}.ts`]);
  }
});

test('folders import only what the layers allow; of the root, only failure.ts', () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources) {
    const folder = folderOf(path);
    // src/index.ts is the package's public face: it may name the scans and the types they are asked with
    const allowed = folder === '' ? (path === 'index.ts' ? ['scan', 'records'] : []) : ALLOWED[folder];
    if (allowed === undefined) {
      wrong.push(`src/${folder} is no folder of the design`);
      continue;
    }
    for (const specifier of imports.filter((each) => each.startsWith('.'))) {
      const target = resolved(path, specifier);
      const of = folderOf(target);
      const isAllowed = target === 'failure.ts' || (of !== '' && (of === folder || allowed.includes(of)));
      if (!isAllowed) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the table above is the layers: nothing below reaches up, stages do not know each other', () => {
  const order = [['cli'], ['scan', 'sim'], STAGES, ['queue'], ['records', 'metrics'], ['s3'], ['http', 'keyspace']];
  const level = new Map(order.flatMap((folders, at) => folders.map((folder) => [folder, at] as const)));
  assert.deepEqual([...level.keys()].sort(), Object.keys(ALLOWED).sort());
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    for (const other of allowed) assert.ok(level.get(other)! > level.get(folder)!, `${folder} → ${other}`);
  }
});

test('no file loads itself, however far round', () => {
  const edges = new Map(sources.map(({ path, loads }) => [path, loads.filter((each) => each.startsWith('.')).map((each) => resolved(path, each))]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), [...trail, path].join(' → '));
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
});

test('decisions are pure: no clock, no dice, no timer, no I/O (R9)', () => {
  for (const name of PURE) assert.ok(sources.some(({ path }) => path.startsWith(name)), name);
  for (const { path, code, imports } of sources.filter((source) => PURE.some((name) => source.path.startsWith(name)))) {
    const impure = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bMath\.random\b|\bperformance\b|\bset(?:Timeout|Interval|Immediate)\b|\bprocess\b|\bcrypto\b|\bfetch\b/.exec(code);
    assert.equal(impure?.[0], undefined, path);
    for (const specifier of imports.filter((each) => !each.startsWith('.'))) assert.equal(specifier, 'node:buffer', path);
  }
});

test('nothing but the sources of this project is imported by a path', () => {
  for (const { path, imports } of sources) {
    for (const specifier of imports) {
      assert.ok(!/^(\/|file:)/.test(specifier) && !relative(SOURCES, join(SOURCES, resolved(path, specifier))).startsWith('..'), `${path}: ${specifier}`);
    }
  }
});

test('nobody switches the rules off', () => {
  for (const path of sources.map((source) => source.path)) {
    const code = readFileSync(join(SOURCES, path), 'utf8');
    assert.ok(!/(?:oxlint|eslint)-disable[^\n]*(?:no-restricted-imports|no-cycle)|(?:oxlint|eslint)-disable(?:-line|-next-line)?\s*(?:\*\/|--|$)/m.test(code), path);
    assert.ok(!/@ts-(?:nocheck|ignore)/.test(code), path);
  }
});
