import { describe, expect, it } from '@jest/globals';
import { ArmUnreachableError } from '../../../lib/azure/arm-errors.ts';
import { ProblemError } from '../../../lib/problem.ts';
import { lookAtOperation } from '../../../lib/reconcile/look-at-operation.ts';
import type { RunRow } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const ID =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt';
const URL = 'https://management.azure.com/operations/1';

const running: RunRow = {
  id: ID,
  state: { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
  attempt: 1,
  writes: 1,
  changeHash: 'h',
  handle: { by: 'asyncOperation', url: URL },
  deadlineMs: Date.parse(NOW) + 60_000,
};

function look(dependencies: ReturnType<typeof memoryDependencies>, row: RunRow) {
  const change = {
    id: ID,
    kind: 'routeTable',
    action: 'delete',
    reason: 'r',
    dependsOn: [],
    lanes: ['lane'],
    diff: [],
    estimatedMinutes: 1,
  } as unknown as Parameters<typeof lookAtOperation>[1]['change'];
  return lookAtOperation(dependencies, {
    baseline: 'base',
    operationId: 'base-1',
    row,
    change,
    node: undefined,
    nowIso: NOW,
  });
}

describe('a look at a write that goes on', () => {
  it.each([
    [400, 'BadRequest', true],
    [403, 'AuthorizationFailed', true],
    [409, 'Conflict', false],
    [503, 'Busy', false],
  ])('keeps its lanes when the look is answered %d', async (status, code, isTold) => {
    const dependencies = memoryDependencies();
    dependencies.arm.answerOnce('GET', URL, status, { error: { code, message: 'no' } });

    const { row } = await look(dependencies, running);

    expect(row).toMatchObject({ state: { name: 'running' }, handle: running.handle, writes: 1 });
    expect(row.problem?.code).toBe(isTold ? code : undefined);
  });

  it('keeps its lanes when the resource itself may not be read', async () => {
    const dependencies = memoryDependencies();
    dependencies.arm.answerOnce('GET', ID, 403, { error: { code: 'AuthorizationFailed', message: 'no' } });

    const { row } = await look(dependencies, { ...running, handle: { by: 'resource', expect: 'absent' } });

    expect(row).toMatchObject({ state: { name: 'running' }, problem: { code: 'AuthorizationFailed' } });
  });

  it.each([
    [
      'an address that is not followed',
      new ProblemError({ code: 'ForeignOperationUrl', actor: 'operator', message: 'm', remedy: 'r' }),
      'ForeignOperationUrl',
    ],
    ['no answer', new ArmUnreachableError('GET', URL, new Error('reset')), 'AzureUnreachable'],
  ])('tells of %s, and is judged by the resource once it is overdue', async (_, error, code) => {
    const dependencies = memoryDependencies();
    const { arm } = dependencies;
    const blind = {
      ...dependencies,
      arm: Object.assign(Object.create(arm) as typeof arm, {
        send: (request: Parameters<typeof arm.send>[0]) =>
          request.target === URL ? Promise.reject(error) : arm.send(request),
      }),
    };

    const inTime = await look(blind, running);
    arm.put(ID, { properties: { provisioningState: 'Deleting' } });
    const late = await look(blind, { ...running, deadlineMs: 0, overdue: true });
    arm.remove(ID);
    const over = await look(blind, { ...running, deadlineMs: 0, overdue: true });

    expect(inTime.row).toMatchObject({ state: { name: 'running' }, problem: { code } });
    expect(late.row).toMatchObject({ state: { name: 'running' }, overdue: true });
    expect(over).toMatchObject({ row: { state: { name: 'done' } }, ledger: 'gone' });
  });
});
