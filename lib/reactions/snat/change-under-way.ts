import { normaliseId } from '../../plan/graph.ts';
import { EVERYTHING, isInScope } from '../../plan/scope.ts';
import { type BaselineHead, steppedBackIds } from '../../state/baseline-head.ts';
import { isFinalState, type RunDocument, type RunRow } from '../../state/run.ts';

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

/**
 * Whether a run has a change of the firewall that has not ended, or may have one since it has no plan yet. `runs`: those
 * of the current operation and of what waits beside it. A reaction's own change is not asked about here: while it has
 * one, it follows that instead of deciding. Pure.
 */
export function isChangeUnderWay(head: BaselineHead, runs: readonly RunDocument[], target: string): boolean {
  const begun = steppedBackIds(head);
  const isAsked = head.requests.some(
    ({ operationId, scope = EVERYTHING }) =>
      !begun.includes(operationId) && isInScope({ id: target, scope: EGRESS }, scope),
  );
  return isAsked || runs.some((run) => progressWith(run, target) !== 'over');
}
