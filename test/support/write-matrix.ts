/** Runs the conformance matrix and writes it into README.md and docs/conformance.md: `npm run matrix`. Needs all three servers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MATRIX_SERVERS } from './matrix-servers.ts';
import { renderFates, renderTable, tableOf, withTable } from './matrix-table.ts';
import { runMatrix, type MatrixResult } from './matrix.ts';

/** Relative to dist/test/support. */
const [README, CONFORMANCE] = ['README.md', 'docs/conformance.md'].map((path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))) as [string, string];

const INTRODUCTION = `# What the servers made of awkward objects

Written by \`npm run matrix\`, from the servers' own answers: which of the objects of the
[conformance matrix](../README.md#tested-against) each of them refused, stored under another key, or accepted and never
listed. What it lists and answers, s3scan tells as the AWS SDK does, these included.
`;

const results: MatrixResult[] = [];
for (const { name, start, fast } of MATRIX_SERVERS) {
  const server = await start();
  try {
    results.push(await runMatrix(name, server, fast));
  } finally {
    await server.stop();
  }
}
writeFileSync(README, withTable(readFileSync(README, 'utf8'), renderTable(tableOf(results))));
writeFileSync(CONFORMANCE, [INTRODUCTION, ...results.map(renderFates)].join('\n'));
