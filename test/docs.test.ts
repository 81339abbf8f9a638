/** The documentation says what the code does: its reference, its command lines, exit codes, paths and links. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodeTable, reference, silentProgram } from './support/reference.ts';

/** Relative to dist/test. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

const TEXTS: ReadonlyMap<string, string> = new Map(
  ['.', 'docs', 'bench'].flatMap(markdownIn).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
);

const FENCE = /^```(\w*)\n([^]*?)^```/gm;

/** The lines of the code blocks of these languages, with lines that a backslash joins as one. */
function codeLines(text: string, ...languages: readonly string[]): string[] {
  const blocks = [...text.matchAll(FENCE)].filter(([, language = '']) => languages.includes(language));
  return blocks.flatMap(([, , block = '']) => block.replaceAll('\\\n', ' ').split('\n'));
}

/** Words as a shell takes them: quotes are taken off, and what ends a command is a word of its own. */
function shellWords(line: string): string[] {
  const words = line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"|;&<>]+)+|[|;&<>]+|#.*/g);
  return [...words].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** Whether the word behind this one is what a shell, `node` or `npx` would run. */
function beginsCommand(before: string | undefined): boolean {
  return before === undefined || /^(?:[|;&]+|node|npx|\w+=.*)$/.test(before);
}

/** What of a line is given to s3scan; null where it does not run it. */
function s3scanArguments(line: string): string[] | null {
  const words = shellWords(line);
  const start = words.findIndex((word, at) => /(^|\/)s3scan(\.js)?$/.test(word) && (words[0] === 'docker' ? words[1] === 'run' : beginsCommand(words[at - 1])));
  if (start === -1) return null;
  const end = words.findIndex((word, at) => at > start && /^(?:[|;&<>]+|#.*)$/.test(word));
  // `2>log`: the descriptor belongs to the redirection
  const given = words.slice(start + 1, end === -1 ? undefined : end);
  return words[end]?.startsWith('>') && given.at(-1) === '2' ? given.slice(0, -1) : given;
}

test('docs/reference.md is what the code says', () => {
  assert.equal(TEXTS.get('docs/reference.md'), reference(), 'run `npm run docs`');
});

test('every command line of the documentation is one that s3scan takes', async () => {
  let seen = 0;
  for (const [path, text] of TEXTS) {
    for (const line of codeLines(text, 'sh')) {
      const given = s3scanArguments(line);
      if (given === null) continue;
      seen++;
      await silentProgram()
        .parseAsync(given, { from: 'user' })
        .catch((error: Error) => assert.fail(`${path}: ${line}\n${error.message}`));
    }
  }
  assert.ok(seen > 10, `only ${seen} command lines were found: is the test blind?`);
});

test('every option named in the text exists', () => {
  const known = new Set(silentProgram().commands.flatMap(({ options }) => options.map(({ long }) => long)));
  for (const name of ['--help', '--version']) known.add(name);
  for (const path of ['README.md', join('docs', 'architecture.md')]) {
    for (const [, name] of TEXTS.get(path)!.replaceAll(FENCE, '').matchAll(/`(--[a-z][a-z-]*)/g)) {
      assert.ok(known.has(name), `${path}: there is no option ${name}`);
    }
  }
});

test('the exit codes of the README are those of the code', () => {
  assert.ok(TEXTS.get('README.md')!.includes(`\n${exitCodeTable()}\n`), `its table is to be\n${exitCodeTable()}`);
});

/** The anchor that a heading gets on the usual code hosts. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-');
}

test('every relative link leads somewhere', () => {
  for (const [path, text] of TEXTS) {
    const prose = text.replaceAll(FENCE, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? path : join(dirname(path), file);
      assert.ok(existsSync(join(ROOT, linked)), `${path}: ${target} does not exist`);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(join(ROOT, linked), 'utf8').replaceAll(FENCE, '').matchAll(/^#+ (.*)$/gm)];
      assert.ok(headings.some(([, heading = '']) => anchorOf(heading) === anchor), `${path}: ${linked} has no heading for #${anchor}`);
    }
  }
});

test('every file and folder named in the text exists', () => {
  for (const [path, text] of TEXTS) {
    for (const [, named = ''] of text.replaceAll(FENCE, '').matchAll(/`((?:src|test|bench|docs|bin)\/[\w./-]*)`/g)) {
      assert.ok(existsSync(join(ROOT, named)), `${path}: ${named} does not exist`);
    }
  }
});

test('every script named in the text is one of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  for (const [path, text] of TEXTS) {
    for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g)) assert.ok(Object.hasOwn(scripts, name), `${path}: there is no script ${name}`);
  }
});
