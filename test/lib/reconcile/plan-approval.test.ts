import { describe, expect, it } from '@jest/globals';
import type { Verdict, Waiting } from '../../../lib/plan/guard.ts';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { Change, Plan } from '../../../lib/plan/plan.ts';
import { adjustmentsBehind, approvalFor, decidedAside, withAskedEnds } from '../../../lib/reconcile/plan-approval.ts';
import type { Approval } from '../../../lib/state/baseline-head.ts';

const NOW = '2026-03-01T12:00:00.000Z';
const LATER = '2026-03-02T12:00:00.000Z';
const SCAN = { operationId: 'north-1', trigger: 'drift' } as const;
const RUN = { operationId: 'north-1', requestedBy: 'hubkeeper', requesters: ['hubkeeper'], planKey: '1-a' };

function change(id: string): Change {
  const diff = [{ path: 'tags.team', after: 'network' }];
  return {
    id,
    diff,
    kind: 'k',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
  };
}

const CHANGES = ['/approval', '/run', '/day', '/hold', '/free'].map(change);
const PLAN: Plan = { hash: 'now', changes: CHANGES, criticalPathMinutes: 1, refused: [] };
const waits = (id: string, what: Waiting['for'], more: Partial<Waiting> = {}): Waiting => ({
  id,
  for: what,
  who: 'w',
  untilIso: LATER,
  why: 'y',
  ...more,
});
const VERDICT: Verdict = {
  allowed: ['/free'],
  budgeted: ['/free'],
  refused: [],
  waiting: [
    waits('/approval', 'approval'),
    waits('/run', 'budget', { budget: 'run', askedUntilIso: LATER }),
    waits('/day', 'budget', { budget: 'day' }),
    waits('/hold', 'hold'),
  ],
};
const asked = approvalFor(RUN, PLAN, VERDICT, LATER, NOW) as Approval;

describe('what a plan asks to be approved', () => {
  it('is also what waits for a budget, since an approved change needs none', () => {
    expect(asked.changeHashes).toEqual(['/approval', '/run', '/day'].map((id) => changeHash(change(id))));
    expect(approvalFor(RUN, PLAN, { ...VERDICT, waiting: [waits('/hold', 'hold')] }, LATER, NOW)).toBeNull();
  });
});

describe('a plan that is looked at again', () => {
  const MUCH_LATER = '2026-03-02T13:00:00.000Z';
  const again = {
    ...VERDICT,
    waiting: VERDICT.waiting.map((one) => ({
      ...one,
      untilIso: MUCH_LATER,
      ...(one.askedUntilIso === undefined ? {} : { askedUntilIso: MUCH_LATER }),
    })),
  };
  const ends = (approval: Approval) =>
    withAskedEnds(again, PLAN, 'north-1', [approval]).waiting.map(
      ({ untilIso, askedUntilIso = untilIso }) => askedUntilIso,
    );

  it('waits until the request for its approval ends, not longer', () => {
    expect(ends(asked)).toEqual([LATER, LATER, MUCH_LATER, MUCH_LATER]);
  });

  it('waits anew where another plan was asked about', () => {
    expect(new Set(ends({ ...asked, planHash: 'before' }))).toEqual(new Set([MUCH_LATER]));
    expect(new Set(ends({ ...asked, operationId: 'north-0' }))).toEqual(new Set([MUCH_LATER]));
  });
});

describe('the adjustments behind a plan', () => {
  it('are those in force of what it changes', () => {
    const adjustment = { kind: 'k', scope: 'egress', value: 1, since: NOW, until: LATER, by: 'hubkeeper' };
    const of = (id: string, target: string, more = {}) => ({ ...adjustment, id, target, reason: `${id}.`, ...more });
    const all = [of('meant', '/RUN'), of('other', '/elsewhere'), of('over', '/run', { until: NOW })];
    const carried: Plan = { ...PLAN, changes: [{ ...change('/address'), owner: 'adjustment', scope: 'egress' }] };

    expect(adjustmentsBehind(PLAN, all, NOW)).toEqual([{ id: 'meant', by: 'hubkeeper', reason: 'meant.' }]);
    expect(adjustmentsBehind(carried, all, NOW).map(({ id }) => id)).toEqual(['meant', 'other']);
    expect(adjustmentsBehind({ ...PLAN, changes: [] }, all, NOW)).toEqual([]);
  });
});

describe('a request for approval that is over', () => {
  /** Of an earlier plan: a part of it is done. */
  const earlier = { ...asked, planHash: 'before' };
  const codes = (verdict: Verdict) => Object.fromEntries(verdict.refused.map(({ id, code }) => [id, code]));

  it('without a decision ends what waits for the run, so that the next one goes on; the day comes back by itself', () => {
    const verdict = decidedAside(VERDICT, PLAN, SCAN, [earlier], LATER);

    expect(codes(verdict)).toEqual({ '/approval': 'ApprovalExpired', '/run': 'RunBudgetUsed' });
    expect(verdict.waiting.map(({ id }) => id)).toEqual(['/day', '/hold']);
    expect(verdict.allowed).toEqual(['/free']);
  });

  it.each([
    ['drift', 'the next scan asks again.'],
    ['put', 'reconcile to ask again.'],
    ['adjustment', 'reconcile to ask again.'],
  ] as const)('without a decision in a run by %s says what asks again', (trigger, what) => {
    const { refused } = decidedAside(VERDICT, PLAN, { ...SCAN, trigger }, [earlier], LATER);

    expect(refused.find(({ id }) => id === '/approval')?.why).toContain(what);
  });

  it('with a rejection ends everything that was asked about', () => {
    const verdict = decidedAside(VERDICT, PLAN, SCAN, [{ ...earlier, decision: 'reject', decidedBy: 'eve' }], NOW);

    expect(codes(verdict)).toEqual({
      '/approval': 'ApprovalRejected',
      '/run': 'ApprovalRejected',
      '/day': 'ApprovalRejected',
    });
  });

  it('is none before its time, and none of another operation', () => {
    expect(decidedAside(VERDICT, PLAN, SCAN, [earlier], NOW)).toEqual(VERDICT);
    expect(decidedAside(VERDICT, PLAN, { ...SCAN, operationId: 'north-2' }, [earlier], LATER)).toEqual(VERDICT);
  });
});
