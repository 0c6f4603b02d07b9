import { parseResourceId } from '../azure/resource-id.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { type DesiredGraph, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Observed } from '../plan/plan.ts';
import { isAtOrIn } from '../plan/scope.ts';
import { type ListedResource, managedGroups, type UnmanagedResource, unmanagedAmong } from '../plan/unmanaged.ts';
import { readContents } from './group-contents.ts';

/** More than a person reads; the rest is a number. */
const SHOWN_UNMANAGED = 500;

export interface Unmanaged {
  /** The first of them. */
  readonly resources: readonly UnmanagedResource[];
  /** How many there are in all. */
  readonly count: number;
}

/** From so many groups in one subscription on, one list of all that is in the subscription is fewer calls. */
const GROUPS_OF_ONE_LIST = 10;

/** What is in the groups that a baseline makes and is nobody's that it knows. Nothing of it is ever touched. */
export async function findUnmanaged(
  dependencies: Pick<Dependencies, 'arm'>,
  graph: DesiredGraph,
  ledger: ReadonlyMap<string, LedgerEntry>,
  observed: Observed,
): Promise<Unmanaged> {
  const bySubscription = new Map<string, string[]>();
  for (const group of managedGroups(graph)) {
    if (!observed.get(normaliseId(group))) continue;
    const { parentId } = parseResourceId(group);
    bySubscription.set(parentId, [...(bySubscription.get(parentId) ?? []), group]);
  }
  const found: UnmanagedResource[] = [];
  // One after the other: nothing waits for it, and others use ARM's read bucket too.
  for (const [subscription, groups] of bySubscription) {
    for (const scope of groups.length < GROUPS_OF_ONE_LIST ? groups : [subscription]) {
      const listed = (await readContents(dependencies, scope))
        .map(listedResource)
        .filter(({ id }) => groups.some((group) => isAtOrIn(id, group)));
      found.push(...unmanagedAmong(listed, graph, ledger));
    }
  }
  return { resources: found.slice(0, SHOWN_UNMANAGED), count: found.length };
}

function listedResource({ id, type, managedBy }: JsonObject): ListedResource {
  return {
    id: String(id),
    type: String(type),
    ...(typeof managedBy === 'string' && managedBy !== '' ? { managedBy } : {}),
  };
}
