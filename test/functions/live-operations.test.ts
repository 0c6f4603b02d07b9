import type { HttpRequest } from '@azure/functions';
import { beforeEach, expect, it } from '@jest/globals';
import { getBaseline, listBaselines } from '../../functions/baselines.ts';
import type { Call } from '../../functions/http.ts';
import { type BaselineSummary, baseline, baselineList } from '../../lib/api/baseline.ts';
import type { BaselineHead } from '../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../support/reconciling.ts';

const NAME = 'north';

let dependencies: ReturnType<typeof memoryDependencies>;
let north: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  north = new Reconciling(dependencies, NAME);
});

/** The list and the baseline by itself say the same. */
async function liveOperations(): Promise<BaselineSummary['liveOperations']> {
  const request = { params: { name: NAME } } as unknown as HttpRequest;
  const call = { app: dependencies, nowIso: north.nowIso, request } as unknown as Call;
  const [listed] = baselineList.parse((await listBaselines(call)).jsonBody).baselines;
  const alone = baseline.parse((await getBaseline(call)).jsonBody);
  expect(listed?.liveOperations).toEqual(alone.liveOperations);
  return listed?.liveOperations;
}

async function put(spokes: readonly string[]): Promise<string> {
  const id = await north.put(smallSpec(NAME, spokes, { drift: { mode: 'act' } }), 'ann');
  await north.settle();
  return id;
}

it('has no live operation when nothing goes on', async () => {
  await put(['a']);

  expect(await liveOperations()).toEqual([]);
});

it('says what an operation waits for, also while another has stepped in before it', async () => {
  await put(['a', 'b']);
  const waiting = await put(['a']);
  const [{ planHash } = { planHash: '' }] = (await north.head()).approvals;
  const whole = { id: waiting, trigger: 'put', state: 'waiting' };

  expect(await liveOperations()).toMatchObject([{ ...whole, waitingFor: [{ kind: 'approval', planHash }] }]);

  const step = await north.record('drift', 'hubkeeper');
  await north.turn();
  expect((await north.head()).setAside).toBe(waiting);

  expect(await liveOperations()).toMatchObject([
    { id: step, trigger: 'drift', state: 'running', waitingFor: [] },
    { ...whole, waitingFor: [{ kind: 'approval' }] },
  ]);
});

it('says it of an operation that waits beside the current one', async () => {
  await put(['a', 'b']);
  const beside = await put(['a']);
  const request = { operationId: beside, trigger: 'put', requestedBy: 'ann', at: north.nowIso } as const;
  const steppedBack: Partial<BaselineHead> = {
    currentOperationId: null,
    requests: [{ ...request, waitsItsTurn: true, steppedBackAt: 1 }],
  };
  await north.change((head) => ({ ...head, ...steppedBack }));

  expect(await liveOperations()).toMatchObject([{ id: beside, state: 'waiting', waitingFor: [{ kind: 'approval' }] }]);
});
