import type { BaselineHead, ReconcileRequest } from '../../state/baseline-head.ts';
import { reactionOf, restEndOf } from '../../state/reactions.ts';
import { isFinalState, type RunDocument } from '../../state/run.ts';
import type { StartedReaction } from '../record-reaction.ts';
import { askForComparison } from './ask-for-comparison.ts';
import { DRIFT_KIND } from './drift-names.ts';
import { withDriftLook } from './record-hints.ts';

/** What the timer changes in a baseline. */
export interface ScheduledScan {
  /** `null`: it stays as it is. */
  readonly head: BaselineHead | null;
  /** A reconciler to start. */
  readonly start?: string;
  /** An orchestration to start for what events said and nobody has looked at. */
  readonly reaction?: StartedReaction;
}

/**
 * Asks for a comparison of everything, unless one is queued or under way. `live`: the run of the current operation. Where
 * that waits for somebody, the comparison joins it or steps in before it. `nextIso`: when the timer runs next, if it
 * knows. Pure.
 */
export function scheduleScan(
  head: BaselineHead,
  live: RunDocument | null,
  nowIso: string,
  nextIso?: string,
): ScheduledScan {
  if (head.specVersion === 0 || head.teardown) return { head: null };
  const known = nextIso === undefined || nextIso === head.nextScanAt ? head : { ...head, nextScanAt: nextIso };
  const { head: looked, start: reaction } = isResting(head, nowIso) ? { head: known } : withDriftLook(known, nowIso);
  const isAsked = head.requests.some(isScan) || (live !== null && isScanUnderWay(head, live));
  const asked = isAsked ? { head: looked } : askForComparison(looked, null, nowIso);
  return {
    head: asked.head === head ? null : asked.head,
    ...('start' in asked && asked.start !== undefined ? { start: asked.start } : {}),
    ...(reaction === undefined ? {} : { reaction }),
  };
}

/** Its orchestration kept dying: the scan covers what it was to look at, and the next event starts it again. */
function isResting(head: BaselineHead, nowIso: string): boolean {
  const restEnd = restEndOf(reactionOf(head, DRIFT_KIND, head.name));
  return restEnd !== null && restEnd > nowIso;
}

function isScan({ trigger, hints, scope }: Pick<ReconcileRequest, 'trigger' | 'hints' | 'scope'>): boolean {
  return trigger === 'drift' && hints === undefined && scope === undefined;
}

function isScanUnderWay({ currentOperationId }: BaselineHead, live: RunDocument): boolean {
  return (
    live.operationId === currentOperationId && isScan(live) && !isFinalState(live.state) && live.state !== 'waiting'
  );
}
