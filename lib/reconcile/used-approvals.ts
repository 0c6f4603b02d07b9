import { normaliseId } from '../plan/graph.ts';
import { changeHash } from '../plan/hash.ts';
import type { Change, Plan } from '../plan/plan.ts';
import type { Approval } from '../state/baseline-head.ts';
import { isInFlight, type RunDocument, type RunRow } from '../state/run.ts';

/** `changeHash` of the changes that have come to their end as wanted between two states of a run's rows. Pure. */
export function hashesDone(before: RunDocument['rows'], after: RunDocument['rows']): readonly string[] {
  return Object.values(after).flatMap((row) => {
    const isNews = before[row.id]?.state.name !== 'done' || before[row.id]?.attempt !== row.attempt;
    return row.state.name === 'done' && isNews ? [row.changeHash] : [];
  });
}

/**
 * Hashes of what an earlier plan of a run had and a new one has not any more, since the world has moved: the plan itself,
 * and each change that is another one now, or none. What is in flight, and what only cannot be made just now, is none of
 * these. Pure.
 */
export function hashesMoved(
  { planHash, rows }: Pick<RunDocument, 'planHash' | 'rows'>,
  before: Iterable<Change>,
  plan: Pick<Plan, 'hash' | 'changes' | 'refused'>,
): readonly string[] {
  if (planHash === '' || planHash === plan.hash) return [];
  const planned = new Set(plan.changes.map(changeHash));
  const inFlight = new Set(Object.values(rows).filter(isInFlight).map(idOf));
  const refused = new Set(plan.refused.map(idOf));
  const moved = [...before].filter((change) => !inFlight.has(idOf(change)) && !refused.has(idOf(change)));
  return [planHash, ...moved.map(changeHash).filter((hash) => !planned.has(hash))];
}

function idOf({ id }: Pick<RunRow, 'id'>): string {
  return normaliseId(id);
}

/**
 * The run with these hashes used up: what somebody approved of them, or was asked about before, does not count any more.
 * Remembered as long as a request of the run is older. Pure.
 */
export function withUsedUp<Run extends Pick<RunDocument, 'operationId' | 'usedUp'>>(
  run: Run,
  hashes: readonly string[],
  approvals: readonly Approval[],
  nowIso: string,
): Run {
  const [first] = approvals
    .filter(({ operationId }) => operationId === run.operationId)
    .map(({ requestedAt }) => requestedAt)
    .sort();
  const latest = new Map((run.usedUp ?? []).map(({ hash, at }) => [hash, at]));
  for (const hash of hashes) latest.set(hash, nowIso);
  const kept = first === undefined ? [] : [...latest].filter(([, at]) => at > first);
  if (kept.length === 0 && run.usedUp === undefined) return run;
  return { ...run, usedUp: kept.map(([hash, at]) => ({ hash, at })) };
}

/** The hashes for which an approval is used up: what came to its end, or moved, after it was asked for. Pure. */
export function usedUpOf(
  { requestedAt }: Pick<Approval, 'requestedAt'>,
  { usedUp = [] }: Pick<RunDocument, 'usedUp'>,
): readonly string[] {
  return usedUp.filter(({ at }) => at > requestedAt).map(({ hash }) => hash);
}

/** Whether an approval was given and its time is over. Pure. */
export function hasLapsed({ decision, expiresAt }: Pick<Approval, 'decision' | 'expiresAt'>, nowIso: string): boolean {
  return decision === 'approve' && expiresAt <= nowIso;
}

/** The approvals of a run that have lapsed before everything that they were given for was done. Pure. */
export function lapsedUnused(
  run: Pick<RunDocument, 'operationId' | 'usedUp'>,
  approvals: readonly Approval[],
  nowIso: string,
): readonly Approval[] {
  return approvals.filter((one) => {
    if (one.operationId !== run.operationId || !hasLapsed(one, nowIso)) return false;
    const used = new Set(usedUpOf(one, run));
    return one.changeHashes.some((hash) => !used.has(hash));
  });
}
