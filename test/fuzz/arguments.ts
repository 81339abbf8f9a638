/** The command line: whatever is given, it is understood or refused in words, before anything is asked. */
import assert from 'node:assert/strict';
import { CommanderError } from 'commander';
import { endpointOptions, filterOptions, listingOptions, outputOptions, type CommonFlags } from '../../src/cli/common-options.ts';
import { buildProgram, type HeadFlags, type ListFlags } from '../../src/cli/program.ts';
import { givenOptions, metricsPath } from '../../src/cli/run-scan.ts';
import { Failure } from '../../src/failure.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { parseS3Url } from '../../src/s3/address.ts';
import { RowFilter } from '../../src/source/filter.ts';
import { selectSchema } from '../../src/scan/schema.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

/** What the commands make of their flags, but for files and networks. */
function understand(command: 'list' | 'head', url: string | undefined, flags: CommonFlags & (ListFlags | HeadFlags)): number {
  const { bucket, prefix } = parseS3Url(url ?? 's3://bucket');
  endpointOptions(flags);
  listingOptions(flags, bucket, prefix);
  const filter = filterOptions(flags);
  const columns = filter === null ? [] : [...new RowFilter(filter).columns];
  outputOptions(flags, selectSchema(LIST_COLUMNS, flags.columns ?? null, new Set()));
  metricsPath(flags, command);
  JSON.stringify([columns, givenOptions(url, flags)]);
  return 0;
}

async function run(argv: readonly string[]): Promise<void> {
  const program = buildProgram('0.0.0', {
    list: async (url, flags) => understand('list', url, flags),
    head: async (url, flags) => understand('head', url, flags),
    sim: async () => 0,
    demo: async () => 0,
  }, () => {});
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return;
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, 'usage', error.message);
  }
}

export const argumentsTarget: Target = {
  name: 'arguments',
  samples: buffers([
    'list\ns3://bucket/prefix\n--endpoint\nhttp://127.0.0.1:9000\n--no-sign-request\n-o\nkeys.parquet',
    'head\ns3://bucket\n--from\nkeys.txt\n--from-format\ntext\n--concurrency\n20\n--workers\nauto\n--shards\n4\n-o\n-',
    'list\ns3://bucket\n--include\n*.jpg\n--exclude\n{a,b}/**\n--min-size\n1k\n--max-size\n2GiB\n--newer-than\n7d\n--older-than\n2026-01-01\n--sample\n0.1',
    'list\ns3://bucket\n--start-after\na\n--end-at\nb\n--page-size\n10\n--max-keys\n5\n--columns\nkey,etag\n--format\ncsv\n--compression\ngzip',
    'head\ns3://b-1\n--timeout\n2.5\n--retries\n0\n--rate\n100\n--metrics\nm.json\n--quiet\n--log-level\ndebug\n--progress\nnever',
    'sim\n--objects\n10\n--layout\nhex',
    'demo',
    '--help',
  ]),
  words: buffers(['--', '-', '\n', '\n--endpoint\n', 'http://u:p@h/', 'http://[::1]:99999', '\n--include\n', '[!a-', '{', '}', '**', '\\', '\n--columns\n', ',,', '\n-o\n', '-1', '1e400', 'NaN', '0x10', '\n--connect-to\n', '\n--header\n', 'x-amz-meta-a: b', '\n--newer-than\n', '99999999d', '\n--region\n', 's3://', 's3:///', '\n--prefix\n', '\xff', '\0', '\x1b[31m', '\n--sample\n', '\n--storage-class\n', '\n--sorted', '\n--help']),
  // No argument of a process holds a NUL.
  check: (input) => run(input.toString('utf8').replaceAll('\0', '').split('\n')),
};
