import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { admission, parseAdmission } from '../../src/sim/admission.ts';

/** How many of 20 requests a millisecond are admitted in each second. */
function admitted(text: string, share: number, seconds: number): number[] {
  const admits = admission(parseAdmission(text), share);
  return Array.from({ length: seconds }, (_, second) => {
    let count = 0;
    for (let at = 0; at < 20_000; at++) if (admits(5000 + second * 1000 + at / 20)) count++;
    return count;
  });
}

function near(counts: readonly number[], expected: readonly number[]): void {
  counts.forEach((count, at) => assert.ok(Math.abs(count - expected[at]!) <= expected[at]! * 0.06 + 2, `${count}, not ${expected[at]}`));
}

test('so many a second are admitted, over time, of each process its share', () => {
  near(admitted('1000', 1, 3), [1000, 1000, 1000]);
  near(admitted('4000:2,1000:1,4000', 1, 5), [4000, 4000, 1000, 4000, 4000]);
  near(admitted('4000:1,0:1,100', 0.5, 3), [2000, 0, 50]);
});

test('idle time is saved up for a twentieth of a second, no more', () => {
  const admits = admission(parseAdmission('1000'), 1);
  admits(0);
  let burst = 0;
  while (admits(10_000)) burst++;
  assert.equal(burst, 50);
});

test('what is no course of rates is refused', () => {
  for (const text of ['', 'x', '4000:20', '4000,1000', '4000:20,', '-1', '4000:x,1']) {
    assert.throws(() => parseAdmission(text), (error) => error instanceof Failure && error.kind === 'usage', text);
  }
});
