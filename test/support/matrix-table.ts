/** The results of the conformance matrix as text: a table for the README, and docs/conformance.md with every refusal. */
import { matrixObjects } from './matrix-objects.ts';
import type { Fate, MatrixResult } from './matrix.ts';

export const BEGIN = '<!-- matrix: written by `npm run matrix` -->';
export const END = '<!-- /matrix -->';

const EXCEPTIONS = ['refused', 'rewritten', 'lost'] as const satisfies readonly Fate['kind'][];

function classes(): string[] {
  return [...new Set(matrixObjects().map(({ objectClass }) => objectClass))];
}

function cell({ written }: MatrixResult, objectClass: string): string {
  const fates = written.filter(({ object }) => object.objectClass === objectClass).map(({ fate }) => fate.kind);
  const count = (kind: Fate['kind']): number => fates.filter((fate) => fate === kind).length;
  const exceptions = EXCEPTIONS.filter((kind) => count(kind) > 0).map((kind) => `${count(kind)} ${kind}`);
  return [String(count('listed')), ...exceptions].join(', ');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The columns that a table of all servers has, for a test that knows some of them only. */
export function tableOf(results: readonly MatrixResult[]): string[][] {
  return [
    ['objects', ...results.map(({ server }) => server)],
    ...classes().map((objectClass) => [objectClass, ...results.map((result) => cell(result, objectClass))]),
    ['versions and delete markers', ...results.map(({ versions }) => String(versions))],
    ['rows compared', ...results.map(({ rows }) => rows.toLocaleString('en-US'))],
    ['rows that differ', ...results.map(({ differences }) => String(differences.length))],
  ];
}

export function renderTable(rows: readonly (readonly string[])[]): string {
  const [titles = [], ...body] = rows;
  return [line(titles), line(titles.map(() => '---')), ...body.map(line)].join('\n');
}

/** The cells of a table that `renderTable` wrote. */
export function parseTable(text: string): string[][] {
  const rows = text.trim().split('\n').map((row) => row.slice(2, -2).split(' | '));
  return rows.filter((_row, at) => at !== 1);
}

/** What lies between the marks. */
export function betweenMarks(text: string): string {
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
}

export function withTable(text: string, table: string): string {
  return `${text.slice(0, text.indexOf(BEGIN) + BEGIN.length)}\n${table}\n${text.slice(text.indexOf(END))}`;
}

/** Escaped, since Markdown would take white space and backticks for its own; long ones by their beginning. */
function shownKey(key: string): string {
  const text = JSON.stringify(key).replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``;
}

function fateText(fate: Fate): string {
  switch (fate.kind) {
    case 'refused':
      return `refused: ${fate.answer}`;
    case 'rewritten':
      return `stored as ${shownKey(fate.key)}`;
    case 'lost':
      return 'accepted, and not listed';
    case 'listed':
      return 'listed';
  }
}

/** One server's part of docs/conformance.md. */
export function renderFates({ server, written }: MatrixResult): string {
  const rows = written.filter(({ fate }) => fate.kind !== 'listed').map(({ object, fate }) => [object.objectClass, shownKey(object.key), fateText(fate)]);
  return `## ${server}\n\n${rows.length === 0 ? 'Takes them all.' : renderTable([['objects', 'key', 'what the server did'], ...rows])}\n`;
}
