import type { BaselineDriftBody, DriftConflictBody, DriftCountsBody } from '../api/drift.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Approval } from '../state/baseline-head.ts';
import { contestedAt } from './contest.ts';
import { type Contest, type Drift, type DriftRecord, propertyKey } from './drift-record.ts';

/** What is known of drift as the API shows it. `approvals`: those of the baseline. Pure. */
export function driftBody(record: DriftRecord, approvals: readonly Approval[], nowIso: string): BaselineDriftBody {
  const {
    lastScan,
    lastLook,
    drifts,
    moreDriftsCount,
    contests,
    unmanaged,
    unmanagedCount,
    unmanagedAt,
    foreignEntries,
  } = record;
  return {
    lastScan,
    lastLook,
    drifts: drifts.map(({ foundHash: _, ...drift }) => ({ ...drift, ...approvalOf(drift, approvals, nowIso) })),
    moreDriftsCount,
    conflicts: conflictsOf(contests, nowIso),
    unmanaged,
    unmanagedCount,
    unmanagedAt,
    foreignEntries: foreignEntries.map(({ contentHash: _, ...entry }) => entry),
    foreignEntryCount: foreignEntryCount(record),
  };
}

/** The same in figures. Pure. */
export function driftCounts(record: DriftRecord, nowIso: string): DriftCountsBody {
  const open = record.drifts.filter(({ state }) => state !== 'ignored');
  return {
    openCount: open.length + record.moreDriftsCount,
    openResourceCount: new Set(open.map(({ id }) => normaliseId(id))).size,
    waitingCount: open.filter(({ state }) => state === 'waiting').length,
    conflictCount: conflictsOf(record.contests, nowIso).filter(({ stopped }) => stopped).length,
    unmanagedCount: record.unmanagedCount,
    foreignEntryCount: foreignEntryCount(record),
    lastScanAt: record.lastScan?.at ?? null,
  };
}

function foreignEntryCount({ foreignEntries, moreForeignCount }: DriftRecord): number {
  return foreignEntries.length + moreForeignCount;
}

/** The open request for approval that a drift waits for. */
function approvalOf(
  { state, code, operationId }: Drift,
  approvals: readonly Approval[],
  nowIso: string,
): { readonly approvePlanHash?: string } {
  if (state !== 'waiting' || (code !== 'approval' && code !== 'budget')) return {};
  const open = approvals.find(
    (one) => one.operationId === operationId && one.decision === undefined && one.expiresAt > nowIso,
  );
  return open === undefined ? {} : { approvePlanHash: open.planHash };
}

function conflictsOf(contests: readonly Contest[], nowIso: string): readonly DriftConflictBody[] {
  const bounds = new Map(contestedAt(contests, Date.parse(nowIso)).map((one) => [propertyKey(one), one]));
  return contests.flatMap((contest): readonly DriftConflictBody[] => {
    const bound = bounds.get(propertyKey(contest));
    if (bound === undefined || Date.parse(bound.untilIso) <= Date.parse(nowIso)) return [];
    const { id, kind, path, ours, theirs } = contest;
    return [
      {
        id,
        kind,
        path,
        putRight: ours.map(({ at, operationId }) => ({ at, operationId })),
        changedBack: theirs.map(({ at, origin }) => ({ at, origin })),
        stopped: bound.stopped,
        until: bound.untilIso,
      },
    ];
  });
}
