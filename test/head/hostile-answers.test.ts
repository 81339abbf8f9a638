import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FRAMING } from './hostile-answers.ts';
import { VALUES } from './hostile-values.ts';
import { scanHostile } from './hostile-scan.ts';

for (const engine of ['fast', 'sdk'] as const) {
  describe(`a HEAD answered badly, the next one well: each row is its own key's (R1, R4), engine ${engine}`, { concurrency: 12 }, () => {
    for (const answer of [...FRAMING, ...VALUES].filter(({ fastOnly }) => engine === 'fast' || fastOnly !== true)) {
      test(answer.name, async (t) => {
        const { rows, server } = await scanHostile(t, answer, engine);
        assert.deepEqual([...rows.keys()].sort(), ['before', 'hostile', 'last', 'next']);
        for (const key of ['before', 'next', 'last']) {
          const { status, etag, metadata, error } = rows.get(key)!;
          assert.deepEqual([key, status, etag, metadata, error], [key, 200, key, [['key', key]], undefined]);
        }
        const row = rows.get('hostile')!;
        const expected = (engine === 'sdk' ? answer.sdk : undefined) ?? answer.becomes;
        for (const [name, value] of Object.entries(expected)) {
          if (value instanceof RegExp) assert.match(row[name] as string, value);
          else assert.deepEqual(row[name] ?? null, value, name);
        }
        assert.ok(server.requests.every(({ method }) => method === 'HEAD'));
      });
    }
  });
}
