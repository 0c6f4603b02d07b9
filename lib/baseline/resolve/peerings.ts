import type { ResolvedNetwork, ResolvedPeering } from '../resolved.ts';
import type { BaselineSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';

interface Side {
  readonly network: ResolvedNetwork;
  readonly conventional: string;
  readonly allowForwardedTraffic: boolean;
  readonly allowGatewayTransit: boolean;
  readonly useRemoteGateways: boolean;
}

function bothSides(
  names: NameBook,
  scope: string,
  path: string,
  sides: readonly [Side, Side],
): readonly ResolvedPeering[] {
  const idOf = (side: Side): { readonly id: string; readonly name: string } => {
    const name = names.name('virtualNetworkPeering', side.conventional);
    return { name, id: `${side.network.id}/virtualNetworkPeerings/${name}` };
  };
  const resolved = (side: Side, other: Side): ResolvedPeering => {
    const { network } = side;
    return {
      ...idOf(side),
      subscriptionId: network.subscriptionId,
      resourceGroup: network.resourceGroup,
      location: network.location,
      presence: 'create',
      scope,
      path,
      networkId: network.id,
      remoteNetworkId: other.network.id,
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: side.allowForwardedTraffic,
      allowGatewayTransit: side.allowGatewayTransit,
      useRemoteGateways: side.useRemoteGateways,
      otherSideId: idOf(other).id,
    };
  };
  return [resolved(sides[0], sides[1]), resolved(sides[1], sides[0])];
}

/**
 * Peerings of every spoke with the hub, and of the pairs of spokes that the spec names. A direct pair takes no forwarded
 * traffic and no gateway: its traffic does not pass the firewall, so security groups carry the policy.
 */
export function resolvePeerings(
  spec: BaselineSpec,
  names: NameBook,
  networks: readonly ResolvedNetwork[],
): readonly ResolvedPeering[] {
  const hub = networks.find(({ role }) => role === 'hub');
  const networkOf = (spoke: string) => networks.find((network) => network.spoke === spoke);
  if (hub === undefined) return [];
  const transit = spec.spokes.length > 1 || spec.hub.subnets.gateway !== undefined;

  const withHub = spec.spokes.flatMap((spoke, index) => {
    const network = networkOf(spoke.name);
    if (network === undefined) return [];
    const { peering } = spoke;
    // The hub's side first: it must allow gateway transit before the spoke can use it.
    return bothSides(names, network.scope, `spokes[${index}].peering`, [
      {
        network: hub,
        conventional: `hub-to-spoke-${spoke.name}`,
        allowForwardedTraffic: peering.hubAllowForwardedTraffic,
        allowGatewayTransit: peering.useHubGateway,
        useRemoteGateways: false,
      },
      {
        network,
        conventional: `spoke-${spoke.name}-to-hub`,
        allowForwardedTraffic: peering.allowForwardedTraffic ?? transit,
        allowGatewayTransit: false,
        useRemoteGateways: peering.useHubGateway,
      },
    ]);
  });
  const direct = spec.spokeToSpokePeerings.flatMap(([a, b], index) => {
    const [first, second] = [networkOf(a), networkOf(b)];
    if (first === undefined || second === undefined) return [];
    const side = (network: ResolvedNetwork, conventional: string): Side => ({
      network,
      conventional,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
    });
    return bothSides(names, first.scope, `spokeToSpokePeerings[${index}]`, [
      side(first, `spoke-${a}-to-spoke-${b}`),
      side(second, `spoke-${b}-to-spoke-${a}`),
    ]);
  });
  return [...withHub, ...direct];
}
