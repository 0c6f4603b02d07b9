import type { ResourceKind } from '../kind.ts';
import { dependencies, firewallReady, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignEntries, foreignUsersByPart } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';
import type { ResolvedBaseline, ResolvedRouteTable } from '../resolved.ts';

const ROUTES = 'properties.routes';

/** Tables of spokes only: the hub waits for its own tables, and the firewall for the hub. */
function redirectsTraffic(table: ResolvedRouteTable, baseline: ResolvedBaseline): boolean {
  const hub = baseline.networks.find(({ role }) => role === 'hub');
  return table.leadsToFirewall && !table.networkIds.some((id) => id === hub?.id);
}

export const routeTable: ResourceKind = {
  name: 'routeTable',
  type: 'Microsoft.Network/routeTables',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.subnets',
      `${ROUTES}[].etag`,
      `${ROUTES}[].type`,
      `${ROUTES}[].properties.provisioningState`,
      `${ROUTES}[].properties.hasBgpOverride`,
    ],
    // AKS with kubenet writes one route for each node into the table of its subnet.
    entries: [{ path: ROUTES, key: 'name', foreign: 'keep' }],
    sets: [],
    // Azure refuses an address beside any type of hop but an appliance.
    oursUnsaid: [`${ROUTES}[].properties.nextHopIpAddress`],
    ignoreCase: [`${ROUTES}[].properties.nextHopType`, `${ROUTES}[].properties.addressPrefix`],
    defaults: {
      [ROUTES]: [],
      'properties.disableBgpRoutePropagation': false,
      'properties.disablePeeringRoute': 'None',
      [`${ROUTES}[].properties.nextHopIpAddress`]: '',
    },
    immutable: { location: FIXED_LOCATION },
    secret: [],
  },
  riskOf: riskFrom('destructive', [], 'disruptive'),
  referencesOf: () => [],
  foreignContentOf: (actual, isOurs) => [
    ...foreignEntries(actual, ROUTES, 'route', isOurs),
    ...foreignUsersByPart(actual, ['properties.subnets[].id'], isOurs),
  ],
  compile: (baseline) =>
    baseline.routeTables.map((table) =>
      nodeOf('routeTable', table, {
        body: {
          ...envelope(table, baseline),
          properties: {
            disableBgpRoutePropagation: table.disableBgpRoutePropagation,
            routes: table.routes.map(({ name, ...properties }) => ({ name, properties })),
          },
        },
        dependsOn: dependencies([groupOf(table)], redirectsTraffic(table, baseline) ? firewallReady(baseline) : []),
        lanes: table.networkIds.map(laneOf.virtualNetwork),
      }),
    ),
};
