import type { Dependencies } from '../dependencies.ts';
import { type ReconcileRequest, requestKey, withJournal } from '../state/baseline-head.ts';

/**
 * Records that an operation which only waits goes on after another one that is to go first. Before that one begins, so that
 * neither gets lost. May run twice.
 */
export async function requeue(
  { baselines }: Pick<Dependencies, 'baselines'>,
  baseline: string,
  waiting: ReconcileRequest,
  first: ReconcileRequest,
): Promise<void> {
  const key = requestKey(waiting);
  await baselines.change(baseline, (head) => {
    if (head.requests.some((one) => requestKey(one) === key)) return { head: null, result: undefined };
    const { operationId, trigger, at } = waiting;
    const next = withJournal(
      { ...head, requests: [...head.requests, waiting] },
      {
        at,
        baseline,
        operationId,
        trigger,
        resource: '',
        decision: 'made way',
        reason: `It only waits: the operation ${first.operationId} of ${first.requestedBy} goes first.`,
        by: 'hubkeeper',
      },
    );
    return { head: next, result: undefined };
  });
}
