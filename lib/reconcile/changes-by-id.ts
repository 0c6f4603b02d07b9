import { normaliseId } from '../plan/graph.ts';
import type { Change, Plan } from '../plan/plan.ts';

/** Changes of a plan by normalised id. */
export function changesById(plan: Plan): ReadonlyMap<string, Change> {
  return new Map(plan.changes.map((change) => [normaliseId(change.id), change]));
}
