import { hasReservedSubnet, RESERVED_SUBNET_NAMES, type ReservedSubnet } from '../network-requests.ts';
import { bastionRules } from '../network-security-rules.ts';
import type { ResolvedNetwork, ResolvedNetworkSecurityGroup, ResolvedRouteTable, ResolvedSubnet } from '../resolved.ts';
import { type NetworkInput, type NetworkParts, networkResource } from './network-parts.ts';
import { made } from './place.ts';
import { natGateway } from './public-egress.ts';
import { isIpv4 } from './subnet-prefixes.ts';
import { toFirewall } from './subnet-routes.ts';
import { ROUTE_TABLE_TYPE, resolveSubnets, SECURITY_GROUP_TYPE } from './subnets.ts';

/** The hub with its fixed subnets, the group of Bastion, the routes of the gateway and the NAT gateway of the firewall. */
export function resolveHubNetwork(input: NetworkInput): NetworkParts {
  const { spec, names, hub: place, hop, hubPrefixes: prefixes } = input;
  const { hub } = spec;
  const label = `vnet-${place.location}-hub`;
  const resource = networkResource(place, names, label, hub.network);
  const networkIds = [resource.id];
  const egressPlace = { ...place, scope: 'egress', path: 'hub.firewall.natGateway' };
  const nat =
    hub.firewall?.natGateway === undefined
      ? undefined
      : natGateway(hub.firewall.natGateway, egressPlace, names, `fw-${place.location}`, networkIds);
  const additional = resolveSubnets({
    input,
    place,
    network: resource,
    label,
    subnets: hub.subnets.additional,
    pathOf: (index) => `hub.subnets.additional[${index}]`,
    prefixes,
    sharedTable: `route-hub-to-${place.location}-hub-fw`,
    natGatewayId: nat?.gateway.id,
  });

  const bastionGroup: ResolvedNetworkSecurityGroup | undefined = hasReservedSubnet(hub, 'bastion')
    ? {
        ...made(place, SECURITY_GROUP_TYPE, names.name('networkSecurityGroup', `nsg-${place.location}-bastion`)),
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
          ...made(place, ROUTE_TABLE_TYPE, names.name('routeTable', `route-gateway-to-${place.location}-hub-fw`)),
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
    networks: [network],
    networkSecurityGroups: [...(bastionGroup === undefined ? [] : [bastionGroup]), ...additional.groups],
    routeTables: [...(gatewayTable === undefined ? [] : [gatewayTable]), ...additional.tables],
    natGateways: nat === undefined ? [] : [nat.gateway],
    publicIpAddresses: nat?.addresses ?? [],
    publicIpPrefixes: nat?.prefixes ?? [],
  };
}
