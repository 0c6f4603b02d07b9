import { HttpRequest, InvocationContext } from '@azure/functions';
import { expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import type { App } from '../../functions/composition.ts';
import { ApiProblem } from '../../functions/http.ts';
import { getOperation } from '../../functions/operations.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../support/reconciling.ts';

it('says of an operation whether it is kept, was, or never was', async () => {
  const dependencies = memoryDependencies();
  const north = new Reconciling(dependencies, 'north');
  await north.put(smallSpec('north', [], { drift: { mode: 'act' } }), 'ann');
  await north.settle();
  for (let looks = 0; looks < 13; looks++) {
    await north.record('drift', 'hubkeeper');
    await north.settle();
  }
  const answerOf = async (id: string): Promise<unknown> => {
    try {
      return await getOperation({
        app: dependencies as unknown as App,
        request: new HttpRequest({ method: 'GET', url: `https://app.example/api/operations/${id}`, params: { id } }),
        caller: { user: 'ann', roles: new Set(['reader']) },
        client: {} as DurableClient,
        context: new InvocationContext({ functionName: 'getOperation', logHandler: () => {} }),
        nowIso: north.nowIso,
      });
    } catch (error) {
      if (error instanceof ApiProblem) return error.errors;
      throw error;
    }
  };

  expect(await answerOf('north-1')).toMatchObject({ status: 200, jsonBody: { trigger: 'put' } });
  expect(await answerOf('north-14')).toMatchObject({ status: 200, jsonBody: { trigger: 'drift' } });
  expect(await answerOf('north-2')).toMatchObject([
    {
      code: 'OperationNotKept',
      message: expect.stringContaining('not kept'),
      remedy: expect.stringContaining('journal'),
    },
  ]);
  for (const never of ['north-15', 'north-0', 'south-1'])
    expect(await answerOf(never)).toMatchObject([{ code: 'OperationNotFound' }]);
});
