import {
  type AddressPrefix,
  addressAt,
  azureReservedAddressesPerSubnet,
  contains,
  isReservedByAzure,
  overlaps,
  parseAddress,
  parsePrefix,
  usableAddressCount,
} from '../address-space.ts';
import {
  clusterAddressNeed,
  defaultMaxPodsPerNode,
  nodesThatFitPodCidr,
  type PoolSize,
} from '../cluster-address-need.ts';
import { poolSizesOf } from '../network-requests.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { addressFaults, isPrivateRange, prefixFaults } from './addresses.ts';
import { firstSubnetFor, type PlannedCluster, plannedClusters, subnetOfPool } from './cluster-context.ts';
import type { ConstraintContext, PlannedSubnet } from './context.ts';

/** What AKS assumes where the spec names no pod range. */
export const defaultPodCidr = '192.168.0.0/16';
/** Dynamic allocation of pod addresses serves 65,536 addresses for each virtual network. */
const maxDynamicPodAddresses = 65_536;

function* overlapWithNetworks(
  context: ConstraintContext,
  range: AddressPrefix,
  path: string,
  code: 'PodCidrOverlap' | 'ServiceCidrOverlap',
): Iterable<Violation> {
  for (const network of context.networks) {
    const hit = network.space.find(({ prefix }) => overlaps(prefix, range));
    if (hit === undefined) continue;
    yield violation(code, path, `${range.text} overlaps ${hit.prefix.text} of the network of ${network.label}.`);
    return;
  }
}

function* podCidrFaults(context: ConstraintContext, planned: PlannedCluster): Iterable<Violation> {
  const { cluster, podAddressing, dualStack } = planned;
  const { networking } = cluster;
  const path = `${planned.path}.networking.podCidr`;
  if (podAddressing !== 'overlay' && podAddressing !== 'kubenet') {
    if (networking.podCidr !== undefined && podAddressing !== undefined) {
      yield violation('PodCidrUnexpected', path, 'Pods have addresses of a subnet here, not of a range of their own.');
    }
    return;
  }
  const text = networking.podCidr ?? defaultPodCidr;
  yield* prefixFaults(text, path, 4);
  const range = parsePrefix(text);
  if (range?.family !== 4) return;
  yield* overlapWithNetworks(context, range, path, 'PodCidrOverlap');
  if (!isPrivateRange(range)) {
    yield violation('PodCidrNotPrivate', path, `${range.text} is not in RFC 1918 or RFC 6598.`);
  }
  const need = clusterAddressNeed({ podAddressing, pools: poolSizesOf(cluster) });
  const wanted = need.nodes + need.surgeNodes;
  const fits = nodesThatFitPodCidr(range.prefixLength);
  if (wanted > fits) {
    const message = `${range.text} serves ${fits} nodes with a /24 each; the pools and their upgrades need ${wanted}.`;
    yield violation('PodCidrTooSmall', path, message, { prefixLength: need.podCidr?.prefixLength ?? 0 });
  }
  if (!dualStack) return;
  const ipv6 = networking.podIpv6Cidr;
  if (ipv6 === undefined) return;
  yield* prefixFaults(ipv6, `${planned.path}.networking.podIpv6Cidr`, 6);
  const prefix = parsePrefix(ipv6);
  if (prefix?.family === 6 && prefix.prefixLength !== 64) {
    yield violation('PodIpv6CidrNotSlash64', `${planned.path}.networking.podIpv6Cidr`, `${ipv6} is not a /64.`);
  }
}

function* serviceCidrFaults(context: ConstraintContext, planned: PlannedCluster): Iterable<Violation> {
  const { networking } = planned.cluster;
  const path = `${planned.path}.networking.serviceCidr`;
  const dnsPath = `${planned.path}.networking.dnsServiceIp`;
  yield* prefixFaults(networking.serviceCidr, path, 4);
  yield* addressFaults(networking.dnsServiceIp, dnsPath);
  const range = parsePrefix(networking.serviceCidr);
  if (range?.family === 4) {
    if (range.prefixLength < 13) {
      yield violation('ServiceCidrTooLarge', path, `${range.text} is not smaller than a /12.`);
    }
    yield* overlapWithNetworks(context, range, path, 'ServiceCidrOverlap');
    const hasPodCidr = planned.podAddressing === 'overlay' || planned.podAddressing === 'kubenet';
    const pods = hasPodCidr ? parsePrefix(networking.podCidr ?? defaultPodCidr) : undefined;
    if (pods !== undefined && overlaps(pods, range)) {
      yield violation('ServiceCidrOverlap', path, `${range.text} overlaps the pods' ${pods.text}.`);
    }
    const dns = parseAddress(networking.dnsServiceIp);
    if (dns?.family === 4 && !contains(range, dns)) {
      yield violation('DnsServiceIpOutside', dnsPath, `${networking.dnsServiceIp} is not inside ${range.text}.`, {
        example: addressAt(range, 10) ?? range.text,
      });
    } else if (dns?.family === 4 && dns.first <= range.first + 1n) {
      yield violation(
        'DnsServiceIpFirst',
        dnsPath,
        `${networking.dnsServiceIp} is the address of the Kubernetes API inside the cluster.`,
        { example: addressAt(range, 10) ?? range.text },
      );
    }
  }
  if (!planned.dualStack || networking.serviceIpv6Cidr === undefined) return;
  yield* prefixFaults(networking.serviceIpv6Cidr, `${planned.path}.networking.serviceIpv6Cidr`, 6);
  const ipv6 = parsePrefix(networking.serviceIpv6Cidr);
  if (ipv6?.family === 6 && ipv6.prefixLength < 108) {
    yield violation(
      'ServiceIpv6CidrTooLarge',
      `${planned.path}.networking.serviceIpv6Cidr`,
      `${networking.serviceIpv6Cidr} is larger than a /108.`,
    );
  }
}

function poolsIn(planned: PlannedCluster, subnet: PlannedSubnet, purpose: 'nodes' | 'pods'): readonly PoolSize[] {
  return poolSizesOf(planned.cluster).filter((pool) => subnetOfPool(planned, pool, purpose) === subnet);
}

function* subnetSizeFaults(planned: PlannedCluster): Iterable<Violation> {
  const { cluster, podAddressing, network } = planned;
  if (podAddressing === undefined) return;
  const firstNodes = firstSubnetFor(planned, 'nodes');
  for (const subnet of network.subnets) {
    if (subnet.purpose !== 'nodes' && subnet.purpose !== 'pods') continue;
    const pools = poolsIn(planned, subnet, subnet.purpose);
    if (subnet.prefix === undefined || pools.length === 0) continue;
    const first = subnet === firstNodes;
    const need = clusterAddressNeed({
      podAddressing,
      pools,
      internalFrontends: first ? (cluster.networking.internalFrontends ?? 0) : 0,
      privateEndpoints: first && cluster.apiServer.access === 'private' ? 1 : 0,
    });
    const wanted = subnet.purpose === 'nodes' ? need.nodeSubnet : need.podSubnet;
    const available = usableAddressCount(subnet.prefix) + azureReservedAddressesPerSubnet;
    if (wanted === undefined || wanted.addresses <= available) continue;
    const at = `${subnet.path}.${subnet.given.addressPrefix === undefined ? 'prefixLength' : 'addressPrefix'}`;
    const what = subnet.purpose === 'nodes' ? 'nodes' : 'pods';
    const message = `${subnet.prefix.text} has ${available} addresses; the ${what} of ${network.label} need ${wanted.addresses} at their most, upgrades included.`;
    yield violation('ClusterSubnetTooSmall', at, message, { prefixLength: wanted.prefixLength ?? 0 });
  }
  if (podAddressing === 'podSubnetDynamic') {
    const pods = network.subnets.filter(({ purpose }) => purpose === 'pods');
    const total = pods.reduce((sum, { prefix }) => sum + (prefix === undefined ? 0 : usableAddressCount(prefix)), 0);
    if (total > maxDynamicPodAddresses) {
      const message = `The pod subnets of ${network.label} have ${total} addresses; a network serves ${maxDynamicPodAddresses}.`;
      yield violation('PodAddressesExceeded', `${pods[0]?.path}.addressPrefix`, message);
    }
  }
  if (podAddressing !== 'podSubnetStaticBlock') return;
  for (const { purpose, prefix, path } of network.subnets) {
    if (purpose !== 'pods' || prefix === undefined || prefix.prefixLength >= 12) continue;
    yield violation(
      'PodSubnetTooLarge',
      `${path}.addressPrefix`,
      `${prefix.text} is larger than the /12 that static blocks take.`,
    );
  }
  for (const [index, pool] of cluster.nodePools.entries()) {
    const maxPods = pool.maxPods ?? cluster.networking.maxPods ?? defaultMaxPodsPerNode.podSubnetStaticBlock;
    if ((maxPods + 1) % 16 === 0) continue;
    const message = `${maxPods} pods leave ${16 - ((maxPods + 1) % 16)} of the 16 addresses of each node's last block unused.`;
    yield violation('PodBlockWaste', `${planned.path}.nodePools[${index}].maxPods`, message, {
      better: Math.ceil((maxPods + 1) / 16) * 16 - 1,
    });
  }
}

function* loadBalancerFaults(planned: PlannedCluster): Iterable<Violation> {
  const text = planned.cluster.ingress.internalLoadBalancerIp;
  if (text === undefined) return;
  const path = `${planned.path}.ingress.internalLoadBalancerIp`;
  yield* addressFaults(text, path);
  const address = parseAddress(text);
  const subnet = firstSubnetFor(planned, 'internalLoadBalancer') ?? firstSubnetFor(planned, 'nodes');
  if (address?.family !== 4 || subnet?.prefix === undefined) return;
  if (contains(subnet.prefix, address) && !isReservedByAzure(subnet.prefix, address)) return;
  const message = `${text} is not an address that ${subnet.name} (${subnet.prefix.text}) can give.`;
  yield violation('InternalLoadBalancerIpOutside', path, message, {
    first: addressAt(subnet.prefix, 4) ?? subnet.prefix.text,
  });
}

/** Ranges of pods and services, sizes of node and pod subnets, the fixed address of the internal load balancer. */
export function* clusterAddressConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const planned of plannedClusters(context)) {
    yield* podCidrFaults(context, planned);
    yield* serviceCidrFaults(context, planned);
    yield* subnetSizeFaults(planned);
    yield* loadBalancerFaults(planned);
  }
}
