import type { Json } from '../../json.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies, firewallReady, groupOf } from '../kind-support/dependencies.ts';
import { joined, phrase, textsAt } from '../kind-support/entry-text.ts';
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

/** `10.77.0.0/16 to VirtualAppliance 10.240.0.9`. */
function describeRoute(route: Json): string {
  return joined([
    ...textsAt(route, 'properties.addressPrefix'),
    phrase('to', [textsAt(route, 'properties.nextHopType', 'properties.nextHopIpAddress').join(' ')]),
  ]);
}

/**
 * A route of AKS with kubenet: named after its node, with the prefix of its pods in dual stack (cloud-provider-azure), from
 * the node's /24 of the pods (/64 with IPv6) to the node. Anything wider is no node, whatever its name.
 */
const NODE_ROUTE = /^aks-[a-z0-9]{1,12}-\d{8}-(vmss[a-z0-9]{6}|\d{1,4})(____[0-9a-f]+)?$/i;
const PODS_OF_NODE = /\/(24|64)$/;

function isRouteOfNode(route: Json): boolean {
  const [name = ''] = textsAt(route, 'name');
  const [prefix = ''] = textsAt(route, 'properties.addressPrefix');
  const [hop = ''] = textsAt(route, 'properties.nextHopType');
  return NODE_ROUTE.test(name) && PODS_OF_NODE.test(prefix) && hop.toLowerCase() === 'virtualappliance';
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
    entries: [{ path: ROUTES, key: 'name', foreign: 'keep', describe: describeRoute, isOfService: isRouteOfNode }],
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
  steersTraffic: ['properties'],
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
