import type { Dependencies } from '../dependencies.ts';
import { type BaselineHead, requestKey, withGeneration } from '../state/baseline-head.ts';
import { type Decision, isFinalState, isInFlight, type RunDocument } from '../state/run.ts';
import type { AdvanceRequest } from './advance.ts';
import { booked } from './budget.ts';

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
  left: BaselineHead['requests'],
  nowIso: string,
): { readonly head: BaselineHead; readonly decision: Decision } {
  const isOver = run.decision.next === 'end';
  const isOperationOver = isOver && isFinalState(run.state);
  // What was to resume an operation that has just ended has nothing to resume.
  const requests = isOperationOver ? left.filter((one) => one.operationId !== run.operationId) : left;
  const goesOn = isOver && requests.length > 0;
  let next: BaselineHead = {
    ...head,
    requests,
    currentOperationId: run.operationId,
    budget: booked(head.budget, run, nowIso),
    leftInFlightBy: isOperationOver && Object.values(run.rows).some(isInFlight) ? run.operationId : null,
    ...approvalsAfter(head, run, nowIso),
    stops: head.stops.filter((id) => id === run.operationId || requests.some((one) => one.operationId === id)),
  };
  if (isOver) {
    next = {
      ...next,
      wakeAt: run.wakeAt,
      waitsForPause: Object.values(run.rows).some(
        (row) => row.state.name === 'waiting' && row.waiting?.for === 'pause',
      ),
      reconciler: goesOn ? next.reconciler : null,
      ...(isOperationOver
        ? {
            currentOperationId: null,
            stops: next.stops.filter((id) => id !== run.operationId),
            lastResult: { state: run.state, operationId: run.operationId, at: run.endedAt ?? nowIso },
          }
        : {}),
    };
    // A spec that was put meanwhile is in force again: nothing of it is wiped.
    if (run.teardown && isOperationOver && head.teardown) {
      next = wasApproved(run)
        ? isTornDown(run)
          ? withGeneration({ ...next, teardown: false, specVersion: 0, specHash: '', adjustments: [], hold: null })
          : next
        : withGeneration({ ...next, teardown: false });
    }
  }
  return { head: next, decision: goesOn ? { next: 'again' } : run.decision };
}

/** Requests for approval that are over and yet remembered. */
const REMEMBERED_APPROVALS = 20;

/** Only the live operation has approvals, and one open request at a time: another plan of it voids the one before. */
function approvalsAfter(
  head: BaselineHead,
  run: RunDocument,
  nowIso: string,
): Pick<BaselineHead, 'approvals' | 'pastApprovals'> {
  const kept = approvalsKept(head, run);
  const past = head.approvals
    .filter((one) => !kept.includes(one))
    .map(({ planHash, decision, expiresAt }) => ({
      planHash,
      end:
        decision !== undefined ? ('decided' as const) : expiresAt <= nowIso ? ('expired' as const) : ('stale' as const),
    }));
  return {
    approvals: kept,
    pastApprovals:
      past.length === 0 ? head.pastApprovals : [...past, ...head.pastApprovals].slice(0, REMEMBERED_APPROVALS),
  };
}

function approvalsKept(head: BaselineHead, run: RunDocument): BaselineHead['approvals'] {
  if (run.decision.next === 'end' && isFinalState(run.state)) return [];
  const own = head.approvals.filter((one) => one.operationId === run.operationId);
  const { approval } = run;
  if (!approval || own.some((one) => one.planHash === approval.planHash)) return own;
  return [...own.filter((one) => one.decision !== undefined), approval];
}

function isTornDown(run: RunDocument): boolean {
  return run.state === 'succeeded' || run.state === 'partial';
}

/** A teardown that somebody rejected, or nobody approved in time, never was: the baseline goes on as it is declared. */
function wasApproved(run: RunDocument): boolean {
  return !run.refused.some(({ code }) => code === 'ApprovalRejected' || code === 'ApprovalExpired');
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
