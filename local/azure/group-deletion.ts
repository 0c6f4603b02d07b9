import type { ArmError } from './arm-error.ts';
import { type Catalogue, methodsOf } from './catalogue.ts';
import { collide } from './lock-collision.ts';
import type { ResourceTable } from './resource-table.ts';
import { defaultLocks, type ResourceLock, type StoredResource, type World } from './resource-type.ts';

export type GroupDeletionStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'delete'; readonly members: readonly StoredResource[] }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'blocked'; readonly error: ArmError };

/** What the deletion of a resource group does next. Members go in the order in which they stop being used. */
export function nextGroupDeletionStep(
  group: StoredResource,
  resources: ResourceTable,
  catalogue: Catalogue,
  world: World,
): GroupDeletionStep {
  const members = resources
    .below(group.id.id)
    .filter(({ id }) => id.parentId === undefined && id.scopeId === undefined);
  if (members.length === 0) return { kind: 'done' };
  const taken: ResourceLock[] = [];
  const deletable: StoredResource[] = [];
  const busyUntilMs: number[] = [];
  for (const member of [...members, ...nestedIn(members, resources, catalogue, world)]) {
    const type = catalogue.require(member.id.type);
    const running = world.operationOn(member.id.id);
    if (running !== undefined) {
      busyUntilMs.push(running.endMs);
      continue;
    }
    if ((type.canDelete?.(member, world) ?? null) !== null) continue;
    const locks =
      type.locks?.(member, world) ?? defaultLocks(member.id, type.references?.(member.id, member.body) ?? []);
    if (locks.some((lock) => taken.some((held) => collide(lock, held)))) continue;
    taken.push(...locks);
    deletable.push(member);
  }
  if (deletable.length > 0) return { kind: 'delete', members: deletable };
  if (busyUntilMs.length > 0) return { kind: 'wait', untilMs: Math.min(...busyUntilMs) };
  return { kind: 'blocked', error: blocked(group, members) };
}

/** Resources below members that cannot go before them: rule groups of a policy, links of a zone. */
function nestedIn(
  members: readonly StoredResource[],
  resources: ResourceTable,
  catalogue: Catalogue,
  world: World,
): readonly StoredResource[] {
  return members
    .filter((member) => (catalogue.require(member.id.type).canDelete?.(member, world) ?? null) !== null)
    .flatMap((member) => resources.children(member.id.id))
    .filter((child) => catalogue.require(child.id.type).etag !== 'family')
    .filter((child) => methodsOf(catalogue.require(child.id.type)).includes('DELETE'));
}

function blocked(group: StoredResource, members: readonly StoredResource[]): ArmError {
  const identifiers = members.map(({ id }) => id.id.slice(group.id.id.length + '/providers/'.length));
  return {
    status: 409,
    code: 'ResourceGroupDeletionBlocked',
    message:
      `Deletion of resource group '${group.id.name}' failed as resources with identifiers '${identifiers.join(', ')}' ` +
      'could not be deleted. The provisioning state of the resource group will be rolled back.',
  };
}
