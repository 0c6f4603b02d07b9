import { ancestors } from './deletions.ts';
import { type DesiredGraph, normaliseId } from './graph.ts';
import type { LedgerEntry } from './ledger.ts';

/** A resource as a list of its group shows it. */
export interface ListedResource {
  readonly id: string;
  readonly type: string;
  /** Id of the resource that made it and looks after it, where there is one. */
  readonly managedBy?: string;
}

/** Something in a group of ours that nobody declared and Hubkeeper did not make. */
export interface UnmanagedResource {
  readonly id: string;
  readonly type: string;
}

/** Ids of the resource groups that a baseline makes: what else is in these is worth telling. */
export function managedGroups({ nodes }: DesiredGraph): readonly string[] {
  return nodes.filter(({ kind, presence }) => kind === 'resourceGroup' && presence === 'create').map(({ id }) => id);
}

/**
 * What of a list is neither declared nor ours, nor a part or a companion of such: of a resource that exists because
 * another one does. Sorted by id. Pure.
 */
export function unmanagedAmong(
  listed: readonly ListedResource[],
  graph: DesiredGraph,
  ledger: ReadonlyMap<string, LedgerEntry>,
): readonly UnmanagedResource[] {
  const groups = new Set(managedGroups(graph).map(normaliseId));
  const known = new Set([...graph.nodes.map(({ id }) => normaliseId(id)), ...ledger.keys()]);
  // A group is no parent: being in it is what is asked about.
  const isKnown = (id: string) => known.has(normaliseId(id)) && !groups.has(normaliseId(id));
  const isPart = ({ id }: ListedResource) => ancestors(id).some(isKnown);
  const isCompanion = ({ managedBy }: ListedResource) =>
    managedBy !== undefined && [managedBy, ...ancestors(managedBy)].some(isKnown);
  const found = new Map(
    listed
      .filter((one) => !isKnown(one.id) && !isPart(one) && !isCompanion(one))
      .map(({ id, type }) => [normaliseId(id), { id, type }]),
  );
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
}
