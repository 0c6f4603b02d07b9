import type { NetworkRequest, SubnetRequest } from './address-plan.ts';
import { clusterAddressNeed, type PodAddressing, type PoolSize } from './cluster-address-need.ts';
import type { BaselineSpec, ClusterSpec, HubSpec, ReservedSubnetSpec, SpokeSpec, SubnetSpec } from './spec.ts';

/** Names that Azure fixes. */
export const RESERVED_SUBNET_NAMES = {
  firewall: 'AzureFirewallSubnet',
  gateway: 'GatewaySubnet',
  bastion: 'AzureBastionSubnet',
  firewallManagement: 'AzureFirewallManagementSubnet',
} as const;

export type ReservedSubnet = keyof typeof RESERVED_SUBNET_NAMES;

/**
 * Sizes where the spec gives none. Microsoft asks for /26 for firewall, its management and Bastion, /27 for gateways,
 * and recommends /24 for Application Gateway; the rest as the AKS baseline has them.
 */
const RESERVED_PREFIX_LENGTH: Readonly<Record<ReservedSubnet, number>> = {
  firewall: 26,
  gateway: 27,
  bastion: 26,
  firewallManagement: 26,
};

const PURPOSE_PREFIX_LENGTH: Readonly<Record<SubnetSpec['purpose'], number>> = {
  nodes: 22,
  pods: 20,
  internalLoadBalancer: 28,
  apiServer: 28,
  applicationGateway: 24,
  applicationGatewayForContainers: 24,
  apiManagement: 27,
  privateEndpoints: 28,
  privateLinkService: 28,
  management: 28,
  virtualNodes: 24,
  dnsResolverInbound: 28,
  dnsResolverOutbound: 28,
  general: 26,
};

/** Whether the firewall has an address for its management: Basic always, others when the spec says so. */
export function hasFirewallManagement(hub: HubSpec): boolean {
  if (hub.firewall === undefined) return false;
  return hub.firewall.tier === 'Basic' || (hub.firewall.management ?? hub.subnets.firewallManagement !== undefined);
}

/** Whether a subnet with a fixed name exists; one that does not keeps its place free for later. */
export function hasReservedSubnet(hub: HubSpec, key: ReservedSubnet): boolean {
  if (hub.subnets[key] !== undefined) return true;
  if (key === 'firewall') return hub.firewall !== undefined;
  if (key === 'bastion') return hub.bastion !== undefined;
  return key === 'firewallManagement' && hasFirewallManagement(hub);
}

/** How the pods of a cluster get their addresses; undefined with a plugin of one's own. */
export function podAddressingOf(cluster: ClusterSpec): PodAddressing | undefined {
  switch (cluster.networking.plugin) {
    case 'kubenet':
      return 'kubenet';
    case 'none':
      return undefined;
    case 'azure':
      switch (cluster.networking.mode ?? 'overlay') {
        case 'overlay':
          return 'overlay';
        case 'nodeSubnet':
          return 'nodeSubnet';
        case 'podSubnet':
          return 'podSubnetDynamic';
        case 'podSubnetStaticBlock':
          return 'podSubnetStaticBlock';
      }
  }
}

/** The pools of a cluster, with one more for nodes that `maxNodes` asks for beyond them. */
export function poolSizesOf(
  cluster: ClusterSpec,
): readonly (PoolSize & { readonly subnet?: string; readonly podSubnet?: string })[] {
  const { maxNodes, maxPods, maxSurge } = cluster.networking;
  const pools = cluster.nodePools.map((pool) => ({
    maxNodes: pool.maxCount,
    maxPodsPerNode: pool.maxPods ?? maxPods,
    maxSurge: pool.maxSurge ?? maxSurge,
    subnet: pool.subnet,
    podSubnet: pool.podSubnet,
  }));
  const pooled = pools.reduce((sum, pool) => sum + pool.maxNodes, 0);
  const more = (maxNodes ?? 0) - pooled;
  const extra = { maxNodes: more, maxPodsPerNode: maxPods, maxSurge: pools.length > 0 ? 0 : maxSurge };
  return more > 0 ? [...pools, { ...extra, subnet: undefined, podSubnet: undefined }] : pools;
}

function plannedLength(subnet: SubnetSpec, spoke: SpokeSpec | undefined): number {
  if (subnet.prefixLength !== undefined) return subnet.prefixLength;
  const fallback = PURPOSE_PREFIX_LENGTH[subnet.purpose];
  const cluster = spoke?.cluster;
  const podAddressing = cluster === undefined ? undefined : podAddressingOf(cluster);
  if (spoke === undefined || cluster === undefined || podAddressing === undefined) return fallback;
  if (subnet.purpose !== 'nodes' && subnet.purpose !== 'pods') return fallback;
  const first = spoke.subnets.find((other) => other.purpose === subnet.purpose)?.name;
  const pools = poolSizesOf(cluster).filter(
    (pool) => ((subnet.purpose === 'nodes' ? pool.subnet : pool.podSubnet) ?? first) === subnet.name,
  );
  if (pools.length === 0) return fallback;
  const need = clusterAddressNeed({
    podAddressing,
    pools,
    internalFrontends: subnet.name === first ? (cluster.networking.internalFrontends ?? 0) : 0,
    privateEndpoints: subnet.name === first && cluster.apiServer.access === 'private' ? 1 : 0,
  });
  const wanted = subnet.purpose === 'nodes' ? need.nodeSubnet : need.podSubnet;
  return wanted?.prefixLength ?? fallback;
}

function reservedRequest(hub: HubSpec, key: ReservedSubnet): SubnetRequest {
  const given: ReservedSubnetSpec | undefined = hub.subnets[key];
  return {
    name: RESERVED_SUBNET_NAMES[key],
    path: `hub.subnets.${key}`,
    addressPrefix: given?.addressPrefix,
    prefixLength: given?.prefixLength ?? RESERVED_PREFIX_LENGTH[key],
    placeholder: !hasReservedSubnet(hub, key),
  };
}

function subnetRequest(subnet: SubnetSpec, path: string, spoke?: SpokeSpec): SubnetRequest {
  const { name, addressPrefix } = subnet;
  return { name, path, addressPrefix, prefixLength: plannedLength(subnet, spoke) };
}

/**
 * What each virtual network of a spec asks of the address plan: the hub first, then the spokes in their order. Subnets
 * with fixed names that the hub does not have yet keep their places free, except in an adopted network, whose other
 * subnets are not known here.
 */
export function networkRequests(spec: BaselineSpec): readonly NetworkRequest[] {
  const { hub } = spec;
  const reserved = (['firewall', 'gateway', 'bastion', 'firewallManagement'] as const)
    .map((key) => reservedRequest(hub, key))
    .filter((request) => hub.network.id === undefined || !request.placeholder);
  return [
    {
      name: 'hub',
      path: 'hub',
      addressSpace: hub.network.addressPrefixes,
      subnets: [
        ...reserved,
        ...hub.subnets.additional.map((subnet, index) => subnetRequest(subnet, `hub.subnets.additional[${index}]`)),
      ],
    },
    ...spec.spokes.map((spoke, index) => ({
      name: spoke.name,
      path: `spokes[${index}]`,
      addressSpace: spoke.network.addressPrefixes,
      subnets: spoke.subnets.map((subnet, at) => subnetRequest(subnet, `spokes[${index}].subnets[${at}]`, spoke)),
    })),
  ];
}
