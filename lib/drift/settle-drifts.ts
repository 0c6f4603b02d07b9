import { normaliseId } from '../plan/graph.ts';
import type { Change } from '../plan/plan.ts';
import { withPutRights } from './contest.ts';
import type { DriftNews } from './drift-news.ts';
import { type Drift, type DriftRecord, propertyKey } from './drift-record.ts';
import { type FailedChange, withFailures } from './failing.ts';
import { isOfSpec } from './rejection.ts';

/** How a change of a run has ended. */
export interface EndedChange {
  readonly change: Change;
  readonly end: 'done' | 'failed';
  /** Of a failure. */
  readonly code: string;
  readonly why: string;
  /** Azure took a write for it; else it was found as it should be. */
  readonly wrote: boolean;
  /** Of one that failed itself, and not since something that it needs did. */
  readonly tried?: { readonly changeHash: string; readonly worldHash: string };
}

export interface SettledRun {
  /** Whether nobody asked for the change of a resource. */
  readonly isUnattended: (id: string) => boolean;
  readonly operationId: string;
  readonly specVersion: number;
  readonly nowIso: string;
}

/**
 * The record after changes have ended: what was put right is no drift any more, and without a person it is remembered
 * as put right; what failed says why, and without a person how often in a row. `right`: the drifts that are over. Pure.
 */
export function settleDrifts(
  record: DriftRecord,
  ended: readonly EndedChange[],
  { isUnattended, operationId, specVersion, nowIso }: SettledRun,
): { readonly record: DriftRecord; readonly right: readonly Drift[]; readonly news: readonly DriftNews[] } {
  const byId = new Map(ended.map((one) => [normaliseId(one.change.id), one]));
  const right: Drift[] = [];
  const written: Drift[] = [];
  const drifts = record.drifts.flatMap((drift): readonly Drift[] => {
    const one = byId.get(normaliseId(drift.id));
    if (one === undefined || !isPartOf(drift, one.change)) return [drift];
    if (one.end === 'failed') return [{ ...drift, state: 'failed', code: one.code, why: one.why, until: null }];
    right.push(drift);
    if (one.wrote && isUnattended(drift.id)) written.push(drift);
    return [];
  });
  const { failing, parked } = withFailures(
    record.failing,
    ended.filter(({ end }) => end === 'done').map(({ change }) => change.id),
    ended.filter(({ change }) => isUnattended(change.id)).flatMap(failedChange),
    specVersion,
    nowIso,
  );
  const news = parked.map((one) => ({ news: 'parked', failing: one }) as const);
  const isUnchanged = failing === record.failing && drifts.every((drift, at) => drift === record.drifts[at]);
  if (right.length === 0 && isUnchanged) return { record, right, news };
  const contests =
    written.length > 0
      ? withPutRights(record.contests, written, { at: nowIso, operationId }, specVersion)
      : record.contests;
  return { record: { ...record, drifts, contests, failing }, right, news };
}

function failedChange({ change, end, code, why, tried }: EndedChange): readonly FailedChange[] {
  return end === 'failed' && tried !== undefined && isOfSpec(change)
    ? [{ id: change.id, ...tried, code, message: why }]
    : [];
}

function isPartOf(drift: Drift, change: Change): boolean {
  if (change.action !== 'update') return true;
  return change.diff.some(({ path }) => propertyKey({ id: drift.id, path }) === propertyKey(drift));
}
