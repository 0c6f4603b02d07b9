import type { BaselineHead } from '../state/baseline-head.ts';
import { isInFlight, type RunDocument } from '../state/run.ts';
import type { RunStore } from '../state/run-store.ts';

/**
 * Keys of an operation's plans that nothing needs any more: neither the plan in force nor the one before, which somebody
 * who has read the run a moment ago may ask for, nor what is in flight, nor a request for approval. Pure.
 */
export function plansToPrune(
  keys: readonly string[],
  run: Pick<RunDocument, 'operationId' | 'planKey' | 'plansMade' | 'rows' | 'approval'>,
  approvals: BaselineHead['approvals'],
): readonly string[] {
  const needed = new Set([
    run.planKey,
    run.approval?.planKey,
    ...approvals.filter(({ operationId }) => operationId === run.operationId).map(({ planKey }) => planKey),
    ...Object.values(run.rows)
      .filter(isInFlight)
      .map(({ plan }) => plan?.key),
  ]);
  return keys.filter((key) => !needed.has(key) && numberOf(key) < run.plansMade - 1);
}

function numberOf(key: string): number {
  return Number.parseInt(key, 10);
}

/** Removes the plans of a run that nothing needs, so that one that waits for weeks does not grow. May run twice. */
export async function prunePlans(
  runs: Pick<RunStore, 'listPlans' | 'removePlan'>,
  run: Parameters<typeof plansToPrune>[1],
  approvals: BaselineHead['approvals'],
): Promise<void> {
  for (const key of plansToPrune(await runs.listPlans(run.operationId), run, approvals))
    await runs.removePlan(run.operationId, key);
}
