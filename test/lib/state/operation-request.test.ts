import { describe, expect, it } from '@jest/globals';
import { newHead } from '../../../lib/state/baseline-head.ts';
import { requestOperation } from '../../../lib/state/operation-request.ts';

const AT = '2026-03-01T12:00:00.000Z';
const wanted = {
  trigger: 'reconcile',
  requestedBy: 'alice',
  at: AT,
  decision: 'reconcile requested',
  reason: 'r',
} as const;

describe('requestOperation', () => {
  it('numbers, tells and records a request, and names a reconciler for it', () => {
    const { head, result } = requestOperation(newHead('base'), { ...wanted, scope: 'hub', planHash: 'h', before: 1 });

    expect(result).toEqual({ operationId: 'base-1', start: 'reconcile.base.1' });
    expect(head.requests).toEqual([
      { operationId: 'base-1', trigger: 'reconcile', requestedBy: 'alice', at: AT, scope: 'hub', planHash: 'h' },
    ]);
    expect(head.outbox).toEqual([
      {
        at: AT,
        baseline: 'base',
        operationId: 'base-1',
        trigger: 'reconcile',
        resource: '',
        decision: 'reconcile requested',
        reason: 'r',
        by: 'alice',
        before: 1,
      },
    ]);
  });

  it('has no reconciler started beside one that is at work', () => {
    const first = requestOperation(newHead('base'), wanted);

    expect(requestOperation(first.head, wanted).result).toEqual({ operationId: 'base-2' });
  });
});
