import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, reference, zonesOf } from '../kind-support/node.ts';
import { foreignUsers, foreignUsersByPart, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

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
    ...foreignUsersByPart(actual, ['properties.ipConfiguration.id'], isOurs),
    ...foreignUsers(actual, ['properties.natGateway.id'], isOurs),
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
