import { describe, expect, it } from '@jest/globals';
import { approvalList } from '../../../lib/api/approval.ts';
import { baseline, baselineList } from '../../../lib/api/baseline.ts';
import { journal, journalQuery } from '../../../lib/api/journal.ts';
import { isFinal, operation, operationState } from '../../../lib/api/operation.ts';
import { type PlanBody, plan } from '../../../lib/api/plan.ts';
import type { Plan } from '../../../lib/plan/plan.ts';

/** What the planner makes is what the wire carries: this stops compiling when they part. */
const made: Plan = {
  hash: '9f2c41d07be3a855',
  changes: [
    {
      id: '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt',
      kind: 'routeTable',
      action: 'update',
      risk: 'disruptive',
      owner: 'spec',
      reason: 'The spec has another route.',
      diff: [{ path: 'properties.routes[to-hub].properties.nextHopIpAddress', before: '10.0.0.4', after: '10.0.0.5' }],
      estimatedMinutes: 1,
      lanes: ['vnet:/subscriptions/1'],
      dependsOn: [],
      scope: 'hub',
    },
  ],
  criticalPathMinutes: 1,
  refused: [{ id: '/subscriptions/1', why: 'The mode forbids it.', code: 'ModeForbidsDelete' }],
};
const onTheWire: PlanBody = { ...made };

const summary = {
  name: 'prod',
  version: 3,
  mode: 'no-delete',
  lastResult: { state: 'succeeded', operationId: 'prod-1', at: '2026-03-01T09:00:00Z' },
  adjustments: [
    {
      id: 'a',
      kind: 'firewallPublicIps',
      scope: 'egress',
      target: 'fw',
      value: 4,
      reason: 'SNAT',
      since: '2026-03-01T09:00:00Z',
      until: '2026-03-01T10:00:00Z',
    },
  ],
  hold: null,
};

describe('shapes that scripts read', () => {
  it('a plan of the planner is a plan of the wire, unchanged', () => {
    expect(plan.parse(onTheWire)).toEqual(made);
  });

  it('keeps fields that are added later', () => {
    expect(plan.parse({ ...made, later: { any: 'thing' } })).toMatchObject({ later: { any: 'thing' } });
  });

  it('tells an absent value from null', () => {
    const parsed = plan.parse({ ...made, changes: [{ ...made.changes[0], diff: [{ path: 'a', before: null }] }] });

    expect(parsed.changes[0]?.diff[0]).toStrictEqual({ path: 'a', before: null });
  });

  it('takes the smallest bodies that the interface promises', () => {
    const smallest = [
      plan.safeParse({ hash: made.hash, changes: [], criticalPathMinutes: 0, refused: [{ id: 'x', why: 'y' }] }),
      operation.safeParse({
        id: 'prod-1',
        baseline: 'prod',
        trigger: 'put',
        state: 'running',
        progress: { done: 0, total: 0, criticalPathMinutesLeft: 0 },
        nodes: [{ id: 'x', state: 'running' }],
        errors: [{ code: 'X', actor: 'us', message: 'm', remedy: 'r', resource: 'x' }],
      }),
      baselineList.safeParse({ baselines: [summary, { ...summary, lastResult: null }] }),
      baseline.safeParse({ ...summary, spec: { name: 'prod' } }),
      approvalList.safeParse({
        approvals: [
          {
            planHash: made.hash,
            baseline: 'prod',
            requestedBy: 'hubkeeper',
            expiresAt: '2026-03-01T09:00:00Z',
            plan: made,
          },
        ],
      }),
      journal.safeParse({
        entries: [
          {
            at: '2026-03-01T09:00:00Z',
            baseline: 'prod',
            operationId: 'prod-1',
            trigger: 'timer',
            resource: '',
            decision: 'nothing',
            reason: 'r',
            before: null,
            after: 1,
          },
        ],
        next: null,
      }),
    ];

    expect(smallest.map((result) => result.error)).toEqual(smallest.map(() => undefined));
  });

  it('an operation is final or it goes on', () => {
    expect(operationState.options.filter(isFinal)).toEqual(['succeeded', 'partial', 'failed', 'stopped']);
  });
});

describe('journalQuery', () => {
  it('reads what a query string carries and ignores the rest', () => {
    expect(journalQuery.parse({ baseline: 'prod', limit: '20', code: 'secret' })).toEqual({
      baseline: 'prod',
      limit: 20,
    });
  });

  it.each([{ limit: '0' }, { limit: '1001' }, { limit: 'x' }, { since: 'yesterday' }, { baseline: 'A' }])(
    'refuses %j',
    (query) => {
      expect(journalQuery.safeParse(query).success).toBe(false);
    },
  );
});
