/** A process for the writer tests: writes so many rows of a kilobyte as text to a path, or to standard output, and tells how it went. */
import { Writer } from '../../src/output/writer.ts';
import { batchesOf, options, PLAIN } from './rows.ts';

const [path, count] = process.argv.slice(2);

function tell(text: string): void {
  process.stderr.write(`${text};`);
}

const writer = await Writer.start(
  { ...options('text'), path: path === '-' ? null : path!, overwrite: false, private: false, loadsEarly: true, parts: null },
  {
    onWritten: () => {},
    onPart: () => {},
    onClosed: () => tell('closed'),
    onFailure: (failure) => tell(`${failure.kind} ${failure.message}`),
  },
);
const port = writer.port();
const rows = Array.from({ length: Number(count) }, () => ({ ...PLAIN, key: 'k'.repeat(999) }));
const batches = batchesOf(rows, 50);
for (const batch of batches) port.postMessage({ batch, keyBatches: [] }, []);
try {
  await writer.finish(batches.length);
  tell('finished');
} catch {
  tell('finish rejected');
}
await writer.abort();
port.close();
