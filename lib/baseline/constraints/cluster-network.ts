import { defaultMaxPodsPerNode } from '../cluster-address-need.ts';
import type { ClusterSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import {
  firstSubnetFor,
  hasKubernetes,
  nodeSubnetsOf,
  type PlannedCluster,
  plannedClusters,
} from './cluster-context.ts';
import { type ConstraintContext, hasDnsProxy, hasEgressHop } from './context.ts';

/** Azure's own network policy engine serves 250 nodes and 20,000 pods at most. */
const maxNodesWithAzurePolicy = 250;
const maxPodsWithAzurePolicy = 20_000;
/** Microsoft documents 5,000 nodes for a cluster with overlay, and names of network, subnet and group of up to 63 characters. */
const maxNodesWithOverlay = 5000;
/** Routes in a table; kubenet adds one for each node, two with two address families. */
const maxRoutesPerTable = 400;

function nodesOf(cluster: ClusterSpec): number {
  const pooled = cluster.nodePools.reduce((sum, pool) => sum + pool.maxCount, 0);
  return Math.max(pooled, cluster.networking.maxNodes ?? 0);
}

function hasWindows(cluster: ClusterSpec): boolean {
  return cluster.nodePools.some(({ osType }) => osType === 'Windows');
}

/** True when the node subnet's 0.0.0.0/0 leads to the hub: by default with user-defined routing and something to lead to. */
function routesToHub(context: ConstraintContext, planned: PlannedCluster): boolean {
  return hasEgressHop(context.spec) && nodeSubnetsOf(planned).some(({ spec }) => spec?.routeToFirewall !== false);
}

function* kubenetFaults(context: ConstraintContext, planned: PlannedCluster): Iterable<Violation> {
  const { cluster, path, spoke } = planned;
  if (cluster.networking.plugin !== 'kubenet') return;
  const unsupported = (place: string, what: string): Violation =>
    violation('KubenetUnsupported', `${path}.${place}`, `Kubenet does not work with ${what}.`);

  if (cluster.networking.networkPolicy === 'azure' || cluster.networking.networkPolicy === 'cilium') {
    yield unsupported('networking.networkPolicy', `network policy ${cluster.networking.networkPolicy}`);
  }
  if (cluster.ingress.profile === 'applicationGatewayForContainers') {
    yield unsupported('ingress.profile', 'Application Gateway for Containers');
  }
  if (cluster.identity.type === 'systemAssigned' && cluster.outboundType === 'userDefinedRouting') {
    yield unsupported('identity.type', 'user-defined routing and a system-assigned identity');
  }
  const ownDns =
    spoke.network.dnsServers === undefined ? hasDnsProxy(context.spec) : spoke.network.dnsServers.length > 0;
  if (cluster.apiServer.access === 'private' && ownDns && routesToHub(context, planned)) {
    yield unsupported('apiServer.access', 'a private cluster that has both DNS servers and a route table of its own');
  }
  const routesPerNode = planned.dualStack ? 2 : 1;
  const own =
    spoke.routes.length +
    (routesToHub(context, planned) ? 1 : 0) +
    Math.max(0, ...nodeSubnetsOf(planned).map(({ spec }) => spec?.routes.length ?? 0));
  const routes = own + nodesOf(cluster) * routesPerNode;
  if (routes > maxRoutesPerTable) {
    const message = `${own} routes of your own and ${routesPerNode} for each of ${nodesOf(cluster)} nodes are ${routes}; a table has ${maxRoutesPerTable}.`;
    yield violation('KubenetRoutesExceeded', `${path}.nodePools`, message);
  }
}

function* windowsFaults({ cluster, path }: PlannedCluster): Iterable<Violation> {
  if (!hasWindows(cluster)) return;
  const { plugin, dataplane } = cluster.networking;
  const reason =
    plugin === 'kubenet'
      ? 'kubenet'
      : dataplane === 'cilium'
        ? 'the Cilium dataplane'
        : cluster.outboundType === 'none'
          ? 'a network isolated cluster'
          : undefined;
  if (reason === undefined) return;
  const index = cluster.nodePools.findIndex(({ osType }) => osType === 'Windows');
  yield violation(
    'WindowsUnsupported',
    `${path}.nodePools[${index}].osType`,
    `Windows nodes do not work with ${reason}.`,
  );
}

function* dualStackFaults({
  cluster,
  path,
  podAddressing,
  dualStack,
  network,
  spoke,
}: PlannedCluster): Iterable<Violation> {
  const { networking } = cluster;
  if (networking.ipFamilies[0] !== 'IPv4' || new Set(networking.ipFamilies).size !== networking.ipFamilies.length) {
    yield violation('IpFamiliesOrder', `${path}.networking.ipFamilies`, 'A cluster has IPv4, or IPv4 and then IPv6.');
    return;
  }
  if (!dualStack) {
    for (const key of ['podIpv6Cidr', 'serviceIpv6Cidr'] as const) {
      if (networking[key] === undefined) continue;
      yield violation('Ipv6RangeUnexpected', `${path}.networking.${key}`, 'The cluster has no IPv6.');
    }
    return;
  }
  const unsupported = (place: string, what: string): Violation =>
    violation('DualStackUnsupported', `${path}.${place}`, `Dual stack does not work with ${what}.`);
  if (podAddressing !== 'overlay' && podAddressing !== undefined) {
    yield unsupported(
      networking.plugin === 'kubenet' ? 'networking.plugin' : 'networking.mode',
      `${networking.mode ?? networking.plugin}: it needs overlay`,
    );
  }
  if (networking.networkPolicy === 'azure' || networking.networkPolicy === 'calico') {
    yield unsupported('networking.networkPolicy', `network policy ${networking.networkPolicy}`);
  }
  if (cluster.outboundType === 'userAssignedNATGateway' && spoke.natGateway?.sku === 'Standard') {
    yield unsupported('outboundType', 'a Standard NAT gateway, which has IPv4 only');
  }
  const nodes = network.subnets.find(({ purpose }) => purpose === 'nodes');
  const hasSpace = network.space.some(({ prefix }) => prefix.family === 6);
  if (!hasSpace || (nodes !== undefined && nodes.given.ipv6AddressPrefix === undefined)) {
    const at =
      hasSpace && nodes !== undefined ? `${nodes.path}.ipv6AddressPrefix` : `${network.path}.network.addressPrefixes`;
    yield violation(
      'DualStackAddressMissing',
      at,
      'Dual stack needs an IPv6 prefix of the network and a /64 of the node subnet.',
    );
  }
}

function* ciliumFaults({ cluster, path }: PlannedCluster): Iterable<Violation> {
  const { plugin, dataplane, networkPolicy } = cluster.networking;
  if (dataplane === 'cilium' && plugin !== 'azure') {
    yield violation(
      'CiliumUnsupported',
      `${path}.networking.dataplane`,
      `The Cilium dataplane does not work with plugin ${plugin}.`,
    );
  }
  if (dataplane === 'cilium' && (networkPolicy === 'azure' || networkPolicy === 'calico')) {
    yield violation(
      'CiliumUnsupported',
      `${path}.networking.networkPolicy`,
      `The Cilium dataplane does not work with network policy ${networkPolicy}.`,
    );
  }
  if (networkPolicy === 'cilium' && dataplane !== 'cilium' && plugin === 'azure') {
    yield violation(
      'CiliumUnsupported',
      `${path}.networking.networkPolicy`,
      'Network policy cilium needs the Cilium dataplane.',
    );
  }
}

function* limitFaults(
  { spec }: ConstraintContext,
  { cluster, path, podAddressing, spoke, network }: PlannedCluster,
): Iterable<Violation> {
  const nodes = nodesOf(cluster);
  const { networkPolicy, maxPods } = cluster.networking;
  if (networkPolicy === 'azure') {
    const pods = cluster.nodePools.reduce(
      (sum, pool) =>
        sum + pool.maxCount * (pool.maxPods ?? maxPods ?? defaultMaxPodsPerNode[podAddressing ?? 'overlay']),
      0,
    );
    if (nodes > maxNodesWithAzurePolicy || pods > maxPodsWithAzurePolicy) {
      const message = `Azure network policy serves ${maxNodesWithAzurePolicy} nodes and ${maxPodsWithAzurePolicy} pods, not ${nodes} and ${pods}.`;
      yield violation('NetworkPolicyLimit', `${path}.networking.networkPolicy`, message);
    }
  }
  if (podAddressing !== 'overlay') return;
  if (nodes > maxNodesWithOverlay) {
    yield violation(
      'OverlayNodesExceeded',
      `${path}.nodePools`,
      `Overlay serves ${maxNodesWithOverlay} nodes, not ${nodes}.`,
    );
  }
  const group = spoke.resourceGroup ?? spec.hub.resourceGroup;
  const names: (readonly [string | undefined, string])[] = [
    [spoke.network.name ?? spoke.network.id?.split('/').at(-1), `${network.path}.network.name`],
    [
      group.name ?? group.id?.split('/').at(-1),
      `${spoke.resourceGroup === undefined ? 'hub' : network.path}.resourceGroup.${group.name === undefined ? 'id' : 'name'}`,
    ],
    ...network.subnets
      .filter(({ purpose }) => purpose === 'nodes')
      .map(({ name, path: at }) => [name, `${at}.name`] as const),
  ];
  for (const [name, at] of names) {
    if (name === undefined || name.length <= 63) continue;
    yield violation('OverlayNameTooLong', at, `The name ${name} has ${name.length} characters; overlay takes 63.`);
  }
}

function* modeFaults({ cluster, path, podAddressing, network }: PlannedCluster): Iterable<Violation> {
  const { networking } = cluster;
  if (networking.mode !== undefined && networking.plugin !== 'azure') {
    yield violation('NetworkModeUnexpected', `${path}.networking.mode`, `Plugin ${networking.plugin} has no modes.`);
  }
  const podSubnets = podAddressing === 'podSubnetDynamic' || podAddressing === 'podSubnetStaticBlock';
  if (podSubnets && network.subnets.every(({ purpose }) => purpose !== 'pods')) {
    yield violation('PodSubnetMissing', `${path}.networking.mode`, `Spoke ${network.name} has no subnet for pods.`);
  }
  if (podAddressing === 'podSubnetStaticBlock') {
    if (!hasKubernetes(cluster, 28)) {
      const message = `Static blocks need Kubernetes 1.28, not ${cluster.kubernetesVersion}.`;
      yield violation('KubernetesVersionTooOld', `${path}.kubernetesVersion`, message, { version: '1.28' });
    }
    const service = network.subnets.find(({ purpose }) => purpose === 'privateLinkService');
    if (service !== undefined) {
      yield violation(
        'PrivateLinkServiceUnsupported',
        `${service.path}.purpose`,
        'Private Link services do not work with static blocks of pod addresses.',
      );
    }
  }
}

function* virtualNodeFaults(planned: PlannedCluster): Iterable<Violation> {
  const { cluster, path, podAddressing, dualStack } = planned;
  if (!cluster.addons.virtualNodes) return;
  const reason =
    podAddressing === 'kubenet'
      ? 'kubenet'
      : podAddressing === 'overlay'
        ? 'overlay'
        : dualStack
          ? 'dual stack'
          : undefined;
  if (reason !== undefined) {
    yield violation(
      'VirtualNodesUnsupported',
      `${path}.addons.virtualNodes`,
      `Virtual nodes do not work with ${reason}.`,
    );
  } else if (firstSubnetFor(planned, 'virtualNodes') === undefined) {
    yield violation(
      'VirtualNodesSubnetMissing',
      `${path}.addons.virtualNodes`,
      'The spoke has no subnet for virtual nodes.',
    );
  }
}

/** Network plugins, modes, dataplanes and policies: which go together, and how large they grow. */
export function* clusterNetworkConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const planned of plannedClusters(context)) {
    yield* kubenetFaults(context, planned);
    yield* windowsFaults(planned);
    yield* dualStackFaults(planned);
    yield* ciliumFaults(planned);
    yield* limitFaults(context, planned);
    yield* modeFaults(planned);
    yield* virtualNodeFaults(planned);
  }
}
