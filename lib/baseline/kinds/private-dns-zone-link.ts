import type { ResourceKind } from '../kind.ts';
import { dependencies } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

export const privateDnsZoneLink: ResourceKind = {
  name: 'privateDnsZoneLink',
  type: 'Microsoft.Network/privateDnsZones/virtualNetworkLinks',
  apiVersion: '2024-06-01',
  observe: { by: 'parent', parentKind: 'privateDnsZone' },
  etag: 'honoured',
  // Operators see half a minute to two minutes.
  durationMinutes: { create: 2, update: 1, delete: 1 },
  comparison: {
    readOnly: ['etag', 'properties.provisioningState', 'properties.virtualNetworkLinkState'],
    entries: [],
    sets: [],
    ignoreCase: ['properties.resolutionPolicy'],
    defaults: { 'properties.registrationEnabled': false, 'properties.resolutionPolicy': 'Default' },
    immutable: {
      location: FIXED_LOCATION,
      'properties.virtualNetwork.id': 'A link keeps its virtual network; remove it and make another one.',
    },
    secret: [],
  },
  // Names of the zone stop resolving in that network.
  steersTraffic: ['properties'],
  riskOf: riskFrom('destructive', [], 'disruptive'),
  referencesOf: (body) => referencesAt(body, ['properties.virtualNetwork.id']),
  foreignContentOf: () => [],
  compile: (baseline) =>
    baseline.privateDnsZoneLinks.map((link) =>
      nodeOf('privateDnsZoneLink', link, {
        body: {
          ...envelope(link, baseline),
          properties: { virtualNetwork: { id: link.networkId }, registrationEnabled: false },
        },
        dependsOn: dependencies([link.zoneId, link.networkId]),
        // Private DNS is a provider of its own: it holds the zone while a link is written, and not the network.
        lanes: [laneOf.privateDnsZone(link.zoneId)],
      }),
    ),
};
