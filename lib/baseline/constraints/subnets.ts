import { type AddressPrefix, contains, overlaps, parsePrefix } from '../address-space.ts';
import type { ReservedSubnet } from '../network-requests.ts';
import type { SubnetPurpose, SubnetSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';
import { inAddressOrder, prefixFaults } from './addresses.ts';
import { type ConstraintContext, hasEgressHop, type PlannedNetwork, type PlannedSubnet } from './context.ts';

/** Longest prefix that Azure takes for a subnet: five of its eight addresses are Azure's own. */
const longestSubnetPrefix = 29;
/** Microsoft documents 3,000 subnets for each virtual network. */
const maxSubnetsPerNetwork = 3000;

/** Longest prefix for each reserved subnet; a GatewaySubnet of /29 is legal, /27 is what Microsoft asks for. */
const longestReservedPrefix: Readonly<Record<ReservedSubnet, number>> = {
  firewall: 26,
  firewallManagement: 26,
  gateway: 29,
  bastion: 26,
};

/** Longest and shortest prefix that a purpose takes, where Azure says so. */
const prefixBounds: Partial<
  Readonly<Record<SubnetPurpose, { readonly longest?: number; readonly shortest?: number }>>
> = {
  apiServer: { longest: 28 },
  applicationGatewayForContainers: { longest: 24, shortest: 24 },
  dnsResolverInbound: { longest: 28, shortest: 24 },
  dnsResolverOutbound: { longest: 28, shortest: 24 },
  privateLinkService: { longest: 28 },
};

/** API Management v2, which is injected into or integrated with a delegated subnet, takes a /27 at least. */
const longestDelegatedApiManagementPrefix = 27;

const reservedNames: ReadonlySet<string> = new Set(
  [
    'AzureFirewallSubnet',
    'AzureFirewallManagementSubnet',
    'GatewaySubnet',
    'AzureBastionSubnet',
    'RouteServerSubnet',
  ].map((name) => name.toLowerCase()),
);

const managedClusters = 'Microsoft.ContainerService/managedClusters';
/** Services to which the subnets of a purpose may be delegated. None: not at all. Not listed: to any. */
const delegations: Partial<Readonly<Record<SubnetPurpose, readonly string[]>>> = {
  nodes: [],
  pods: [managedClusters],
  apiServer: [managedClusters],
  internalLoadBalancer: [],
  applicationGateway: ['Microsoft.Network/applicationGateways'],
  applicationGatewayForContainers: ['Microsoft.ServiceNetworking/trafficControllers'],
  apiManagement: ['Microsoft.Web/hostingEnvironments', 'Microsoft.Web/serverFarms'],
  virtualNodes: ['Microsoft.ContainerInstance/containerGroups'],
  dnsResolverInbound: ['Microsoft.Network/dnsResolvers'],
  dnsResolverOutbound: ['Microsoft.Network/dnsResolvers'],
};

/** Purposes whose services stop working behind a route of 0.0.0.0/0 to a firewall. */
const noRouteToFirewall: ReadonlySet<SubnetPurpose> = new Set([
  'applicationGateway',
  'applicationGatewayForContainers',
]);

function* sizeFaults(subnet: PlannedSubnet): Iterable<Violation> {
  const { given, prefix, purpose, reserved } = subnet;
  const path = `${subnet.path}.${given.addressPrefix === undefined ? 'prefixLength' : 'addressPrefix'}`;
  const length =
    given.addressPrefix === undefined ? (given.prefixLength ?? prefix?.prefixLength) : prefix?.prefixLength;
  if (length === undefined) return;
  if (given.addressPrefix !== undefined && given.prefixLength !== undefined && given.prefixLength !== length) {
    const message = `The prefix ${given.addressPrefix} and prefixLength ${given.prefixLength} contradict each other.`;
    yield violation('SubnetSizeContradiction', `${subnet.path}.prefixLength`, message);
  }
  const bounds = purpose === 'reserved' ? undefined : prefixBounds[purpose];
  const ofDelegation =
    purpose === 'apiManagement' && subnet.spec?.delegation !== undefined
      ? longestDelegatedApiManagementPrefix
      : undefined;
  const longest =
    ofDelegation ?? (reserved === undefined ? bounds?.longest : longestReservedPrefix[reserved]) ?? longestSubnetPrefix;
  if (length > longest) {
    yield violation('SubnetTooSmall', path, `${subnet.name} has a /${length}; it needs a /${longest} at least.`, {
      longest,
    });
  } else if (bounds?.shortest !== undefined && length < bounds.shortest) {
    const message = `${subnet.name} has a /${length}; a subnet for ${purpose} takes a /${bounds.shortest} at most.`;
    yield violation('SubnetTooLarge', path, message, { shortest: bounds.shortest });
  } else if (reserved === 'gateway' && length > 27) {
    yield violation('GatewaySubnetSmall', path, `GatewaySubnet has a /${length}; a /27 is what gateways ask for.`);
  } else if (purpose === 'applicationGateway' && length > 24) {
    yield violation(
      'ApplicationGatewaySubnetSmall',
      path,
      `${subnet.name} has a /${length}; a /24 lets the gateway grow to 125 instances.`,
    );
  }
}

/** Addresses that an old page of Microsoft's keeps DNS resolver endpoints out of; not confirmed since. */
const resolverExclusion = {
  first: parsePrefix('10.0.1.0/24')?.first ?? 0n,
  last: parsePrefix('10.0.16.0/24')?.last ?? 0n,
};

function touchesResolverExclusion(prefix: AddressPrefix): boolean {
  return prefix.family === 4 && prefix.first <= resolverExclusion.last && resolverExclusion.first <= prefix.last;
}

function* placeFaults(network: PlannedNetwork): Iterable<Violation> {
  for (const subnet of network.subnets) {
    const { given, prefix } = subnet;
    const path = `${subnet.path}.addressPrefix`;
    if (given.addressPrefix !== undefined) {
      yield* prefixFaults(given.addressPrefix, path, 4);
      if (prefix !== undefined && !network.space.some((space) => contains(space.prefix, prefix))) {
        const message = `${prefix.text} is not inside one prefix of the network of ${network.label}.`;
        yield violation('SubnetOutsideNetwork', path, message);
      }
    }
    if (given.ipv6AddressPrefix !== undefined) yield* ipv6Faults(network, subnet, given.ipv6AddressPrefix);
    yield* sizeFaults(subnet);
    const resolver = subnet.purpose === 'dnsResolverInbound' || subnet.purpose === 'dnsResolverOutbound';
    if (resolver && prefix !== undefined && touchesResolverExclusion(prefix)) {
      yield violation(
        'DnsResolverRange',
        subnet.path,
        `${prefix.text} is in 10.0.1.0 to 10.0.16.255, which DNS resolvers may refuse.`,
      );
    }
  }
  // With a space that cannot be read, the space is what is wrong.
  const readable = network.space.length === network.network.addressPrefixes.length;
  const hasIpv4 = network.space.some(({ prefix }) => prefix.family === 4);
  for (const missing of readable && hasIpv4 ? network.plan.unplaced : []) {
    const message = `There is no room for ${missing.name} with a /${missing.prefixLength} in the network of ${network.label}; ${missing.freeAddresses} addresses are free.`;
    yield violation('SubnetDoesNotFit', missing.path, message);
  }
  yield* overlapFaults(network);
}

function* ipv6Faults(network: PlannedNetwork, subnet: PlannedSubnet, text: string): Iterable<Violation> {
  const path = `${subnet.path}.ipv6AddressPrefix`;
  yield* prefixFaults(text, path, 6);
  const prefix = parsePrefix(text);
  if (prefix?.family !== 6) return;
  if (prefix.prefixLength !== 64) {
    yield violation('Ipv6SubnetNotSlash64', path, `${text} is not a /64.`);
  } else if (!network.space.some((space) => contains(space.prefix, prefix))) {
    yield violation(
      'SubnetOutsideNetwork',
      path,
      `${text} is not inside one prefix of the network of ${network.label}.`,
    );
  }
  const twin = network.subnets.find(
    (other) =>
      other.path !== subnet.path &&
      other.given.ipv6AddressPrefix !== undefined &&
      parsePrefix(other.given.ipv6AddressPrefix)?.text === prefix.text,
  );
  if (twin !== undefined && network.subnets.indexOf(twin) < network.subnets.indexOf(subnet)) {
    yield violation('SubnetsOverlap', path, `${text} is the prefix of ${twin.name} too.`);
  }
}

function* overlapFaults(network: PlannedNetwork): Iterable<Violation> {
  const placed = network.subnets.flatMap(({ name, path, prefix }, order) =>
    prefix === undefined ? [] : [{ name, path, prefix, order }],
  );
  const sorted = [...placed].sort((a, b) => inAddressOrder(a.prefix, b.prefix));
  let reaching: (typeof sorted)[number] | undefined;
  for (const subnet of sorted) {
    if (reaching !== undefined && overlaps(reaching.prefix, subnet.prefix)) {
      const [earlier, later] = reaching.order < subnet.order ? [reaching, subnet] : [subnet, reaching];
      const message = `${later.prefix.text} of ${later.name} overlaps ${earlier.prefix.text} of ${earlier.name}.`;
      yield violation('SubnetsOverlap', `${later.path}.addressPrefix`, message);
    }
    if (reaching === undefined || subnet.prefix.last > reaching.prefix.last) reaching = subnet;
  }
}

function* attachmentFaults(
  context: ConstraintContext,
  network: PlannedNetwork,
  subnet: PlannedSubnet,
  spec: SubnetSpec,
): Iterable<Violation> {
  const { path } = subnet;
  if (spec.routeToFirewall === true && noRouteToFirewall.has(spec.purpose)) {
    const message = `0.0.0.0/0 of ${spec.name} cannot lead to a firewall: its gateway needs the way to the internet.`;
    yield violation('RouteToFirewallUnsupported', `${path}.routeToFirewall`, message);
  } else if (spec.routeToFirewall === true && !hasEgressHop(context.spec)) {
    yield violation(
      'RouteToFirewallWithoutFirewall',
      `${path}.routeToFirewall`,
      'The hub has neither a firewall nor an appliance.',
    );
  }
  if (spec.routeTableId !== undefined && (spec.routes.length > 0 || spec.routeToFirewall === true)) {
    yield violation(
      'RouteTableContradiction',
      `${path}.routeTableId`,
      'An existing route table is not changed, so no routes can be given besides it.',
    );
  }
  if (spec.networkSecurityGroup?.id !== undefined && spec.networkSecurityGroup.rules.length > 0) {
    yield violation(
      'SecurityGroupContradiction',
      `${path}.networkSecurityGroup.rules`,
      'An existing security group is not changed, so no rules can be given besides it.',
    );
  }
  const gateway = network.spoke === undefined ? context.spec.hub.firewall?.natGateway : network.spoke.natGateway;
  if (spec.natGateway === true && gateway === undefined) {
    yield violation(
      'NatGatewayMissing',
      `${path}.natGateway`,
      `${network.role === 'hub' ? 'The hub' : `Spoke ${network.name}`} has no NAT gateway to attach.`,
    );
  }
  const allowed = delegations[spec.purpose];
  if (
    spec.delegation !== undefined &&
    allowed !== undefined &&
    !allowed.some((name) => name.toLowerCase() === spec.delegation?.toLowerCase())
  ) {
    const message = `A subnet for ${spec.purpose} cannot be delegated to ${spec.delegation}.`;
    yield violation('SubnetDelegationWrong', `${path}.delegation`, message, {
      allowed: allowed.join(' or ') || 'nothing',
    });
  }
  if (spec.purpose === 'privateLinkService' && spec.privateLinkServiceNetworkPolicies === 'Enabled') {
    yield violation(
      'PrivateLinkServicePolicies',
      `${path}.privateLinkServiceNetworkPolicies`,
      'Private Link services take no addresses where their network policies are enabled.',
    );
  }
}

/** Subnets: names, sizes, places, and what may be attached to which purpose. */
export function* subnetConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const network of context.networks) {
    yield* placeFaults(network);
    const own = network.subnets.filter((subnet) => subnet.spec !== undefined);
    for (const repeat of repeatsOf(own.map(({ name }) => name))) {
      yield violation(
        'SubnetNameDuplicate',
        `${own[repeat.index]?.path}.name`,
        `A subnet named ${repeat.text} is there already.`,
      );
    }
    if (network.subnets.length > maxSubnetsPerNetwork) {
      const message = `The network of ${network.label} has ${network.subnets.length} subnets; ${maxSubnetsPerNetwork} are possible.`;
      yield violation('SubnetsTooMany', network.path, message);
    }
    for (const subnet of own) {
      if (reservedNames.has(subnet.name.toLowerCase())) {
        const message = `${subnet.name} is a name that Azure keeps for its own subnets.`;
        yield violation('SubnetNameReserved', `${subnet.path}.name`, message);
      }
      if (subnet.spec !== undefined) yield* attachmentFaults(context, network, subnet, subnet.spec);
    }
  }
}
