import type { ArmError } from '../../arm-error.ts';
import type { Reference, World } from '../../resource-type.ts';
import { kindOf, parentOf, sameId, subscriptionOf } from './ids.ts';
import { firstOf, invalidReference } from './network-errors.ts';

/** What the provider wants to be in the region and the subscription of the resource that names it. */
export function validateSameRegion(
  by: string,
  location: string | undefined,
  targets: readonly (string | undefined)[],
  world: World,
): ArmError | null {
  return firstOf(targets, (to) => {
    const target = to === undefined ? undefined : world.get(to);
    if (to === undefined || target === undefined) return null;
    const elsewhere = target.location !== undefined && location !== undefined && target.location !== location;
    return elsewhere || subscriptionOf(to) !== subscriptionOf(by) ? invalidReference(to, by) : null;
  });
}

/** References of children that a body carries inline: the engine sees those of the written resource only. */
export function validateReferencesExist(references: readonly Reference[], world: World): ArmError | null {
  return firstOf(references, ({ to, by, optional }) =>
    optional === true || world.get(to) !== undefined ? null : invalidReference(to, by),
  );
}

/** Virtual network of a subnet's id. */
export function networkOf(subnetId: string): string {
  return parentOf(subnetId);
}

/** True if the id is of a subnet of that name. */
export function isSubnetNamed(id: string, name: string): boolean {
  return kindOf(id) === 'subnets' && sameId(id.slice(id.lastIndexOf('/') + 1), name);
}

/** Resources that use the id, once each, other than `except`. */
export function usersOf(id: string, world: World, except?: string): readonly string[] {
  const users = world
    .referencedBy(id)
    .filter(({ resource }) => !sameId(resource.id.id, except))
    .map(({ resource }) => resource.id.id);
  return [...new Set(users)];
}
