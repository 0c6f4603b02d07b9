import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MOST_REJECTIONS, type Rejection } from '../../../lib/drift/drift-record.ts';
import { type RejectionSight, rejectionsOf, withRejections } from '../../../lib/drift/rejection.ts';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import type { Approval } from '../../../lib/state/baseline-head.ts';
import { changeOf, NOW, someChanges } from './arbitrary-sight.ts';

const LATER = '2026-06-01T13:00:00.000Z';

function rejectionOf(change: Change, over: Partial<Rejection> = {}): Rejection {
  return { id: change.id, changeHash: changeHash(change), specVersion: 1, by: 'bob', at: NOW, ...over };
}

function sightOf(changes: readonly Change[], over: Partial<RejectionSight> = {}): RejectionSight {
  return {
    plan: { changes },
    standing: () => 'asDeclared',
    isTakenOver: () => false,
    specVersion: 1,
    rejected: [],
    ...over,
  };
}

const hashesOf = (rejections: readonly Rejection[]) => rejections.map((one) => one.changeHash).sort();

describe('rejections after a comparison', () => {
  it('are those of changes that are due still, in any order and however often it is made', () => {
    fc.assert(
      fc.property(someChanges, someChanges, (before, now) => {
        const rejections = before.map((change) => rejectionOf(change));
        const once = withRejections(rejections, sightOf(now));
        const due = new Set(now.map(changeHash));

        expect(hashesOf(once)).toEqual(hashesOf(rejections).filter((hash) => due.has(hash)));
        expect(withRejections(once, sightOf(now))).toEqual(once);
        expect(withRejections(rejections.toReversed(), sightOf(now.toReversed()))).toEqual(once);
      }),
    );
  });

  it('keep what was not looked at, and nothing of an older spec or of what a person took over', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const rejections = changes.map((change) => rejectionOf(change));
        const left = (over: Partial<RejectionSight>, due = changes) =>
          hashesOf(withRejections(rejections, sightOf(due, over)));

        expect(left({ standing: () => 'unknown' }, [])).toEqual(hashesOf(rejections));
        expect(left({ specVersion: 2, standing: () => 'unknown' })).toEqual([]);
        expect(left({ isTakenOver: () => true })).toEqual([]);
      }),
    );
  });

  it('add what was rejected last, and stay bounded', () => {
    const change = changeOf('a');
    const again = rejectionOf(change, { at: LATER, by: 'eve' });
    const many = Array.from({ length: MOST_REJECTIONS + 5 }, (_, at) => rejectionOf(changeOf(`r${at}`)));
    const all = withRejections(many, sightOf([], { rejected: [again], standing: () => 'unknown' }));

    expect(withRejections([rejectionOf(change)], sightOf([change], { rejected: [again] }))).toEqual([again]);
    expect(all).toHaveLength(MOST_REJECTIONS);
    expect(all[0]).toEqual(again);
  });
});

describe('what was rejected in an operation', () => {
  const change = changeOf('a');
  const adjusted = changeOf('b', { owner: 'adjustment' });
  const approval: Approval = {
    planHash: 'h',
    operationId: 'north-2',
    requestedBy: 'hubkeeper',
    requesters: ['hubkeeper'],
    requestedAt: NOW,
    expiresAt: LATER,
    changeHashes: [change, adjusted].map(changeHash),
    planKey: '1-a',
    decision: 'reject',
    decidedBy: 'bob',
    decidedAt: LATER,
    comment: 'No.',
  };
  const plan = { changes: [change, adjusted, changeOf('c')] };

  it('is what was asked about, but for what a reaction has adjusted', () => {
    expect(rejectionsOf(plan, [approval], 'north-2', 4)).toEqual([
      rejectionOf(change, { at: LATER, comment: 'No.', specVersion: 4 }),
    ]);
  });

  it('is nothing of another operation, of an approval, or of what is undecided', () => {
    const { decision: _, ...open } = approval;
    for (const one of [{ ...approval, operationId: 'north-1' }, { ...approval, decision: 'approve' as const }, open])
      expect(rejectionsOf(plan, [one], 'north-2', 1)).toEqual([]);
  });
});
