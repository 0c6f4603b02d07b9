import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunDocument } from '../../../lib/reconcile/run.ts';
import { isAttended, takeRequests } from '../../../lib/reconcile/take-requests.ts';
import { newHead, type ReconcileRequest, type Trigger } from '../../../lib/state/baseline-head.ts';

function request(number: number, trigger: Trigger): ReconcileRequest {
  return {
    operationId: `base-${number}`,
    trigger,
    requestedBy: 'somebody',
    at: `2026-01-01T00:00:${String(number).padStart(2, '0')}.000Z`,
  };
}

function running(number: number, state: RunDocument['state'] = 'running'): RunDocument {
  return { operationId: `base-${number}`, state, rows: {} } as unknown as RunDocument;
}

const withRequests = (...requests: ReconcileRequest[]) => ({ ...newHead('base'), requests });

describe('taking up requests', () => {
  it('begins the newest spec; older ones are overtaken', () => {
    const taken = takeRequests(withRequests(request(1, 'put'), request(2, 'put')), undefined);

    expect(taken).toMatchObject({ primary: { operationId: 'base-2' }, begins: true, superseded: ['base-1'] });
  });

  it('lets a newer spec overtake the run under way', () => {
    const taken = takeRequests(withRequests(request(2, 'put')), running(1));

    expect(taken).toMatchObject({ primary: { operationId: 'base-2' }, superseded: ['base-1'], replan: true });
  });

  it('joins everything else to the run under way', () => {
    const taken = takeRequests(withRequests(request(2, 'reconcile'), request(3, 'adjustment')), running(1));

    expect(taken.primary).toBeUndefined();
    expect(taken).toMatchObject({
      begins: false,
      joined: [{ operationId: 'base-2' }, { operationId: 'base-3' }],
      replan: true,
    });
  });

  it('lets a waiting run go on when it is resumed', () => {
    const taken = takeRequests(withRequests(request(1, 'resume')), running(1, 'waiting'));

    expect(taken).toEqual({ begins: false, joined: [], superseded: [], replan: true });
  });

  it('begins anew after a run that is over', () => {
    expect(takeRequests(withRequests(request(2, 'reconcile')), running(1, 'failed'))).toMatchObject({
      primary: { operationId: 'base-2' },
      begins: true,
      superseded: [],
    });
  });

  it('does nothing without requests', () => {
    expect(takeRequests(withRequests(), running(1))).toMatchObject({ begins: false, replan: false });
    expect(takeRequests(withRequests(), undefined)).toEqual({
      begins: false,
      joined: [],
      superseded: [],
      replan: false,
    });
  });

  it('gives every request exactly one fate', () => {
    const triggers = fc.constantFrom<Trigger>('put', 'delete', 'reconcile', 'adjustment', 'timer');
    fc.assert(
      fc.property(
        fc.array(triggers, { maxLength: 8 }),
        fc.option(fc.constantFrom<RunDocument['state']>('running', 'waiting', 'failed', 'succeeded')),
        (chosen, state) => {
          const requests = chosen.map((trigger, at) => request(at + 2, trigger));
          const taken = takeRequests(withRequests(...requests), state === null ? undefined : running(1, state));
          const fates = [
            ...(taken.primary === undefined ? [] : [taken.primary.operationId]),
            ...taken.joined.map((one) => one.operationId),
            ...taken.superseded.filter((id) => id !== 'base-1'),
          ];
          expect(fates.sort()).toEqual(requests.map((one) => one.operationId).sort());
        },
      ),
    );
  });

  it('knows what a person asked for', () => {
    expect([
      isAttended('put', 'somebody'),
      isAttended('timer', 'hubkeeper'),
      isAttended('adjustment', 'hubkeeper'),
      isAttended('drift', 'somebody'),
    ]).toEqual([true, false, false, false]);
  });
});
