import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { plannerInstanceId } from '../lib/reconcile/plan-operation.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { ORCHESTRATION } from '../orchestrations/names.ts';
import type { App } from './composition.ts';
import { reasonOf } from './reason-of.ts';

/**
 * Starts the planners of plans that were asked for, and takes off those that have a document by now. Whatever fails
 * here is made good by the timer within a minute.
 */
export async function startPlanners(
  app: Pick<App, 'runs' | 'baselines'>,
  client: DurableClient,
  context: InvocationContext,
  head: BaselineHead,
): Promise<void> {
  const begun = new Set<string>();
  for (const { operationId, requestedBy } of head.plansAsked ?? []) {
    if ((await app.runs.read(operationId)) !== null) {
      begun.add(operationId);
      continue;
    }
    const instanceId = plannerInstanceId(operationId);
    try {
      await client.startNew(ORCHESTRATION.plan, {
        instanceId,
        input: { operationId, baseline: head.name, requestedBy },
      });
    } catch (error) {
      // "Exists already" means that it is at work and has not come to its document.
      context.warn('planner not started by this call', { instanceId, reason: reasonOf(error) });
    }
  }
  if (begun.size === 0) return;
  await app.baselines.change(head.name, (current) => {
    const left = (current.plansAsked ?? []).filter(({ operationId }) => !begun.has(operationId));
    const isUnchanged = left.length === (current.plansAsked ?? []).length;
    return { head: isUnchanged ? null : { ...current, plansAsked: left }, result: undefined };
  });
}
