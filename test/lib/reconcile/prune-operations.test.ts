import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { operationsToPrune } from '../../../lib/reconcile/prune-operations.ts';

const ids = (count: number) => Array.from({ length: count }, (_, at) => `base-${count - at}`);

describe('pruning operations', () => {
  it('keeps the latest hundred', () => {
    expect(operationsToPrune(ids(100), [])).toEqual([]);
    expect(operationsToPrune(ids(103), [])).toEqual(['base-1', 'base-2', 'base-3']);
  });

  it('takes the oldest, a few at a time, and comes to an end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), (count) => {
        let left = ids(count);
        for (let round = 0; operationsToPrune(left, []).length > 0; round++) {
          expect(round).toBeLessThan(100);
          const removed = new Set(operationsToPrune(left, []));
          left = left.filter((id) => !removed.has(id));
        }
        expect(left).toEqual(ids(count).slice(0, 100));
      }),
    );
  });
});
