import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diceOf } from '../listing/fake-bucket.ts';
import { FINDINGS } from './findings.ts';
import { mutate } from './mutations.ts';
import { TARGETS } from './targets.ts';

/** `npm run test:fuzz` goes on for as long as it is told. */
const INPUTS = 1000;

for (const target of TARGETS) {
  test(`${target.name}: no input breaks it`, async () => {
    const seed = Date.now() | 0;
    const dice = diceOf(seed);
    for (let number = 0; number < INPUTS; number++) {
      const input = mutate(dice, target.samples, target.words);
      try {
        await target.check(input, dice);
      } catch (error) {
        assert.fail(`input ${number} of seed ${seed}, ${JSON.stringify(input.toString('latin1'))}: ${String(error)}`);
      }
    }
  });

  test(`${target.name}: what broke it once`, async () => {
    for (const [name, input] of FINDINGS) if (name === target.name) await target.check(Buffer.from(input, 'latin1'), diceOf(1));
  });
}
