import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, zonesOf } from '../kind-support/node.ts';
import { foreignUsers, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

export const publicIpPrefix: ResourceKind = {
  name: 'publicIPPrefix',
  type: 'Microsoft.Network/publicIPPrefixes',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.ipPrefix',
      'properties.publicIPAddresses',
      'properties.loadBalancerFrontendIpConfiguration',
      'properties.natGateway',
      'properties.upgradedToV2',
    ],
    entries: [],
    sets: ['zones'],
    ignoreCase: ['sku.name', 'sku.tier', 'properties.publicIPAddressVersion'],
    defaults: { 'sku.tier': 'Regional', 'properties.publicIPAddressVersion': 'IPv4', 'properties.ipTags': [] },
    immutable: {
      location: FIXED_LOCATION,
      zones: 'The zones of a public IP prefix are fixed when it is made.',
      'sku.name': 'The SKU of a public IP prefix is fixed when it is made.',
      'properties.prefixLength': 'A public IP prefix keeps its size; add another one.',
      'properties.publicIPAddressVersion': 'A public IP prefix keeps its IP version.',
    },
    secret: [],
  },
  // Its addresses never come back.
  riskOf: riskFrom('destructive', [], 'safe'),
  referencesOf: (body) => referencesAt(body, ['properties.customIPPrefix.id']),
  foreignContentOf: (actual, isOurs) =>
    foreignUsers(
      actual,
      [
        'properties.publicIPAddresses[].id',
        'properties.natGateway.id',
        'properties.loadBalancerFrontendIpConfiguration.id',
      ],
      isOurs,
    ),
  compile: (baseline) =>
    baseline.publicIpPrefixes.map((prefix) =>
      nodeOf('publicIPPrefix', prefix, {
        body: {
          ...envelope(prefix, baseline),
          sku: { name: prefix.sku, tier: 'Regional' },
          ...zonesOf(prefix.zones),
          properties: { publicIPAddressVersion: 'IPv4', prefixLength: prefix.prefixLength },
        },
        dependsOn: dependencies([groupOf(prefix)]),
        lanes: [laneOf.publicIpPrefix(prefix.id)],
      }),
    ),
};
