import { type DesiredGraph, type DesiredNode, normaliseId } from '../plan/graph.ts';
import { ProblemError } from '../problem.ts';
import { type Adjustment, adjusted } from './adjustments.ts';
import { kinds } from './kinds/index.ts';
import type { ResolvedBaseline } from './resolved.ts';

export { type Adjustment, knownAdjustmentKinds, validateAdjustment } from './adjustments.ts';

function broken(message: string, resource: string): ProblemError {
  return new ProblemError({
    code: 'DesiredGraphBroken',
    actor: 'us',
    message,
    remedy: 'Report the spec; give the resources names of their own through nameOverrides until it is mended.',
    resource,
  });
}

/** A member of a cycle, or undefined. Walks without recursion: a chain may be as long as the graph. */
function cyclicNode(nodes: readonly DesiredNode[]): string | undefined {
  const waitingFor = new Map(nodes.map((node) => [normaliseId(node.id), node.dependsOn.length]));
  const dependents = new Map<string, string[]>();
  for (const node of nodes) {
    for (const { id } of node.dependsOn) {
      const list = dependents.get(normaliseId(id)) ?? [];
      list.push(normaliseId(node.id));
      dependents.set(normaliseId(id), list);
    }
  }
  const ready = [...waitingFor].filter(([, count]) => count === 0).map(([id]) => id);
  let done = 0;
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    done += 1;
    for (const dependent of dependents.get(id) ?? []) {
      const left = (waitingFor.get(dependent) ?? 0) - 1;
      waitingFor.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  return done === nodes.length ? undefined : [...waitingFor].find(([, count]) => count > 0)?.[0];
}

/**
 * The desired graph of a baseline with its live adjustments at that time. Pure. A resource that two parts of the spec
 * only refer to is in it once. Throws a `ProblemError` (actor `us`) when two different resources share an id, an edge
 * leads nowhere, or there is a cycle: a graph like that must never reach the planner.
 */
export function compile(resolved: ResolvedBaseline, adjustments: readonly Adjustment[], nowIso: string): DesiredGraph {
  const baseline = adjusted(resolved, adjustments, nowIso);
  const byId = new Map<string, DesiredNode>();
  for (const node of kinds.flatMap((kind) => kind.compile(baseline))) {
    const key = normaliseId(node.id);
    const other = byId.get(key);
    if (other !== undefined && other.presence !== 'reference' && node.presence !== 'reference') {
      throw broken('Two parts of the baseline make one and the same resource.', node.id);
    }
    if (other === undefined || other.presence === 'reference') byId.set(key, node);
  }
  const nodes = [...byId.values()];
  for (const node of nodes) {
    const lost = node.dependsOn.find(({ id }) => !byId.has(normaliseId(id)));
    if (lost !== undefined) throw broken(`It waits for ${lost.id}, which is not part of the baseline.`, node.id);
  }
  const cyclic = cyclicNode(nodes);
  if (cyclic !== undefined) throw broken('It waits for itself.', cyclic);
  return { baseline: baseline.name, nodes };
}
