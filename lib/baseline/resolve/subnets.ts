import { RESERVED_SUBNET_NAMES } from '../network-requests.ts';
import { type SecurityContext, securityRulesFor, takesSecurityGroup } from '../network-security-rules.ts';
import type {
  ResolvedNetworkSecurityGroup,
  ResolvedResource,
  ResolvedRouteTable,
  ResolvedSubnet,
} from '../resolved.ts';
import type { SpokeSpec, SubnetPurpose, SubnetSpec } from '../spec.ts';
import type { NetworkInput } from './network-parts.ts';
import { existing, made, type Place, uniqueById } from './place.ts';
import { isIpv4, type Prefixes } from './subnet-prefixes.ts';
import { resolvedRoute, routesToFirewall, toFirewall } from './subnet-routes.ts';

export const SECURITY_GROUP_TYPE = 'Microsoft.Network/networkSecurityGroups';
export const ROUTE_TABLE_TYPE = 'Microsoft.Network/routeTables';

/** Azure delegates these subnets to one service; anything else in them is refused. */
const DELEGATION: Partial<Record<SubnetPurpose, string>> = {
  pods: 'Microsoft.ContainerService/managedClusters',
  apiServer: 'Microsoft.ContainerService/managedClusters',
  applicationGatewayForContainers: 'Microsoft.ServiceNetworking/trafficControllers',
  virtualNodes: 'Microsoft.ContainerInstance/containerGroups',
  dnsResolverInbound: 'Microsoft.Network/dnsResolvers',
  dnsResolverOutbound: 'Microsoft.Network/dnsResolvers',
};

/** With 0.0.0.0/0 to a firewall, API Management reaches these through service endpoints (Microsoft's work-around). */
const API_MANAGEMENT_ENDPOINTS = ['Microsoft.EventHub', 'Microsoft.KeyVault', 'Microsoft.Sql', 'Microsoft.Storage'];

function podCidrs(spoke: SpokeSpec | undefined): readonly string[] {
  const networking = spoke?.cluster?.networking;
  if (networking === undefined || networking.plugin === 'none') return [];
  if (networking.plugin === 'azure' && (networking.mode ?? 'overlay') !== 'overlay') return [];
  return [networking.podCidr ?? '192.168.0.0/16'];
}

const GATEWAY_PROFILES: readonly string[] = [
  'applicationGatewayWithInternalLoadBalancer',
  'applicationGatewayIngressController',
  'applicationGatewayForContainers',
];

export interface SubnetsInput {
  readonly input: NetworkInput;
  readonly place: Place;
  readonly network: ResolvedResource;
  /** Beginning of the names of its parts, such as `vnet-spoke-a`. */
  readonly label: string;
  readonly spoke?: SpokeSpec;
  readonly subnets: readonly SubnetSpec[];
  readonly pathOf: (index: number) => string;
  readonly prefixes: Prefixes;
  /** Name of the table that subnets without routes of their own share. */
  readonly sharedTable: string;
  readonly natGatewayId?: string;
}

export interface SubnetParts {
  readonly subnets: readonly ResolvedSubnet[];
  readonly groups: readonly ResolvedNetworkSecurityGroup[];
  readonly tables: readonly ResolvedRouteTable[];
}

function securityContext(given: SubnetsInput, own: readonly string[]): SecurityContext {
  const { input, spoke, subnets, prefixes } = given;
  const { spec } = input;
  const peers = spec.spokeToSpokePeerings
    .filter((pair) => spoke !== undefined && pair.includes(spoke.name))
    .flatMap((pair) => spec.spokes.filter(({ name }) => name !== spoke?.name && pair.includes(name)));
  const neighbours = spoke === undefined ? spec.spokes : [spoke, ...peers];
  const reachable = [spec.hub.network, ...neighbours.map(({ network }) => network)].flatMap(
    ({ addressPrefixes }) => addressPrefixes,
  );
  return {
    own,
    prefixesOf: (purpose) =>
      subnets.filter((subnet) => subnet.purpose === purpose).flatMap(({ name }) => prefixes(name).filter(isIpv4)),
    bastion: input.hubPrefixes(RESERVED_SUBNET_NAMES.bastion).filter(isIpv4),
    reachable: [...new Set(reachable.filter(isIpv4))],
    podCidrs: podCidrs(spoke),
    ingressThroughGateway: GATEWAY_PROFILES.includes(spoke?.cluster?.ingress.profile ?? 'none'),
  };
}

/** Subnets with the security groups and route tables that their purposes bring. */
export function resolveSubnets(given: SubnetsInput): SubnetParts {
  const { input, place, network, label, spoke, subnets, prefixes } = given;
  const { spec, names, hop } = input;
  const groups: ResolvedNetworkSecurityGroup[] = [];
  const tables: ResolvedRouteTable[] = [];
  const networkIds = [network.id];

  const tableOf = (subnet: SubnetSpec, path: string): string | undefined => {
    if (subnet.routeTableId !== undefined) {
      const table = existing(subnet.routeTableId, 'reference', { ...place, path });
      tables.push({ ...table, routes: [], disableBgpRoutePropagation: false, leadsToFirewall: false, networkIds });
      return table.id;
    }
    const routed = hop !== undefined && routesToFirewall(spec, spoke, subnet);
    const managesApis = routed && subnet.purpose === 'apiManagement';
    const own = subnet.routes.length > 0 || managesApis;
    if (!routed && !own) return undefined;
    const routes = [
      ...(routed
        ? [
            toFirewall('r-nexthop-to-fw', '0.0.0.0/0', hop),
            ...(spoke?.routes ?? []).map((route) => resolvedRoute(route, hop)),
          ]
        : []),
      // The answers to API Management's control plane on port 3443 must leave the way they came.
      ...(managesApis
        ? [{ name: 'r-api-management', addressPrefix: 'ApiManagement', nextHopType: 'Internet' as const }]
        : []),
      ...subnet.routes.map((route) => resolvedRoute(route, hop)),
    ];
    const name = names.name('routeTable', own ? `route-${label}-${subnet.name}` : given.sharedTable);
    const table = made(own ? { ...place, path } : place, ROUTE_TABLE_TYPE, name);
    tables.push({
      ...table,
      routes,
      disableBgpRoutePropagation: routed,
      leadsToFirewall: routed && spec.hub.firewall !== undefined,
      networkIds,
    });
    return table.id;
  };

  const groupOf = (subnet: SubnetSpec, path: string): string | undefined => {
    const wanted = subnet.networkSecurityGroup;
    if (wanted?.id !== undefined) {
      groups.push({ ...existing(wanted.id, 'reference', { ...place, path }), rules: [], networkIds });
      return wanted.id;
    }
    if (wanted === undefined && !takesSecurityGroup(subnet.purpose)) return undefined;
    const context = securityContext(given, prefixes(subnet.name).filter(isIpv4));
    const group = made(
      { ...place, path },
      SECURITY_GROUP_TYPE,
      names.name('networkSecurityGroup', `nsg-${label}-${subnet.name}`),
    );
    groups.push({
      ...group,
      rules: [...(wanted?.rules ?? []), ...securityRulesFor(subnet.purpose, context)],
      networkIds,
    });
    return group.id;
  };

  const resolved = subnets.map((subnet, index): ResolvedSubnet => {
    const path = given.pathOf(index);
    const { purpose } = subnet;
    const routed = hop !== undefined && routesToFirewall(spec, spoke, subnet);
    const viaNat =
      subnet.natGateway ??
      ((purpose === 'nodes' || purpose === 'pods') && spoke?.cluster?.outboundType === 'userAssignedNATGateway');
    const endpoints = routed && purpose === 'apiManagement' ? API_MANAGEMENT_ENDPOINTS : [];
    return {
      id: `${network.id}/subnets/${subnet.name}`,
      name: subnet.name,
      purpose,
      addressPrefixes: prefixes(subnet.name),
      networkSecurityGroupId: groupOf(subnet, path),
      routeTableId: tableOf(subnet, path),
      natGatewayId: viaNat ? given.natGatewayId : undefined,
      delegation: subnet.delegation ?? DELEGATION[purpose],
      serviceEndpoints: [...new Set([...subnet.serviceEndpoints, ...endpoints])],
      privateEndpointNetworkPolicies:
        subnet.privateEndpointNetworkPolicies ??
        (purpose === 'privateEndpoints' || purpose === 'nodes' ? 'Disabled' : undefined),
      privateLinkServiceNetworkPolicies:
        subnet.privateLinkServiceNetworkPolicies ??
        (purpose === 'privateLinkService' || purpose === 'internalLoadBalancer' || purpose === 'nodes'
          ? 'Disabled'
          : undefined),
      routesToFirewall: routed,
      path,
    };
  });
  return { subnets: resolved, groups, tables: uniqueById(tables) };
}
