import { type BaselineHead, driftWatchOf } from '../../state/baseline-head.ts';
import { type ChangeHint, type DriftWatch, joinedHints, type PendingHints } from '../../state/drift-watch.ts';
import { reactionOf, withReactionEnded } from '../../state/reactions.ts';
import type { RunState } from '../../state/run.ts';
import { askForComparison } from './ask-for-comparison.ts';
import { DRIFT_KIND } from './drift-names.ts';
import type { DriftRequest, DriftStep } from './drift-step.ts';

/** Events that belong together come within seconds: one comparison does for all of them… */
const QUIET_SECONDS = 5;
/** …and nobody waits for longer than this for events to stop coming. */
const LONGEST_WAIT_SECONDS = 20;
/** Between looks at a comparison under way. No longer, so that what changes right after its end is compared within a minute. */
const FIRST_FOLLOW_SECONDS = 5;
const LONGEST_FOLLOW_SECONDS = 20;

/** What a look has found out beyond the baseline's own document. */
export interface DriftFacts {
  /** The spec in force says that changes behind its back are not looked for. */
  readonly isOff: boolean;
  /** Operation that was asked for last, and the state of the run that does its work. */
  readonly asked: { readonly operationId: string; readonly state: RunState } | null;
}

/** What one look decides. `head` null: the baseline stays as it is. */
export interface DriftLook {
  readonly head: BaselineHead | null;
  readonly step: DriftStep;
}

/**
 * What is to be done about what events have said: wait until they stop coming, ask for one comparison, follow it, and
 * go round again when more came meanwhile. What waits for outsiders is not waited for here. Pure.
 */
export function decideDriftLook(
  head: BaselineHead,
  facts: DriftFacts,
  { instanceId, nowIso }: DriftRequest,
): DriftLook {
  if (reactionOf(head, DRIFT_KIND, head.name)?.instance?.id !== instanceId)
    return { head: null, step: { next: 'end' } };
  const watch = driftWatchOf(head);
  const { pending, asked } = watch;
  if (head.specVersion === 0 || head.teardown || facts.isOff)
    return ended({ ...head, driftWatch: { ...watch, pending: null, asked: null } }, instanceId);
  const waitSeconds = pending === null ? 0 : secondsUntilDue(pending, nowIso);
  if (waitSeconds > 0) return { head: null, step: { next: 'look', seconds: waitSeconds } };
  const queued = head.requests.find((request) => request.operationId === asked?.operationId);
  if (queued !== undefined && asked?.at === nowIso) return pokeFor(head);
  if (queued !== undefined && head.reconciler === null && head.queuedBehind !== null)
    return behindOutsiders(head, watch, queued.operationId, instanceId);
  const isUnderWay = queued !== undefined || isLive(watch, facts);
  if (pending !== null && queued === undefined) return askAnew(head, watch, pending, nowIso);
  if (!isUnderWay) return ended({ ...head, driftWatch: { ...watch, asked: null } }, instanceId);
  return { head: null, step: { next: 'look', seconds: followSeconds(asked, nowIso) } };
}

/** Whole seconds until a burst is over, or has lasted long enough; 0: it is. */
function secondsUntilDue({ firstAt, lastAt }: PendingHints, nowIso: string): number {
  const dueMs = Math.min(
    Date.parse(lastAt) + QUIET_SECONDS * 1_000,
    Date.parse(firstAt) + LONGEST_WAIT_SECONDS * 1_000,
  );
  const seconds = Math.ceil((dueMs - Date.parse(nowIso)) / 1_000);
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(0, seconds));
}

/** A run that waits, waits for outsiders: the timer wakes it. */
function isLive({ asked }: DriftWatch, facts: DriftFacts): boolean {
  if (asked === null || facts.asked?.operationId !== asked.operationId) return false;
  const { state } = facts.asked;
  return state === 'queued' || state === 'running';
}

/** Grows with the age of what is followed. */
function followSeconds(asked: DriftWatch['asked'], nowIso: string): number {
  const ageSeconds = asked === null ? 0 : (Date.parse(nowIso) - Date.parse(asked.at)) / 1_000;
  return Math.min(LONGEST_FOLLOW_SECONDS, Math.max(FIRST_FOLLOW_SECONDS, Math.ceil(ageSeconds / 2)));
}

function askAnew(head: BaselineHead, watch: DriftWatch, { hints }: PendingHints, nowIso: string): DriftLook {
  const { head: requested, operationId, start } = askForComparison(head, hints, nowIso);
  return {
    head: { ...requested, driftWatch: { ...watch, pending: null, asked: { operationId, at: nowIso } } },
    step: { next: 'poke', instanceId: start ?? null, seconds: FIRST_FOLLOW_SECONDS },
  };
}

/** The answer to the look that asked got lost. */
function pokeFor({ reconciler }: BaselineHead): DriftLook {
  return {
    head: null,
    step: { next: 'poke', instanceId: reconciler?.instanceId ?? null, seconds: FIRST_FOLLOW_SECONDS },
  };
}

/**
 * The request is queued behind an operation that waits for somebody. Nobody is at work who might be taking the request
 * up right now, so that what came meanwhile can go into it: requests do not pile up however long it takes.
 */
function behindOutsiders(head: BaselineHead, watch: DriftWatch, operationId: string, instanceId: string): DriftLook {
  const { pending } = watch;
  const requests = head.requests.map((request) => {
    if (request.operationId !== operationId || pending === null) return request;
    const { hints, ...everything } = request;
    const joined: readonly ChangeHint[] | null = joinedHints([hints ?? null, pending.hints]);
    return joined === null ? everything : { ...everything, hints: joined };
  });
  return ended({ ...head, requests, driftWatch: { ...watch, pending: null } }, instanceId);
}

function ended(head: BaselineHead, instanceId: string): DriftLook {
  return { head: withReactionEnded(head, DRIFT_KIND, head.name, instanceId).head, step: { next: 'end' } };
}
