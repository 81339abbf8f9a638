/** A benchmark's outcome: shown as tables, and kept as `bench/runs/DATE-NAME.json` and `.md`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeEnvironment, ROOT } from './environment.ts';

export type Cell = string | number | null;

interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What a number must not exceed, or must reach. */
export interface Goal {
  readonly what: string;
  readonly value: number;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  readonly unit: string;
}

export interface RunReport {
  readonly name: string;
  /** what was run with which sizes */
  readonly parameters: Readonly<Record<string, number>>;
  /** what to know to read the numbers */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  readonly commands: readonly string[];
}

/** Three digits that count. */
function shown(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '?';
  const digits = Math.abs(cell) >= 100 || Number.isInteger(cell) ? 0 : Math.abs(cell) >= 10 ? 1 : 2;
  return cell.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function isReached({ value, bound, limit }: Goal): boolean {
  return bound === 'at most' ? value <= limit : value >= limit;
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: 'Goals',
    columns: ['what', 'measured', 'must be', ''],
    rows: goals.map((goal) => [
      goal.what,
      `${shown(goal.value)} ${goal.unit}`,
      `${goal.bound} ${shown(goal.limit)} ${goal.unit}`,
      isReached(goal) ? 'reached' : 'MISSED',
    ]),
  };
}

function renderTable({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(shown))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const isNumber = columns.map((_, column) => rows.every((row) => typeof row[column] !== 'string'));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (isNumber[column] === true ? text.padStart(widths[column]!) : text.padEnd(widths[column]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (isNumber[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [`### ${title}`, '', line(columns), rule, ...cells.slice(1).map(line), ''].join('\n');
}

/** Commands as anyone would type them: no path of this machine. */
export function shownCommand(command: readonly string[], folder: string): string {
  return command
    .join(' ')
    .replaceAll(process.execPath, 'node')
    .replaceAll(`${folder}/`, '')
    .replaceAll(`${ROOT}/`, '');
}

/** Prints the tables; keeps the run unless told not to. */
export function finishRun(report: RunReport, keep: boolean): void {
  const environment = describeEnvironment();
  const tables = [...report.tables, ...(report.goals.length > 0 ? [goalTable(report.goals)] : [])].map(renderTable);
  console.log(`\n${tables.join('\n')}`);
  if (!keep) return;
  const { date, commit, cpu, cores, memoryGiB, kernel, node, nodeOptions, packages } = environment;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const parameters = Object.entries(report.parameters).map(([name, value]) => `${name} ${value.toLocaleString('en-US')}`);
  const markdown = [
    `# ${report.name}, ${date.slice(0, 10)}`,
    '',
    `${cpu}, ${cores} cores, ${memoryGiB} GiB · Linux ${kernel} · Node ${node}${nodeOptions && ` (${nodeOptions})`} · commit ${commit}  `,
    `${versions.join(', ')}  `,
    parameters.join(' · '),
    '',
    ...report.notes.map((note) => `- ${note}`),
    '',
    ...tables,
    ...(report.commands.length > 0 ? ['### Commands', '', '```', ...report.commands, '```', ''] : []),
  ].join('\n');
  const goals = report.goals.map((goal) => ({ ...goal, reached: isReached(goal) }));
  const folder = join(ROOT, 'bench/runs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${date.slice(0, 10)}-${report.name}`);
  writeFileSync(`${path}.json`, `${JSON.stringify({ ...report, goals, environment }, null, 2)}\n`);
  writeFileSync(`${path}.md`, markdown);
  console.log(`kept as bench/runs/${date.slice(0, 10)}-${report.name}.md and .json`);
}
