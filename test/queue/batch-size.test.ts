import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MAX_BATCH, shareOf } from '../../src/queue/batch-size.ts';

test('a share is at least one key, at most a batch, and at most half of what waits once there are two keys a slot', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 2000 }), fc.nat(20_000), (queued, slots, others) => {
      const share = shareOf(queued, slots, slots + others);
      assert.ok(Number.isInteger(share) && share >= 1 && share <= MAX_BATCH);
      assert.ok(share <= Math.ceil(queued / 2));
      // and with more keys, or more slots of its own, it is not smaller
      assert.ok(shareOf(queued + 1, slots, slots + others) >= share);
      if (others > 0) assert.ok(shareOf(queued, slots + 1, slots + others) >= share);
    }),
  );
});
