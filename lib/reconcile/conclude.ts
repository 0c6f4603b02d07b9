import type { Dependencies } from '../dependencies.ts';
import { type BaselineHead, requestKey, withGeneration } from '../state/baseline-head.ts';
import type { AdvanceRequest } from './advance.ts';
import { type Decision, isFinalState, type RunDocument } from './run.ts';

/** Brings the baseline in line with the run as written, and answers. May run twice. */
export async function conclude(
  dependencies: Dependencies,
  request: AdvanceRequest,
  run: RunDocument,
): Promise<Decision> {
  const consumed = new Set(run.consumed);
  const { result } = await dependencies.baselines.change<Decision>(run.baseline, (head) => {
    if (head.reconciler?.instanceId !== request.instanceId) return { head: null, result: { next: 'end' } };
    const requests = head.requests.filter((one) => !consumed.has(requestKey(one)));
    const next = headAfter(head, run, requests, request.nowIso);
    const isUnchanged = JSON.stringify(next.head) === JSON.stringify(head);
    return { head: isUnchanged ? null : next.head, result: next.decision };
  });
  return result;
}

function headAfter(
  head: BaselineHead,
  run: RunDocument,
  requests: BaselineHead['requests'],
  nowIso: string,
): { readonly head: BaselineHead; readonly decision: Decision } {
  const { approval } = run;
  const isOver = run.decision.next === 'end';
  const goesOn = isOver && requests.length > 0;
  let next: BaselineHead = { ...head, requests, currentOperationId: run.operationId };
  if (
    approval &&
    !next.approvals.some((one) => one.planHash === approval.planHash && one.operationId === approval.operationId)
  ) {
    // A request of this operation for another plan is void: the world has moved.
    const others = next.approvals.filter(
      (one) => !(one.operationId === approval.operationId && one.decision === undefined),
    );
    next = { ...next, approvals: [...others, approval] };
  }
  if (isOver) {
    next = {
      ...next,
      wakeAt: run.wakeAt,
      reconciler: goesOn ? next.reconciler : null,
      ...(isFinalState(run.state)
        ? {
            currentOperationId: null,
            stops: next.stops.filter((id) => id !== run.operationId),
            lastResult: { state: run.state, operationId: run.operationId, at: run.endedAt ?? nowIso },
            approvals: next.approvals.filter((one) => one.operationId !== run.operationId),
            budget: withBudget(next.budget, run, nowIso),
          }
        : {}),
    };
    if (run.teardown && isFinalState(run.state) && !wasApproved(run)) {
      next = withGeneration({ ...next, teardown: false });
    } else if (run.teardown && (run.state === 'succeeded' || run.state === 'partial')) {
      next = withGeneration({ ...next, teardown: false, specVersion: 0, specHash: '', adjustments: [], hold: null });
    }
  }
  return { head: next, decision: goesOn ? { next: 'again' } : run.decision };
}

/** A teardown that somebody rejected, or nobody approved in time, never was: the baseline goes on as it is declared. */
function wasApproved(run: RunDocument): boolean {
  return !run.refused.some(({ code }) => code === 'ApprovalRejected' || code === 'ApprovalExpired');
}

function withBudget(budget: BaselineHead['budget'], run: RunDocument, nowIso: string): BaselineHead['budget'] {
  if (run.attended) return budget;
  const day = nowIso.slice(0, 10);
  const used = Object.values(run.rows).filter((row) => row.writes > 0).length;
  return { day, used: (budget.day === day ? budget.used : 0) + used };
}

/** Brings the journal lines of changes of the baseline into the journal, then takes them off it. */
export async function flushOutbox(
  dependencies: Pick<Dependencies, 'journal' | 'baselines'>,
  seen: BaselineHead,
): Promise<void> {
  if (seen.outbox.length === 0) return;
  await dependencies.journal.append(seen.outbox);
  const flushed = new Set(seen.outbox.map((entry) => JSON.stringify(entry)));
  await dependencies.baselines.change(seen.name, (head) => {
    const outbox = head.outbox.filter((entry) => !flushed.has(JSON.stringify(entry)));
    return { head: outbox.length === head.outbox.length ? null : { ...head, outbox }, result: undefined };
  });
}

/** No operation and no request: the reconciler ends. */
export async function concludeIdle(
  dependencies: Dependencies,
  request: AdvanceRequest,
  seen: BaselineHead,
): Promise<Decision> {
  const { result } = await dependencies.baselines.change<Decision>(request.baseline, (head) => {
    if (head.reconciler?.instanceId !== request.instanceId) return { head: null, result: { next: 'end' } };
    if (head.requests.length > seen.requests.length) return { head: null, result: { next: 'again' } };
    return { head: { ...head, reconciler: null, requests: [] }, result: { next: 'end' } };
  });
  return result;
}
