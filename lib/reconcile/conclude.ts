import type { Dependencies } from '../dependencies.ts';
import {
  type Approval,
  type BaselineHead,
  liveOperationIds,
  type ReconcileRequest,
  requestKey,
  withGeneration,
  withJournal,
  withNextOperation,
} from '../state/baseline-head.ts';
import { type Decision, hasSteppedBack, isFinalState, isInFlight, type RunDocument } from '../state/run.ts';
import type { AdvanceRequest } from './advance.ts';
import { booked } from './budget.ts';
import { calledOffAfter, versionOf } from './called-off.ts';
import { quietOperationsAfter } from './prune-operations.ts';
import { requestOf, takeRequests } from './take-requests.ts';
import { hasLapsed, usedUpOf } from './used-approvals.ts';

/** Brings the baseline in line with the run as written, and answers. May run twice. */
export async function conclude(
  dependencies: Dependencies,
  request: AdvanceRequest,
  run: RunDocument,
): Promise<Decision> {
  const consumed = new Set(run.consumed);
  const concludeWhere = async (mayBecomeCurrent: boolean): Promise<Decision | 'unknown'> => {
    const { result } = await dependencies.baselines.change<Decision | 'unknown'>(run.baseline, (head) => {
      if (head.reconciler?.instanceId !== request.instanceId) return { head: null, result: { next: 'end' } };
      if (head.currentOperationId !== run.operationId && !mayBecomeCurrent) return { head: null, result: 'unknown' };
      const requests = head.requests.filter((one) => !consumed.has(requestKey(one)));
      const next = headAfter(head, run, requests, request.nowIso);
      const isUnchanged = JSON.stringify(next.head) === JSON.stringify(head);
      return { head: isUnchanged ? null : next.head, result: next.decision };
    });
    return result;
  };
  const decision = await concludeWhere(false);
  if (decision !== 'unknown') return decision;
  // Begun in this turn, or held up since while a copy of this turn went on and the run came to its end.
  const stored = (await dependencies.runs.read(run.operationId))?.run;
  const isPast = stored !== undefined && (stored.stamp !== run.stamp || stored.supersededBy !== undefined);
  const concluded = isPast ? 'unknown' : await concludeWhere(true);
  return concluded === 'unknown' ? { next: 'again' } : concluded;
}

function headAfter(
  head: BaselineHead,
  run: RunDocument,
  left: BaselineHead['requests'],
  nowIso: string,
): { readonly head: BaselineHead; readonly decision: Decision } {
  const isOver = run.decision.next === 'end';
  const isOperationOver = isOver && isFinalState(run.state);
  const { setAside: _, calledOff: __, ...rest } = head;
  const isSteppingBack = isOver && hasSteppedBack(run);
  /** Goes on as it was, with a turn of its own: whatever it waited for may have happened meanwhile. */
  const resumed = isOperationOver || isSteppingBack ? run.setAside : undefined;
  // What was to resume an operation that has just ended has nothing to resume.
  const others =
    resumed !== undefined || isOperationOver ? left.filter((one) => one.operationId !== run.operationId) : left;
  const requests = isSteppingBack ? [...others, steppedBack(run, left.length > others.length, nowIso)] : others;
  // While it waits, only requests that it takes up or that take over keep the reconciler at work.
  const isWorkLeft = isOperationOver
    ? resumed !== undefined || requests.length > 0
    : isSteppingBack || takeRequests({ ...head, requests, wakeAt: run.wakeAt }, run, nowIso).consumed.length > 0;
  const goesOn = isOver && isWorkLeft;
  let next: BaselineHead = {
    ...rest,
    requests,
    currentOperationId: run.operationId,
    ...(isOperationOver || isSteppingBack || run.setAside === undefined ? {} : { setAside: run.setAside }),
    budget: booked(head.budget, run, nowIso),
    leftInFlightBy: isOperationOver && Object.values(run.rows).some(isInFlight) ? run.operationId : null,
    ...approvalsAfter(head, run, requests, nowIso),
    ...quietAfter(head, run, left),
    stops: head.stops.filter(
      (id) => id === run.operationId || id === run.setAside || requests.some((one) => one.operationId === id),
    ),
  };
  if (isOver) {
    next = {
      ...next,
      ...(resumed === undefined ? { wakeAt: run.wakeAt, waitsForPause: waitsForPause(run) } : {}),
      queuedBehind: requests.length > 0 && !goesOn ? run.operationId : null,
      reconciler: goesOn ? next.reconciler : null,
      ...(resumed === undefined ? {} : { currentOperationId: resumed }),
      ...(isOperationOver
        ? {
            currentOperationId: resumed ?? null,
            stops: next.stops.filter((id) => id !== run.operationId),
            appliedSpecVersion: hasBroughtAboutAll(run)
              ? Math.max(next.appliedSpecVersion, versionOf(head, run))
              : next.appliedSpecVersion,
            lastResult: { state: run.state, operationId: run.operationId, at: run.endedAt ?? nowIso },
          }
        : {}),
    };
    // A spec that was put meanwhile is in force again: nothing of it is wiped.
    if (run.teardown && isOperationOver && head.teardown) {
      next = withGeneration(
        isTornDown(head, run)
          ? { ...next, teardown: false, specVersion: 0, specHash: '', adjustments: [], hold: null }
          : { ...next, teardown: false },
      );
    }
  }
  if (isOperationOver && resumed !== undefined && run.asksAgain === true) next = askedAgain(next, run, resumed, nowIso);
  const calledOff = calledOffAfter({ ...head, appliedSpecVersion: next.appliedSpecVersion }, run, nowIso);
  return {
    head: calledOff === undefined ? next : { ...next, calledOff },
    decision: goesOn ? { next: 'again' } : run.decision,
  };
}

function quietAfter(
  head: BaselineHead,
  run: RunDocument,
  left: BaselineHead['requests'],
): Pick<BaselineHead, 'quietOperations'> {
  // What had begun before, and what has to go on, is more than a comparison that has become part of this run.
  const others = [...liveOperationIds(head), ...left.map(({ operationId }) => operationId)];
  const consumed = head.requests.filter((one) => !others.includes(one.operationId));
  const quietOperations = quietOperationsAfter(head, run, consumed);
  return quietOperations.length === 0 ? {} : { quietOperations };
}

/** How soon one that has stepped back is looked at again where nobody knows the end of what it waits for, such as a pause. */
const LOOK_AT_STEPPED_BACK_MINUTES = 15;

/** A run that steps back as a request, which steps in again when something has moved. `isCalled`: it has already. */
function steppedBack(run: RunDocument, isCalled: boolean, nowIso: string): ReconcileRequest {
  const request = { ...requestOf(run, nowIso), steppedBackAt: run.generation };
  if (isCalled) return request;
  const later = new Date(Date.parse(nowIso) + LOOK_AT_STEPPED_BACK_MINUTES * 60_000).toISOString();
  return { ...request, waitsItsTurn: true, stepsInAt: run.wakeAt ?? later };
}

/** What could not be done by stepping in, and may not be left for later, is asked for anew; this time it waits as it has to. */
function askedAgain(
  head: BaselineHead,
  { operationId: before, trigger, requestedBy, scope, hints, asksAgainAt }: RunDocument,
  resumed: string,
  nowIso: string,
): BaselineHead {
  const { head: numbered, operationId } = withNextOperation(head);
  const named = hints === undefined ? {} : { hints };
  const from = asksAgainAt === undefined ? {} : { stepsInAt: asksAgainAt };
  const again = { operationId, trigger, requestedBy, at: nowIso, waitsItsTurn: true, ...from, ...named };
  const requests = [...numbered.requests, scope === undefined ? again : { ...again, scope }];
  return withJournal(
    { ...numbered, requests },
    {
      at: nowIso,
      baseline: head.name,
      operationId,
      trigger,
      resource: '',
      decision: 'queued',
      reason: `What is left of ${before} has to wait. It goes on in ${operationId}, after ${resumed}, which waits already.`,
      by: requestedBy,
    },
  );
}

/** Whether something of a run goes on as soon as the stop switches are off. */
export function waitsForPause({ rows }: Pick<RunDocument, 'rows'>): boolean {
  return Object.values(rows).some((row) => row.state.name === 'waiting' && row.waiting?.for === 'pause');
}

/** Requests for approval that are over and yet remembered. */
const REMEMBERED_APPROVALS = 20;

/**
 * Only an operation that has begun has approvals, and one open request at a time: another plan of it voids the one before.
 * What steps in before another one leaves those of that one as they are.
 */
function approvalsAfter(
  head: BaselineHead,
  run: RunDocument,
  left: BaselineHead['requests'],
  nowIso: string,
): Pick<BaselineHead, 'approvals' | 'pastApprovals'> {
  const kept = [...approvalsOfOthers(head, run, left, nowIso), ...approvalsKept(head, run, nowIso)];
  const past = head.approvals
    .filter((one) => !kept.includes(one))
    .map((one) => ({ planHash: one.planHash, end: endOf(one, nowIso) }));
  return {
    approvals: kept,
    pastApprovals:
      past.length === 0 ? head.pastApprovals : [...past, ...head.pastApprovals].slice(0, REMEMBERED_APPROVALS),
  };
}

function endOf(approval: Approval, nowIso: string): BaselineHead['pastApprovals'][number]['end'] {
  if (approval.decision !== undefined && !hasLapsed(approval, nowIso)) return 'decided';
  return approval.expiresAt <= nowIso ? 'expired' : 'stale';
}

/**
 * What people have decided about operations that made way, and what those are asked that have stepped back or are set aside:
 * these go on with it.
 */
function approvalsOfOthers(
  { approvals }: BaselineHead,
  { operationId, setAside }: RunDocument,
  left: BaselineHead['requests'],
  nowIso: string,
): BaselineHead['approvals'] {
  return approvals.filter((one) => {
    if (one.operationId === operationId) return false;
    if (one.operationId === setAside) return true;
    const queued = left.filter((request) => request.operationId === one.operationId);
    if (queued.some(({ steppedBackAt }) => steppedBackAt !== undefined)) return true;
    return queued.length > 0 && one.decision !== undefined && !hasLapsed(one, nowIso);
  });
}

function approvalsKept(head: BaselineHead, run: RunDocument, nowIso: string): BaselineHead['approvals'] {
  if (run.decision.next === 'end' && isFinalState(run.state)) return [];
  const own = head.approvals.filter((one) => one.operationId === run.operationId && !hasLapsed(one, nowIso));
  const { approval } = run;
  if (!approval) return own;
  const same = own.find((one) => one.planHash === approval.planHash);
  if (same !== undefined && stillAnswers(same, head, run)) return own;
  return [...own.filter((one) => one.decision !== undefined && one !== same), approval];
}

/** Whether a request, or its answer, is still about the plan of which the run asks: else it asks anew under the same hash. */
function stillAnswers(approval: Approval, head: BaselineHead, run: RunDocument): boolean {
  switch (approval.decision) {
    case 'reject':
      return true;
    case 'approve':
      // Given since the plan was made: the next turn sees it. The plan knew of any other and waits all the same.
      return head.generation !== run.generation;
    case undefined: {
      const used = new Set(usedUpOf(approval, run));
      return ![approval.planHash, ...approval.changeHashes].some((hash) => used.has(hash));
    }
  }
}

/** By mode something that is declared is not made, or not as it is declared. What may not be deleted is declared no more. */
const LEFT_BY_MODE = new Set(['ModeForbidsWrites', 'ModeForbidsUpdate']);

/** Whether a run has looked at everything that its spec declares and left nothing of it out. */
function hasBroughtAboutAll(run: RunDocument): boolean {
  const isWhole = run.scope === undefined && run.hints === undefined && !run.teardown;
  if (run.state !== 'succeeded' || !isWhole) return false;
  return run.attended ? !run.refused.some(({ code }) => LEFT_BY_MODE.has(code)) : run.refused.length === 0;
}

/**
 * Whether a teardown has taken place: somebody approved its plan and it was carried out, or nothing was there to remove.
 * One that was stopped, rejected, refused or never approved never was: the baseline goes on as it is declared.
 */
function isTornDown(head: BaselineHead, run: RunDocument): boolean {
  // An approval that has ended meanwhile is not there any more; what was carried out under it is.
  const isApproved =
    head.approvals.some((one) => one.operationId === run.operationId && one.decision === 'approve') ||
    Object.values(run.rows).some((row) => row.state.name === 'done' && row.writes > 0);
  const isNothingThere = Object.keys(run.rows).length === 0 && run.refused.length === 0;
  return (isApproved && run.state === 'partial') || (run.state === 'succeeded' && (isApproved || isNothingThere));
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
