import { armId, parseArmId } from '../arm-id.ts';
import { normaliseLocation } from '../cloud.ts';
import type { ResolvedResource } from '../resolved.ts';
import type { BaselineSpec, HubSpec, SpokeSpec } from '../spec.ts';

/** Where a part of the baseline lies. */
export interface Place {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly scope: string;
  readonly path: string;
}

interface GroupSpec {
  readonly name?: string;
  readonly id?: string;
}

function groupName(group: GroupSpec): string {
  return group.name ?? parseArmId(group.id ?? '').resourceGroup;
}

export function hubPlace(hub: HubSpec): Place {
  return {
    subscriptionId: hub.subscriptionId,
    resourceGroup: groupName(hub.resourceGroup),
    location: normaliseLocation(hub.location),
    scope: 'hub',
    path: 'hub',
  };
}

/** A spoke takes from the hub what it does not say itself; the id of its resource group says its subscription too. */
export function spokePlace(spec: BaselineSpec, spoke: SpokeSpec, index: number): Place {
  const { hub } = spec;
  const group = spoke.resourceGroup ?? hub.resourceGroup;
  const fromGroup =
    spoke.resourceGroup?.id === undefined ? undefined : parseArmId(spoke.resourceGroup.id).subscriptionId;
  return {
    subscriptionId: spoke.subscriptionId ?? fromGroup ?? hub.subscriptionId,
    resourceGroup: groupName(group),
    location: normaliseLocation(spoke.location ?? hub.location),
    scope: `spoke:${spoke.name}`,
    path: `spokes[${index}]`,
  };
}

/** A resource that is made at this place. */
export function made(place: Place, type: string, name: string): ResolvedResource {
  const { subscriptionId, resourceGroup, location, scope, path } = place;
  return {
    id: armId(subscriptionId, resourceGroup, type, name),
    name,
    subscriptionId,
    resourceGroup,
    location,
    presence: 'create',
    scope,
    path,
  };
}

/** A resource that exists already. */
export function existing(id: string, presence: 'adopt' | 'reference', place: Place): ResolvedResource {
  const { subscriptionId, resourceGroup, name } = parseArmId(id);
  return {
    id,
    name,
    subscriptionId,
    resourceGroup,
    location: place.location,
    presence,
    scope: place.scope,
    path: place.path,
  };
}

/** The same, each id once: ignoring case, the first one stays. */
export function uniqueById<T extends { readonly id: string }>(resources: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return resources.filter(({ id }) => {
    const key = id.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
