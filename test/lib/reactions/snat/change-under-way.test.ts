import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isChangeUnderWay,
  type LiveRuns,
  progressWith,
  takesStepIn,
  waitingChange,
} from '../../../../lib/reactions/snat/change-under-way.ts';
import { newHead, withRequest } from '../../../../lib/state/baseline-head.ts';
import type { RunDocument, RunRow } from '../../../../lib/state/run.ts';
import { FIREWALL_ID } from '../../../support/snat.ts';

const AT = '2026-11-20T12:00:00.000Z';
const IDLE = newHead('prod');

function asked(scope?: string) {
  const request = { operationId: 'prod-1', trigger: 'reconcile', requestedBy: 'author', at: AT } as const;
  return withRequest(IDLE, { ...request, ...(scope === undefined ? {} : { scope }) }).head;
}

/** A run with one row; the rest of it does not count here. */
function run(id: string, state: RunRow['state'], changes: Partial<RunDocument> = {}): RunDocument {
  const row: RunRow = { id, state, attempt: 1, writes: 0, changeHash: 'h' };
  return { state: 'running', planKey: '1', replan: false, rows: { [id]: row }, ...changes } as RunDocument;
}

const NOBODY: LiveRuns = { current: null, setAside: null, beside: [] };

/** Nothing but this run is live. */
function alone(current: RunDocument): LiveRuns {
  return { current, setAside: null, beside: [] };
}

const OPEN = [
  { name: 'pending' },
  { name: 'waiting' },
  { name: 'starting', startedAtMs: 0 },
  { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
  { name: 'retrying', notBeforeMs: 0 },
] as const;
const OVER = [{ name: 'done' }, { name: 'failed' }, { name: 'blocked' }, { name: 'refused' }] as const;

describe('a change of a firewall', () => {
  it('is under way while a row of it is open and waits for nobody, however its id is spelled', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPEN, ...OVER), fc.boolean(), (state, isUpper) => {
        const id = isUpper ? FIREWALL_ID.toUpperCase() : FIREWALL_ID;
        const isOpen = OPEN.some(({ name }) => name === state.name && name !== 'waiting');

        expect(isChangeUnderWay(IDLE, alone(run(id, state)), FIREWALL_ID)).toBe(isOpen);
        expect(isChangeUnderWay(IDLE, alone(run(`${id}-other`, state)), FIREWALL_ID)).toBe(false);
        expect(isChangeUnderWay(IDLE, alone(run(id, state, { state: 'partial' })), FIREWALL_ID)).toBe(false);
      }),
    );
  });

  it('may be under way where a run has no plan, or is to make another', () => {
    const other = `${FIREWALL_ID}-other`;
    expect(isChangeUnderWay(IDLE, alone(run(other, { name: 'done' }, { planKey: '' })), FIREWALL_ID)).toBe(true);
    expect(isChangeUnderWay(IDLE, alone(run(other, { name: 'done' }, { replan: true })), FIREWALL_ID)).toBe(true);
  });

  it('waits only where its own row does, whatever else the run waits for', () => {
    const other = `${FIREWALL_ID}-other`;
    const waiting = { name: 'waiting' } as const;
    fc.assert(
      fc.property(fc.constantFrom(...OPEN, ...OVER), (state) => {
        const isOver = OVER.some(({ name }) => name === state.name);
        const own = run(FIREWALL_ID, state, { state: 'waiting' });
        const both = { ...own, rows: { ...own.rows, ...run(other, waiting).rows } };

        expect(progressWith(both, FIREWALL_ID)).toBe(state.name === 'waiting' ? 'waits' : isOver ? 'over' : 'underWay');
      }),
    );
    expect(progressWith(run(other, waiting, { state: 'waiting' }), FIREWALL_ID)).toBe('over');
    expect(progressWith(run(other, waiting, { state: 'waiting', replan: true }), FIREWALL_ID)).toBe('underWay');
  });

  it('that waits is not under way but for the pause between two writers, nor while another run has stepped in', () => {
    const kinds = ['approval', 'hold', 'changeWindow', 'pause', 'budget', 'backOff'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...kinds), (what) => {
        const held = run(FIREWALL_ID, { name: 'waiting' }, { state: 'waiting' });
        const waiting = { id: FIREWALL_ID, for: what, who: '', untilIso: null, why: '' };
        const current = { ...held, rows: { a: { ...Object.values(held.rows)[0], waiting } } } as RunDocument;
        const isBrief = what === 'backOff';
        const stepped = run(`${FIREWALL_ID}-other`, { name: 'running', startedAtMs: 0, nextPollAtMs: 0 });

        expect(isChangeUnderWay(IDLE, alone(current), FIREWALL_ID)).toBe(isBrief);
        expect(waitingChange(alone(current), FIREWALL_ID)).toBe(isBrief ? null : current);
        expect(isChangeUnderWay(IDLE, { current: stepped, setAside: current, beside: [] }, FIREWALL_ID)).toBe(true);
        expect(waitingChange({ current: stepped, setAside: current, beside: [] }, FIREWALL_ID)).toBeNull();
        expect(waitingChange(alone(stepped), FIREWALL_ID)).toBeNull();
      }),
    );
  });

  it('takes a step in where its run reaches as far, and is for no plan of its own', () => {
    const of = (changes: Partial<RunDocument>) =>
      takesStepIn(IDLE, run(FIREWALL_ID, { name: 'waiting' }, { state: 'waiting', attended: true, ...changes }), AT);

    expect([of({}), of({ scope: 'egress' }), of({ attended: false })]).toEqual([true, true, true]);
    expect([of({ expectedPlanHash: 'h' }), of({ scope: FIREWALL_ID }), of({ teardown: true })]).toEqual([
      ...[false, false, false],
    ]);
  });

  it('is not under way for a request that is queued behind a run that waits', () => {
    const queued = { ...asked(), reconciler: null, queuedBehind: 'prod-0' };
    expect(isChangeUnderWay(queued, NOBODY, FIREWALL_ID)).toBe(false);
    expect(isChangeUnderWay({ ...asked(), queuedBehind: 'prod-0' }, NOBODY, FIREWALL_ID)).toBe(true);
  });

  it('may be asked for by a request that covers the egress', () => {
    expect(isChangeUnderWay(IDLE, NOBODY, FIREWALL_ID)).toBe(false);
    for (const scope of [undefined, 'everything', 'Egress', FIREWALL_ID])
      expect(isChangeUnderWay(asked(scope), NOBODY, FIREWALL_ID)).toBe(true);
    // What has begun and waits beside is judged by its run.
    const [request] = asked().requests;
    if (request === undefined) throw new Error('Nothing is asked for.');
    const steppedBack = { ...IDLE, requests: [{ ...request, waitsItsTurn: true, steppedBackAt: 1 }] };
    const waiting = run(FIREWALL_ID, { name: 'waiting' });
    expect(isChangeUnderWay(steppedBack, NOBODY, FIREWALL_ID)).toBe(false);
    expect(isChangeUnderWay(steppedBack, { ...NOBODY, beside: [waiting] }, FIREWALL_ID)).toBe(false);
    expect(waitingChange({ ...NOBODY, beside: [waiting] }, FIREWALL_ID)).toBe(waiting);
    for (const scope of ['gateway', 'spoke:web', `${FIREWALL_ID}-other`])
      expect(isChangeUnderWay(asked(scope), NOBODY, FIREWALL_ID)).toBe(false);
  });
});
