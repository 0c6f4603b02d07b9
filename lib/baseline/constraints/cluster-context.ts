import type { PodAddressing } from '../cluster-address-need.ts';
import { podAddressingOf } from '../network-requests.ts';
import type { ClusterSpec, NodePoolSpec, SpokeSpec } from '../spec.ts';
import type { ConstraintContext, PlannedNetwork, PlannedSubnet } from './context.ts';

/** A cluster with the network it lives in. */
export interface PlannedCluster {
  readonly cluster: ClusterSpec;
  readonly spoke: SpokeSpec;
  readonly network: PlannedNetwork;
  /** Place of the cluster in the document. */
  readonly path: string;
  /** Absent with a network plugin of one's own. */
  readonly podAddressing?: PodAddressing;
  readonly dualStack: boolean;
}

/** The clusters of a spec. */
export function plannedClusters(context: ConstraintContext): readonly PlannedCluster[] {
  return context.networks.flatMap((network): PlannedCluster[] => {
    const { spoke } = network;
    if (spoke?.cluster === undefined) return [];
    const { cluster } = spoke;
    const podAddressing = podAddressingOf(cluster);
    const dualStack = cluster.networking.ipFamilies.includes('IPv6');
    const base = { cluster, spoke, network, path: `${network.path}.cluster`, dualStack };
    return [podAddressing === undefined ? base : { ...base, podAddressing }];
  });
}

/** The first subnet of a purpose: the one that pools without a choice of their own use. */
export function firstSubnetFor(planned: PlannedCluster, purpose: PlannedSubnet['purpose']): PlannedSubnet | undefined {
  return planned.network.subnets.find((subnet) => subnet.purpose === purpose);
}

/** The subnet in which a pool has its nodes, or its pods. */
export function subnetOfPool(
  planned: PlannedCluster,
  pool: Pick<NodePoolSpec, 'subnet' | 'podSubnet'>,
  purpose: 'nodes' | 'pods',
): PlannedSubnet | undefined {
  const name = purpose === 'nodes' ? pool.subnet : pool.podSubnet;
  if (name === undefined) return firstSubnetFor(planned, purpose);
  return planned.network.subnets.find((subnet) => subnet.name === name && subnet.purpose === purpose);
}

/** Every subnet in which the cluster has nodes. */
export function nodeSubnetsOf(planned: PlannedCluster): readonly PlannedSubnet[] {
  const { nodePools } = planned.cluster;
  const found =
    nodePools.length === 0
      ? [firstSubnetFor(planned, 'nodes')]
      : nodePools.map((pool) => subnetOfPool(planned, pool, 'nodes'));
  return [...new Set(found)].filter((subnet) => subnet !== undefined);
}

/** True when the version is at least `1.minor`; a cluster without a version gets a current one. */
export function hasKubernetes(cluster: ClusterSpec, minor: number): boolean {
  const found = /^1\.(\d+)/.exec(cluster.kubernetesVersion ?? '');
  return found === null || Number(found[1]) >= minor;
}
