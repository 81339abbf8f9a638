/**
 * Reads Parquet by pyarrow: the reader of pandas, Polars and Spark users, and a third implementation besides
 * DuckDB and the writer's own. Needs a Python that has it, named in PYARROW_PYTHON; with CI=true it must be there.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { byKey, readNdjson, type Rows } from './tables.ts';

const PYTHON = process.env['PYARROW_PYTHON'];

/** For `test(…, { skip })`. */
export const withoutPyarrow: string | false =
  PYTHON === undefined && process.env['CI'] !== 'true' && 'pyarrow not found: `pip install pyarrow` and name that Python in PYARROW_PYTHON';

const SCRIPT = `
import json, sys, datetime
import pyarrow.parquet as parquet

def plain(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    if isinstance(value, list):
        return dict(value)
    return value

for row in parquet.read_table(sys.argv[1]).to_pylist():
    print(json.dumps({name: plain(value) for name, value in row.items() if value is not None}))
`;

export async function readWithPyarrow(path: string): Promise<Rows> {
  if (PYTHON === undefined) throw new Error('pyarrow not found: name a Python that has it in PYARROW_PYTHON');
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', SCRIPT, path], { maxBuffer: 64 * 1024 * 1024 });
  return byKey(readNdjson(stdout));
}
