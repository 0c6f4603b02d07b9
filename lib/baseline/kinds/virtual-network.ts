import type { Json, JsonObject } from '../../json.ts';
import { sameId } from '../../plan/graph.ts';
import { parentId } from '../arm-id.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies, firewallReady, groupOf } from '../kind-support/dependencies.ts';
import { joined, namesAt, phrase, textsAt } from '../kind-support/entry-text.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, reference } from '../kind-support/node.ts';
import { foreignEntries, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';
import type { ResolvedBaseline, ResolvedNetwork, ResolvedSubnet } from '../resolved.ts';

const SUBNETS = 'properties.subnets';
const SUBNET = `${SUBNETS}[].properties`;
const PEERINGS = 'properties.virtualNetworkPeerings';

function subnetBody(subnet: ResolvedSubnet): JsonObject {
  const [first, ...more] = subnet.addressPrefixes;
  const { delegation, serviceEndpoints } = subnet;
  return {
    name: subnet.name,
    properties: {
      // Azure answers in the form it was given, so the singular one is kept for the usual single prefix.
      ...(more.length === 0 ? { addressPrefix: first } : { addressPrefixes: subnet.addressPrefixes }),
      networkSecurityGroup: reference(subnet.networkSecurityGroupId),
      routeTable: reference(subnet.routeTableId),
      natGateway: reference(subnet.natGatewayId),
      serviceEndpoints: serviceEndpoints.length === 0 ? undefined : serviceEndpoints.map((service) => ({ service })),
      delegations:
        delegation === undefined
          ? undefined
          : [{ name: delegation.replace('/', '.'), properties: { serviceName: delegation } }],
      privateEndpointNetworkPolicies: subnet.privateEndpointNetworkPolicies,
      privateLinkServiceNetworkPolicies: subnet.privateLinkServiceNetworkPolicies,
      defaultOutboundAccess: false,
    },
  };
}

function body(network: ResolvedNetwork, baseline: ResolvedBaseline): JsonObject {
  const { ddosProtectionPlanId, dnsServers } = network;
  return {
    ...envelope(network, baseline),
    properties: {
      addressSpace: { addressPrefixes: network.addressPrefixes },
      dhcpOptions: dnsServers === undefined ? undefined : { dnsServers },
      flowTimeoutInMinutes: network.flowTimeoutInMinutes,
      ...(ddosProtectionPlanId === undefined
        ? {}
        : { enableDdosProtection: true, ddosProtectionPlan: { id: ddosProtectionPlanId } }),
      // One PUT with all subnets: Azure takes one subnet write at a time in a network.
      subnets: network.subnets.map(subnetBody),
    },
  };
}

/** Traffic of this network already takes, or will take, the way through the firewall. */
function leadsToFirewall(network: ResolvedNetwork, baseline: ResolvedBaseline): boolean {
  // The firewall itself waits for the hub.
  if (network.role === 'hub' || baseline.firewall === undefined) return false;
  const address = baseline.firewall.privateIpAddress;
  return (network.dnsServers ?? []).includes(address) || network.subnets.some((subnet) => subnet.routesToFirewall);
}

/** Things that have an address in a subnet, without what Azure puts behind the id of the resource itself. */
function users(actual: JsonObject): readonly string[] {
  const inUse = referencesAt(actual, [`${SUBNET}.ipConfigurations[].id`]).map((id) => parentId(id));
  const endpoints = referencesAt(actual, [`${SUBNET}.privateEndpoints[].id`]);
  return [...new Set([...inUse, ...endpoints])];
}

/** `10.242.0.128/26, security group nsg-theirs, route table rt-theirs`. */
function describeSubnet(subnet: Json): string {
  return joined(
    [
      textsAt(subnet, 'properties.addressPrefix', 'properties.addressPrefixes[]').join(', '),
      phrase('security group', namesAt(subnet, 'properties.networkSecurityGroup.id')),
      phrase('route table', namesAt(subnet, 'properties.routeTable.id')),
    ],
    ', ',
  );
}

/** `to vnet-theirs, Connected`. */
function describePeering(peering: Json): string {
  const state = textsAt(peering, 'properties.peeringState');
  return joined([phrase('to', namesAt(peering, 'properties.remoteVirtualNetwork.id')), ...state], ', ');
}

export const virtualNetwork: ResourceKind = {
  name: 'virtualNetwork',
  type: 'Microsoft.Network/virtualNetworks',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  // Operators see less than a minute for a network with its subnets.
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.flowLogs',
      'properties.defaultPublicNatGateway',
      'properties.addressSpace.ipamPoolPrefixAllocations[].allocatedAddressPrefixes',
      'properties.bgpCommunities.regionalCommunity',
      `${SUBNETS}[].etag`,
      `${SUBNETS}[].type`,
      `${SUBNET}.provisioningState`,
      `${SUBNET}.purpose`,
      `${SUBNET}.ipConfigurations`,
      `${SUBNET}.ipConfigurationProfiles`,
      `${SUBNET}.privateEndpoints`,
      `${SUBNET}.resourceNavigationLinks`,
      `${SUBNET}.serviceAssociationLinks`,
      `${SUBNET}.serviceEndpoints[].provisioningState`,
      `${SUBNET}.delegations[].etag`,
      `${SUBNET}.delegations[].properties.actions`,
      `${SUBNET}.delegations[].properties.provisioningState`,
      `${SUBNET}.applicationGatewayIPConfigurations[].etag`,
      `${SUBNET}.applicationGatewayIPConfigurations[].type`,
      `${SUBNET}.applicationGatewayIPConfigurations[].properties.provisioningState`,
      `${SUBNET}.ipamPoolPrefixAllocations[].allocatedAddressPrefixes`,
      `${PEERINGS}[].etag`,
      `${PEERINGS}[].type`,
      `${PEERINGS}[].properties.provisioningState`,
      `${PEERINGS}[].properties.resourceGuid`,
      `${PEERINGS}[].properties.remoteVirtualNetworkEncryption`,
      `${PEERINGS}[].properties.remoteBgpCommunities.regionalCommunity`,
    ],
    entries: [
      { path: SUBNETS, key: 'name', foreign: 'keep', describe: describeSubnet },
      // Peerings are resources of their own; in this body they are only passed through.
      { path: PEERINGS, key: 'name', foreign: 'keep', describe: describePeering },
      { path: `${SUBNET}.delegations`, key: 'name', foreign: 'keep' },
      { path: `${SUBNET}.serviceEndpoints`, key: 'service', foreign: 'keep' },
    ],
    sets: [
      'properties.addressSpace.addressPrefixes',
      `${SUBNET}.addressPrefixes`,
      `${SUBNET}.serviceEndpoints[].locations`,
    ],
    keepForeignMembers: ['properties.addressSpace.addressPrefixes'],
    children: [PEERINGS],
    ignoreCase: [
      `${SUBNET}.privateEndpointNetworkPolicies`,
      `${SUBNET}.privateLinkServiceNetworkPolicies`,
      `${SUBNET}.delegations[].properties.serviceName`,
    ],
    defaults: {
      'properties.enableDdosProtection': false,
      'properties.enableVmProtection': false,
      [PEERINGS]: [],
      'properties.dhcpOptions.dnsServers': [],
      [`${SUBNET}.delegations`]: [],
      [`${SUBNET}.serviceEndpoints`]: [],
      [`${SUBNET}.privateEndpointNetworkPolicies`]: 'Disabled',
      [`${SUBNET}.privateLinkServiceNetworkPolicies`]: 'Enabled',
    },
    immutable: { location: FIXED_LOCATION },
    secret: [],
  },
  steersTraffic: [SUBNETS, 'properties.dhcpOptions'],
  riskOf: riskFrom(
    'destructive',
    [
      { path: `${SUBNETS}[].properties.addressPrefix`, risk: 'destructive', when: 'changed' },
      { path: `${SUBNETS}[].properties.addressPrefixes`, risk: 'destructive', when: 'changed' },
      { path: `${SUBNETS}[].properties`, risk: 'disruptive' },
      { path: SUBNETS, risk: 'safe', when: 'added' },
      { path: SUBNETS, risk: 'destructive', when: 'removed' },
      { path: 'properties.addressSpace', risk: 'safe', when: 'added' },
      { path: 'properties.addressSpace', risk: 'disruptive' },
      { path: 'properties.flowTimeoutInMinutes', risk: 'safe' },
      { path: 'properties.enableDdosProtection', risk: 'safe', when: 'added' },
      { path: 'properties.ddosProtectionPlan', risk: 'safe', when: 'added' },
    ],
    'disruptive',
  ),
  referencesOf: (actual) =>
    referencesAt(actual, [
      `${SUBNET}.networkSecurityGroup.id`,
      `${SUBNET}.routeTable.id`,
      `${SUBNET}.natGateway.id`,
      `${SUBNET}.serviceEndpointPolicies[].id`,
      'properties.ddosProtectionPlan.id',
    ]),
  foreignContentOf: (actual, isOurs) => [
    ...foreignEntries(actual, SUBNETS, 'subnet', isOurs),
    ...referencesAt(actual, [`${PEERINGS}[].id`])
      .filter((id) => !isOurs(id))
      .map((id) => `peering ${id.split('/').at(-1) ?? id}`),
    ...users(actual)
      .filter((id) => !isOurs(id))
      .map((id) => `used by ${id}`),
  ],
  compile: (baseline) =>
    baseline.networks.map((network) => {
      const parts = network.subnets.flatMap((subnet) => [
        subnet.networkSecurityGroupId,
        subnet.routeTableId,
        subnet.natGatewayId,
      ]);
      const { ddosProtectionPlanId } = network;
      return nodeOf('virtualNetwork', network, {
        body: body(network, baseline),
        dependsOn: dependencies(
          [groupOf(network), ...parts, ddosProtectionPlanId],
          leadsToFirewall(network, baseline) ? firewallReady(baseline) : [],
        ),
        lanes: [
          laneOf.virtualNetwork(network.id),
          ...(ddosProtectionPlanId === undefined ? [] : [laneOf.ddosProtectionPlan(ddosProtectionPlanId)]),
        ],
        // The body of a network that exists carries its peerings along, and Azure wants the networks behind them at rest.
        carriedLanes: baseline.peerings
          .filter(({ networkId }) => sameId(networkId, network.id))
          .map(({ remoteNetworkId }) => laneOf.virtualNetwork(remoteNetworkId)),
      });
    }),
};
