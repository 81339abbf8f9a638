import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { planShards } from '../../src/head/head-workers.ts';

test('every slot is in one shard, as evenly as it goes, and no shard is without', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 1024 }), (concurrency, count) => {
      const plan = planShards(concurrency, count);
      const slots = plan.map((each) => each.slots);
      assert.deepEqual(plan.map(({ shard }) => shard), plan.map((_, at) => at));
      assert.equal(plan.length, Math.min(count, concurrency));
      assert.equal(slots.reduce((sum, n) => sum + n, 0), concurrency);
      assert.ok(Math.min(...slots) >= 1 && Math.max(...slots) - Math.min(...slots) <= 1);
    }),
  );
});
