import type { HttpRequest } from '@azure/functions';
import { expect, it } from '@jest/globals';
import { getBaseline, listBaselines } from '../../functions/baselines.ts';
import type { Call } from '../../functions/http.ts';
import { listOperations } from '../../functions/operations.ts';
import { baseline, baselineList } from '../../lib/api/baseline.ts';
import { operationList } from '../../lib/api/operation.ts';
import { Relieving } from '../support/relieving.ts';

const NAME = 'small';

function callOf({ dependencies, reconciling }: Relieving, query = ''): Call {
  const request = { params: { name: NAME }, query: new URLSearchParams(query) } as unknown as HttpRequest;
  return { app: dependencies, nowIso: reconciling.nowIso, request } as unknown as Call;
}

it('shows an alert that nobody acts on with the baseline, in the list, and among the operations', async () => {
  const relieving = await Relieving.provisioned({ mode: 'observe' });
  await relieving.alert();
  await relieving.decide();

  const alone = baseline.parse((await getBaseline(callOf(relieving))).jsonBody);
  const [listed] = baselineList.parse((await listBaselines(callOf(relieving))).jsonBody).baselines;
  const pages = async (query: string) => operationList.parse((await listOperations(callOf(relieving, query))).jsonBody);

  expect(alone.reactions).toMatchObject([{ target: relieving.firewallId, openAlertCount: 1, code: 'ModeObserve' }]);
  expect(listed?.reactions).toEqual(alone.reactions);
  expect((await pages(`baseline=${NAME}`)).operations).toMatchObject([
    { id: 'small-2', trigger: 'alert', state: 'failed', errors: [{ code: 'ModeObserve' }] },
    { id: 'small-1', trigger: 'put', state: 'succeeded' },
  ]);
  const first = await pages('limit=1');
  expect(first).toMatchObject({ operations: [{ id: 'small-2' }], next: 'small-2' });
  expect(await pages(`limit=1&continuation=${first.next}`)).toMatchObject({
    operations: [{ id: 'small-1' }],
    next: null,
  });
});

it('lists an operation that the change of an alert has run under once', async () => {
  const relieving = await Relieving.provisioned({ mode: 'act' });
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();

  const { operations } = operationList.parse((await listOperations(callOf(relieving))).jsonBody);
  expect(operations.map(({ id }) => id)).toEqual(['small-2', 'small-1']);
});

it('refuses to list operations of what is no baseline', async () => {
  const relieving = await Relieving.provisioned();

  await expect(listOperations(callOf(relieving, 'baseline=nope'))).rejects.toMatchObject({
    problem: { code: 'BaselineNotFound' },
  });
});
