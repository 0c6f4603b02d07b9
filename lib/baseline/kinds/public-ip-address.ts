import { parentId } from '../arm-id.ts';
import type { ResourceKind } from '../kind.ts';
import {
  dependencies,
  envelope,
  FIXED_LOCATION,
  groupOf,
  laneOf,
  NETWORK_API_VERSION,
  NETWORK_READ_ONLY,
  nodeOf,
  reference,
  referencesAt,
  riskFrom,
  zonesOf,
} from '../kind-support.ts';

export const publicIpAddress: ResourceKind = {
  name: 'publicIPAddress',
  type: 'Microsoft.Network/publicIPAddresses',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.ipAddress',
      'properties.ipConfiguration',
      // Set from the NAT gateway's side.
      'properties.natGateway',
      'properties.upgradedToV2',
    ],
    entries: [],
    sets: ['zones'],
    ignoreCase: [
      'sku.name',
      'sku.tier',
      'properties.publicIPAddressVersion',
      'properties.publicIPAllocationMethod',
      'properties.ddosSettings.protectionMode',
      'properties.deleteOption',
    ],
    defaults: {
      'sku.tier': 'Regional',
      'properties.publicIPAddressVersion': 'IPv4',
      'properties.idleTimeoutInMinutes': 4,
      'properties.ipTags': [],
      'properties.ddosSettings.protectionMode': 'VirtualNetworkInherited',
    },
    immutable: {
      location: FIXED_LOCATION,
      zones: 'The zones of a public IP address are fixed when it is made.',
      'sku.name': 'The SKU of a public IP address is fixed when it is made.',
      'properties.publicIPAddressVersion': 'A public IP address keeps its IP version.',
      'properties.publicIPAllocationMethod': 'Standard public IP addresses are Static.',
      'properties.publicIPPrefix.id': 'A public IP address stays in the prefix that it came from.',
    },
    secret: [],
  },
  // Whoever has the address on an allow-list loses it for good.
  riskOf: riskFrom('destructive', [], 'disruptive'),
  referencesOf: (body) =>
    referencesAt(body, ['properties.publicIPPrefix.id', 'properties.ddosSettings.ddosProtectionPlan.id']),
  foreignContentOf: (actual, isOurs) => [
    ...referencesAt(actual, ['properties.ipConfiguration.id'])
      .filter((id) => !isOurs(parentId(id)))
      .map((id) => `used by ${parentId(id)}`),
    ...referencesAt(actual, ['properties.natGateway.id'])
      .filter((id) => !isOurs(id))
      .map((id) => `used by ${id}`),
  ],
  compile: (baseline) =>
    baseline.publicIpAddresses.map((address) =>
      nodeOf('publicIPAddress', address, {
        owner: address.owner,
        body: {
          ...envelope(address, baseline),
          sku: { name: address.sku, tier: 'Regional' },
          ...zonesOf(address.zones),
          properties: {
            publicIPAllocationMethod: 'Static',
            publicIPAddressVersion: 'IPv4',
            idleTimeoutInMinutes: 4,
            publicIPPrefix: reference(address.prefixId),
          },
        },
        dependsOn: dependencies([groupOf(address), address.prefixId]),
        // Whatever carries the address locks it while it is being written itself.
        lanes: [
          laneOf.publicIpAddress(address.id),
          ...(address.prefixId === undefined ? [] : [laneOf.publicIpPrefix(address.prefixId)]),
        ],
      }),
    ),
};
