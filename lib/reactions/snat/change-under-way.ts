import { normaliseId } from '../../plan/graph.ts';
import { EVERYTHING, isInScope } from '../../plan/scope.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../../state/run.ts';

/** The part of a baseline that its firewall is of. */
const EGRESS = 'egress';
/** Rows of a run that come to nothing any more, or have. */
const OVER: readonly string[] = ['done', 'failed', 'blocked', 'refused'];

/**
 * Whether a run has a change of the firewall that has not ended, or may have one since it has no plan yet. `run`: the
 * current operation's, null when there is none. A reaction's own change is not asked about here: while it has one, it
 * follows that instead of deciding. Pure.
 */
export function isChangeUnderWay(head: BaselineHead, run: RunDocument | null, target: string): boolean {
  if (head.requests.some(({ scope = EVERYTHING }) => isInScope({ id: target, scope: EGRESS }, scope))) return true;
  if (run === null || isFinalState(run.state)) return false;
  if (run.planKey === '' || run.replan) return true;
  return Object.values(run.rows).some(
    ({ id, state }) => normaliseId(id) === normaliseId(target) && !OVER.includes(state.name),
  );
}
