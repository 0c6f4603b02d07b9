import { describe, expect, it } from '@jest/globals';
import { ArmUnreachableError } from '../../../lib/azure/arm-errors.ts';
import type { Dependencies } from '../../../lib/dependencies.ts';
import { type PlanOperationRequest, runPlanOperation } from '../../../lib/reconcile/plan-operation.ts';
import { withSpec } from '../../../lib/state/baseline-head.ts';
import { StorageError } from '../../../lib/state/storage.ts';
import { baseSpec } from '../../support/base-spec.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const NAME = baseSpec().name;
const ID = `${NAME}-1`;
const REQUEST: PlanOperationRequest = { operationId: ID, baseline: NAME, requestedBy: 'alice', nowIso: NOW };

async function world(): Promise<Dependencies> {
  const dependencies = memoryDependencies();
  const text = JSON.stringify(baseSpec());
  await dependencies.baselines.writeSpec(NAME, {
    hash: 'h',
    storedBy: 'alice',
    storedAt: NOW,
    text,
    contentType: 'application/json',
  });
  await dependencies.baselines.change(
    NAME,
    (head) => ({ head: withSpec(head, { hash: 'h', mode: 'full', by: 'alice', at: NOW }), result: 0 }),
    { create: true },
  );
  return dependencies;
}

/** Azure answers every list with this error until `times` calls have met it. */
function failing(dependencies: Dependencies, error: Error, times = Number.POSITIVE_INFINITY): Dependencies {
  let left = times;
  const { arm } = dependencies;
  return {
    ...dependencies,
    arm: {
      send: (request) => arm.send(request),
      list: async (path, apiVersion) => {
        if (left-- > 0) throw error;
        return arm.list(path, apiVersion);
      },
    },
  };
}

const unreachable = new ArmUnreachableError('GET', '/subscriptions', new Error('the connection was reset'));

async function runOf({ runs }: Dependencies) {
  const stored = await runs.read(ID);
  if (stored === null) throw new Error('There is no document.');
  return stored.run;
}

async function linesOf({ journal }: Dependencies): Promise<readonly string[]> {
  return (await journal.read({ baseline: NAME })).entries.map(({ decision }) => decision);
}

describe('a plan that is made as an operation', () => {
  it('ends with its plan, once', async () => {
    const dependencies = await world();

    expect(await runPlanOperation(dependencies, REQUEST)).toBeNull();
    const made = await runOf(dependencies);
    expect(await runPlanOperation(dependencies, { ...REQUEST, nowIso: '2026-06-01T13:00:00.000Z' })).toBeNull();

    expect(made).toMatchObject({ state: 'succeeded', trigger: 'plan', requestedBy: 'alice', endedAt: NOW });
    expect((await dependencies.runs.readPlan(ID, made.planKey)).plan.hash).toBe(made.planHash);
    expect(await runOf(dependencies)).toEqual(made);
    expect(await linesOf(dependencies)).toEqual(['planned']);
  });

  it('is tried again after a pause when Azure gives no answer, shown as running with the reason', async () => {
    const dependencies = await world();
    const away = failing(dependencies, unreachable, 1);

    const pauseSeconds = await runPlanOperation(away, REQUEST);

    expect(pauseSeconds).toBe(30);
    expect(await runOf(dependencies)).toMatchObject({ state: 'running', problems: [{ code: 'AzureUnreachable' }] });
    expect(await runPlanOperation(away, { ...REQUEST, nowIso: '2026-06-01T12:00:30.000Z' })).toBeNull();
    expect(await runOf(dependencies)).toMatchObject({ state: 'succeeded', createdAt: NOW, problems: [] });
    expect(await linesOf(dependencies)).toEqual(['planning postponed', 'planned']);
  });

  it('fails for the operator when that lasts, after a bounded number of pauses', async () => {
    const dependencies = failing(await world(), unreachable);
    const pauses: number[] = [];
    for (let pause = await runPlanOperation(dependencies, REQUEST); pause !== null; ) {
      pauses.push(pause);
      expect(pauses.length).toBeLessThan(20);
      pause = await runPlanOperation(dependencies, REQUEST);
    }

    expect(pauses).toEqual([30, 60, 120, 180, 180, 180, 180]);
    expect(await runOf(dependencies)).toMatchObject({
      state: 'failed',
      problems: [{ code: 'AzureUnreachable', actor: 'operator' }],
    });
    expect(await linesOf(dependencies)).toContain('not planned');
  });

  it('leaves a failed document for a fault of ours, for a baseline that is gone, and for a failure it is told of', async () => {
    const faulty = failing(await world(), new TypeError('undefined is not a function'));
    const empty = memoryDependencies();
    const told = await world();

    expect(await runPlanOperation(faulty, REQUEST)).toBeNull();
    expect(await runPlanOperation(empty, REQUEST)).toBeNull();
    expect(await runPlanOperation(told, { ...REQUEST, failure: 'The function timed out.' })).toBeNull();

    for (const [dependencies, code, actor] of [
      [faulty, 'InternalFault', 'us'],
      [empty, 'BaselineNotFound', 'caller'],
      [told, 'InternalFault', 'us'],
    ] as const)
      expect(await runOf(dependencies)).toMatchObject({ state: 'failed', endedAt: NOW, problems: [{ code, actor }] });
  });

  it('leaves it to the host to try again when the storage account is away', async () => {
    const dependencies = await world();
    const gone = { ...dependencies.runs, writePlan: () => Promise.reject(new StorageError('write', 'no answer')) };

    await expect(runPlanOperation({ ...dependencies, runs: gone }, REQUEST)).rejects.toThrow(StorageError);
  });
});
