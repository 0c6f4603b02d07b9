import type { KeptDifference, PostponedDifference } from '../plan/drift-rules.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Verdict, Waiting } from '../plan/guard.ts';
import { LEFT_CODE } from '../plan/left-changes.ts';
import type { Refusal } from '../plan/plan.ts';
import type { DriftNews } from './drift-news.ts';
import {
  type Drift,
  type DriftDecision,
  type DriftRecord,
  MOST_TOLD,
  propertyKey,
  refusalKey,
} from './drift-record.ts';
import { REFUSED_DRIFTS } from './found-drift.ts';
import type { Seen } from './see-drifts.ts';

/** What was decided about the changes of a plan. */
export interface DriftVerdict extends Pick<Verdict, 'waiting'> {
  /** What the plan itself refuses: a resource, or a part of one. */
  readonly unplanned: readonly Refusal[];
  /** Changes of the plan that are refused. */
  readonly refused: readonly Refusal[];
  readonly kept: readonly KeptDifference[];
  readonly postponed: readonly PostponedDifference[];
  /** Changes whose write did not succeed and is not tried again, by normalised id. */
  readonly failed: ReadonlyMap<string, { readonly code: string; readonly message: string }>;
  /** Whether a write of the run is under way there: nothing new is decided about it. */
  readonly isUnderWay: (id: string) => boolean;
  readonly operationId: string;
  /** Everything was compared. */
  readonly isWhole: boolean;
  /** Whether other refusals and waits are news only once; else whoever runs tells all of them. */
  readonly tellsOthersOnce: boolean;
}

/** Nothing stands in the way. */
const PUTTING_RIGHT: DriftDecision = { policy: 'enforce', state: 'puttingRight', code: '', why: '', until: null };

/** A later plan has it. */
function afterTheRest({ needsApproval }: PostponedDifference): DriftDecision {
  const then = needsApproval ? 'somebody is asked to approve this' : 'this is';
  const why = `The rest of the resource is put right first; then ${then}.`;
  return { policy: needsApproval ? 'approve' : 'enforce', state: 'waiting', code: 'rest', why, until: null };
}

/**
 * The record with what is to become of each drift that was seen. News are the drifts that were not known, with their
 * decision, and decisions that are other ones than before. Pure.
 */
export function decideDrifts(
  { record, news, fresh, seen }: Seen,
  verdict: DriftVerdict,
): { readonly record: DriftRecord; readonly news: readonly DriftNews[] } {
  const look = lookUp(verdict);
  const decided: DriftNews[] = [];
  const drifts = record.drifts.map((drift): Drift => {
    const key = propertyKey(drift);
    if (!seen.has(key)) return drift;
    const next: Drift = { ...drift, ...decisionOf(drift, look), operationId: verdict.operationId };
    if (fresh.has(key)) decided.push({ news: 'found', drift: next });
    else if (isOtherDecision(drift, next)) decided.push({ news: 'decided', drift: next });
    return next;
  });
  const seenIds = drifts.filter((drift) => seen.has(propertyKey(drift))).map(({ id }) => normaliseId(id));
  const others = othersOf(record, new Set(seenIds), verdict);
  return {
    record: { ...record, drifts, told: others.told },
    news: [...[...decided, ...news].filter((one) => !isOfIgnored(one)), ...others.news],
  };
}

/** What somebody asked to ignore is kept in the record and counted, and no news: a scaler may change it every minute. */
function isOfIgnored(news: DriftNews): boolean {
  return 'drift' in news && news.drift.state === 'ignored';
}

interface Look {
  readonly unplanned: ReadonlyMap<string, Refusal>;
  readonly refused: ReadonlyMap<string, Refusal>;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly kept: ReadonlyMap<string, KeptDifference>;
  readonly postponed: ReadonlyMap<string, PostponedDifference>;
  readonly failed: DriftVerdict['failed'];
}

function lookUp({ unplanned, refused, waiting, kept, postponed, failed }: DriftVerdict): Look {
  const whole = unplanned.filter(({ code }) => REFUSED_DRIFTS.has(code));
  return {
    unplanned: new Map(whole.map((refusal) => [normaliseId(refusal.id), refusal])),
    refused: new Map(refused.map((refusal) => [normaliseId(refusal.id), refusal])),
    waiting: new Map(waiting.map((one) => [normaliseId(one.id), one])),
    kept: new Map(kept.map((one) => [propertyKey(one), one])),
    postponed: new Map(postponed.map((one) => [propertyKey(one), one])),
    failed,
  };
}

function decisionOf(drift: Drift, { unplanned, refused, waiting, kept, postponed, failed }: Look): DriftDecision {
  const policy = kept.get(propertyKey(drift));
  if (policy !== undefined) return ofKept(policy);
  const later = postponed.get(propertyKey(drift));
  if (later !== undefined) return afterTheRest(later);
  const key = normaliseId(drift.id);
  const refusal = refused.get(key) ?? unplanned.get(key);
  if (refusal !== undefined) return ofRefusal(refusal);
  const waits = waiting.get(key);
  if (waits !== undefined) {
    const policyOfWait = waits.for === 'approval' ? 'approve' : 'enforce';
    return { policy: policyOfWait, state: 'waiting', code: waits.for, why: waits.why, until: waits.untilIso };
  }
  const failure = failed.get(key);
  if (failure !== undefined) return { ...PUTTING_RIGHT, state: 'failed', code: failure.code, why: failure.message };
  return PUTTING_RIGHT;
}

function ofKept({ policy, why }: KeptDifference): DriftDecision {
  switch (policy) {
    case 'report':
      return keptBy('report', 'reported', 'DriftReported', why);
    case 'ignore':
      return keptBy('ignore', 'ignored', 'DriftIgnored', why);
    case 'contested':
      return ofRefusal({ code: 'WriterConflict', why });
  }
}

function keptBy(policy: 'report' | 'ignore', state: Drift['state'], code: string, why: string): DriftDecision {
  return { policy, state, code, why, until: null };
}

function ofRefusal({ code, why }: Pick<Refusal, 'code' | 'why'>): DriftDecision {
  if (code === 'ReactionModeForbids' || code === 'DriftReported') return keptBy('report', 'reported', code, why);
  if (code === 'DriftIgnored') return keptBy('ignore', 'ignored', code, why);
  const policy = code === 'ApprovalRejected' || code === 'ApprovalExpired' ? 'approve' : 'enforce';
  return { policy, state: 'refused', code, why, until: null };
}

/** A wait that only ends at another time is the same wait. */
function isOtherDecision(one: DriftDecision, other: DriftDecision): boolean {
  return one.state !== other.state || one.code !== other.code;
}

/** Kept differences are told as drifts, and what waits in another operation is told by that one. */
const TOLD_ELSEWHERE = new Set(['DriftReported', 'DriftIgnored', LEFT_CODE]);

/** Refusals and waits of changes that are no drift. */
function othersOf(
  record: DriftRecord,
  driftIds: ReadonlySet<string>,
  { unplanned, refused, waiting, isUnderWay, isWhole, tellsOthersOnce }: DriftVerdict,
): { readonly told: readonly string[]; readonly news: readonly DriftNews[] } {
  if (!tellsOthersOnce) return { told: record.told, news: [] };
  const all = [
    ...[...unplanned, ...refused].map(
      ({ id, code, why }) => ({ news: 'other', decision: 'refused', id, code, why }) as const,
    ),
    ...waiting.map(({ id, for: code, why }) => ({ news: 'other', decision: 'waiting', id, code, why }) as const),
  ]
    .filter(({ id }) => !driftIds.has(normaliseId(id)) && !isUnderWay(id))
    .filter(({ code }) => !TOLD_ELSEWHERE.has(code));
  const byKey = new Map(all.map((one) => [refusalKey(one), one]));
  const before = new Set(record.told);
  // What a look at some resources says nothing of is known still.
  const known = record.told.filter((key) => !isWhole || byKey.has(key));
  const fresh = [...byKey.keys()].filter((key) => !before.has(key)).sort();
  const kept = fresh.slice(0, Math.max(0, MOST_TOLD - known.length));
  return { told: [...known, ...kept].sort(), news: kept.flatMap((key) => byKey.get(key) ?? []) };
}
