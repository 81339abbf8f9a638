import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getSystemErrorMap } from 'node:util';
import { outputFailure } from '../../src/output/output-failure.ts';

function systemError(code: string): Error {
  const [errno] = [...getSystemErrorMap()].find(([, [name]]) => name === code)!;
  return Object.assign(new Error(`${code}: no message of ours, write 'a\u001b'`), { errno, code });
}

test('a disk that fails is a failure of the output, whatever was being done, with reason and hint', () => {
  const reasons: Record<string, string> = {
    ENOSPC: 'no space left on device (ENOSPC)',
    EIO: 'i/o error (EIO)',
    EROFS: 'read-only file system (EROFS)',
  };
  for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
    for (const kind of ['output', 'usage'] as const) {
      const failure = outputFailure('cannot write "a"', systemError(code), kind);
      assert.deepEqual([failure.kind, failure.message], ['output', `cannot write "a": ${reasons[code]}`]);
      assert.ok(failure.hint !== null);
    }
  }
  // Node has no words for a quota.
  const quota = outputFailure('cannot write "a"', Object.assign(new Error('EDQUOT'), { errno: -122, code: 'EDQUOT' }), 'usage');
  assert.deepEqual([quota.kind, quota.message], ['output', 'cannot write "a": EDQUOT']);
  assert.match(quota.hint!, /quota/);
  assert.equal(outputFailure('cannot write "a"', systemError('ENOTDIR'), 'usage').kind, 'usage');
});
