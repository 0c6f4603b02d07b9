import type { BaselineHead } from '../state/baseline-head.ts';
import { reactionsOf } from '../state/reactions.ts';
import { plannerInstanceId } from './plan-operation.ts';

const DAY_MS = 86_400_000;

/**
 * How long the history of an orchestration is kept after its end, in days. Nothing of the app looks at it again once no
 * baseline names it; people do, after a failure at the weekend.
 */
export const INSTANCE_KEPT_DAYS = 7;

/**
 * Most orchestrations that one call of a timer purges: what is left goes at the next. A baseline at rest makes one for
 * each scan, one whose events never cease two a minute.
 */
export const INSTANCES_PURGED_AT_ONCE = 2_000;

/** An orchestration that is over. */
export interface EndedInstance {
  readonly instanceId: string;
  readonly endedAtMs: number;
  /** Whom it worked for; absent: its input does not say. */
  readonly baseline?: string;
}

/** What the baselines say of orchestrations. */
export interface KnownInstances {
  /** Those that a baseline names: their status is asked for still, and an unknown one would be started again. */
  readonly named: ReadonlySet<string>;
  /** Baselines that could not be read just now: whom they name nobody knows. */
  readonly unreadBaselines: ReadonlySet<string>;
}

/** The orchestrations that a baseline counts on, at work or not. Pure. */
export function namedInstances(head: Pick<BaselineHead, 'reconciler' | 'reactions' | 'plansAsked'>): readonly string[] {
  return [
    ...(head.reconciler === null ? [] : [head.reconciler.instanceId]),
    ...reactionsOf(head).flatMap(({ instance }) => (instance === null ? [] : [instance.id])),
    ...(head.plansAsked ?? []).map(({ operationId }) => plannerInstanceId(operationId)),
  ];
}

/** The newest time, in ms, at which an orchestration that goes now may have ended. */
export function keptSinceMs(nowIso: string): number {
  return Date.parse(nowIso) - INSTANCE_KEPT_DAYS * DAY_MS;
}

/** Which orchestrations go now: those that ended long ago and nobody counts on, the oldest first. Pure. */
export function instancesToPurge(
  ended: readonly EndedInstance[],
  { named, unreadBaselines }: KnownInstances,
  nowIso: string,
): readonly string[] {
  const isUnread = ({ baseline }: EndedInstance) =>
    unreadBaselines.size > 0 && (baseline === undefined || unreadBaselines.has(baseline));
  return ended
    .filter((one) => one.endedAtMs <= keptSinceMs(nowIso) && !named.has(one.instanceId) && !isUnread(one))
    .toSorted((one, other) => one.endedAtMs - other.endedAtMs)
    .slice(0, INSTANCES_PURGED_AT_ONCE)
    .map(({ instanceId }) => instanceId);
}
