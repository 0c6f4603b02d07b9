import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { Effect, Reference, ResourceId, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { addressesIn, allocateAddress, subnetPrefixes } from './support/address-allocation.ts';
import { type ChildDraft, draftsIn, propertiesOf } from './support/children.ts';
import { changeProperties } from './support/effects.ts';
import { given, objectAt, objectsAt, textAt } from './support/fields.ts';
import { guidOf, nameOf, sameId, sameName } from './support/ids.ts';
import { validateChildNames } from './support/names.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle, SMALL_RESOURCE } from './support/network.ts';
import { firstError, firstOf, missingProperty, refuse } from './support/network-errors.ts';
import { isReservedAddress, parseAddress } from './support/prefixes.ts';
import { validatePublicAddressUse } from './support/public-address-use.ts';
import { networkOf, validateSameRegion } from './support/references.ts';
import { isReservedSubnet } from './support/subnets.ts';

/** Network interfaces: what others put into a subnet. */
export const networkInterfaces: ResourceType = {
  type: 'Microsoft.Network/networkInterfaces',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    const drafts = draftsIn(write.body, 'ipConfigurations') ?? [];
    if (drafts.length === 0) return missingProperty(write.id.id, 'ipConfigurations');
    return firstError(
      () =>
        validateChildNames(
          write.id.id,
          drafts.map(({ name }) => name),
        ),
      () => validateSameRegion(write.id.id, write.location, [groupOf(write.body)], world),
      () => firstOf(drafts, (draft) => validateConfiguration(write, draft, world)),
    );
  },
  store(write, world) {
    const had = objectsAt(write.existing?.body, 'properties', 'ipConfigurations');
    const group = groupOf(write.body);
    return {
      body: {
        properties: {
          enableAcceleratedNetworking: false,
          enableIPForwarding: false,
          disableTcpStateTracking: false,
          ...propertiesOf(
            write.body,
            'macAddress',
            'primary',
            'virtualMachine',
            'networkSecurityGroup',
            'privateEndpoint',
          ),
          ...(group === undefined ? {} : { networkSecurityGroup: { id: group } }),
          resourceGuid: textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs),
          ipConfigurations: objectsAt(write.body, 'properties', 'ipConfigurations').map((item, index) =>
            configuration(item, index, had),
          ),
        },
      },
    };
  },
  present(resource) {
    const properties = objectAt(resource.body, 'properties');
    return {
      properties: {
        ...properties,
        ipConfigurations: objectsAt(properties, 'ipConfigurations').map((item) => ({
          name: textAt(item, 'name') ?? '',
          id: `${resource.id.id}/ipConfigurations/${textAt(item, 'name')}`,
          etag: resource.etag,
          type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
          properties: { provisioningState: resource.provisioningState, ...objectAt(item, 'properties') },
        })),
      },
    };
  },
  references: interfaceReferences,
  locks(target) {
    const references = interfaceReferences(target.id, target.body);
    return [
      { id: target.id.id, mode: 'exclusive' },
      ...[...new Set(references.map(({ to }) => to))].map((id) => ({ id, mode: 'shared' }) as const),
    ];
  },
  asyncStyle: networkStyle,
  durationSeconds: durations(SMALL_RESOURCE),
  whenSettled: allocateAddresses,
};

function groupOf(body: JsonObject): string | undefined {
  return textAt(body, 'properties', 'networkSecurityGroup', 'id');
}

function configuration(item: JsonObject, index: number, before: readonly JsonObject[]): JsonObject {
  const name = textAt(item, 'name') ?? '';
  const subnet = textAt(item, 'properties', 'subnet', 'id') ?? '';
  const address = textAt(item, 'properties', 'publicIPAddress', 'id');
  const method = textAt(item, 'properties', 'privateIPAllocationMethod') ?? 'Dynamic';
  const had = before.find(
    (other) =>
      sameName(textAt(other, 'name') ?? '', name) && sameId(textAt(other, 'properties', 'subnet', 'id'), subnet),
  );
  const keeps = sameName(method, 'Static')
    ? textAt(item, 'properties', 'privateIPAddress')
    : textAt(had, 'properties', 'privateIPAddress');
  return {
    name,
    properties: {
      ...given('privateIPAddress', keeps),
      privateIPAllocationMethod: method,
      privateIPAddressVersion: textAt(item, 'properties', 'privateIPAddressVersion') ?? 'IPv4',
      primary: index === 0,
      subnet: { id: subnet },
      ...(address === undefined ? {} : { publicIPAddress: { id: address } }),
    },
  };
}

function interfaceReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  const parts = objectsAt(body, 'properties', 'ipConfigurations').flatMap((item): readonly Reference[] => {
    const by = `${id.id}/ipConfigurations/${textAt(item, 'name')}`;
    const subnet = textAt(item, 'properties', 'subnet', 'id');
    const address = textAt(item, 'properties', 'publicIPAddress', 'id');
    return [
      ...(subnet === undefined
        ? []
        : [{ to: subnet, by, linkedAction: 'Microsoft.Network/virtualNetworks/subnets/join/action' }]),
      ...(address === undefined
        ? []
        : [{ to: address, by, linkedAction: 'Microsoft.Network/publicIPAddresses/join/action' }]),
    ];
  });
  const group = groupOf(body);
  if (group === undefined) return parts;
  return [...parts, { to: group, by: id.id, linkedAction: 'Microsoft.Network/networkSecurityGroups/join/action' }];
}

function validateConfiguration(write: Write, draft: ChildDraft, world: World): ArmError | null {
  const id = `${write.id.id}/ipConfigurations/${draft.name}`;
  const subnetId = textAt(draft.properties, 'subnet', 'id');
  const address = textAt(draft.properties, 'publicIPAddress', 'id');
  if (subnetId === undefined) return missingProperty(id, 'subnet');
  const subnet = world.get(subnetId);
  if (subnet === undefined) return null;
  if (isReservedSubnet(nameOf(subnetId)) || objectsAt(subnet.body, 'properties', 'delegations').length > 0) {
    return refuse(
      'SubnetNotAvailableForNetworkInterface',
      `Subnet ${subnetId} referenced by ${id} is reserved for or delegated to another service.`,
    );
  }
  return firstError(
    () => validateSameRegion(write.id.id, write.location, [networkOf(subnetId)], world),
    () => (address === undefined ? null : validatePublicAddressUse(write.id.id, write.location, address, world)),
    () => validatePrivateAddress(write, id, draft, subnet, world),
  );
}

function validatePrivateAddress(
  write: Write,
  id: string,
  { properties }: ChildDraft,
  subnet: StoredResource,
  world: World,
): ArmError | null {
  const prefix = subnetPrefixes(subnet.body).find(({ family }) => family === 4);
  if (prefix === undefined) return null;
  const text = textAt(properties, 'privateIPAddress');
  if (!sameName(textAt(properties, 'privateIPAllocationMethod') ?? 'Dynamic', 'Static')) {
    const held = objectsAt(write.existing?.body, 'properties', 'ipConfigurations').length > 0;
    if (held || allocateAddress(subnet, world) !== null) return null;
    return refuse(
      'SubnetIsFull',
      `Subnet ${subnet.id.name} with address prefix ${prefix.text} does not have enough capacity for 1 IP addresses.`,
    );
  }
  const address = text === undefined ? null : parseAddress(text);
  if (address === null || text === undefined) return missingProperty(id, 'privateIPAddress');
  if (address.first < prefix.first || address.first > prefix.last) {
    return refuse(
      'PrivateIPAddressNotInSubnet',
      `Private static IP address ${text} does not belong to the range of subnet prefix ${prefix.text}.`,
    );
  }
  if (isReservedAddress(prefix, address.first)) {
    return refuse(
      'PrivateIPAddressInReservedRange',
      `Private static IP address ${text} falls within reserved IP range of subnet prefix ${prefix.text}.`,
    );
  }
  const holder = addressesIn(subnet.id.id, world, write.id.id).get(address.first);
  if (holder === undefined) return null;
  return refuse(
    'PrivateIPAddressIsAllocated',
    `IP configuration ${id} is using the private IP address ${text} which is already allocated to resource ${holder.id.id}.`,
  );
}

function allocateAddresses(resource: StoredResource, world: World): readonly Effect[] {
  const given: bigint[] = [];
  const configurations = objectsAt(resource.body, 'properties', 'ipConfigurations').map((item) => {
    const subnet = world.get(textAt(item, 'properties', 'subnet', 'id') ?? '');
    if (subnet === undefined || textAt(item, 'properties', 'privateIPAddress') !== undefined) return item;
    const address = allocateAddress(subnet, world, given);
    if (address === null) return item;
    given.push(parseAddress(address)?.first ?? 0n);
    return { ...item, properties: { privateIPAddress: address, ...objectAt(item, 'properties') } };
  });
  return [changeProperties(resource, { ipConfigurations: configurations, primary: true, macAddress: macOf(resource) })];
}

function macOf(resource: StoredResource): string {
  const hex = guidOf(resource.id.key).replaceAll('-', '').slice(0, 6).toUpperCase();
  return `00-0D-3A-${hex.slice(0, 2)}-${hex.slice(2, 4)}-${hex.slice(4, 6)}`;
}
