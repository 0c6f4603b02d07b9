import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import type { Effect, StoredResource, World } from '../../resource-type.ts';
import { type ChildDraft, inlineChild } from './children.ts';
import { changeProperties } from './effects.ts';
import { flagAt, objectAt, textAt, textsAt, without } from './fields.ts';
import { guidOf, kindOf, nameOf, sameId, sameName } from './ids.ts';
import { firstError, firstOf, missingProperty, notProvisioned, refuse } from './network-errors.ts';
import { overlapsBetween, type Prefix, prefixesOf } from './prefixes.ts';

export const PEERINGS = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';

/** Microsoft documents 500 peerings for a virtual network. */
const MOST_PEERINGS = 500;

export function addressSpaceOf(network: StoredResource | undefined): readonly string[] {
  return textsAt(network?.body, 'properties', 'addressSpace', 'addressPrefixes');
}

export function remoteIdOf(properties: JsonObject): string | undefined {
  return textAt(properties, 'remoteVirtualNetwork', 'id');
}

/** The peering of the remote network that points back. */
function reverseOf(networkId: string, remoteId: string, world: World): StoredResource | undefined {
  return world
    .children(remoteId, PEERINGS)
    .find((peering) => sameId(remoteIdOf(objectAt(peering.body, 'properties')), networkId));
}

/** One peering of a network, written inline or as a resource of its own. */
export function validatePeering(networkId: string, draft: ChildDraft, space: readonly string[], world: World) {
  const id = `${networkId}/virtualNetworkPeerings/${draft.name}`;
  const remoteId = remoteIdOf(draft.properties);
  if (remoteId === undefined) return missingProperty(id, 'remoteVirtualNetwork');
  if (sameId(remoteId, networkId)) {
    return refuse(
      'VnetCannotBePeeredWithItself',
      `Cannot create or update peering ${id}. A virtual network cannot be peered with itself.`,
    );
  }
  const siblings = world.children(networkId, PEERINGS).filter((peering) => !sameName(peering.id.name, draft.name));
  const existing = world.get(id);
  if (existing === undefined && siblings.length >= MOST_PEERINGS) {
    return refuse(
      'VirtualNetworkPeeringCountLimitReached',
      `Cannot create more than ${MOST_PEERINGS} peerings for virtual network ${networkId}.`,
    );
  }
  return firstError(
    () => validateTarget(id, remoteId, existing, siblings),
    () => validateRemoteReady(id, remoteId, world),
    () => validateSpaces(id, networkId, remoteId, space, siblings, world),
    () => validateRemoteSide(id, networkId, remoteId, world),
    () => validateGateways(id, networkId, remoteId, draft.properties, siblings, world),
  );
}

/** A network's new address space must not overlap what it is peered with, nor what those are peered with. */
export function validateSpaceOfPeered(networkId: string, space: readonly string[], world: World): ArmError | null {
  return firstOf(world.children(networkId, PEERINGS), (peering) => {
    const remoteId = remoteIdOf(objectAt(peering.body, 'properties')) ?? '';
    const siblings = world.children(networkId, PEERINGS).filter((other) => other !== peering);
    return validateSpaces(peering.id.id, networkId, remoteId, space, siblings, world);
  });
}

/** What is stored: states and the address space that was last synchronised are the service's. */
export function peeringBody(
  draft: ChildDraft,
  existing: StoredResource | undefined,
  sync: boolean,
  networkId: string,
  world: World,
): JsonObject {
  const remoteId = remoteIdOf(draft.properties) ?? '';
  const had = objectAt(existing?.body, 'properties');
  const state = textAt(had, 'peeringState');
  const synced = textsAt(had, 'remoteAddressSpace', 'addressPrefixes');
  const remote = sync || existing === undefined ? addressSpaceOf(world.get(remoteId)) : synced;
  return {
    properties: {
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
      doNotVerifyRemoteGateways: false,
      peerCompleteVnets: true,
      ...without(draft.properties, ...SERVICE_PROPERTIES),
      remoteVirtualNetwork: { id: remoteId },
      peeringState: state === 'Connected' ? 'Connected' : 'Initiated',
      remoteAddressSpace: { addressPrefixes: remote },
      resourceGuid: textAt(had, 'resourceGuid') ?? guidOf([networkId, remoteId].toSorted().join()),
    },
  };
}

const SERVICE_PROPERTIES: readonly string[] = [
  'peeringState',
  'peeringSyncLevel',
  'remoteAddressSpace',
  'remoteVirtualNetworkAddressSpace',
  'localAddressSpace',
  'localVirtualNetworkAddressSpace',
  'remoteBgpCommunities',
  'remoteVirtualNetworkEncryption',
];

/** A peering as answered: the sync level follows from what each side knows of the other's address space. */
export function presentPeering(peering: StoredResource, world: World): JsonObject {
  const properties = objectAt(peering.body, 'properties');
  const networkId = peering.id.parentId ?? '';
  const remoteId = remoteIdOf(properties) ?? '';
  const remote = world.get(remoteId);
  const known = textsAt(properties, 'remoteAddressSpace', 'addressPrefixes');
  const actual = remote === undefined ? known : addressSpaceOf(remote);
  const local = addressSpaceOf(world.get(networkId));
  const reverse = reverseOf(networkId, remoteId, world);
  const localKnown =
    reverse === undefined ? local : textsAt(reverse.body, 'properties', 'remoteAddressSpace', 'addressPrefixes');
  return {
    ...properties,
    peeringSyncLevel: syncLevel(sameSpace(known, actual), sameSpace(localKnown, local)),
    localAddressSpace: { addressPrefixes: localKnown },
    localVirtualNetworkAddressSpace: { addressPrefixes: local },
    remoteVirtualNetworkAddressSpace: { addressPrefixes: actual },
  };
}

export function inlinePeering(peering: StoredResource, world: World): JsonObject {
  return inlineChild(peering, presentPeering(peering, world));
}

/** States of all peerings from and to a network, after any of them came, went, or lost its network. */
export function settlePeerings(networkId: string, world: World): readonly Effect[] {
  const own = world.children(networkId, PEERINGS);
  const incoming = world
    .referencedBy(networkId)
    .map(({ resource }) => resource)
    .filter((resource) => sameName(kindOf(resource.id.id), 'virtualNetworkPeerings'));
  return [...own, ...incoming].flatMap((peering) => {
    const state = textAt(peering.body, 'properties', 'peeringState');
    const settled = settledState(peering, state, world);
    return settled === state ? [] : [changeProperties(peering, { peeringState: settled })];
  });
}

function settledState(peering: StoredResource, state: string | undefined, world: World): string | undefined {
  const remoteId = remoteIdOf(objectAt(peering.body, 'properties')) ?? '';
  const reverse = reverseOf(peering.id.parentId ?? '', remoteId, world);
  if (reverse === undefined) return state === 'Connected' ? 'Disconnected' : state;
  const other = textAt(reverse.body, 'properties', 'peeringState');
  return state === 'Initiated' && (other === 'Initiated' || other === 'Connected') ? 'Connected' : state;
}

function sameSpace(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join() === b.toSorted().join();
}

function syncLevel(remoteKnown: boolean, localKnown: boolean): string {
  if (remoteKnown && localKnown) return 'FullyInSync';
  if (remoteKnown) return 'LocalNotInSync';
  return localKnown ? 'RemoteNotInSync' : 'LocalAndRemoteNotInSync';
}

function validateTarget(
  id: string,
  remoteId: string,
  existing: StoredResource | undefined,
  siblings: readonly StoredResource[],
): ArmError | null {
  if (existing !== undefined && !sameId(remoteIdOf(objectAt(existing.body, 'properties')), remoteId)) {
    return refuse(
      'ChangingRemoteVirtualNetworkNotAllowed',
      `Cannot create or update peering ${id}. The remote virtual network of an existing peering cannot be changed.`,
    );
  }
  const twin = siblings.find((peering) => sameId(remoteIdOf(objectAt(peering.body, 'properties')), remoteId));
  if (twin === undefined) return null;
  return refuse(
    'AnotherPeeringAlreadyReferencesRemoteVnet',
    `Cannot create or update peering ${id} because there is another peering ${twin.id.id} in the same virtual network ` +
      `that already references remote virtual network ${remoteId}.`,
  );
}

/** The remote network must be at rest; a 400 that is worth a retry. */
function validateRemoteReady(id: string, remoteId: string, world: World): ArmError | null {
  const remote = world.get(remoteId);
  if (remote === undefined) return null;
  const running = world.operationOn(remoteId);
  const writesNetwork = running !== undefined && ['virtualnetworks', 'subnets'].includes(kindOf(running.resourceId));
  if (writesNetwork) return notProvisioned(remoteId, id, 'Updating', running.name);
  if (remote.provisioningState === 'Succeeded') return null;
  return notProvisioned(remoteId, id, remote.provisioningState, remote.lastOperation ?? 'PutVirtualNetworkOperation');
}

function validateSpaces(
  id: string,
  networkId: string,
  remoteId: string,
  space: readonly string[],
  siblings: readonly StoredResource[],
  world: World,
): ArmError | null {
  const local = prefixesOf(space);
  const remote = prefixesOf(addressSpaceOf(world.get(remoteId)));
  const own = overlapsBetween(local, remote);
  if (own.length > 0) {
    return refuse(
      'VnetAddressSpacesOverlap',
      `Cannot create or update peering ${id}. Virtual networks ${networkId} and ${remoteId} cannot be peered because ` +
        `their address spaces overlap. Overlapping address prefixes: ${listOf(own)}`,
    );
  }
  return firstError(
    () =>
      validateAgainst(id, [networkId, remoteId], local, peersOf(world.children(remoteId, PEERINGS), networkId), world),
    () => validateAgainst(id, [remoteId, networkId], remote, peersOf(siblings, remoteId), world),
  );
}

function peersOf(peerings: readonly StoredResource[], except: string): readonly string[] {
  return peerings
    .map((peering) => remoteIdOf(objectAt(peering.body, 'properties')) ?? '')
    .filter((id) => !sameId(id, except));
}

function validateAgainst(
  id: string,
  [first, second]: readonly [string, string],
  prefixes: readonly Prefix[],
  others: readonly string[],
  world: World,
): ArmError | null {
  return firstOf(others, (other) => {
    const overlaps = overlapsBetween(prefixes, prefixesOf(addressSpaceOf(world.get(other))));
    if (overlaps.length === 0) return null;
    return refuse(
      'VnetAddressSpaceOverlapsWithAlreadyPeeredVnet',
      `Cannot create or update peering ${id}. Virtual networks ${first} and ${second} cannot be peered because address ` +
        `space of the first virtual network overlaps with address space of virtual network ${other} already peered with ` +
        `the second virtual network. Overlapping address prefixes: ${listOf(overlaps)}`,
    );
  });
}

function listOf(overlaps: readonly (readonly [Prefix, Prefix])[]): string {
  return [...new Set(overlaps.flatMap(([a, b]) => [a.text, b.text]))].join(', ');
}

function validateRemoteSide(id: string, networkId: string, remoteId: string, world: World): ArmError | null {
  const reverse = reverseOf(networkId, remoteId, world);
  if (reverse === undefined || textAt(reverse.body, 'properties', 'peeringState') !== 'Disconnected') return null;
  return refuse(
    'RemotePeeringIsDisconnected',
    `Cannot create or update peering ${id} because remote peering ${reverse.id.id} referencing parent virtual network ` +
      `${networkId} is in Disconnected state. Update or re-create the remote peering to get it back to Initiated state. ` +
      'Peering gets Disconnected when remote vnet or remote peering is deleted and re-created.',
  );
}

function validateGateways(
  id: string,
  networkId: string,
  remoteId: string,
  properties: JsonObject,
  siblings: readonly StoredResource[],
  world: World,
): ArmError | null {
  const reverse = reverseOf(networkId, remoteId, world);
  if (!flagAt(properties, 'useRemoteGateways')) {
    const needed = reverse !== undefined && flagAt(reverse.body, 'properties', 'useRemoteGateways');
    if (!needed || flagAt(properties, 'allowGatewayTransit')) return null;
    return refuse(
      'AllowGatewayTransitRequiredByRemotePeering',
      `Peering ${id} cannot have AllowGatewayTransit flag set to false because remote peering ${reverse.id.id} has ` +
        'UseRemoteGateways flag set to true.',
    );
  }
  if (flagAt(properties, 'allowGatewayTransit')) {
    return refuse(
      'AllowGatewayTransitAndUseRemoteGatewaysCannotBothBeTrue',
      `Peering ${id} cannot have both AllowGatewayTransit and UseRemoteGateways flags set to true.`,
    );
  }
  if (!hasGateway(remoteId, world)) {
    return refuse(
      'RemoteVnetHasNoGateways',
      `Peering ${id} cannot have UseRemoteGateway flag set to true because remote virtual network ${remoteId} referenced ` +
        'by the peering does not have any gateways.',
    );
  }
  if (hasGateway(networkId, world)) {
    return refuse(
      'UseRemoteGatewaysNotAllowedWithLocalGateway',
      `Peering ${id} cannot have UseRemoteGateways flag set to true because virtual network ${networkId} has a gateway.`,
    );
  }
  if (siblings.some((peering) => flagAt(peering.body, 'properties', 'useRemoteGateways'))) {
    return refuse(
      'UseRemoteGatewaysAllowedOnOnePeeringOnly',
      `Peering ${id} cannot have UseRemoteGateways flag set to true because another peering of virtual network ` +
        `${nameOf(networkId)} has it.`,
    );
  }
  if (reverse !== undefined && flagAt(reverse.body, 'properties', 'allowGatewayTransit')) return null;
  return refuse(
    'RemotePeeringDoesNotAllowGatewayTransit',
    `Peering ${id} cannot have UseRemoteGateways flag set to true because no remote peering of virtual network ` +
      `${remoteId} has AllowGatewayTransit flag set to true.`,
  );
}

/** True if a virtual network gateway sits in the network's GatewaySubnet. */
function hasGateway(networkId: string, world: World): boolean {
  return world
    .referencedBy(`${networkId}/subnets/GatewaySubnet`)
    .some(
      ({ resource }) =>
        kindOf(resource.id.id) === 'virtualnetworkgateways' && resource.provisioningState === 'Succeeded',
    );
}
