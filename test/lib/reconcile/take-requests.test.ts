import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAttended, takeRequests } from '../../../lib/reconcile/take-requests.ts';
import { newHead, type ReconcileRequest, type Trigger } from '../../../lib/state/baseline-head.ts';
import type { RunDocument } from '../../../lib/state/run.ts';

function request(number: number, trigger: Trigger): ReconcileRequest {
  return {
    operationId: `base-${number}`,
    trigger,
    requestedBy: 'somebody',
    at: `2026-01-01T00:00:${String(number).padStart(2, '0')}.000Z`,
  };
}

function running(
  number: number,
  state: RunDocument['state'] = 'running',
  reach: Partial<RunDocument> = {},
): RunDocument {
  return { operationId: `base-${number}`, state, rows: {}, attended: true, ...reach } as unknown as RunDocument;
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

    expect(taken).toMatchObject({
      begins: false,
      joined: [],
      superseded: [],
      replan: true,
      consumed: [{ operationId: 'base-1' }],
    });
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
    expect(takeRequests(withRequests(), undefined)).toMatchObject({
      begins: false,
      joined: [],
      superseded: [],
      replan: false,
    });
  });

  it('joins only what the run covers; the rest waits its turn', () => {
    const scoped = { ...request(2, 'reconcile'), scope: 'spoke:a' };
    const pinned = { ...request(3, 'reconcile'), planHash: 'a'.repeat(64) };
    const everything = request(4, 'reconcile');
    const unattended = request(5, 'drift');
    const head = withRequests(scoped, pinned, everything, unattended);

    const unscoped = takeRequests(head, running(1));
    expect(unscoped.joined).toEqual([scoped, everything]);
    expect(takeRequests(head, running(1, 'running', { scope: 'spoke:a' })).joined).toEqual([scoped]);
    expect(takeRequests(head, running(1, 'running', { attended: false })).joined).toEqual([unattended]);
    expect(takeRequests(withRequests(pinned, everything), undefined)).toMatchObject({ primary: pinned, joined: [] });
  });

  it('joins what a reaction has adjusted to a person’s run, also to one that only waits', () => {
    const adjusted = { ...request(2, 'adjustment'), requestedBy: 'hubkeeper', scope: 'egress' };
    const head = withRequests(adjusted);

    for (const state of ['running', 'waiting'] as const) {
      expect(takeRequests(head, running(1, state))).toMatchObject({ joined: [adjusted], replan: true, superseded: [] });
      const narrow = takeRequests(head, running(1, state, { scope: 'spoke:a' }));
      expect(narrow).toMatchObject({ begins: false, joined: [], superseded: [], consumed: [] });
    }
  });

  it('tries again what has failed when a person asks again', () => {
    expect(takeRequests(withRequests(request(2, 'reconcile')), running(1)).retryFailed).toBe(true);
    expect(takeRequests(withRequests(request(1, 'resume')), running(1)).retryFailed).toBe(false);
  });

  it('gives every request exactly one fate, and takes up every one in the end', () => {
    const triggers = fc.constantFrom<Trigger>('put', 'delete', 'reconcile', 'adjustment', 'timer', 'drift');
    const scopes = fc.constantFrom(undefined, 'hub', 'spoke:a');
    const state = fc.option(fc.constantFrom<RunDocument['state']>('running', 'waiting', 'failed', 'succeeded'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(triggers, scopes), { maxLength: 8 }),
        state,
        fc.boolean(),
        (chosen, live, attended) => {
          const requests = chosen.map(([trigger, scope], at) => ({
            ...request(at + 2, trigger),
            ...(scope === undefined ? {} : { scope }),
          }));
          const taken = takeRequests(
            withRequests(...requests),
            live === null ? undefined : running(1, live, { attended }),
          );
          const fates = [
            ...(taken.primary === undefined ? [] : [taken.primary.operationId]),
            ...taken.joined.map((one) => one.operationId),
            ...taken.superseded.filter((id) => id !== 'base-1'),
          ];
          expect(new Set(fates).size).toBe(fates.length);
          expect(fates.sort()).toEqual(taken.consumed.map((one) => one.operationId).sort());

          let left = requests;
          for (let turn = 0; left.length > 0; turn++) {
            expect(turn).toBeLessThan(requests.length + 1);
            const consumed = new Set(takeRequests(withRequests(...left), undefined).consumed);
            left = left.filter((one) => !consumed.has(one));
          }
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
