import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isChangeUnderWay, progressWith } from '../../../../lib/reactions/snat/change-under-way.ts';
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

const OPEN = [
  { name: 'pending' },
  { name: 'waiting' },
  { name: 'starting', startedAtMs: 0 },
  { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
  { name: 'retrying', notBeforeMs: 0 },
] as const;
const OVER = [{ name: 'done' }, { name: 'failed' }, { name: 'blocked' }, { name: 'refused' }] as const;

describe('a change of a firewall', () => {
  it('is under way while a row of it is open, however its id is spelled', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPEN, ...OVER), fc.boolean(), (state, isUpper) => {
        const id = isUpper ? FIREWALL_ID.toUpperCase() : FIREWALL_ID;
        const isOpen = OPEN.some(({ name }) => name === state.name);

        expect(isChangeUnderWay(IDLE, [run(id, state)], FIREWALL_ID)).toBe(isOpen);
        expect(isChangeUnderWay(IDLE, [run(`${id}-other`, state)], FIREWALL_ID)).toBe(false);
        expect(isChangeUnderWay(IDLE, [run(id, state, { state: 'partial' })], FIREWALL_ID)).toBe(false);
      }),
    );
  });

  it('may be under way where a run has no plan, or is to make another', () => {
    const other = `${FIREWALL_ID}-other`;
    expect(isChangeUnderWay(IDLE, [run(other, { name: 'done' }, { planKey: '' })], FIREWALL_ID)).toBe(true);
    expect(isChangeUnderWay(IDLE, [run(other, { name: 'done' }, { replan: true })], FIREWALL_ID)).toBe(true);
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

  it('may be asked for by a request that covers the egress', () => {
    expect(isChangeUnderWay(IDLE, [], FIREWALL_ID)).toBe(false);
    for (const scope of [undefined, 'everything', 'Egress', FIREWALL_ID])
      expect(isChangeUnderWay(asked(scope), [], FIREWALL_ID)).toBe(true);
    // What has begun and waits beside is judged by its run.
    const [request] = asked().requests;
    if (request === undefined) throw new Error('Nothing is asked for.');
    const beside = { ...IDLE, requests: [{ ...request, waitsItsTurn: true, steppedBackAt: 1 }] };
    expect(isChangeUnderWay(beside, [], FIREWALL_ID)).toBe(false);
    expect(isChangeUnderWay(beside, [run(FIREWALL_ID, { name: 'waiting' })], FIREWALL_ID)).toBe(true);
    for (const scope of ['gateway', 'spoke:web', `${FIREWALL_ID}-other`])
      expect(isChangeUnderWay(asked(scope), [], FIREWALL_ID)).toBe(false);
  });
});
