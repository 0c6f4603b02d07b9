import { ArmRefusalError, readRefusal } from '../azure/arm-answer.ts';
import { ArmListError } from '../azure/arm-errors.ts';
import { parseResourceId } from '../azure/resource-id.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { type DesiredGraph, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Observed } from '../plan/plan.ts';
import { isAtOrIn } from '../plan/scope.ts';
import { type ListedResource, managedGroups, type UnmanagedResource, unmanagedAmong } from '../plan/unmanaged.ts';

const RESOURCES_API_VERSION = '2025-04-01';
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

/** What a resource group, or a subscription, holds: one paged list. @throws ArmRefusalError; ArmUnreachableError. */
export async function readContents(
  { arm }: Pick<Dependencies, 'arm'>,
  groupId: string,
): Promise<readonly JsonObject[]> {
  try {
    return await arm.list(`${groupId}/resources`, RESOURCES_API_VERSION);
  } catch (error) {
    if (!(error instanceof ArmListError)) throw error;
    // It was deleted since it was looked at.
    if (error.response.status === 404) return [];
    throw new ArmRefusalError(readRefusal(error.response, groupId));
  }
}

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
