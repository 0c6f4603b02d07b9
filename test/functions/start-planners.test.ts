import type { InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { readOperation } from '../../functions/operations.ts';
import { startPlanners } from '../../functions/start-planners.ts';
import { runPlanOperation } from '../../lib/reconcile/plan-operation.ts';
import { withPlanAsked } from '../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';

async function asked() {
  const dependencies = memoryDependencies();
  const { head, result: id } = await dependencies.baselines.change(
    'north',
    (empty) => {
      const next = withPlanAsked(empty, 'alice', NOW);
      return { head: next.head, result: next.operationId };
    },
    { create: true },
  );
  const started: unknown[] = [];
  const client = {
    startNew: async (name: string, options: unknown) => started.push([name, options]),
  } as unknown as DurableClient;
  const warnings: unknown[] = [];
  const context = { warn: (...line: readonly unknown[]) => warnings.push(line) } as unknown as InvocationContext;
  return { dependencies, head, id, client, started, context, warnings };
}

describe('a plan that is made as an operation', () => {
  it('is queued until its planner begins, and is started by the timer when its call died', async () => {
    const { dependencies, head, id, client, started, context } = await asked();

    expect(await readOperation(dependencies, id, NOW)).toMatchObject({ state: 'queued', requestedBy: 'alice' });
    await startPlanners(dependencies, client, context, head);

    const input = { operationId: 'north-1', baseline: 'north', requestedBy: 'alice' };
    expect(started).toEqual([['baselinePlanner', { instanceId: 'plan.north-1', input }]]);
    await runPlanOperation(dependencies, { ...input, nowIso: NOW });
    await startPlanners(dependencies, client, context, head);
    expect(started).toHaveLength(1);
    expect((await dependencies.baselines.read('north'))?.head.plansAsked).toEqual([]);
    expect(await readOperation(dependencies, id, NOW)).toMatchObject({ state: 'failed', trigger: 'plan' });
  });

  it('stays asked for while the host does not take it', async () => {
    const { dependencies, head, context, warnings } = await asked();
    const client = { startNew: () => Promise.reject(new Error('no answer')) } as unknown as DurableClient;

    await startPlanners(dependencies, client, context, head);

    expect(warnings).toHaveLength(1);
    expect((await dependencies.baselines.read('north'))?.head.plansAsked).toHaveLength(1);
  });
});
