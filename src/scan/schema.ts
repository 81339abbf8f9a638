/** Which columns a scan writes. */
import { Failure } from '../failure.ts';
import type { Column, Schema } from '../records/columns.ts';

/**
 * The columns that `--columns` names, in the order named, or all that need no option. Options add theirs.
 * Throws Failure('usage') for a name that is no column.
 */
export function selectSchema(all: Schema, names: readonly string[] | null, options: ReadonlySet<Column['option']>): Schema {
  if (names === null) return all.filter(({ option }) => option === null || options.has(option));
  if (names.length === 0) throw new Failure('usage', '--columns names no column', `columns are ${all.map(({ name }) => name).join(', ')}`);
  return [...new Set(names)].map((name) => {
    const column = all.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new Failure('usage', `--columns: there is no column ${JSON.stringify(name)}`, `columns are ${all.map((known) => known.name).join(', ')}`);
    }
    if (column.option !== null && !options.has(column.option)) {
      throw new Failure('usage', `--columns: ${name} is only asked for with ${column.option}`, `add ${column.option}`);
    }
    return column;
  });
}
