import { firstUsableAddress, parsePrefix } from '../address-space.ts';
import { RESERVED_SUBNET_NAMES } from '../network-requests.ts';
import type { ResolvedEgressHop, ResolvedResource } from '../resolved.ts';
import type { BaselineSpec } from '../spec.ts';
import { resolveHubNetwork } from './hub-network.ts';
import type { NetworkInput, NetworkParts } from './network-parts.ts';
import { uniqueById } from './place.ts';
import { resolveSpokeNetwork } from './spoke-network.ts';
import { type Prefixes, plannedPrefixes, prefixesOf } from './subnet-prefixes.ts';

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

interface Shared extends ResolvedResource {
  readonly networkIds: readonly string[];
}

/** One entry for each id, with the networks of all of them; one that is made counts before one that is referred to. */
function merged<T extends Shared>(all: readonly T[]): readonly T[] {
  const madeFirst = [...all].sort((a, b) => Number(a.presence === 'reference') - Number(b.presence === 'reference'));
  return uniqueById(madeFirst).map((resource) => {
    const same = all.filter(({ id }) => id.toLowerCase() === resource.id.toLowerCase());
    return { ...resource, networkIds: [...new Set(same.flatMap(({ networkIds }) => networkIds))] };
  });
}

/** The networks of a spec with their subnets, security groups, route tables and NAT gateways. */
export function resolveNetworks(
  given: Omit<NetworkInput, 'hubPrefixes' | 'hop'>,
): NetworkParts & { readonly egressHop?: ResolvedEgressHop } {
  const { spec } = given;
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
  const input: NetworkInput = { ...given, hubPrefixes, hop };
  const parts: readonly NetworkParts[] = [
    resolveHubNetwork(input),
    ...spec.spokes.map((spoke, index) => {
      const prefixes = prefixesOf(planned.get(`spokes[${index}]`), spoke.subnets);
      return resolveSpokeNetwork(input, index, spoke, prefixes);
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
