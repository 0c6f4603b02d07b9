import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, zonesOf } from '../kind-support/node.ts';
import { foreignUsersByPart, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const ADDRESSES = 'properties.publicIpAddresses';
const PREFIXES = 'properties.publicIpPrefixes';
const references = (ids: readonly string[]) => (ids.length === 0 ? undefined : ids.map((id) => ({ id })));

export const natGateway: ResourceKind = {
  name: 'natGateway',
  type: 'Microsoft.Network/natGateways',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [...NETWORK_READ_ONLY, 'properties.subnets'],
    entries: [
      { path: ADDRESSES, key: 'id', foreign: 'keep' },
      { path: PREFIXES, key: 'id', foreign: 'keep' },
    ],
    sets: ['zones'],
    ignoreCase: ['sku.name'],
    defaults: {
      'properties.idleTimeoutInMinutes': 4,
      [ADDRESSES]: [],
      [PREFIXES]: [],
      'properties.publicIpAddressesV6': [],
      'properties.publicIpPrefixesV6': [],
    },
    immutable: {
      location: FIXED_LOCATION,
      zones: 'The zones of a NAT gateway are fixed when it is made.',
      'sku.name': 'A NAT gateway keeps its SKU; make a new one and attach it to the subnets.',
    },
    secret: [],
  },
  riskOf: riskFrom(
    'destructive',
    [
      { path: ADDRESSES, risk: 'safe', when: 'added' },
      { path: PREFIXES, risk: 'safe', when: 'added' },
      { path: 'properties.idleTimeoutInMinutes', risk: 'safe' },
    ],
    'disruptive',
  ),
  referencesOf: (body) => referencesAt(body, [`${ADDRESSES}[].id`, `${PREFIXES}[].id`]),
  foreignContentOf: (actual, isOurs) => foreignUsersByPart(actual, ['properties.subnets[].id'], isOurs),
  compile: (baseline) =>
    baseline.natGateways.map((gateway) =>
      nodeOf('natGateway', gateway, {
        body: {
          ...envelope(gateway, baseline),
          sku: { name: gateway.sku },
          ...zonesOf(gateway.zones),
          properties: {
            idleTimeoutInMinutes: gateway.idleTimeoutInMinutes,
            publicIpAddresses: references(gateway.publicIpAddressIds),
            publicIpPrefixes: references(gateway.publicIpPrefixIds),
          },
        },
        dependsOn: dependencies([groupOf(gateway), ...gateway.publicIpAddressIds, ...gateway.publicIpPrefixIds]),
        lanes: [
          ...gateway.networkIds.map(laneOf.virtualNetwork),
          ...gateway.publicIpAddressIds.map(laneOf.publicIpAddress),
          ...gateway.publicIpPrefixIds.map(laneOf.publicIpPrefix),
        ],
      }),
    ),
};
