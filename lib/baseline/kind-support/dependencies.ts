import { type Dependency, normaliseId } from '../../plan/graph.ts';
import { resourceGroupId } from '../arm-id.ts';
import type { ResolvedBaseline, ResolvedResource } from '../resolved.ts';

/** Ids to `always` or `existing` edges; `always` wins where an id has both. */
export function dependencies(
  always: readonly (string | undefined)[],
  existing: readonly (string | undefined)[] = [],
): readonly Dependency[] {
  const edges = new Map<string, Dependency>();
  for (const id of always) if (id !== undefined) edges.set(normaliseId(id), { id, when: 'always' });
  for (const id of existing) {
    if (id !== undefined && !edges.has(normaliseId(id))) edges.set(normaliseId(id), { id, when: 'existing' });
  }
  return [...edges.values()];
}

/**
 * What traffic towards the firewall waits for, where the resource carries traffic already: the firewall with its policy
 * and all of its rules.
 */
export function firewallReady(baseline: ResolvedBaseline): readonly (string | undefined)[] {
  return [baseline.firewall?.id, baseline.firewallPolicy?.id, ...baseline.ruleCollectionGroups.map(({ id }) => id)];
}

/** The group of a resource that is made in it. */
export function groupOf(resource: ResolvedResource): string | undefined {
  return resource.presence === 'create' ? resourceGroupId(resource.subscriptionId, resource.resourceGroup) : undefined;
}
