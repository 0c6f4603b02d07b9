import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Failing } from '../../../lib/drift/drift-record.ts';
import {
  type FailedChange,
  type FailingSight,
  failingAt,
  isParked,
  MOST_FAILURES,
  triedAgainAt,
  withFailures,
  withoutMoved,
} from '../../../lib/drift/failing.ts';
import { changeHash } from '../../../lib/plan/hash.ts';
import { changeOf } from './arbitrary-sight.ts';

const CHANGE = changeOf('a');
const FAILED: FailedChange = {
  id: CHANGE.id,
  changeHash: changeHash(CHANGE),
  worldHash: 'w',
  code: 'SecurityRuleConflict',
  message: 'The priority is taken',
};

function isoOf(hour: number): string {
  return new Date(Date.UTC(2026, 5, 1, hour)).toISOString();
}

/** The same failure so often, an hour after the other. */
function failedTimes(count: number, over: Partial<FailedChange> = {}): readonly Failing[] {
  let failing: readonly Failing[] = [];
  for (let hour = 0; hour < count; hour++)
    failing = withFailures(failing, [], [{ ...FAILED, ...over }], 1, isoOf(hour)).failing;
  return failing;
}

function sight(over: Partial<FailingSight> = {}): FailingSight {
  return {
    plan: { changes: [CHANGE] },
    worlds: new Map([['/a', 'w']]),
    standing: () => 'asDeclared',
    isUnderWay: () => false,
    isTakenOver: () => false,
    specVersion: 1,
    ...over,
  };
}

describe('what fails', () => {
  it('is given up exactly once, after as many failures in a row as that takes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('failed', 'done', 'failedElse'), { maxLength: 20 }), (ends) => {
        let failing: readonly Failing[] = [];
        let inRow = 0;
        let world = 'w';
        ends.forEach((end, hour) => {
          const isElse = end === 'failedElse' && world === 'w';
          if (end === 'failedElse') world = world === 'w' ? 'v' : 'w';
          inRow = end === 'done' ? 0 : end === 'failed' || (!isElse && inRow === 0) ? inRow + 1 : 1;
          const failed = end === 'done' ? [] : [{ ...FAILED, worldHash: world }];
          const next = withFailures(failing, end === 'done' ? ['/A'] : [], failed, 1, isoOf(hour));
          failing = next.failing;

          expect(failing.map(({ count }) => count)).toEqual(inRow === 0 ? [] : [inRow]);
          expect(next.parked).toHaveLength(inRow === MOST_FAILURES ? 1 : 0);
        });
      }),
    );
  });

  it('rests longer with each failure, and then until something moves', () => {
    const rests = [1, 2, 3, 4].map((count) => {
      const [one] = failedTimes(count);
      return one === undefined ? 0 : (Date.parse(triedAgainAt(one)) - Date.parse(one.lastAt)) / 60_000;
    });
    const far = Date.parse(isoOf(10_000));

    expect(rests).toEqual([25, 50, 100, 200]);
    expect(failingAt(failedTimes(4), far)).toEqual([]);
    expect(failingAt(failedTimes(4), Date.parse(isoOf(4)))).toMatchObject([{ parked: false }]);
    expect(failingAt(failedTimes(MOST_FAILURES), far)).toMatchObject([
      { changeHash: FAILED.changeHash, parked: true, why: expect.stringContaining('"The priority is taken".') },
    ]);
  });

  it.each<readonly [string, Partial<FailingSight>]>([
    ['the resource has changed', { worlds: new Map([['/a', 'v']]) }],
    ['it is as declared', { plan: { changes: [] } }],
    ['another change is due there', { plan: { changes: [changeOf('a', { action: 'create' })] } }],
    ['nobody declares it any more', { plan: { changes: [] }, standing: () => 'notDeclared' }],
    ['the spec has changed', { specVersion: 2 }],
    ['somebody reconciles by hand', { isTakenOver: () => true }],
  ])('is tried again when %s', (_, over) => {
    const failing = failedTimes(MOST_FAILURES);

    expect(withoutMoved(failing, sight(over))).toEqual({ failing: [], ended: failing });
    expect(withoutMoved(failedTimes(1), sight(over))).toEqual({ failing: [], ended: [] });
  });

  it.each<readonly [string, Partial<FailingSight>]>([
    ['nothing has moved', {}],
    ['nobody has looked', { plan: { changes: [] }, standing: () => 'unknown' }],
    ['a write is under way there', { plan: { changes: [] }, isUnderWay: () => true }],
  ])('stays as it is when %s', (_, over) => {
    const failing = failedTimes(MOST_FAILURES);

    expect(withoutMoved(failing, sight(over))).toEqual({ failing, ended: [] });
    expect(failing.every(isParked)).toBe(true);
  });

  it('begins anew under another spec', () => {
    const { failing } = withFailures(failedTimes(3), [], [FAILED], 2, isoOf(9));

    expect(failing).toMatchObject([{ count: 1, firstAt: isoOf(9) }]);
  });
});
