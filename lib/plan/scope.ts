import { leastMinutes } from './critical-path.ts';
import { type DesiredGraph, normaliseId } from './graph.ts';
import { planHash } from './hash.ts';
import type { Change, Plan, Refusal } from './plan.ts';

/** The scope of all that there is. */
export const EVERYTHING = 'everything';

/** A change, a desired node or a ledger row: something that has an id and is of a part of the baseline. */
export interface ScopedResource {
  readonly id: string;
  readonly scope: string;
}

/** Whether an ARM id is, or lies in, the resource, group or subscription of another one. */
export function isAtOrIn(id: string, around: string): boolean {
  const key = normaliseId(id);
  const outer = normaliseId(around).replace(/\/+$/, '');
  return key === outer || key.startsWith(`${outer}/`);
}

/**
 * Whether a resource is of a scope: `everything`; the ARM id of it or of what it is in; a word such as `hub`; a part
 * such as `spoke:web`, where `spoke` alone stands for every spoke.
 */
export function isInScope(resource: ScopedResource, scope: string): boolean {
  const wanted = scope.toLowerCase();
  if (wanted === EVERYTHING) return true;
  if (scope.startsWith('/')) return isAtOrIn(resource.id, scope);
  const own = resource.scope.toLowerCase();
  return own === wanted || own.startsWith(`${wanted}:`);
}

/** The words that a graph's resources are of, each once, sorted. */
export function scopesOf(graph: DesiredGraph): readonly string[] {
  return [...new Set(graph.nodes.map(({ scope }) => scope))].sort();
}

/**
 * The part of a plan that a scoped run may touch, with a hash of its own. What would be built on something that is
 * still to be made outside of the scope is refused.
 */
export function planInScope(plan: Plan, scope: string, specVersion: string): Plan {
  const missing = new Map<string, string>();
  const inside = new Set<string>();
  const changes: Change[] = [];
  const refused: Refusal[] = [];
  // In the plan's order, so that a refusal goes through whole chains.
  for (const change of plan.changes) {
    const key = normaliseId(change.id);
    if (!isInScope(change, scope)) {
      if (change.action === 'create') missing.set(key, change.id);
      continue;
    }
    const lacks = change.dependsOn.flatMap((id) => missing.get(normaliseId(id)) ?? [])[0];
    if (lacks !== undefined) {
      missing.set(key, lacks);
      const why = `It needs ${lacks}, which is outside of the scope ${scope} and still to be made.`;
      refused.push({ id: change.id, code: 'OutsideScope', why });
      continue;
    }
    inside.add(key);
    changes.push({ ...change, dependsOn: change.dependsOn.filter((id) => inside.has(normaliseId(id))) });
  }
  return {
    ...plan,
    changes,
    criticalPathMinutes: Math.round(leastMinutes(changes) * 10) / 10,
    refused: [...plan.refused, ...refused],
    hash: planHash(specVersion, changes),
  };
}
