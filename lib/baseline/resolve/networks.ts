import { ProblemError } from '../../problem.ts';
import { planAddresses } from '../address-plan.ts';
import { firstUsableAddress, parsePrefix } from '../address-space.ts';
import { hasReservedSubnet, networkRequests, RESERVED_SUBNET_NAMES, type ReservedSubnet } from '../network-requests.ts';
import { bastionRules, type SecurityContext, securityRulesFor, takesSecurityGroup } from '../network-security-rules.ts';
import type {
  ResolvedEgressHop,
  ResolvedNatGateway,
  ResolvedNetwork,
  ResolvedNetworkSecurityGroup,
  ResolvedPublicIpAddress,
  ResolvedPublicIpPrefix,
  ResolvedResource,
  ResolvedRoute,
  ResolvedRouteTable,
  ResolvedSubnet,
} from '../resolved.ts';
import type { BaselineSpec, NetworkSpec, RouteSpec, SpokeSpec, SubnetPurpose, SubnetSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place, spokePlace, uniqueById } from './place.ts';
import { natGateway } from './public-egress.ts';

const NETWORK = 'Microsoft.Network/virtualNetworks';
const GROUP = 'Microsoft.Network/networkSecurityGroups';
const TABLE = 'Microsoft.Network/routeTables';

/** Networks and everything that their subnets name. */
export interface NetworkParts {
  readonly networks: readonly ResolvedNetwork[];
  readonly networkSecurityGroups: readonly ResolvedNetworkSecurityGroup[];
  readonly routeTables: readonly ResolvedRouteTable[];
  readonly natGateways: readonly ResolvedNatGateway[];
  readonly publicIpAddresses: readonly ResolvedPublicIpAddress[];
  readonly publicIpPrefixes: readonly ResolvedPublicIpPrefix[];
}

export interface NetworkInput {
  readonly spec: BaselineSpec;
  readonly names: NameBook;
  readonly hub: Place;
  readonly ddosProtectionPlanId?: string;
}

type Prefixes = (subnetName: string) => readonly string[];

/** Azure delegates these subnets to one service; anything else in them is refused. */
const DELEGATION: Partial<Record<SubnetPurpose, string>> = {
  pods: 'Microsoft.ContainerService/managedClusters',
  apiServer: 'Microsoft.ContainerService/managedClusters',
  applicationGatewayForContainers: 'Microsoft.ServiceNetworking/trafficControllers',
  virtualNodes: 'Microsoft.ContainerInstance/containerGroups',
  dnsResolverInbound: 'Microsoft.Network/dnsResolvers',
  dnsResolverOutbound: 'Microsoft.Network/dnsResolvers',
};

/** Egress of these passes the firewall unless the spec says otherwise; gateways and private endpoints do not take it. */
const ROUTED_BY_DEFAULT: ReadonlySet<SubnetPurpose> = new Set([
  'nodes',
  'pods',
  'internalLoadBalancer',
  'apiServer',
  'management',
  'virtualNodes',
  'general',
]);

/** Of these, the cluster's outbound type decides. */
const CLUSTER_PURPOSES: ReadonlySet<SubnetPurpose> = new Set(['nodes', 'pods', 'internalLoadBalancer', 'apiServer']);

/** With 0.0.0.0/0 to a firewall, API Management reaches these through service endpoints (Microsoft's work-around). */
const API_MANAGEMENT_ENDPOINTS = ['Microsoft.EventHub', 'Microsoft.KeyVault', 'Microsoft.Sql', 'Microsoft.Storage'];

const isIpv4 = (prefix: string): boolean => !prefix.includes(':');

/** Whether the default route of a spoke's subnet leads to the firewall or appliance. */
export function routesToFirewall(spec: BaselineSpec, spoke: SpokeSpec | undefined, subnet: SubnetSpec): boolean {
  if (spec.hub.firewall === undefined && spec.hub.virtualAppliance === undefined) return false;
  if (subnet.routeToFirewall !== undefined) return subnet.routeToFirewall;
  if (spoke === undefined || subnet.routeTableId !== undefined || !ROUTED_BY_DEFAULT.has(subnet.purpose)) return false;
  const outbound = spoke.cluster?.outboundType;
  return !CLUSTER_PURPOSES.has(subnet.purpose) || outbound === undefined || outbound === 'userDefinedRouting';
}

/** Prefixes of every subnet, by the path of its network. Throws for a spec whose subnets do not fit. */
function plannedPrefixes(spec: BaselineSpec): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(
    networkRequests(spec).map((request) => {
      const { prefixes, unplaced } = planAddresses(request);
      const first = unplaced[0];
      if (first !== undefined) {
        throw new ProblemError({
          code: 'SubnetDoesNotFit',
          actor: 'caller',
          message: `No /${first.prefixLength} is left for subnet ${first.name}.`,
          remedy: 'Give the network more address space or the subnet a longer prefix.',
          path: first.path,
        });
      }
      return [request.path, prefixes] as const;
    }),
  );
}

/** What the default route leads to; the firewall's address is the first that Azure leaves free in its subnet. */
function egressHop(spec: BaselineSpec, hubPrefixes: Prefixes): ResolvedEgressHop | undefined {
  const { firewall, virtualAppliance } = spec.hub;
  if (firewall !== undefined) {
    const subnet = parsePrefix(hubPrefixes(RESERVED_SUBNET_NAMES.firewall)[0] ?? '');
    const first = subnet === undefined ? undefined : firstUsableAddress(subnet);
    const privateIpAddress = firewall.privateIpAddress ?? first ?? '';
    return { privateIpAddress, dnsProxy: firewall.policy.dnsProxy ?? firewall.tier !== 'Basic' };
  }
  return virtualAppliance === undefined ? undefined : { ...virtualAppliance, dnsProxy: false };
}

function resolvedRoute(route: RouteSpec, hop: ResolvedEgressHop | undefined): ResolvedRoute {
  const { name, addressPrefix, nextHopType } = route;
  if (nextHopType !== 'VirtualAppliance') return { name, addressPrefix, nextHopType };
  return { name, addressPrefix, nextHopType, nextHopIpAddress: route.nextHopIpAddress ?? hop?.privateIpAddress };
}

function toFirewall(name: string, addressPrefix: string, hop: ResolvedEgressHop): ResolvedRoute {
  return { name, addressPrefix, nextHopType: 'VirtualAppliance', nextHopIpAddress: hop.privateIpAddress };
}

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

interface SubnetsInput {
  readonly input: NetworkInput;
  readonly place: Place;
  readonly network: ResolvedResource;
  /** Beginning of the names of its parts, such as `vnet-spoke-a`. */
  readonly label: string;
  readonly spoke?: SpokeSpec;
  readonly subnets: readonly SubnetSpec[];
  readonly pathOf: (index: number) => string;
  readonly prefixes: Prefixes;
  readonly hop: ResolvedEgressHop | undefined;
  /** Name of the table that subnets without routes of their own share. */
  readonly sharedTable: string;
  readonly bastionPrefixes: readonly string[];
  readonly natGatewayId?: string;
}

interface SubnetParts {
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
    bastion: given.bastionPrefixes,
    reachable: [...new Set(reachable.filter(isIpv4))],
    podCidrs: podCidrs(spoke),
    ingressThroughGateway: GATEWAY_PROFILES.includes(spoke?.cluster?.ingress.profile ?? 'none'),
  };
}

function resolveSubnets(given: SubnetsInput): SubnetParts {
  const { input, place, network, label, spoke, subnets, prefixes, hop } = given;
  const { spec, names } = input;
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
    const table = made(own ? { ...place, path } : place, TABLE, name);
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
    const group = made({ ...place, path }, GROUP, names.name('networkSecurityGroup', `nsg-${label}-${subnet.name}`));
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

function networkResource(place: Place, names: NameBook, conventional: string, spec: NetworkSpec): ResolvedResource {
  if (spec.id !== undefined) return existing(spec.id, 'adopt', place);
  return made(place, NETWORK, names.name('virtualNetwork', conventional, spec.name));
}

function prefixesOf(
  planned: ReadonlyMap<string, string> | undefined,
  subnets: readonly { name: string; ipv6AddressPrefix?: string }[],
): Prefixes {
  const ipv6 = new Map(subnets.map(({ name, ipv6AddressPrefix }) => [name, ipv6AddressPrefix]));
  return (name) => [planned?.get(name), ipv6.get(name)].filter((prefix) => prefix !== undefined);
}

function resolveHub(
  input: NetworkInput,
  prefixes: Prefixes,
  hop: ResolvedEgressHop | undefined,
): NetworkParts & { readonly network: ResolvedNetwork } {
  const { spec, names, hub: place } = input;
  const { hub } = spec;
  const label = `vnet-${place.location}-hub`;
  const resource = networkResource(place, names, label, hub.network);
  const networkIds = [resource.id];
  const egressPlace = { ...place, scope: 'egress', path: 'hub.firewall.natGateway' };
  const nat =
    hub.firewall?.natGateway === undefined
      ? undefined
      : natGateway(hub.firewall.natGateway, egressPlace, names, `fw-${place.location}`, networkIds);
  const bastionPrefixes = prefixes(RESERVED_SUBNET_NAMES.bastion).filter(isIpv4);
  const additional = resolveSubnets({
    input,
    place,
    network: resource,
    label,
    subnets: hub.subnets.additional,
    pathOf: (index) => `hub.subnets.additional[${index}]`,
    prefixes,
    hop,
    sharedTable: `route-hub-to-${place.location}-hub-fw`,
    bastionPrefixes,
    natGatewayId: nat?.gateway.id,
  });

  const bastionGroup: ResolvedNetworkSecurityGroup | undefined = hasReservedSubnet(hub, 'bastion')
    ? {
        ...made(place, GROUP, names.name('networkSecurityGroup', `nsg-${place.location}-bastion`)),
        path: 'hub.bastion',
        rules: [...(hub.bastion?.rules ?? []), ...bastionRules(hub.bastion?.allowedSourcePrefixes ?? ['Internet'])],
        networkIds,
      }
    : undefined;

  // On-premises traffic to a spoke must pass the firewall on its way in, since it does on its way out.
  const gatewayRoutes =
    hub.subnets.gateway === undefined || hop === undefined
      ? []
      : spec.spokes.flatMap((spoke) =>
          spoke.network.addressPrefixes
            .filter(isIpv4)
            .map((prefix, index) => toFirewall(`r-spoke-${spoke.name}-${index}`, prefix, hop)),
        );
  const gatewayTable: ResolvedRouteTable | undefined =
    gatewayRoutes.length === 0
      ? undefined
      : {
          ...made(place, TABLE, names.name('routeTable', `route-gateway-to-${place.location}-hub-fw`)),
          path: 'hub.subnets.gateway',
          routes: gatewayRoutes,
          disableBgpRoutePropagation: false,
          leadsToFirewall: hub.firewall !== undefined,
          networkIds,
        };

  const reserved = (['firewall', 'firewallManagement', 'gateway', 'bastion'] as const)
    .filter((key) => hasReservedSubnet(hub, key))
    .map((key: ReservedSubnet): ResolvedSubnet => {
      const name = RESERVED_SUBNET_NAMES[key];
      return {
        id: `${resource.id}/subnets/${name}`,
        name,
        purpose: 'reserved',
        addressPrefixes: prefixes(name),
        networkSecurityGroupId: key === 'bastion' ? bastionGroup?.id : undefined,
        routeTableId: key === 'gateway' ? gatewayTable?.id : undefined,
        natGatewayId: key === 'firewall' ? nat?.gateway.id : undefined,
        serviceEndpoints: [],
        routesToFirewall: false,
        path: `hub.subnets.${key}`,
      };
    });

  const network: ResolvedNetwork = {
    ...resource,
    role: 'hub',
    addressPrefixes: hub.network.addressPrefixes,
    dnsServers: hub.network.dnsServers ?? (hub.network.id === undefined ? [] : undefined),
    flowTimeoutInMinutes: hub.network.flowTimeoutInMinutes,
    ddosProtectionPlanId: input.ddosProtectionPlanId,
    subnets: [...reserved, ...additional.subnets],
  };
  return {
    network,
    networks: [network],
    networkSecurityGroups: [...(bastionGroup === undefined ? [] : [bastionGroup]), ...additional.groups],
    routeTables: [...(gatewayTable === undefined ? [] : [gatewayTable]), ...additional.tables],
    natGateways: nat === undefined ? [] : [nat.gateway],
    publicIpAddresses: nat?.addresses ?? [],
    publicIpPrefixes: nat?.prefixes ?? [],
  };
}

function resolveSpoke(
  input: NetworkInput,
  index: number,
  spoke: SpokeSpec,
  prefixes: Prefixes,
  hop: ResolvedEgressHop | undefined,
  bastionPrefixes: readonly string[],
): NetworkParts {
  const { spec, names } = input;
  const place = spokePlace(spec, spoke, index);
  const label = `vnet-spoke-${spoke.name}`;
  const resource = networkResource(place, names, label, spoke.network);
  const nat =
    spoke.natGateway === undefined
      ? undefined
      : natGateway(spoke.natGateway, { ...place, path: `${place.path}.natGateway` }, names, `spoke-${spoke.name}`, [
          resource.id,
        ]);
  const parts = resolveSubnets({
    input,
    place,
    network: resource,
    label,
    spoke,
    subnets: spoke.subnets,
    pathOf: (at) => `${place.path}.subnets[${at}]`,
    prefixes,
    hop,
    sharedTable: `route-spoke-${spoke.name}-to-${input.hub.location}-hub-fw`,
    bastionPrefixes,
    natGatewayId: nat?.gateway.id,
  });
  const dnsByDefault = hop?.dnsProxy === true ? [hop.privateIpAddress] : [];
  const network: ResolvedNetwork = {
    ...resource,
    role: 'spoke',
    spoke: spoke.name,
    addressPrefixes: spoke.network.addressPrefixes,
    dnsServers: spoke.network.dnsServers ?? (spoke.network.id === undefined ? dnsByDefault : undefined),
    flowTimeoutInMinutes: spoke.network.flowTimeoutInMinutes,
    ddosProtectionPlanId: input.ddosProtectionPlanId,
    subnets: parts.subnets,
  };
  return {
    networks: [network],
    networkSecurityGroups: parts.groups,
    routeTables: parts.tables,
    natGateways: nat === undefined ? [] : [nat.gateway],
    publicIpAddresses: nat?.addresses ?? [],
    publicIpPrefixes: nat?.prefixes ?? [],
  };
}

/** One entry for each id, with the networks of all of them: an existing group or table may serve several. */
function merged<T extends { readonly id: string; readonly networkIds: readonly string[] }>(
  all: readonly T[],
): readonly T[] {
  return uniqueById(all).map((resource) => {
    const same = all.filter(({ id }) => id.toLowerCase() === resource.id.toLowerCase());
    return { ...resource, networkIds: [...new Set(same.flatMap(({ networkIds }) => networkIds))] };
  });
}

/** The networks of a spec with their subnets, security groups, route tables and NAT gateways. */
export function resolveNetworks(input: NetworkInput): NetworkParts & { readonly egressHop?: ResolvedEgressHop } {
  const { spec } = input;
  const planned = plannedPrefixes(spec);
  const { subnets } = spec.hub;
  const hubPrefixes = prefixesOf(planned.get('hub'), [
    ...(['firewall', 'firewallManagement', 'gateway', 'bastion'] as const).map((key) => ({
      name: RESERVED_SUBNET_NAMES[key],
      ipv6AddressPrefix: subnets[key]?.ipv6AddressPrefix,
    })),
    ...subnets.additional,
  ]);
  const hop = egressHop(spec, hubPrefixes);
  const hub = resolveHub(input, hubPrefixes, hop);
  const bastionPrefixes = hubPrefixes(RESERVED_SUBNET_NAMES.bastion).filter(isIpv4);
  const parts: readonly NetworkParts[] = [
    hub,
    ...spec.spokes.map((spoke, index) => {
      const prefixes = prefixesOf(planned.get(`spokes[${index}]`), spoke.subnets);
      return resolveSpoke(input, index, spoke, prefixes, hop, bastionPrefixes);
    }),
  ];
  return {
    networks: parts.flatMap(({ networks }) => networks),
    networkSecurityGroups: merged(parts.flatMap(({ networkSecurityGroups }) => networkSecurityGroups)),
    routeTables: merged(parts.flatMap(({ routeTables }) => routeTables)),
    natGateways: parts.flatMap(({ natGateways }) => natGateways),
    publicIpAddresses: parts.flatMap(({ publicIpAddresses }) => publicIpAddresses),
    publicIpPrefixes: parts.flatMap(({ publicIpPrefixes }) => publicIpPrefixes),
    egressHop: hop,
  };
}
