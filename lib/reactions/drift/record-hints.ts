import { type BaselineHead, driftWatchOf } from '../../state/baseline-head.ts';
import { type KeyedHint, withHints } from '../../state/drift-watch.ts';
import { withEvaluation } from '../../state/reactions.ts';
import type { StartedReaction } from '../record-reaction.ts';
import { DRIFT_KIND } from './drift-names.ts';

/** What recording events has changed in a baseline. */
export interface RecordedHints {
  /** `null`: they were all seen before. */
  readonly head: BaselineHead | null;
  /** The orchestration that the caller has to start; absent: one is at work. */
  readonly start?: StartedReaction;
}

/** Records what events said of resources of a baseline, and names the orchestration that looks after them. Pure. */
export function recordHints(head: BaselineHead, events: readonly KeyedHint[], nowIso: string): RecordedHints {
  const before = driftWatchOf(head);
  const driftWatch = withHints(before, events, nowIso);
  if (driftWatch === before) return { head: null };
  return withDriftLook({ ...head, driftWatch }, nowIso);
}

/** Names the orchestration that looks after what events said, if there is something and none is at work. Pure. */
export function withDriftLook(head: BaselineHead, nowIso: string): RecordedHints & { readonly head: BaselineHead } {
  if (driftWatchOf(head).pending === null) return { head };
  const evaluated = withEvaluation(head, DRIFT_KIND, head.name, nowIso);
  if (evaluated.start === undefined) return { head: evaluated.head };
  const start = { kind: DRIFT_KIND, baseline: head.name, target: head.name, instanceId: evaluated.start };
  return { head: evaluated.head, start };
}
