import type { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import { listApprovals } from '../../functions/approvals.ts';
import type { Call } from '../../functions/http.ts';
import { newHead } from '../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

async function approvalsOf(query: string) {
  const dependencies = memoryDependencies();
  await dependencies.baselines.change('north', () => ({ head: newHead('north'), result: 0 }), { create: true });
  return listApprovals({
    app: dependencies,
    nowIso: '2026-06-01T12:00:00.000Z',
    request: { query: new URLSearchParams(query) } as unknown as HttpRequest,
    context: {} as InvocationContext,
  } as unknown as Call);
}

describe('what waits for approval', () => {
  it('is nothing of a baseline that has nothing to approve', async () => {
    expect((await approvalsOf('baseline=north')).jsonBody).toEqual({ approvals: [] });
    expect((await approvalsOf('')).jsonBody).toEqual({ approvals: [] });
  });

  it('is not said of a baseline that is not there', async () => {
    await expect(approvalsOf('baseline=nope')).rejects.toMatchObject({ problem: { code: 'BaselineNotFound' } });
  });
});
