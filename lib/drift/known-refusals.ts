import type { Refusal } from '../plan/plan.ts';
import { type DriftRecord, refusalKey } from './drift-record.ts';

/** A plan of the same comparison that was made before. */
export interface EarlierPlan {
  readonly refused: readonly Refusal[];
  /** `refusalKey` of those that were known then. */
  readonly knownRefusals?: readonly string[];
}

/**
 * `refusalKey` of the refusals that an earlier comparison has told already. What this comparison itself was the first to
 * see stays new to its end, however often it plans. Pure.
 */
export function knownRefusals(
  refused: readonly Refusal[],
  { drifts, told }: Pick<DriftRecord, 'drifts' | 'told'>,
  earlier: EarlierPlan,
): readonly string[] {
  const known = new Set([...told, ...drifts.filter(({ state }) => state === 'refused').map(refusalKey)]);
  const knownBefore = new Set(earlier.knownRefusals);
  const fresh = new Set(earlier.refused.map(refusalKey).filter((key) => !knownBefore.has(key)));
  const keys = new Set(refused.map(refusalKey));
  return [...keys].filter((key) => known.has(key) && !fresh.has(key)).sort();
}
