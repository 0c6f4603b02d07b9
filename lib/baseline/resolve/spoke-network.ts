import type { ResolvedNetwork } from '../resolved.ts';
import type { SpokeSpec } from '../spec.ts';
import { type NetworkInput, type NetworkParts, networkResource } from './network-parts.ts';
import { spokePlace } from './place.ts';
import { natGateway } from './public-egress.ts';
import type { Prefixes } from './subnet-prefixes.ts';
import { resolveSubnets } from './subnets.ts';

/** The network of a spoke with what its subnets name. */
export function resolveSpokeNetwork(
  input: NetworkInput,
  index: number,
  spoke: SpokeSpec,
  prefixes: Prefixes,
): NetworkParts {
  const { spec, names, hop } = input;
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
    sharedTable: `route-spoke-${spoke.name}-to-${input.hub.location}-hub-fw`,
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
