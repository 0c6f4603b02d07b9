import { describe, expect, it } from '@jest/globals';
import { recordHints } from '../../../../lib/reactions/drift/record-hints.ts';
import { scheduleScan } from '../../../../lib/reactions/drift/schedule-scan.ts';
import { type BaselineHead, newHead } from '../../../../lib/state/baseline-head.ts';
import { reactionsOf, withReactionGivenUp } from '../../../../lib/state/reactions.ts';
import type { RunDocument } from '../../../../lib/state/run.ts';

const NOW = '2026-06-01T08:00:00.000Z';
const IN_FORCE: BaselineHead = { ...newHead('prod'), specVersion: 1 };
const HINT = { resource: '/r/a', action: 'write', at: NOW, author: null, correlationId: null } as const;

function live(change: Partial<RunDocument>): RunDocument {
  return { operationId: 'prod-9', trigger: 'drift', state: 'running', ...change } as unknown as RunDocument;
}

describe('a scheduled scan', () => {
  it('asks for a comparison of everything', () => {
    const { head, start } = scheduleScan(IN_FORCE, null, NOW);

    expect(head?.requests).toEqual([{ operationId: 'prod-1', trigger: 'drift', requestedBy: 'hubkeeper', at: NOW }]);
    expect(start).toBe('reconcile.prod.1');
  });

  it('remembers when the next one is due, as far as the timer knows', () => {
    const next = '2026-06-01T09:00:00.000Z';
    const { head } = scheduleScan(IN_FORCE, null, NOW, next);

    expect(head).toMatchObject({ nextScanAt: next, requests: [{ trigger: 'drift' }] });
    expect(scheduleScan(head ?? IN_FORCE, null, NOW, next)).toEqual({ head: null });
    expect(scheduleScan(head ?? IN_FORCE, null, NOW).head).toBeNull();
  });

  it('is not asked for twice', () => {
    const { head } = scheduleScan(IN_FORCE, null, NOW);

    expect(scheduleScan(head ?? IN_FORCE, null, NOW)).toEqual({ head: null });
  });

  it.each<[string, Partial<RunDocument>, boolean]>([
    ['one is under way', {}, false],
    ['one waits for somebody', { state: 'waiting' }, true],
    ['one has ended', { state: 'succeeded' }, true],
    ['one of certain resources is under way', { hints: [HINT] }, true],
    ['a person has asked for a run', { trigger: 'reconcile' }, true],
  ])('when %s', (_, run, isAsked) => {
    const head = { ...IN_FORCE, currentOperationId: 'prod-9' };

    expect(scheduleScan(head, live(run), NOW).head !== null).toBe(isAsked);
  });

  it.each([{ specVersion: 0 }, { teardown: true }])('is not asked for without a spec in force: %j', (change) => {
    expect(scheduleScan({ ...IN_FORCE, ...change }, null, NOW)).toEqual({ head: null });
  });

  it('has what events said looked at again, where that was given up, when it has rested', () => {
    const told = recordHints(IN_FORCE, [{ key: 'k', hint: HINT }], NOW);
    const instanceId = told.start?.instanceId ?? '';
    const why = { code: 'ReactionGivenUp', message: 'It died.', at: NOW, restsUntil: '2026-06-02T08:00:00.000Z' };
    const givenUp = withReactionGivenUp(told.head ?? IN_FORCE, 'remediateDrift', 'prod', instanceId, why);

    const resting = scheduleScan(givenUp, null, '2026-06-01T09:00:00.000Z');
    expect(resting.reaction).toBeUndefined();
    expect(resting.head?.requests).toHaveLength(1);
    const { head, reaction } = scheduleScan(givenUp, null, '2026-06-02T09:00:00.000Z');

    expect(reaction).toMatchObject({ kind: 'remediateDrift', baseline: 'prod', target: 'prod' });
    expect(head === null ? undefined : reactionsOf(head)[0]?.instance?.id).toBe(reaction?.instanceId);
  });
});
