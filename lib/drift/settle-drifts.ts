import { normaliseId } from '../plan/graph.ts';
import type { Change } from '../plan/plan.ts';
import { withPutRights } from './contest.ts';
import { type Drift, type DriftRecord, propertyKey } from './drift-record.ts';

/** How a change of a run has ended. */
export interface EndedChange {
  readonly change: Change;
  readonly end: 'done' | 'failed';
  /** Of a failure. */
  readonly code: string;
  readonly why: string;
  /** Azure took a write for it; else it was found as it should be. */
  readonly wrote: boolean;
}

export interface SettledRun {
  readonly unattended: boolean;
  readonly operationId: string;
  readonly specVersion: number;
  readonly nowIso: string;
}

/**
 * The record after changes have ended: what was put right is no drift any more, and without a person it is remembered
 * as put right; what failed says why. `right`: the drifts that are over. Pure.
 */
export function settleDrifts(
  record: DriftRecord,
  ended: readonly EndedChange[],
  { unattended, operationId, specVersion, nowIso }: SettledRun,
): { readonly record: DriftRecord; readonly right: readonly Drift[] } {
  const byId = new Map(ended.map((one) => [normaliseId(one.change.id), one]));
  const right: Drift[] = [];
  const written: Drift[] = [];
  const drifts = record.drifts.flatMap((drift): readonly Drift[] => {
    const one = byId.get(normaliseId(drift.id));
    if (one === undefined || !isPartOf(drift, one.change)) return [drift];
    if (one.end === 'failed') return [{ ...drift, state: 'failed', code: one.code, why: one.why, until: null }];
    right.push(drift);
    if (one.wrote) written.push(drift);
    return [];
  });
  if (right.length === 0 && drifts.every((drift, at) => drift === record.drifts[at])) return { record, right };
  const contests =
    unattended && written.length > 0
      ? withPutRights(record.contests, written, { at: nowIso, operationId }, specVersion)
      : record.contests;
  return { record: { ...record, drifts, contests }, right };
}

function isPartOf(drift: Drift, change: Change): boolean {
  if (change.action !== 'update') return true;
  return change.diff.some(({ path }) => propertyKey({ id: drift.id, path }) === propertyKey(drift));
}
