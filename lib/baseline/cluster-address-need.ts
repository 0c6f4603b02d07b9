import { azureReservedAddressesPerSubnet, prefixLengthFor } from './address-space.ts';

/** How pods get their addresses. */
export type PodAddressing = 'overlay' | 'kubenet' | 'nodeSubnet' | 'podSubnetDynamic' | 'podSubnetStaticBlock';

/** A node pool as far as its addresses go. */
export interface PoolSize {
  /** Nodes at most, the autoscaler's maximum included. */
  readonly maxNodes: number;
  /** Pods a node may run; the mode's default where absent. */
  readonly maxPodsPerNode?: number;
  /** Extra nodes during an upgrade: a number, or a percentage of the nodes such as `33%`. One where absent. */
  readonly maxSurge?: number | string;
}

/** What takes addresses in the subnets of a cluster. */
export interface ClusterAddressInput {
  readonly podAddressing: PodAddressing;
  readonly pools: readonly PoolSize[];
  /** Frontends of internal load balancers and Private Link services that live in the node subnet. */
  readonly internalFrontends?: number;
  /** Private endpoints in the node subnet; the one of a private-link cluster is among them. */
  readonly privateEndpoints?: number;
}

/** Addresses and the longest prefix that holds them. */
export interface AddressNeed {
  readonly addresses: number;
  /** Absent when no IPv4 prefix is large enough. */
  readonly prefixLength?: number;
}

/** What a cluster needs of its subnets and ranges. */
export interface ClusterAddressNeed {
  readonly nodes: number;
  readonly surgeNodes: number;
  readonly nodeSubnet: AddressNeed;
  /** In the pod-subnet modes. */
  readonly podSubnet?: AddressNeed;
  /** In overlay and kubenet: every node takes a /24 of the pod range. */
  readonly podCidr?: AddressNeed;
}

/** Microsoft documents 110 pods a node with kubenet and pod subnets, 30 with pods in the node subnet, 250 with overlay. */
export const defaultMaxPodsPerNode: Readonly<Record<PodAddressing, number>> = {
  overlay: 250,
  kubenet: 110,
  nodeSubnet: 30,
  podSubnetDynamic: 110,
  podSubnetStaticBlock: 110,
};

const podAddressBatch = 16;
/** With dynamic allocation a node asks for its next batch when fewer than this many addresses are left. */
const freeAddressesBeforeNextBatch = 8;
const podCidrAddressesPerNode = 256;

/** Nodes that an upgrade adds to a pool: percentages round up, one node where nothing is said. */
export function surgeNodesOf(pool: PoolSize): number {
  if (pool.maxSurge === undefined) return 1;
  if (typeof pool.maxSurge === 'number') return pool.maxSurge;
  const figure = Number.parseFloat(pool.maxSurge);
  if (!Number.isFinite(figure)) return 1;
  // The product in hundredths keeps 33 % of 300 at 99; a multiplication with 0.33 gives 99.00000000000001 and rounds to 100.
  return pool.maxSurge.trimEnd().endsWith('%') ? Math.ceil((pool.maxNodes * figure) / 100) : Math.ceil(figure);
}

function need(addresses: number): AddressNeed {
  const prefixLength = prefixLengthFor(addresses);
  return prefixLength === undefined ? { addresses } : { addresses, prefixLength };
}

/**
 * Addresses that a cluster needs with all its pools at their maximum during an upgrade, Azure's five of each subnet
 * included. The figures are Microsoft's: with pods in the node subnet each node holds the addresses of all its pods
 * up front; dynamic pod subnets hand out batches of 16, the next one when fewer than 8 are free; static blocks are
 * /28 each, with one address of the node's own; overlay and kubenet give every node a /24.
 */
export function clusterAddressNeed(input: ClusterAddressInput): ClusterAddressNeed {
  const { podAddressing, pools } = input;
  const nodes = pools.reduce((sum, pool) => sum + pool.maxNodes, 0);
  const surgeNodes = pools.reduce((sum, pool) => sum + surgeNodesOf(pool), 0);
  const others = (input.internalFrontends ?? 0) + (input.privateEndpoints ?? 0) + azureReservedAddressesPerSubnet;
  const overPools = (addressesPerNode: (maxPods: number) => number): number =>
    pools.reduce((sum, pool) => {
      const maxPods = pool.maxPodsPerNode ?? defaultMaxPodsPerNode[podAddressing];
      return sum + (pool.maxNodes + surgeNodesOf(pool)) * addressesPerNode(maxPods);
    }, 0);
  const total = { nodes, surgeNodes };
  const nodesOnly = need(nodes + surgeNodes + others);

  switch (podAddressing) {
    case 'overlay':
    case 'kubenet':
      return { ...total, nodeSubnet: nodesOnly, podCidr: need((nodes + surgeNodes) * podCidrAddressesPerNode) };
    case 'nodeSubnet':
      return { ...total, nodeSubnet: need(overPools((maxPods) => 1 + maxPods) + others) };
    case 'podSubnetDynamic': {
      const worstCase = overPools(
        (maxPods) => podAddressBatch * Math.ceil((maxPods + freeAddressesBeforeNextBatch) / podAddressBatch),
      );
      return { ...total, nodeSubnet: nodesOnly, podSubnet: need(worstCase + azureReservedAddressesPerSubnet) };
    }
    case 'podSubnetStaticBlock': {
      const blocks = overPools((maxPods) => podAddressBatch * Math.ceil((maxPods + 1) / podAddressBatch));
      return { ...total, nodeSubnet: nodesOnly, podSubnet: need(blocks + azureReservedAddressesPerSubnet) };
    }
    default: {
      const unknown: never = podAddressing;
      throw new TypeError(`unknown pod addressing: ${String(unknown)}`);
    }
  }
}

/** Nodes, surge ones included, that a pod range can serve in overlay and kubenet: one /24 each. */
export function nodesThatFitPodCidr(prefixLength: number): number {
  return prefixLength > 24 ? 0 : 2 ** (24 - prefixLength);
}
