import { describe, expect, it } from '@jest/globals';
import { journalOfPostponedPlan, journalOfRun } from '../../../lib/reconcile/journal-lines.ts';
import { newRun } from '../../../lib/reconcile/new-run.ts';
import { newHead } from '../../../lib/state/baseline-head.ts';
import type { PlanDocument, RunDocument, RunRow } from '../../../lib/state/run.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const request = { operationId: 'north-1', trigger: 'timer', requestedBy: 'hubkeeper', at: NOW } as const;

function run(rows: readonly RunRow[], over: Partial<RunDocument> = {}): RunDocument {
  return { ...newRun(newHead('north'), request, rows, {}, NOW), ...over };
}

function row(id: string, state: RunRow['state']): RunRow {
  return { id, state, attempt: 0, writes: 0, changeHash: 'h' };
}

describe('the journal of a plan that could not be made', () => {
  it('says why, and when it is tried again', () => {
    const planNotBeforeMs = Date.parse(NOW) + 30_000;
    const problem = { code: 'Http503', actor: 'azure-temporary', message: 'Azure is away.', remedy: 'Wait.' } as const;

    expect(journalOfPostponedPlan(run([], { planNotBeforeMs }), problem, NOW)).toMatchObject([
      { decision: 'planning postponed', reason: 'Http503: Azure is away. It is planned again in 30 seconds.' },
    ]);
  });
});

describe('the journal of the end of a run', () => {
  const states: readonly RunRow['state'][] = [
    { name: 'pending' },
    { name: 'waiting' },
    { name: 'retrying', notBeforeMs: 0 },
    { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
    { name: 'done' },
  ];
  const rows = states.map((state) => row(`/${state.name}`, state));
  const left = (after: RunDocument) =>
    journalOfRun(run(rows), after, undefined, NOW).map(({ resource, decision }) => `${resource} ${decision}`);

  it('has a line for each row that it leaves', () => {
    expect(left(run(rows, { state: 'stopped', stopping: true }))).toEqual([
      '/pending not written',
      '/waiting not written',
      '/retrying not written',
      '/running left running',
      ' stopped',
    ]);
  });

  it('says nothing of rows while it goes on', () => {
    expect(left(run(rows))).toEqual([]);
  });
});

describe('the journal of a row that is done without a counted write', () => {
  const told = (action: 'create' | 'update') => {
    const change = { id: '/a', kind: 'virtualNetwork', action, reason: '', diff: [], lanes: [], dependsOn: [] };
    const document = { plan: { changes: [change] } } as unknown as PlanDocument;
    const before = run([row('/a', { name: 'starting' } as RunRow['state'])]);
    return journalOfRun(before, run([row('/a', { name: 'done' })]), document, NOW).map(({ decision }) => decision);
  };

  it('tells a creation as such, since only a repeat of its start can have made it', () => {
    expect(told('create')).toEqual(['created']);
  });

  it('tells an update as unchanged', () => {
    expect(told('update')).toEqual(['unchanged']);
  });
});
