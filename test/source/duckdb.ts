/** DuckDB, which writes Parquet and CSV by code of its own: a second implementation to read from. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

export interface Database {
  run(sql: string): Promise<void>;
  /** Fills the table `keys(n, key)`, n from 0; null is a null key. */
  keys(keys: readonly (string | null)[]): Promise<void>;
  /** a path in a directory that goes when the test ends */
  path(name: string): string;
}

/** Runs a test with a database in memory and a directory of its own. */
export async function withDuckDB(body: (database: Database) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 's3scan-keys-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await body({
      run: async (sql) => {
        await connection.run(sql);
      },
      keys: async (keys) => {
        await connection.run('CREATE OR REPLACE TABLE keys (n BIGINT, key VARCHAR)');
        const appender = await connection.createAppender('keys');
        for (const [n, key] of keys.entries()) {
          appender.appendBigInt(BigInt(n));
          if (key === null) appender.appendNull();
          else appender.appendVarchar(key);
          appender.endRow();
        }
        appender.closeSync();
      },
      path: (name) => join(directory, name),
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true });
  }
}
