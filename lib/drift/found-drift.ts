import type { KeptDifference, PostponedDifference } from '../plan/drift-rules.ts';
import { normaliseId } from '../plan/graph.ts';
import { shortHash } from '../plan/hash.ts';
import type { PropertyDifference } from '../plan/kind.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { ownedBeforeOf } from '../plan/merge.ts';
import { isLeftOut } from '../plan/node-changes.ts';
import { ownedTree } from '../plan/owned-tree.ts';
import type { Change, Plan, Refusal } from '../plan/plan.ts';
import { PROVISIONING_STATE } from '../plan/provisioning-state.ts';
import { boundedValues } from './bounded-values.ts';
import { byProperty, type Drift, propertyKey } from './drift-record.ts';

/** A property that is not as declared although it was, before anything is decided about it. */
export type FoundDrift = Pick<Drift, 'id' | 'kind' | 'path' | 'before' | 'after' | 'foundHash'> & {
  /** By a policy, or since another writer keeps changing it back, it stays as it is. */
  readonly kept?: KeptDifference;
};

/** What tells a drift from what was never as declared. */
export interface DriftGround {
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  /** Whether the resource is known to have been as the spec in force declares it. */
  readonly wasAsDeclared: (entry: LedgerEntry) => boolean;
  /** `propertyKey` of the drifts that are known: they stay drifts until they are gone. */
  readonly known: ReadonlySet<string>;
}

/** Refusals by which something declared and once there cannot be put right by a write. */
export const REFUSED_DRIFTS = new Set<string>(['ImmutableProperty', 'AdoptedResourceMissing']);

/**
 * The drifts that a plan shows, by id and path, each once: what an update would change back, what somebody deleted, what
 * cannot be changed back, what a policy or another writer keeps, and what a later plan has. What the spec or an
 * adjustment asks for anew, and what is no longer declared, is none. Pure.
 */
export function foundDrifts(
  { changes, refused }: Pick<Plan, 'changes' | 'refused'>,
  kept: readonly KeptDifference[],
  postponed: readonly PostponedDifference[],
  ground: DriftGround,
): readonly FoundDrift[] {
  const found = [
    ...changes.flatMap((change) => ofChange(change, ground)),
    ...refused.flatMap((refusal) => ofRefusal(refusal, ground)),
    ...kept.flatMap((one) => ofKept(one, ground)),
    ...postponed.flatMap((one) => ofPostponed(one, ground)),
  ];
  return [...new Map(found.map((one) => [propertyKey(one), one])).values()].sort(byProperty);
}

function ofChange(change: Change, ground: DriftGround): readonly FoundDrift[] {
  const { id, kind, action } = change;
  switch (action) {
    case 'delete':
      return [];
    case 'create':
      return isGround(id, '', ground) && change.recreates === true ? [{ id, kind, path: '' }] : [];
    case 'update':
      return change.diff
        .filter((difference) => isGround(id, difference.path, ground) && isChangedBack(change, difference, ground))
        .map((difference) => foundAt(id, kind, difference));
  }
}

function foundAt(id: string, kind: string, { path, before, after }: PropertyDifference): FoundDrift {
  const values = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  return { id, kind, path, ...boundedValues(values), foundHash: shortHash(before === undefined ? {} : { before }) };
}

/** It is known as a drift, or a write of ours has settled it as it is declared now: whatever differs has changed since. */
function isGround(id: string, path: string, { ledger, wasAsDeclared, known }: DriftGround): boolean {
  if (known.has(propertyKey({ id, path }))) return true;
  const entry = ledger.get(normaliseId(id));
  return entry?.state === 'confirmed' && wasAsDeclared(entry);
}

function isChangedBack(
  { id, takesAway, copies, owner, owners = [owner] }: Pick<Change, 'id' | 'takesAway' | 'copies' | 'owner' | 'owners'>,
  difference: PropertyDifference,
  { ledger, known }: DriftGround,
): boolean {
  const { path, after } = difference;
  if (takesAway?.includes(path) || copies?.includes(path) || path === PROVISIONING_STATE) return false;
  const entry = ledger.get(normaliseId(id));
  // Our own last write left it out, for an adjustment that is over. One for a drift that it let be is known as one.
  if (isLeftOut(difference, ownedBeforeOf(entry)) && !known.has(propertyKey({ id, path }))) return false;
  // What an adjustment once gave goes with it; what one gives for the first time is not there yet.
  const isAdjusted = entry !== undefined && ownedTree(entry.confirmed).nearest(path) === 'adjustment';
  if (isAdjusted) return owners.includes('adjustment') && after !== undefined;
  return owners.some((owner) => owner !== 'adjustment');
}

function ofRefusal({ id, code, diff = [] }: Refusal, ground: DriftGround): readonly FoundDrift[] {
  if (!REFUSED_DRIFTS.has(code)) return [];
  const kind = ground.ledger.get(normaliseId(id))?.kind ?? '';
  const found = diff.length === 0 ? [{ id, kind, path: '' }] : diff.map((difference) => foundAt(id, kind, difference));
  return found.filter(({ path }) => isGround(id, path, ground));
}

/**
 * Whoever keeps it says so whether it was ever as declared or not; only a drift is told as one. What another writer
 * changes back was as declared when Hubkeeper had put it right.
 */
function ofKept(kept: KeptDifference, ground: DriftGround): readonly FoundDrift[] {
  const isDrift = kept.policy === 'contested' || isGround(kept.id, kept.path, ground);
  return isDrift ? [{ ...foundAt(kept.id, kept.kind, kept), kept }] : [];
}

function ofPostponed(postponed: PostponedDifference, ground: DriftGround): readonly FoundDrift[] {
  const { id, kind, path, owner, takesAway } = postponed;
  const change = { id, owner, ...(takesAway ? { takesAway: [path] } : {}) };
  const isDrift = isGround(id, path, ground) && isChangedBack(change, postponed, ground);
  return isDrift ? [foundAt(id, kind, postponed)] : [];
}
