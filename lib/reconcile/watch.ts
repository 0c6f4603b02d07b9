import {
  type Adjustment,
  type BaselineHead,
  type EndedOperation,
  liveOperationIds,
  type ReconcileRequest,
  withGeneration,
  withJournal,
  withNextOperation,
  withReconciler,
  withResumed,
  withTurnsFree,
} from '../state/baseline-head.ts';
import { isDue } from './take-requests.ts';

/** What the timer does about a baseline. */
export interface Watched {
  /** `null`: it stays as it is. */
  readonly head: BaselineHead | null;
  readonly result: {
    /** A reconciler to start. */
    readonly start?: string;
    /** Work at which reconcilers kept dying: the live operation, and requests that were recorded. */
    readonly givenUp?: { readonly operationId: string | null; readonly requests: readonly ReconcileRequest[] };
  };
}

/** What the host says of a reconciler: `unknown` when it was named and never started. */
export type ReconcilerHealth = 'none' | 'alive' | 'dead' | 'unknown';

/** A reconciler that dies so often at the same work is not started again: it would die for ever. */
const MAXIMUM_RESTARTS = 10;

/**
 * What the timer has to change in a baseline: a dead reconciler is replaced, what has ended is taken off, what has
 * waited long enough is woken. Pure.
 */
export function watchHead(
  head: BaselineHead,
  seenReconciler: string | undefined,
  health: ReconcilerHealth,
  isPaused: boolean,
  nowIso: string,
): Watched {
  if (head.reconciler?.instanceId !== seenReconciler) return { head: null, result: {} };
  const ended = withoutEnded(head, nowIso);
  if (head.reconciler !== null) {
    if (health === 'alive') return { head: ended === head ? null : ended, result: {} };
    // Named by a trigger that died before it could start it: the same id is still free.
    if (health === 'unknown')
      return { head: ended === head ? null : ended, result: { start: head.reconciler.instanceId } };
    return replaced(ended, head.reconciler.restarts + 1, nowIso);
  }
  const isQueued =
    ended.queuedBehind !== null &&
    ended.queuedBehind === ended.currentOperationId &&
    ended.requests.every((request) => head.requests.includes(request));
  if (ended.requests.length > 0 && !isQueued) return startOf(withReconciler(ended, nowIso));
  if ((isDue(ended, nowIso) || (ended.waitsForPause && !isPaused)) && ended.currentOperationId !== null) {
    const woken = { ...ended, wakeAt: null, waitsForPause: false };
    return startOf(withResumed(woken, ended.currentOperationId, 'hubkeeper', nowIso));
  }
  return { head: ended === head ? null : ended, result: {} };
}

function startOf(next: { readonly head: BaselineHead; readonly start?: string }): Watched {
  return { head: next.head, result: next.start === undefined ? {} : { start: next.start } };
}

function replaced(head: BaselineHead, restarts: number, nowIso: string): Watched {
  if (restarts > MAXIMUM_RESTARTS) {
    const operationId = head.currentOperationId ?? head.requests.at(-1)?.operationId ?? '';
    const { setAside, ...rest } = head;
    const given = head.requests.filter((request) => request.operationId !== setAside);
    const over = withJournal(
      {
        ...rest,
        reconciler: null,
        requests: head.requests.filter((request) => !given.includes(request)),
        ended: [...(head.ended ?? []), ...givenUp({ ...head, requests: given }, nowIso)],
        currentOperationId: setAside ?? null,
        leftInFlightBy: head.currentOperationId,
        // What was set aside is no cause of it: it goes on, and follows what is in flight to its end.
        wakeAt: setAside === undefined ? null : nowIso,
        waitsForPause: false,
        lastResult: { state: 'failed', operationId, at: nowIso },
      },
      {
        at: nowIso,
        baseline: head.name,
        operationId,
        trigger: 'timer',
        resource: '',
        decision: 'given up',
        reason: `The reconciler died ${restarts} times at this work. Report this; reconcile again when its cause is gone.`,
        by: 'hubkeeper',
      },
    );
    return { head: over, result: { givenUp: { operationId: head.currentOperationId, requests: given } } };
  }
  const next = withReconciler({ ...head, reconciler: null }, nowIso);
  const reconciler = next.head.reconciler;
  return {
    head: { ...next.head, reconciler: reconciler === null ? null : { ...reconciler, restarts } },
    result: next.start === undefined ? {} : { start: next.start },
  };
}

/** Whom the end of adjustments goes back to: the person who set it, where it is one for all of them. */
function whoseEnd(expired: readonly Adjustment[]): string {
  const [first, ...others] = new Set(expired.map(({ by }) => by));
  return first !== undefined && others.length === 0 ? first : 'hubkeeper';
}

/** The operations that end with their reconciler: the live one, and those that were recorded. */
function givenUp({ currentOperationId, requests }: BaselineHead, nowIso: string): readonly EndedOperation[] {
  const over = { end: 'givenUp', by: 'hubkeeper', at: nowIso } as const;
  const live =
    currentOperationId === null
      ? []
      : [{ operationId: currentOperationId, trigger: 'resume', requestedBy: 'hubkeeper', at: nowIso } as const];
  const others = requests.filter(({ operationId }) => operationId !== currentOperationId);
  return [...live, ...others].map((request) => ({ request, ...over }));
}

/** Takes off the hold and the adjustments whose time is over; what they kept back or changed is looked at anew. */
function withoutEnded(head: BaselineHead, nowIso: string): BaselineHead {
  let next = withTurnsFree(head, ({ stepsInAt }) => stepsInAt !== undefined && stepsInAt <= nowIso);
  if (next.hold !== null && next.hold.until <= nowIso) {
    const { owner, until } = next.hold;
    next = withJournal(withGeneration({ ...next, hold: null }), {
      at: nowIso,
      baseline: head.name,
      operationId: head.currentOperationId ?? '',
      trigger: 'timer',
      resource: '',
      decision: 'released',
      reason: `The hold of ${owner} ended at ${until}.`,
      by: 'hubkeeper',
      discriminator: String(next.generation + 1),
    });
    const resumed = liveOperationIds(next).map(
      (id) => ({ operationId: id, trigger: 'resume', requestedBy: 'hubkeeper', at: nowIso }) as const,
    );
    next = withTurnsFree({ ...next, requests: [...next.requests, ...resumed] }, () => true);
  }
  const expired = next.adjustments.filter((adjustment) => adjustment.until <= nowIso);
  if (expired.length === 0) return next;
  next = withGeneration({ ...next, adjustments: next.adjustments.filter((one) => !expired.includes(one)) });
  for (const [scope, ofScope] of Map.groupBy(expired, (adjustment) => adjustment.scope))
    next = withEndOf(next, scope, ofScope, nowIso);
  return next;
}

/** Asks for what the end of these adjustments, all of one part of the baseline, takes back there. */
function withEndOf(head: BaselineHead, scope: string, expired: readonly Adjustment[], nowIso: string): BaselineHead {
  const { head: numbered, operationId } = withNextOperation(head);
  const journaled = withJournal(
    numbered,
    ...expired.map((adjustment) => ({
      at: nowIso,
      baseline: head.name,
      operationId,
      trigger: 'timer',
      resource: '',
      decision: 'adjustment ended',
      reason: `${adjustment.kind} of ${adjustment.target} ended at ${adjustment.until}.`,
      by: 'hubkeeper',
      discriminator: adjustment.id,
    })),
  );
  const request = { operationId, trigger: 'timer', requestedBy: whoseEnd(expired), at: nowIso, scope } as const;
  return { ...journaled, requests: [...journaled.requests, request] };
}
