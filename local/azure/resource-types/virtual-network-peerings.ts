import type { ResourceLock, ResourceType } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { objectAt } from './support/fields.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import {
  addressSpaceOf,
  PEERINGS,
  peeringBody,
  presentPeering,
  remoteIdOf,
  settlePeerings,
  validatePeering,
} from './support/peerings.ts';

/**
 * One side of a peering. Initiated after the first side, Connected after the second, Disconnected when the other side has
 * gone. The other network's address space is taken over on creation and with `syncRemoteAddressSpace=true` only.
 */
export const virtualNetworkPeerings: ResourceType = {
  type: PEERINGS,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  etag: 'family',
  validate(write, world) {
    const network = write.id.parentId ?? '';
    const draft = { name: write.id.name, properties: propertiesOf(write.body) };
    return validatePeering(network, draft, addressSpaceOf(world.get(network)), world);
  },
  store(write, world) {
    const draft = { name: write.id.name, properties: propertiesOf(write.body) };
    const sync = Object.entries(write.query).some(
      ([name, value]) => name.toLowerCase() === 'syncremoteaddressspace' && value.toLowerCase() === 'true',
    );
    return { body: peeringBody(draft, write.existing, sync, write.id.parentId ?? '', world) };
  },
  present: (resource, world) => ({ properties: presentPeering(resource, world) }),
  references(id, body) {
    const to = remoteIdOf(objectAt(body, 'properties'));
    if (to === undefined) return [];
    // A remote network that is gone leaves the peering readable and deletable: the reference is checked on writes only.
    return [
      {
        to,
        by: id.id,
        linkedAction: 'Microsoft.Network/virtualNetworks/peer/action',
        whenNotSucceeded: 'not-provisioned',
      },
    ];
  },
  locks(target) {
    const remote = remoteIdOf(objectAt(target.body, 'properties'));
    return [
      { id: target.id.id, mode: 'exclusive' },
      { id: target.id.parentId ?? '', mode: 'exclusive' },
      ...(remote === undefined ? [] : [{ id: remote, mode: 'exclusive' } satisfies ResourceLock]),
    ];
  },
  durationSeconds: durations({ create: [12, 60], update: [12, 60], delete: [12, 60] }),
  asyncStyle: networkStyle,
  whenSettled: (resource, world) => settlePeerings(resource.id.parentId ?? '', world),
  whenDeleted(resource, world) {
    const remote = remoteIdOf(objectAt(resource.body, 'properties')) ?? '';
    return settlePeerings(remote, world);
  },
};
