import { defaultMaxPodsPerNode } from '../cluster-address-need.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';
import { firstSubnetFor, type PlannedCluster, plannedClusters, subnetOfPool } from './cluster-context.ts';
import type { ConstraintContext } from './context.ts';

/** AKS wants room for 30 pods in every pool, so 10 pods a node need three nodes. */
const minPodsPerPool = 30;
const maxWindowsPoolNameLength = 6;

const clusterName = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

function* poolFaults(planned: PlannedCluster): Iterable<Violation> {
  const { cluster, podAddressing, network } = planned;
  for (const [index, pool] of cluster.nodePools.entries()) {
    const path = `${planned.path}.nodePools[${index}]`;
    if (pool.minCount > pool.maxCount) {
      yield violation(
        'NodePoolBounds',
        `${path}.minCount`,
        `Pool ${pool.name} cannot have ${pool.minCount} nodes at least and ${pool.maxCount} at most.`,
      );
    }
    if (pool.osType === 'Windows') {
      if (pool.name.length > maxWindowsPoolNameLength) {
        yield violation(
          'NodePoolNameTooLong',
          `${path}.name`,
          `${pool.name} has ${pool.name.length} characters; a Windows pool has ${maxWindowsPoolNameLength} at most.`,
        );
      }
      if (pool.mode === 'System')
        yield violation('SystemPoolWindows', `${path}.mode`, `Pool ${pool.name} is a system pool with Windows.`);
    }
    if (pool.mode === 'System' && pool.minCount === 0) {
      yield violation('SystemPoolEmpty', `${path}.minCount`, `System pool ${pool.name} may shrink to no node.`);
    }
    const maxPods =
      pool.maxPods ??
      cluster.networking.maxPods ??
      (podAddressing === undefined ? 110 : defaultMaxPodsPerNode[podAddressing]);
    if (pool.maxCount * maxPods < minPodsPerPool) {
      const message = `Pool ${pool.name} has room for ${pool.maxCount * maxPods} pods; AKS wants ${minPodsPerPool} at least.`;
      yield violation('NodePoolPodsTooFew', `${path}.maxPods`, message);
    }
    for (const [key, purpose] of [
      ['subnet', 'nodes'],
      ['podSubnet', 'pods'],
    ] as const) {
      const name = pool[key];
      if (name === undefined || subnetOfPool(planned, pool, purpose) !== undefined) continue;
      yield violation(
        'NodePoolSubnetUnknown',
        `${path}.${key}`,
        `Spoke ${network.name} has no subnet ${name.slice(0, 80)} with purpose ${purpose}.`,
      );
    }
  }
}

/** Node pools: names, bounds, systems, and the subnets that they name. */
export function* clusterPoolConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const planned of plannedClusters(context)) {
    const { name, nodePools } = planned.cluster;
    if (name !== undefined && !clusterName.test(name)) {
      yield violation('ClusterNameInvalid', `${planned.path}.name`, `${name} is no name for a cluster.`);
    }
    if (firstSubnetFor(planned, 'nodes') === undefined) {
      yield violation(
        'NodeSubnetMissing',
        `${planned.network.path}.subnets`,
        `Spoke ${planned.network.name} has a cluster and no subnet for nodes.`,
      );
    }
    for (const { index, text } of repeatsOf(nodePools.map(({ name }) => name))) {
      yield violation(
        'NodePoolNameDuplicate',
        `${planned.path}.nodePools[${index}].name`,
        `A pool named ${text} is there already.`,
      );
    }
    if (nodePools.length > 0 && nodePools.every(({ mode }) => mode !== 'System')) {
      yield violation(
        'SystemPoolMissing',
        `${planned.path}.nodePools`,
        `The cluster of ${planned.network.label} has pools, but no system pool.`,
      );
    }
    yield* poolFaults(planned);
  }
}
