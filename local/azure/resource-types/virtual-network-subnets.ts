import type { ResourceLock, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { propertiesOf, storedDrafts, withDraft } from './support/children.ts';
import { objectAt } from './support/fields.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import { firstError } from './support/network-errors.ts';
import { addressSpaceOf } from './support/peerings.ts';
import {
  presentSubnet,
  SUBNETS,
  subnetBody,
  subnetReferences,
  validateSubnetChange,
  validateSubnets,
  validateSubnetUnused,
} from './support/subnets.ts';

/** Subnets of a virtual network as resources of their own. */
export const virtualNetworkSubnets: ResourceType = {
  type: SUBNETS,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  etag: 'family',
  validate(write, world) {
    const network = write.id.parentId ?? '';
    const parent = world.get(network);
    const draft = { name: write.id.name, properties: propertiesOf(write.body) };
    const place = { networkId: network, location: parent?.location, addressPrefixes: addressSpaceOf(parent) };
    return firstError(
      () => validateSubnets(place, withDraft(storedDrafts(network, SUBNETS, world), draft), [draft], world),
      () => (write.existing === undefined ? null : validateSubnetChange(write.existing, draft, world)),
    );
  },
  store: (write) => ({ body: subnetBody(propertiesOf(write.body)) }),
  present: (resource, world) => ({ properties: presentSubnet(resource, world) }),
  references: (id, body) => subnetReferences(id.id, objectAt(body, 'properties')),
  locks: subnetLocks,
  durationSeconds: durations({ create: [6, 30], update: [6, 30], delete: [6, 30] }),
  asyncStyle: networkStyle,
  canDelete: validateSubnetUnused,
};

/** The subnet and its network, and against writes what the subnet uses or used. */
function subnetLocks(target: Write | StoredResource, world: World): readonly ResourceLock[] {
  const had = objectAt(world.get(target.id.id)?.body, 'properties');
  const shared = [
    ...subnetReferences(target.id.id, objectAt(target.body, 'properties')),
    ...subnetReferences(target.id.id, had),
  ];
  return [
    { id: target.id.id, mode: 'exclusive' },
    { id: target.id.parentId ?? '', mode: 'exclusive' },
    ...[...new Set(shared.map(({ to }) => to))].map((id): ResourceLock => ({ id, mode: 'shared' })),
  ];
}
