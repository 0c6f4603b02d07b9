import type { Dependencies } from '../../dependencies.ts';
import { normaliseId } from '../../plan/graph.ts';
import { EVERYTHING, isInScope } from '../../plan/scope.ts';
import { takeRequests } from '../../reconcile/take-requests.ts';
import { type BaselineHead, type ReconcileRequest, steppedBackIds } from '../../state/baseline-head.ts';
import { isFinalState, type RunDocument, type RunRow } from '../../state/run.ts';
import { egressRequest } from './egress-request.ts';

/** The part of a baseline that its firewall is of. */
const EGRESS = 'egress';
/** Rows of a run that come to nothing any more, or have. */
const OVER: readonly string[] = ['done', 'failed', 'blocked', 'refused'];

/** How far a run is with one resource, whatever else it has to do. */
export type Progress = 'waits' | 'underWay' | 'over';

/** The row of a resource in a run. */
export function rowOf(run: RunDocument, target: string): RunRow | undefined {
  return Object.values(run.rows).find(({ id }) => normaliseId(id) === normaliseId(target));
}

/** How far a run is with a resource: `waits` is for outsiders; `over` also where its plan has nothing for it. Pure. */
export function progressWith(run: RunDocument, target: string): Progress {
  if (isFinalState(run.state)) return 'over';
  if (run.planKey === '' || run.replan) return 'underWay';
  const row = rowOf(run, target);
  if (row === undefined || OVER.includes(row.state.name)) return 'over';
  return row.state.name === 'waiting' ? 'waits' : 'underWay';
}

/** The operations of a baseline that have begun and not ended. */
export interface LiveRuns {
  /** Null: none. */
  readonly current: RunDocument | null;
  /** The one that waits while `current` has stepped in before it; null: none. */
  readonly setAside: RunDocument | null;
  /** Those that have stepped back and wait as well. */
  readonly beside: readonly RunDocument[];
}

/** Reads the operations of a baseline that have begun. */
export async function readLiveRuns({ runs }: Pick<Dependencies, 'runs'>, head: BaselineHead): Promise<LiveRuns> {
  const read = async (operationId: string | null | undefined) =>
    operationId ? ((await runs.read(operationId))?.run ?? null) : null;
  const current = await read(head.currentOperationId);
  const beside = await Promise.all(steppedBackIds(head).map(read));
  return { current, setAside: await read(current?.setAside), beside: beside.filter((run) => run !== null) };
}

/**
 * Whether a run is about to change the firewall, or may be since it has no plan yet. One that waits for outsiders is not:
 * that may take days. A reaction's own change is not asked about here: while it has one, it follows that instead of
 * deciding. Pure.
 */
export function isChangeUnderWay(head: BaselineHead, live: LiveRuns, target: string): boolean {
  const { current, setAside, beside } = live;
  // Behind a run that waits a request may be queued for as long as that does.
  const isTakenUp = head.queuedBehind === null || head.reconciler !== null;
  // What has begun and stepped back is judged by its run.
  const begun = steppedBackIds(head);
  const isMeant = ({ operationId, scope = EVERYTHING }: ReconcileRequest) =>
    !begun.includes(operationId) && isInScope({ id: target, scope: EGRESS }, scope);
  if (isTakenUp && head.requests.some(isMeant)) return true;
  // What has stepped in before it ends within minutes; then it can be told what becomes of the one that waits.
  if (setAside !== null && progressWith(setAside, target) !== 'over') return true;
  const runs = [...(current === null ? [] : [current]), ...beside];
  return runs.some((run) => progressWith(run, target) === 'underWay' || isBrief(run, target));
}

/** Whether a run sits out no more than the pause between two writers. */
function isBrief(run: RunDocument, target: string): boolean {
  return progressWith(run, target) === 'waits' && rowOf(run, target)?.waiting?.for === 'backOff';
}

/** The run that is to change the firewall and waits for outsiders; null: none is there. Pure. */
export function waitingChange({ current, setAside, beside }: LiveRuns, target: string): RunDocument | null {
  const runs = [...(current === null || setAside !== null ? [] : [current]), ...beside];
  return runs.find((run) => progressWith(run, target) === 'waits' && !isBrief(run, target)) ?? null;
}

/** Whether what a relief decides now becomes a part of the current run. Pure. */
export function takesStepIn(head: BaselineHead, current: RunDocument, nowIso: string): boolean {
  const request = egressRequest('', { nowIso });
  return takeRequests({ ...head, requests: [...head.requests, request] }, current, nowIso).joined.includes(request);
}
