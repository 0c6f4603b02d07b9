import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plansToPrune } from '../../../lib/reconcile/prune-plans.ts';
import type { Approval } from '../../../lib/state/baseline-head.ts';
import type { RunRow } from '../../../lib/state/run.ts';

const keyOf = (number: number) => `${number}-0123456789ab`;

function rowOf(plan: number, state: RunRow['state']): RunRow {
  return {
    id: `/r${plan}`,
    attempt: 1,
    writes: 0,
    changeHash: '',
    state,
    plan: { operationId: 'north-1', key: keyOf(plan) },
  };
}

function approvalOf(plan: number, operationId = 'north-1'): Approval {
  return {
    operationId,
    planHash: 'h',
    requestedBy: 'hubkeeper',
    requesters: [],
    requestedAt: '',
    expiresAt: '',
    changeHashes: [],
    planKey: keyOf(plan),
  };
}

const number = fc.integer({ min: 1, max: 40 });
const drawn = fc.record({
  plansMade: number,
  starting: fc.array(number, { maxLength: 3 }),
  running: fc.array(number, { maxLength: 3 }),
  over: fc.array(number, { maxLength: 3 }),
  asked: fc.array(number, { maxLength: 2 }),
  elsewhere: fc.array(number, { maxLength: 2 }),
  asks: fc.option(number),
});

describe('pruning the plans of a run', () => {
  it('keeps exactly the plan in force, the one before, and what a write or a request for approval refers to', () => {
    fc.assert(
      fc.property(drawn, ({ plansMade, starting, running, over, asked, elsewhere, asks }) => {
        const all = Array.from({ length: plansMade }, (_, index) => keyOf(index + 1));
        const rows = [
          ...starting.map((plan) => rowOf(plan, { name: 'starting', startedAtMs: 0 })),
          ...running.map((plan) => rowOf(plan, { name: 'running', startedAtMs: 0, nextPollAtMs: 0 })),
          ...over.map((plan) => rowOf(plan, { name: 'done' })),
        ];
        const run = {
          operationId: 'north-1',
          planKey: keyOf(plansMade),
          plansMade,
          rows: Object.fromEntries(rows.map((row, index) => [index, row])),
          approval: asks === null ? null : approvalOf(asks),
        };
        const approvals = [
          ...asked.map((plan) => approvalOf(plan)),
          ...elsewhere.map((plan) => approvalOf(plan, 'north-2')),
        ];

        const pruned = plansToPrune(all, run, approvals);

        const needed = new Set([plansMade, plansMade - 1, ...starting, ...running, ...asked, ...(asks ? [asks] : [])]);
        expect(pruned).toEqual(all.filter((_, index) => !needed.has(index + 1)));
      }),
    );
  });
});
