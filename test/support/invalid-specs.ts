import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';
import type { ViolationCode } from '../../lib/baseline/violation-codes.ts';
import { isJsonObject } from '../../lib/json.ts';
import { baseSpec } from './base-spec.ts';

/** A value put at a place of the document; `undefined` takes it away. Written as `hub.firewall.tier`. */
export type Changes = Readonly<Record<string, unknown>>;

/** A document that breaks one rule, with the code and the place that validation must report for it, and nothing else. */
export interface InvalidSpec {
  readonly code: ViolationCode;
  readonly path: string;
  /** Told apart from others of the same code. */
  readonly what?: string;
  readonly changes: Changes;
  /** Reported besides, because one mistake breaks two rules. */
  readonly also?: readonly ViolationCode[];
}

type Container = Record<string | number, unknown>;

function isContainer(value: unknown): value is Container {
  return isJsonObject(value) || Array.isArray(value);
}

function put(target: unknown, path: string, value: unknown): void {
  const parts = path.split(/[.[\]]+/).filter((part) => part !== '');
  const last = parts.pop() ?? '';
  let place: unknown = target;
  for (const part of parts) {
    if (!isContainer(place)) throw new Error(`no place ${path}`);
    place[part] ??= {};
    place = place[part];
  }
  if (!isContainer(place)) throw new Error(`no place ${path}`);
  if (value === undefined) delete place[last];
  else place[last] = structuredClone(value);
}

/** A copy of the spec with these places changed. Paths are those of the document. */
export function withChanges(spec: BaselineSpecInput, changes: Changes): BaselineSpecInput {
  const copy = structuredClone(spec);
  for (const [path, value] of Object.entries(changes)) put(copy, path, value);
  return copy;
}

/** The base spec with these places changed. */
export function changed(changes: Changes): BaselineSpecInput {
  return withChanges(baseSpec(), changes);
}

const cluster = 'spokes[0].cluster';
const networking = `${cluster}.networking`;
const firewall = 'hub.firewall';
const group = `${firewall}.ruleCollectionGroups[0]`;
const rule = (collection: number, index = 0) => `${group}.ruleCollections[${collection}].rules[${index}]`;
const id = (type: string, name: string, group = 'rg-hub', subscription = '00000000-0000-4000-8000-000000000001') =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;
const otherSubscription = '00000000-0000-4000-8000-000000000002';
const vnet = 'Microsoft.Network/virtualNetworks';
const many = (count: number, make: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => make(index));
const spokes = 'spokes[0].subnets';
const windows = { name: 'win', osType: 'Windows', maxCount: 3 };
const system = { name: 'system', mode: 'System', maxCount: 4 };
const kubenet = { plugin: 'kubenet' };
const pods = { name: 'snet-pods', purpose: 'pods', addressPrefix: '10.240.16.0/20' };
const podSubnet = { mode: 'podSubnet' };
const nsgRules = `${spokes}[3].networkSecurityGroup.rules`;

const secureWebhook = {
  objectId: '00000000-0000-4000-8000-00000000000a',
  identifierUri: 'api://00000000-0000-4000-8000-00000000000b',
  tenantId: '00000000-0000-4000-8000-00000000000c',
};
/** A hub whose egress goes through another appliance. */
const withoutFirewall = {
  'hub.firewall': undefined,
  'hub.virtualAppliance': { privateIpAddress: '10.200.0.4' },
};

/** At least one for every code that is not about the text of the document, warnings among them. */
export const invalidSpecs: readonly InvalidSpec[] = [
  // Shape
  { code: 'PropertyUnknown', path: 'hub.firewal', changes: { 'hub.firewal': {} } },
  {
    code: 'PropertyUnknown',
    path: 'spokes[0].subnets[1].foo',
    what: 'in a subnet',
    changes: { [`${spokes}[1].foo`]: 1 },
  },
  { code: 'PropertyMissing', path: 'hub', changes: { hub: undefined } },
  { code: 'PropertyMissing', path: 'apiVersion', what: 'literal', changes: { apiVersion: undefined } },
  {
    code: 'PropertyMissing',
    path: 'spokes[0].subnets[0].purpose',
    what: 'choice',
    changes: { [`${spokes}[0].purpose`]: undefined },
  },
  { code: 'PropertyTypeWrong', path: 'spokes', changes: { spokes: 'a' } },
  {
    code: 'PropertyNeedsQuotes',
    path: `${cluster}.kubernetesVersion`,
    changes: { [`${cluster}.kubernetesVersion`]: 1.3 },
  },
  { code: 'PropertyValueRefused', path: 'apiVersion', changes: { apiVersion: 'hubkeeper/v2' } },
  { code: 'PropertyValueRefused', path: `${firewall}.tier`, what: 'choice', changes: { [`${firewall}.tier`]: 'Gold' } },
  {
    code: 'PropertyValueRefused',
    path: `${rule(0)}.ruleType`,
    what: 'discriminator',
    changes: { [`${rule(0)}.ruleType`]: 'NatRule' },
  },
  {
    code: 'PropertyValueRefused',
    path: `${cluster}.nodePools[0].maxSurge`,
    what: 'union',
    changes: { [`${cluster}.nodePools[0].maxSurge`]: true },
  },
  {
    code: 'PropertyOutOfRange',
    path: `${firewall}.publicIps.count`,
    changes: { [`${firewall}.publicIps.count`]: 251 },
  },
  {
    code: 'PropertyOutOfRange',
    path: 'hub.network.addressPrefixes',
    what: 'empty list',
    changes: { 'hub.network.addressPrefixes': [] },
  },
  {
    code: 'PropertyOutOfRange',
    path: `${firewall}.publicIps.prefixLengths[0]`,
    what: 'prefix of public addresses larger than /28',
    changes: { [`${firewall}.publicIps.prefixLengths`]: [27] },
  },
  {
    code: 'PropertyNeedsQuotes',
    path: 'hub.firewall.zones[0]',
    what: 'zone as a number',
    changes: { 'hub.firewall.zones': [1] },
  },
  {
    code: 'PropertyFormatWrong',
    path: 'hub.subscriptionId',
    what: 'subscription by its name',
    changes: { 'hub.subscriptionId': 'production' },
  },
  { code: 'UnknownLocation', path: 'hub.location', changes: { 'hub.location': 'westeuropa' } },
  { code: 'PropertyFormatWrong', path: 'spokes[0].name', changes: { 'spokes[0].name': 'a b' } },
  {
    code: 'PropertyFormatWrong',
    path: `${spokes}[0].name`,
    what: 'name that Microsoft.Network refuses',
    changes: { [`${spokes}[0].name`]: '-nodes' },
  },
  { code: 'PropertiesContradict', path: 'hub.resourceGroup', changes: { 'hub.resourceGroup': {} } },
  {
    code: 'PropertiesContradict',
    path: 'hub.ddosProtectionPlan',
    what: 'plan',
    changes: { 'hub.ddosProtectionPlan': {} },
  },
  { code: 'ArmIdMalformed', path: 'hub.network.id', changes: { 'hub.network.id': '/subscriptions/x' } },
  {
    code: 'ArmIdMalformed',
    path: `${firewall}.publicIps.ids[0]`,
    what: 'in a list',
    changes: { [`${firewall}.publicIps.ids`]: ['pip-1'] },
  },
  {
    code: 'ArmIdWrongType',
    path: 'hub.network.id',
    changes: { 'hub.network.id': id('Microsoft.Network/routeTables', 'x') },
  },
  {
    code: 'ArmIdWrongType',
    path: `${spokes}[0].routeTableId`,
    what: 'route table',
    changes: { [`${spokes}[0].routeTableId`]: id(vnet, 'x') },
  },
  // Addresses
  {
    code: 'AddressPrefixInvalid',
    path: 'spokes[1].network.addressPrefixes[0]',
    changes: { 'spokes[1].network.addressPrefixes': ['10.241.0.0'] },
  },
  {
    code: 'AddressPrefixInvalid',
    path: `${spokes}[0].addressPrefix`,
    what: 'subnet',
    changes: { [`${spokes}[0].addressPrefix`]: '10.240.0.0/33' },
  },
  {
    code: 'AddressPrefixHostBits',
    path: `${spokes}[0].addressPrefix`,
    changes: { [`${spokes}[0].addressPrefix`]: '10.240.0.1/22' },
  },
  {
    code: 'AddressPrefixHostBits',
    path: 'spokes[0].routes[0].addressPrefix',
    what: 'route',
    changes: { 'spokes[0].routes[0].addressPrefix': '10.9.0.1/16' },
  },
  { code: 'AddressFamilyWrong', path: `${networking}.podCidr`, changes: { [`${networking}.podCidr`]: 'fd00::/64' } },
  { code: 'AddressInvalid', path: 'hub.network.dnsServers[0]', changes: { 'hub.network.dnsServers': ['10.0.0.300'] } },
  {
    code: 'AddressInvalid',
    path: 'hub.virtualAppliance.privateIpAddress',
    what: 'appliance',
    changes: { 'hub.firewall': undefined, 'hub.virtualAppliance': { privateIpAddress: 'fw' } },
  },
  {
    code: 'AddressInvalid',
    path: `${rule(2)}.translatedAddress`,
    what: 'translation',
    changes: { [`${rule(2)}.translatedAddress`]: 'web' },
  },
  {
    code: 'AddressInvalid',
    path: `${firewall}.policy.dnsServers[0]`,
    what: 'proxy',
    changes: { [`${firewall}.policy.dnsServers`]: ['x'] },
  },
  ...['169.254.0.0/24', '172.30.0.0/16', '172.31.8.0/24', '192.0.2.0/25', '224.0.0.0/8'].map(
    (range): InvalidSpec => ({
      code: 'AddressRangeForbidden',
      path: 'spokes[1].network.addressPrefixes[1]',
      what: range,
      changes: { 'spokes[1].network.addressPrefixes': ['10.241.0.0/20', range] },
    }),
  ),
  {
    code: 'AddressRangeForbidden',
    path: `${networking}.serviceCidr`,
    what: 'services',
    changes: { [`${networking}.serviceCidr`]: '172.16.0.0/12' },
    also: ['ServiceCidrTooLarge'],
  },
  {
    code: 'AddressRangeForbidden',
    path: `${networking}.podCidr`,
    what: 'pods',
    changes: { [`${networking}.podCidr`]: '172.30.0.0/16' },
  },
  {
    code: 'AddressSpaceOverlap',
    path: 'spokes[1].network.addressPrefixes[1]',
    changes: { 'spokes[1].network.addressPrefixes': ['10.241.0.0/20', '10.241.8.0/24'] },
  },
  {
    code: 'AddressPrefixesTooMany',
    path: 'hub.network.addressPrefixes',
    changes: { 'hub.network.addressPrefixes': many(201, (index) => `10.200.${index}.0/24`) },
  },
  {
    code: 'NetworkWithoutIpv4',
    path: 'spokes[1].network.addressPrefixes',
    changes: { 'spokes[1].network.addressPrefixes': ['fd00::/48'] },
  },
  {
    code: 'NetworksOverlap',
    path: 'spokes[1].network.addressPrefixes[0]',
    changes: { 'spokes[1].network.addressPrefixes': ['10.240.128.0/20'] },
  },
  {
    code: 'NetworksOverlap',
    path: 'spokes[0].network.addressPrefixes[1]',
    what: 'with the hub',
    changes: { 'spokes[0].network.addressPrefixes': ['10.240.0.0/16', '10.200.0.0/16'] },
  },
  {
    code: 'PublicRangeTranslated',
    path: 'spokes[1].network.addressPrefixes[0]',
    changes: { 'spokes[1].network.addressPrefixes': ['130.10.0.0/20'] },
  },
  // Subnets
  {
    code: 'SubnetOutsideNetwork',
    path: `${spokes}[0].addressPrefix`,
    changes: { [`${spokes}[0].addressPrefix`]: '10.99.0.0/22' },
  },
  {
    code: 'SubnetOutsideNetwork',
    path: 'hub.subnets.firewall.addressPrefix',
    what: 'firewall',
    changes: { 'hub.subnets.firewall.addressPrefix': '10.99.0.0/26' },
  },
  {
    code: 'SubnetOutsideNetwork',
    path: `${spokes}[0].ipv6AddressPrefix`,
    what: 'IPv6',
    changes: { [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64' },
  },
  {
    code: 'SubnetsOverlap',
    path: `${spokes}[1].addressPrefix`,
    changes: {
      [`${spokes}[1].addressPrefix`]: '10.240.3.0/28',
      [`${cluster}.ingress.internalLoadBalancerIp`]: undefined,
    },
  },
  {
    code: 'SubnetsOverlap',
    path: `${spokes}[1].ipv6AddressPrefix`,
    what: 'IPv6',
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
      [`${spokes}[1].ipv6AddressPrefix`]: 'fd00::/64',
    },
  },
  {
    code: 'SubnetDoesNotFit',
    path: 'spokes[1].subnets[1]',
    changes: { 'spokes[1].subnets[1]': { name: 'snet-big', purpose: 'general', prefixLength: 20 } },
  },
  {
    code: 'SubnetTooSmall',
    path: 'hub.subnets.firewall.addressPrefix',
    changes: { 'hub.subnets.firewall.addressPrefix': '10.200.0.0/27' },
  },
  {
    code: 'SubnetTooSmall',
    path: 'hub.subnets.bastion.prefixLength',
    what: 'Bastion',
    changes: { 'hub.subnets.bastion': { prefixLength: 27 } },
  },
  {
    code: 'SubnetTooSmall',
    path: 'hub.subnets.firewallManagement.prefixLength',
    what: 'management',
    changes: { 'hub.subnets.firewallManagement': { prefixLength: 28 } },
  },
  {
    code: 'SubnetTooSmall',
    path: 'spokes[1].subnets[0].prefixLength',
    what: 'below /29',
    changes: { 'spokes[1].subnets[0].prefixLength': 30 },
  },
  {
    code: 'SubnetTooSmall',
    path: 'hub.subnets.additional[0].prefixLength',
    what: 'resolver',
    changes: { 'hub.subnets.additional[0].prefixLength': 29 },
  },
  {
    code: 'SubnetTooSmall',
    path: `${spokes}[4].prefixLength`,
    what: 'API server',
    changes: { [`${spokes}[4].prefixLength`]: 29 },
  },
  {
    code: 'SubnetTooLarge',
    path: 'spokes[1].subnets[0].prefixLength',
    changes: { 'spokes[1].subnets[0]': { name: 'x', purpose: 'applicationGatewayForContainers', prefixLength: 23 } },
  },
  {
    code: 'SubnetTooLarge',
    path: 'spokes[1].subnets[0].prefixLength',
    what: 'resolver',
    changes: { 'spokes[1].subnets[0]': { name: 'x', purpose: 'dnsResolverOutbound', prefixLength: 23 } },
  },
  {
    code: 'SubnetSizeContradiction',
    path: `${spokes}[0].prefixLength`,
    changes: { [`${spokes}[0].prefixLength`]: 24 },
  },
  {
    code: 'SubnetsTooMany',
    path: 'spokes[1]',
    changes: {
      'spokes[1].network.addressPrefixes': ['10.0.0.0/12'],
      'spokes[1].subnets': many(3001, (index) => ({ name: `s${index}`, purpose: 'general', prefixLength: 29 })),
    },
  },
  { code: 'SubnetNameDuplicate', path: `${spokes}[2].name`, changes: { [`${spokes}[2].name`]: 'SNET-LB' } },
  {
    code: 'SubnetNameReserved',
    path: 'spokes[1].subnets[0].name',
    changes: { 'spokes[1].subnets[0].name': 'GatewaySubnet' },
  },
  {
    code: 'SubnetNameReserved',
    path: 'hub.subnets.additional[0].name',
    what: 'hub',
    changes: { 'hub.subnets.additional[0].name': 'RouteServerSubnet' },
  },
  {
    code: 'GatewaySubnetSmall',
    path: 'hub.subnets.gateway.prefixLength',
    changes: { 'hub.subnets.gateway.prefixLength': 28 },
  },
  {
    code: 'ApplicationGatewaySubnetSmall',
    path: `${spokes}[2].addressPrefix`,
    changes: { [`${spokes}[2].addressPrefix`]: '10.240.5.0/26' },
  },
  {
    code: 'DnsResolverRange',
    path: 'spokes[1].subnets[0]',
    changes: {
      'spokes[1].network.addressPrefixes': ['10.0.1.0/24'],
      'spokes[1].subnets[0]': { name: 'x', purpose: 'dnsResolverOutbound' },
    },
  },
  {
    code: 'Ipv6SubnetNotSlash64',
    path: `${spokes}[0].ipv6AddressPrefix`,
    changes: { [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/80' },
  },
  {
    code: 'RouteToFirewallUnsupported',
    path: `${spokes}[2].routeToFirewall`,
    changes: { [`${spokes}[2].routeToFirewall`]: true },
  },
  {
    code: 'RouteToFirewallWithoutFirewall',
    path: 'spokes[1].subnets[0].routeToFirewall',
    changes: {
      'hub.firewall': undefined,
      'spokes[0].routes': [],
      'spokes[1].subnets[0].routeToFirewall': true,
      [`${cluster}.outboundType`]: 'loadBalancer',
    },
  },
  {
    code: 'RouteTableContradiction',
    path: 'spokes[1].subnets[0].routeTableId',
    changes: {
      'spokes[1].subnets[0].routeTableId': id('Microsoft.Network/routeTables', 'rt'),
      'spokes[1].subnets[0].routes': [{ name: 'x', addressPrefix: '10.8.0.0/16', nextHopType: 'None' }],
    },
  },
  {
    code: 'SecurityGroupContradiction',
    path: `${spokes}[3].networkSecurityGroup.rules`,
    changes: { [`${spokes}[3].networkSecurityGroup.id`]: id('Microsoft.Network/networkSecurityGroups', 'nsg') },
  },
  {
    code: 'NatGatewayMissing',
    path: 'spokes[1].subnets[0].natGateway',
    changes: { 'spokes[1].subnets[0].natGateway': true },
  },
  {
    code: 'NatGatewayMissing',
    path: `${cluster}.outboundType`,
    what: 'outbound type',
    changes: { [`${cluster}.outboundType`]: 'userAssignedNATGateway' },
  },
  {
    code: 'NatGatewayMissing',
    path: `${spokes}[0].natGateway`,
    what: 'detached',
    changes: {
      [`${cluster}.outboundType`]: 'userAssignedNATGateway',
      'spokes[0].natGateway': {},
      [`${spokes}[0].natGateway`]: false,
    },
  },
  {
    code: 'SubnetDelegationWrong',
    path: `${spokes}[0].delegation`,
    changes: { [`${spokes}[0].delegation`]: 'Microsoft.ContainerService/managedClusters' },
  },
  {
    code: 'SubnetDelegationWrong',
    path: `${spokes}[4].delegation`,
    what: 'API server',
    changes: { [`${spokes}[4].delegation`]: 'Microsoft.Web/serverFarms' },
  },
  {
    code: 'PrivateLinkServicePolicies',
    path: 'spokes[1].subnets[0].privateLinkServiceNetworkPolicies',
    changes: {
      'spokes[1].subnets[0]': {
        name: 'pls',
        purpose: 'privateLinkService',
        privateLinkServiceNetworkPolicies: 'Enabled',
      },
    },
  },
  // Security rules and routes
  {
    code: 'SecurityRuleAddressInvalid',
    path: `${nsgRules}[0].sourceAddressPrefixes[1]`,
    changes: { [`${nsgRules}[0].sourceAddressPrefixes`]: ['10.0.0.0/8', 'Internet'] },
  },
  {
    code: 'SecurityRuleAddressInvalid',
    path: 'hub.bastion.allowedSourcePrefixes[0]',
    what: 'Bastion',
    changes: { 'hub.bastion.allowedSourcePrefixes': ['10.0.0.0/99'] },
  },
  {
    code: 'SecurityRulePortInvalid',
    path: `${nsgRules}[0].destinationPortRanges[0]`,
    changes: { [`${nsgRules}[0].destinationPortRanges`]: ['99-1'] },
  },
  { code: 'SecurityRuleNameDuplicate', path: `${nsgRules}[1].name`, changes: { [`${nsgRules}[1].name`]: 'ONE' } },
  {
    code: 'SecurityRulePriorityDuplicate',
    path: `${nsgRules}[1].priority`,
    changes: { [`${nsgRules}[1].priority`]: 200 },
  },
  {
    code: 'SecurityRulePriorityDuplicate',
    path: 'hub.bastion',
    what: 'with one that is added',
    changes: {
      'hub.bastion.rules': [{ name: 'x', priority: 4096, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' }],
    },
  },
  {
    code: 'SecurityRulesTooMany',
    path: `${spokes}[3]`,
    changes: {
      [nsgRules]: many(1001, (index) => ({
        name: `r${index}`,
        priority: 100 + index,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
      })),
    },
  },
  {
    code: 'RoutePrefixInvalid',
    path: 'spokes[0].routes[0].addressPrefix',
    changes: { 'spokes[0].routes[0].addressPrefix': '10.9.0.0/99' },
  },
  {
    code: 'RouteNextHopMissing',
    path: 'spokes[0].routes[0].nextHopIpAddress',
    changes: { 'hub.firewall': undefined, [`${cluster}.outboundType`]: 'loadBalancer' },
  },
  {
    code: 'RouteNextHopUnexpected',
    path: 'spokes[0].routes[0].nextHopIpAddress',
    changes: { 'spokes[0].routes[0].nextHopType': 'Internet', 'spokes[0].routes[0].nextHopIpAddress': '10.0.0.4' },
  },
  {
    code: 'RouteNameDuplicate',
    path: 'spokes[0].routes[1].name',
    changes: { 'spokes[0].routes[1]': { name: 'To-Office', addressPrefix: '10.8.0.0/16', nextHopType: 'None' } },
  },
  {
    code: 'RoutePrefixDuplicate',
    path: 'spokes[0].routes[1].addressPrefix',
    changes: { 'spokes[0].routes[1]': { name: 'x', addressPrefix: '10.9.0.0/16', nextHopType: 'None' } },
  },
  {
    code: 'RoutePrefixDuplicate',
    path: 'spokes[0]',
    what: 'with the one to the firewall',
    changes: { 'spokes[0].routes[0].addressPrefix': '0.0.0.0/0' },
  },
  {
    code: 'RoutesTooMany',
    path: 'spokes[0]',
    changes: {
      'spokes[0].routes': many(400, (index) => ({
        name: `r${index}`,
        addressPrefix: `11.${Math.floor(index / 256)}.${index % 256}.0/24`,
        nextHopType: 'None',
      })),
    },
  },
  // Hub
  {
    code: 'EgressHopTwice',
    path: 'hub.virtualAppliance',
    changes: { 'hub.virtualAppliance': { privateIpAddress: '10.200.0.70' } },
  },
  {
    code: 'ApplianceInSpoke',
    path: 'hub.virtualAppliance.privateIpAddress',
    changes: { 'hub.firewall': undefined, 'hub.virtualAppliance': { privateIpAddress: '10.240.0.9' } },
  },
  {
    code: 'FirewallManagementUnused',
    path: 'hub.subnets.firewallManagement',
    changes: {
      'hub.firewall': undefined,
      'spokes[0].routes': [],
      [`${cluster}.outboundType`]: 'loadBalancer',
      'hub.subnets.firewallManagement': {},
    },
  },
  {
    code: 'FirewallPrivateIpOutside',
    path: `${firewall}.privateIpAddress`,
    changes: { [`${firewall}.privateIpAddress`]: '10.200.0.3' },
  },
  {
    code: 'FirewallAutoscaleBounds',
    path: `${firewall}.autoscale`,
    changes: { [`${firewall}.autoscale`]: { minCapacity: 5, maxCapacity: 3 } },
  },
  {
    code: 'FirewallAutoscaleBounds',
    path: `${firewall}.autoscale`,
    what: 'one apart',
    changes: { [`${firewall}.autoscale`]: { minCapacity: 5, maxCapacity: 6 } },
  },
  {
    code: 'PropertyOutOfRange',
    path: `${firewall}.autoscale.maxCapacity`,
    what: 'more instances than Azure has',
    changes: { [`${firewall}.autoscale`]: { maxCapacity: 51 } },
  },
  {
    code: 'PrivateRangeInvalid',
    path: `${firewall}.privateRanges[0]`,
    changes: { [`${firewall}.privateRanges`]: ['RFC1918'] },
  },
  { code: 'PublicIpBounds', path: `${firewall}.publicIps.maximum`, changes: { [`${firewall}.publicIps.count`]: 21 } },
  {
    code: 'PublicIpBounds',
    path: `${firewall}.publicIps.minimum`,
    what: 'minimum',
    changes: { [`${firewall}.publicIps.minimum`]: 4 },
  },
  {
    code: 'PublicIpIdsBeyondCount',
    path: `${firewall}.publicIps.ids`,
    changes: {
      [`${firewall}.publicIps.count`]: 1,
      [`${firewall}.publicIps.ids`]: [
        id('Microsoft.Network/publicIPAddresses', 'a'),
        id('Microsoft.Network/publicIPAddresses', 'b'),
      ],
    },
  },
  {
    code: 'PublicIpPrefixSizesBeyondIds',
    path: `${firewall}.publicIps.prefixIdLengths`,
    changes: { [`${firewall}.publicIps.prefixIdLengths`]: [28] },
  },
  {
    code: 'FirewallPublicIpLimit',
    path: `${firewall}.publicIps.maximum`,
    changes: { [`${firewall}.publicIps.maximum`]: 250 },
  },
  {
    code: 'FirewallPublicIpsFew',
    path: `${firewall}.publicIps.count`,
    changes: { [`${firewall}.publicIps.maximum`]: undefined },
  },
  {
    code: 'FirewallTierFeature',
    path: `${firewall}.policy.intrusionDetectionMode`,
    changes: { [`${firewall}.policy.intrusionDetectionMode`]: 'Deny' },
  },
  {
    code: 'FirewallTierFeature',
    path: `${rule(1)}.targetUrls`,
    what: 'URLs',
    changes: { [`${rule(1)}.targetUrls`]: ['example.com/a'] },
  },
  {
    code: 'FirewallTierFeature',
    path: `${rule(1)}.terminateTLS`,
    what: 'TLS',
    changes: { [`${rule(1)}.terminateTLS`]: true },
  },
  ...[
    ['policy.threatIntelMode', 'Deny'],
    ['policy.dnsServers', ['10.0.0.4']],
    ['autoscale', { minCapacity: 2 }],
    ['management', false],
  ].map(
    ([place, value]): InvalidSpec => ({
      code: 'FirewallTierFeature',
      path: `${firewall}.${place}`,
      what: `Basic: ${place}`,
      changes: {
        [`${firewall}.tier`]: 'Basic',
        [rule(0, 1)]: {
          ruleType: 'NetworkRule',
          name: 'x',
          sourceAddresses: ['*'],
          ipProtocols: ['TCP'],
          destinationAddresses: ['*'],
          destinationPorts: ['1'],
        },
        [`${firewall}.${place}`]: value,
      },
    }),
  ),
  {
    code: 'FirewallTierFeature',
    path: `${firewall}.policy.dnsProxy`,
    what: 'Basic: DNS proxy',
    changes: { [`${firewall}.tier`]: 'Basic', [`${firewall}.policy.dnsProxy`]: true },
  },
  {
    code: 'FirewallTierFeature',
    path: `${rule(1)}.webCategories`,
    what: 'Basic: web categories',
    changes: {
      [`${firewall}.tier`]: 'Basic',
      [`${firewall}.ruleCollectionGroups[0].ruleCollections[0].rules[1].destinationFqdns`]: undefined,
      [`${firewall}.ruleCollectionGroups[0].ruleCollections[0].rules[1].destinationAddresses`]: ['*'],
      [`${rule(1)}.webCategories`]: ['Gambling'],
    },
  },
  {
    code: 'FirewallDnsProxyNeeded',
    path: `${rule(0, 1)}.destinationFqdns`,
    changes: { [`${firewall}.policy.dnsProxy`]: false },
  },
  {
    code: 'FirewallDnsProxyNeeded',
    path: `${rule(2)}.translatedFqdn`,
    what: 'DNAT',
    changes: {
      [`${firewall}.policy.dnsProxy`]: false,
      [`${group}.ruleCollections[0].rules[1].destinationFqdns`]: undefined,
      [`${group}.ruleCollections[0].rules[1].destinationAddresses`]: ['*'],
      [`${rule(2)}.translatedAddress`]: undefined,
      [`${rule(2)}.translatedFqdn`]: 'web.example.com',
    },
  },
  {
    code: 'FirewallPolicyLimit',
    path: `${firewall}.ruleCollectionGroups`,
    changes: {
      [`${firewall}.ruleCollectionGroups`]: many(61, (index) => ({
        name: `g${index}`,
        priority: 1000 + index,
        ruleCollections: [],
      })),
    },
  },
  {
    code: 'FirewallPolicyLimit',
    path: `${firewall}.ipGroups`,
    what: 'IP groups',
    changes: { [`${firewall}.ipGroups`]: [{ name: 'ipg-office' }, ...many(200, (index) => ({ name: `g${index}` }))] },
  },
  {
    code: 'FirewallPolicyLimit',
    path: `${firewall}.ipGroups[0].ipAddresses`,
    what: 'addresses',
    changes: {
      [`${firewall}.ipGroups[0].ipAddresses`]: many(
        5001,
        (index) => `10.${Math.floor(index / 256)}.${index % 256}.0/24`,
      ),
    },
  },
  {
    code: 'FirewallPolicyLimit',
    path: `${firewall}.ruleCollectionGroups`,
    what: 'pairs',
    changes: {
      [`${rule(0)}.sourceAddresses`]: many(201, () => '10.0.0.0/8'),
      [`${rule(0)}.destinationAddresses`]: many(100, () => '10.0.0.0/8'),
      [`${rule(0)}.destinationIpGroups`]: undefined,
    },
  },
  {
    code: 'FirewallPolicyLimit',
    path: `${firewall}.ruleCollectionGroups`,
    what: 'host names',
    changes: { [`${rule(0, 1)}.destinationFqdns`]: many(1001, (index) => `h${index}.example.com`) },
  },
  {
    code: 'RuleAddressInvalid',
    path: `${rule(0)}.sourceAddresses[0]`,
    changes: { [`${rule(0)}.sourceAddresses`]: ['somewhere'] },
  },
  {
    code: 'RuleAddressInvalid',
    path: `${firewall}.ipGroups[0].ipAddresses[0]`,
    what: 'IP group',
    changes: { [`${firewall}.ipGroups[0].ipAddresses`]: ['*'] },
  },
  {
    code: 'RulePortInvalid',
    path: `${rule(0)}.destinationPorts[0]`,
    changes: { [`${rule(0)}.destinationPorts`]: ['70000'] },
  },
  {
    code: 'RuleHostNameInvalid',
    path: `${rule(0, 1)}.destinationFqdns[0]`,
    changes: { [`${rule(0, 1)}.destinationFqdns`]: ['*.example.com'] },
  },
  { code: 'RuleSourceMissing', path: rule(0), changes: { [`${rule(0)}.sourceAddresses`]: undefined } },
  { code: 'RuleDestinationMissing', path: rule(0), changes: { [`${rule(0)}.destinationIpGroups`]: undefined } },
  {
    code: 'RuleDestinationMissing',
    path: rule(1),
    what: 'application',
    changes: { [`${rule(1)}.targetFqdns`]: undefined },
  },
  { code: 'RuleTranslationUnclear', path: rule(2), changes: { [`${rule(2)}.translatedAddress`]: undefined } },
  {
    code: 'RuleCollectionMixed',
    path: `${rule(0, 2)}.ruleType`,
    changes: {
      [rule(0, 2)]: {
        ruleType: 'ApplicationRule',
        name: 'x',
        sourceAddresses: ['*'],
        protocols: [{ protocolType: 'Https', port: 443 }],
        targetFqdns: ['a.example.com'],
      },
    },
  },
  { code: 'RuleNameDuplicate', path: `${rule(0, 1)}.name`, changes: { [`${rule(0, 1)}.name`]: 'to-office' } },
  {
    code: 'RuleNameDuplicate',
    path: `${group}.ruleCollections[1].name`,
    what: 'collection',
    changes: { [`${group}.ruleCollections[1].name`]: 'rc-network' },
  },
  {
    code: 'RuleNameDuplicate',
    path: `${firewall}.ruleCollectionGroups[1].name`,
    what: 'group',
    changes: { [`${firewall}.ruleCollectionGroups[1]`]: { name: 'rcg-own', priority: 6000, ruleCollections: [] } },
  },
  {
    code: 'RuleNameDuplicate',
    path: `${firewall}.ipGroups[1].name`,
    what: 'IP group',
    changes: { [`${firewall}.ipGroups[1]`]: { name: 'IPG-office' } },
  },
  {
    code: 'RulePriorityDuplicate',
    path: `${group}.ruleCollections[1].priority`,
    changes: { [`${group}.ruleCollections[1].priority`]: 100 },
  },
  {
    code: 'RulePriorityDuplicate',
    path: `${firewall}.ruleCollectionGroups[1].priority`,
    what: 'group',
    changes: { [`${firewall}.ruleCollectionGroups[1]`]: { name: 'x', priority: 5000, ruleCollections: [] } },
  },
  {
    code: 'IpGroupUnknown',
    path: `${rule(0, 1)}.sourceIpGroups[0]`,
    changes: { [`${rule(0, 1)}.sourceIpGroups`]: ['ipg-home'] },
  },
  {
    code: 'IpGroupContradiction',
    path: `${firewall}.ipGroups[0].ipAddresses`,
    changes: { [`${firewall}.ipGroups[0].id`]: id('Microsoft.Network/ipGroups', 'ipg-office') },
  },
  {
    code: 'NatGatewayZones',
    path: 'spokes[1].natGateway.zones',
    changes: { 'spokes[1].natGateway': { sku: 'Standard', zones: ['1', '2'] } },
  },
  {
    code: 'NatGatewayZones',
    path: `${firewall}.natGateway.zones`,
    what: 'StandardV2',
    changes: { [`${firewall}.natGateway`]: { zones: ['1'] } },
  },
  {
    code: 'NatGatewayPublicIpLimit',
    path: 'spokes[1].natGateway.publicIpCount',
    changes: { 'spokes[1].natGateway': { publicIpCount: 1, publicIpPrefixLength: 28 } },
  },
  {
    code: 'BastionBasicFeature',
    path: 'hub.bastion.enableTunneling',
    changes: { 'hub.bastion': { sku: 'Basic', enableTunneling: true } },
  },
  {
    code: 'BastionBasicFeature',
    path: 'hub.bastion.scaleUnits',
    what: 'scale units',
    changes: { 'hub.bastion': { sku: 'Basic', scaleUnits: 3 } },
  },
  {
    code: 'ZoneDuplicate',
    path: `${cluster}.nodePools[1].zones[1]`,
    changes: { [`${cluster}.nodePools[1].zones`]: ['1', '1'] },
  },
  {
    code: 'HubGatewayMissing',
    path: 'spokes[1].peering.useHubGateway',
    changes: { 'hub.subnets.gateway': undefined, 'spokes[1].peering': { useHubGateway: true } },
  },
  // Peerings and zones
  {
    code: 'SpokeUnknown',
    path: 'spokeToSpokePeerings[0][0]',
    what: 'another case',
    changes: { spokeToSpokePeerings: [['A', 'b']] },
  },
  {
    code: 'NodePoolSubnetUnknown',
    path: `${cluster}.nodePools[1].subnet`,
    what: 'another case',
    changes: { [`${cluster}.nodePools[1].subnet`]: 'SNET-nodes' },
  },
  {
    code: 'IpGroupUnknown',
    path: `${rule(0, 1)}.sourceIpGroups[0]`,
    what: 'id of something else',
    changes: { [`${rule(0, 1)}.sourceIpGroups`]: [id(vnet, 'x')] },
  },
  { code: 'SpokeNameDuplicate', path: 'spokes[1].name', changes: { 'spokes[1].name': 'A', spokeToSpokePeerings: [] } },
  { code: 'SpokeUnknown', path: 'spokeToSpokePeerings[0][1]', changes: { spokeToSpokePeerings: [['a', 'z']] } },
  {
    code: 'SpokeUnknown',
    path: 'hub.privateDnsZones[0].linkSpokes[0]',
    what: 'zone',
    changes: { 'hub.privateDnsZones[0].linkSpokes': ['z'] },
  },
  { code: 'PeeringWithItself', path: 'spokeToSpokePeerings[0]', changes: { spokeToSpokePeerings: [['a', 'a']] } },
  {
    code: 'PeeringDuplicate',
    path: 'spokeToSpokePeerings[1]',
    changes: {
      spokeToSpokePeerings: [
        ['a', 'b'],
        ['b', 'a'],
      ],
    },
  },
  {
    code: 'PeeringsTooMany',
    path: 'spokes',
    changes: {
      'hub.subnets.gateway': undefined,
      spokes: many(501, (index) => ({
        name: `s${index}`,
        network: { addressPrefixes: [`10.${Math.floor(index / 250)}.${index % 250}.0/24`] },
        subnets: [{ name: 's', purpose: 'general' }],
      })),
      spokeToSpokePeerings: [],
      'hub.privateDnsZones': [],
    },
  },
  {
    code: 'PrivateDnsZoneDuplicate',
    path: 'hub.privateDnsZones[1]',
    changes: { 'hub.privateDnsZones[1]': { name: 'PRIVATELINK.vaultcore.azure.net' } },
  },
  // Cluster network
  {
    code: 'KubenetUnsupported',
    path: `${networking}.networkPolicy`,
    changes: { [networking]: { ...kubenet, networkPolicy: 'azure' }, [`${cluster}.apiServer`]: { access: 'public' } },
    also: ['FeatureRetiring'],
  },
  {
    code: 'KubenetUnsupported',
    path: `${cluster}.ingress.profile`,
    what: 'gateway for containers',
    changes: {
      [networking]: kubenet,
      [`${cluster}.apiServer`]: { access: 'public' },
      [`${cluster}.ingress.profile`]: 'applicationGatewayForContainers',
      [`${spokes}[2]`]: { name: 'agc', purpose: 'applicationGatewayForContainers' },
    },
    also: ['FeatureRetiring'],
  },
  {
    code: 'KubenetUnsupported',
    path: `${cluster}.identity.type`,
    what: 'system-assigned identity',
    changes: {
      [networking]: kubenet,
      [`${cluster}.apiServer`]: { access: 'public' },
      [`${cluster}.identity`]: { type: 'systemAssigned' },
    },
    also: ['FeatureRetiring'],
  },
  {
    code: 'KubenetUnsupported',
    path: `${cluster}.apiServer.access`,
    what: 'private cluster with DNS of its own',
    changes: { [networking]: kubenet },
    also: ['FeatureRetiring'],
  },
  {
    code: 'KubenetRoutesExceeded',
    path: `${cluster}.nodePools`,
    changes: {
      [networking]: { ...kubenet, podCidr: '10.0.0.0/9', serviceCidr: '172.16.0.0/16' },
      [`${cluster}.apiServer`]: { access: 'public' },
      [`${cluster}.nodePools[1].maxCount`]: 396,
    },
    also: ['FeatureRetiring'],
  },
  {
    code: 'WindowsUnsupported',
    path: `${cluster}.nodePools[1].osType`,
    changes: { [`${cluster}.nodePools`]: [system, windows], [networking]: { dataplane: 'cilium' } },
  },
  {
    code: 'WindowsUnsupported',
    path: `${cluster}.nodePools[1].osType`,
    what: 'kubenet',
    changes: {
      [`${cluster}.nodePools`]: [system, windows],
      [networking]: kubenet,
      [`${cluster}.apiServer`]: { access: 'public' },
    },
    also: ['FeatureRetiring'],
  },
  {
    code: 'WindowsUnsupported',
    path: `${cluster}.nodePools[1].osType`,
    what: 'network isolated',
    changes: { [`${cluster}.nodePools`]: [system, windows], [`${cluster}.outboundType`]: 'none' },
  },
  {
    code: 'IpFamiliesOrder',
    path: `${networking}.ipFamilies`,
    changes: { [networking]: { ipFamilies: ['IPv6', 'IPv4'] } },
  },
  {
    code: 'Ipv6RangeUnexpected',
    path: `${networking}.podIpv6Cidr`,
    changes: { [networking]: { podIpv6Cidr: 'fd10::/64' } },
  },
  ...(['azure', 'calico'] as const).map(
    (networkPolicy): InvalidSpec => ({
      code: 'DualStackUnsupported',
      path: `${networking}.networkPolicy`,
      what: networkPolicy,
      changes: {
        'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
        [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
        [networking]: { ipFamilies: ['IPv4', 'IPv6'], networkPolicy },
      },
      also: networkPolicy === 'azure' ? ['FeatureRetiring'] : [],
    }),
  ),
  {
    code: 'DualStackUnsupported',
    path: `${networking}.mode`,
    what: 'mode',
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
      [networking]: { ipFamilies: ['IPv4', 'IPv6'], mode: 'nodeSubnet' },
    },
  },
  {
    code: 'DualStackUnsupported',
    path: `${cluster}.outboundType`,
    what: 'NAT gateway',
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
      [networking]: { ipFamilies: ['IPv4', 'IPv6'] },
      [`${cluster}.outboundType`]: 'userAssignedNATGateway',
      'spokes[0].natGateway': { sku: 'Standard' },
    },
  },
  {
    code: 'DualStackAddressMissing',
    path: 'spokes[0].network.addressPrefixes',
    changes: { [networking]: { ipFamilies: ['IPv4', 'IPv6'] } },
  },
  {
    code: 'DualStackAddressMissing',
    path: `${spokes}[0].ipv6AddressPrefix`,
    what: 'subnet',
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [networking]: { ipFamilies: ['IPv4', 'IPv6'] },
    },
  },
  {
    code: 'CiliumUnsupported',
    path: `${networking}.networkPolicy`,
    changes: { [networking]: { networkPolicy: 'cilium' } },
  },
  {
    code: 'CiliumUnsupported',
    path: `${networking}.dataplane`,
    what: 'plugin',
    changes: { [networking]: { plugin: 'none', dataplane: 'cilium' } },
  },
  {
    code: 'CiliumUnsupported',
    path: `${networking}.networkPolicy`,
    what: 'Calico',
    changes: { [networking]: { dataplane: 'cilium', networkPolicy: 'calico' } },
  },
  {
    code: 'NetworkPolicyLimit',
    path: `${networking}.networkPolicy`,
    changes: {
      [networking]: { networkPolicy: 'azure', podCidr: '10.0.0.0/9' },
      [`${cluster}.nodePools[1].maxCount`]: 260,
    },
    also: ['FeatureRetiring'],
  },
  {
    code: 'OverlayNodesExceeded',
    path: `${cluster}.nodePools`,
    changes: {
      [`${spokes}[0].addressPrefix`]: '10.240.128.0/17',
      [networking]: { podCidr: '10.0.0.0/9' },
      [`${cluster}.nodePools`]: [...many(6, (index) => ({ ...system, name: `p${index}`, maxCount: 1000 }))],
    },
  },
  {
    code: 'OverlayNameTooLong',
    path: 'spokes[0].network.name',
    changes: { 'spokes[0].network.name': `v${'x'.repeat(63)}` },
  },
  {
    code: 'NetworkModeUnexpected',
    path: `${networking}.mode`,
    changes: { [networking]: { plugin: 'none', mode: 'overlay' } },
  },
  { code: 'PodSubnetMissing', path: `${networking}.mode`, changes: { [networking]: podSubnet } },
  {
    code: 'KubernetesVersionTooOld',
    path: `${cluster}.kubernetesVersion`,
    changes: { [`${cluster}.kubernetesVersion`]: '1.29', [`${cluster}.outboundType`]: 'none' },
  },
  {
    code: 'KubernetesVersionTooOld',
    path: `${cluster}.kubernetesVersion`,
    what: 'static blocks',
    changes: {
      [`${cluster}.kubernetesVersion`]: '1.27',
      [networking]: { mode: 'podSubnetStaticBlock', maxPods: 31 },
      [`${spokes}[5]`]: pods,
    },
  },
  {
    code: 'PrivateLinkServiceUnsupported',
    path: `${spokes}[6].purpose`,
    changes: {
      [networking]: { mode: 'podSubnetStaticBlock', maxPods: 31 },
      [`${spokes}[5]`]: pods,
      [`${spokes}[6]`]: { name: 'pls', purpose: 'privateLinkService' },
    },
  },
  {
    code: 'VirtualNodesUnsupported',
    path: `${cluster}.addons.virtualNodes`,
    changes: {
      [`${cluster}.addons`]: { virtualNodes: true },
      [`${spokes}[5]`]: { name: 'aci', purpose: 'virtualNodes' },
    },
  },
  {
    code: 'VirtualNodesSubnetMissing',
    path: `${cluster}.addons.virtualNodes`,
    changes: { [`${cluster}.addons`]: { virtualNodes: true }, [networking]: podSubnet, [`${spokes}[5]`]: pods },
  },
  // Cluster addresses
  {
    code: 'PodCidrUnexpected',
    path: `${networking}.podCidr`,
    changes: { [networking]: { mode: 'nodeSubnet', podCidr: '10.128.0.0/16' } },
  },
  { code: 'PodCidrOverlap', path: `${networking}.podCidr`, changes: { [networking]: { podCidr: '10.241.0.0/16' } } },
  { code: 'PodCidrNotPrivate', path: `${networking}.podCidr`, changes: { [networking]: { podCidr: '51.0.0.0/16' } } },
  { code: 'PodCidrTooSmall', path: `${networking}.podCidr`, changes: { [networking]: { podCidr: '192.168.0.0/21' } } },
  {
    code: 'PodIpv6CidrNotSlash64',
    path: `${networking}.podIpv6Cidr`,
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
      [networking]: { ipFamilies: ['IPv4', 'IPv6'], podIpv6Cidr: 'fd10::/56' },
    },
  },
  {
    code: 'ServiceIpv6CidrTooLarge',
    path: `${networking}.serviceIpv6Cidr`,
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', 'fd00::/48'],
      [`${spokes}[0].ipv6AddressPrefix`]: 'fd00::/64',
      [networking]: { ipFamilies: ['IPv4', 'IPv6'], serviceIpv6Cidr: 'fd20::/64' },
    },
  },
  {
    code: 'ServiceCidrTooLarge',
    path: `${networking}.serviceCidr`,
    changes: { [networking]: { serviceCidr: '10.0.0.0/10', dnsServiceIp: '10.0.0.10' } },
  },
  {
    code: 'ServiceCidrOverlap',
    path: `${networking}.serviceCidr`,
    changes: { [networking]: { serviceCidr: '10.241.4.0/24', dnsServiceIp: '10.241.4.10' } },
  },
  {
    code: 'ServiceCidrOverlap',
    path: `${networking}.serviceCidr`,
    what: 'pods',
    changes: { [networking]: { podCidr: '172.16.0.0/15' } },
  },
  {
    code: 'DnsServiceIpOutside',
    path: `${networking}.dnsServiceIp`,
    changes: { [networking]: { dnsServiceIp: '172.17.0.10' } },
  },
  {
    code: 'DnsServiceIpFirst',
    path: `${networking}.dnsServiceIp`,
    changes: { [networking]: { dnsServiceIp: '172.16.0.1' } },
  },
  {
    code: 'ClusterSubnetTooSmall',
    path: `${spokes}[0].addressPrefix`,
    changes: { [`${spokes}[0].addressPrefix`]: '10.240.0.0/28' },
  },
  {
    code: 'ClusterSubnetTooSmall',
    path: `${spokes}[5].prefixLength`,
    what: 'pods',
    changes: { [networking]: podSubnet, [`${spokes}[5]`]: { name: 'snet-pods', purpose: 'pods', prefixLength: 24 } },
  },
  {
    code: 'PodAddressesExceeded',
    path: `${spokes}[5].addressPrefix`,
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', '10.64.0.0/14'],
      [networking]: podSubnet,
      [`${spokes}[5]`]: { ...pods, addressPrefix: '10.64.0.0/15' },
    },
  },
  {
    code: 'PodSubnetTooLarge',
    path: `${spokes}[5].addressPrefix`,
    changes: {
      'spokes[0].network.addressPrefixes': ['10.240.0.0/16', '10.0.0.0/9'],
      [networking]: { mode: 'podSubnetStaticBlock', maxPods: 31 },
      [`${spokes}[5]`]: { ...pods, addressPrefix: '10.0.0.0/11' },
    },
  },
  {
    code: 'PodBlockWaste',
    path: `${cluster}.nodePools[0].maxPods`,
    changes: {
      [networking]: { mode: 'podSubnetStaticBlock', maxPods: 31 },
      [`${spokes}[5]`]: pods,
      [`${cluster}.nodePools[0].maxPods`]: 30,
    },
  },
  {
    code: 'InternalLoadBalancerIpOutside',
    path: `${cluster}.ingress.internalLoadBalancerIp`,
    changes: { [`${cluster}.ingress.internalLoadBalancerIp`]: '10.240.4.3' },
  },
  // Pools
  {
    code: 'NodePoolBounds',
    path: `${cluster}.nodePools[1].minCount`,
    changes: { [`${cluster}.nodePools[1].minCount`]: 11 },
  },
  {
    code: 'NodePoolNameTooLong',
    path: `${cluster}.nodePools[1].name`,
    changes: { [`${cluster}.nodePools[1]`]: { ...windows, name: 'windows' } },
  },
  {
    code: 'NodePoolNameDuplicate',
    path: `${cluster}.nodePools[1].name`,
    changes: { [`${cluster}.nodePools[1].name`]: 'system' },
  },
  {
    code: 'NodePoolPodsTooFew',
    path: `${cluster}.nodePools[1].maxPods`,
    changes: { [`${cluster}.nodePools[1].maxPods`]: 10, [`${cluster}.nodePools[1].maxCount`]: 2 },
  },
  {
    code: 'NodePoolSubnetUnknown',
    path: `${cluster}.nodePools[1].subnet`,
    changes: { [`${cluster}.nodePools[1].subnet`]: 'snet-lb' },
  },
  { code: 'NodeSubnetMissing', path: 'spokes[1].subnets', changes: { 'spokes[1].cluster': {} } },
  { code: 'SystemPoolMissing', path: `${cluster}.nodePools`, changes: { [`${cluster}.nodePools[0].mode`]: 'User' } },
  {
    code: 'SystemPoolWindows',
    path: `${cluster}.nodePools[1].mode`,
    changes: { [`${cluster}.nodePools[1]`]: { ...windows, mode: 'System' } },
  },
  {
    code: 'SystemPoolEmpty',
    path: `${cluster}.nodePools[0].minCount`,
    changes: { [`${cluster}.nodePools[0].minCount`]: 0 },
  },
  // Access
  {
    code: 'OutboundRouteMissing',
    path: `${cluster}.outboundType`,
    changes: { 'hub.firewall': undefined, 'spokes[0].routes': [] },
  },
  {
    code: 'OutboundRouteMissing',
    path: `${spokes}[0].routeToFirewall`,
    what: 'subnet',
    changes: { [`${spokes}[0].routeToFirewall`]: false },
  },
  ...['managedNATGateway', 'managedNATGatewayV2', 'block'].map(
    (outboundType): InvalidSpec => ({
      code: 'OutboundTypeNeedsManagedNetwork',
      path: `${cluster}.outboundType`,
      what: outboundType,
      changes: { [`${cluster}.outboundType`]: outboundType },
    }),
  ),
  {
    code: 'NetworkIsolatedUnsupported',
    path: `${cluster}.addons.flux`,
    changes: { [`${cluster}.outboundType`]: 'none', [`${cluster}.addons`]: { flux: true } },
  },
  {
    code: 'NetworkIsolatedUnsupported',
    path: `${cluster}.apiServer.access`,
    what: 'public',
    changes: { [`${cluster}.outboundType`]: 'none', [`${cluster}.apiServer`]: { access: 'public' } },
  },
  {
    code: 'NetworkIsolatedUnsupported',
    path: `${networking}.plugin`,
    what: 'kubenet',
    changes: { [`${cluster}.outboundType`]: 'none', [networking]: kubenet, 'spokes[0].network.dnsServers': [] },
    also: ['FeatureRetiring'],
  },
  {
    code: 'AuthorizedRangesPrivate',
    path: `${cluster}.apiServer.authorizedIpRanges`,
    changes: { [`${cluster}.apiServer`]: { authorizedIpRanges: ['198.51.100.0/24'] } },
  },
  {
    code: 'AuthorizedRangesTooMany',
    path: `${cluster}.apiServer.authorizedIpRanges`,
    changes: {
      [`${cluster}.apiServer`]: { access: 'public', authorizedIpRanges: many(181, (index) => `198.51.100.${index}`) },
    },
  },
  {
    code: 'PrivateDnsZoneUnexpected',
    path: `${cluster}.apiServer.privateDnsZoneId`,
    changes: {
      [`${cluster}.apiServer`]: {
        access: 'public',
        privateDnsZoneId: id('Microsoft.Network/privateDnsZones', 'privatelink.westeurope.azmk8s.io'),
      },
    },
  },
  {
    code: 'ApiServerSubnetMissing',
    path: `${cluster}.apiServer.access`,
    changes: { [`${cluster}.apiServer`]: { access: 'vnetIntegrated' }, [`${spokes}[4].purpose`]: 'general' },
  },
  {
    code: 'ApiServerRegionUnsupported',
    path: `${cluster}.apiServer.access`,
    changes: { [`${cluster}.apiServer`]: { access: 'vnetIntegrated' }, 'spokes[0].location': 'Qatar Central' },
  },
  {
    code: 'IdentityContradiction',
    path: `${cluster}.identity.id`,
    changes: {
      [`${cluster}.identity`]: {
        type: 'systemAssigned',
        id: id('Microsoft.ManagedIdentity/userAssignedIdentities', 'x'),
      },
    },
    also: ['SystemAssignedIdentity'],
  },
  {
    code: 'SystemAssignedIdentity',
    path: `${cluster}.identity.type`,
    changes: { [`${cluster}.identity`]: { type: 'systemAssigned' } },
  },
  {
    code: 'IngressSubnetMissing',
    path: `${cluster}.ingress.profile`,
    changes: { [`${cluster}.ingress.profile`]: 'applicationGatewayForContainers' },
  },
  {
    code: 'IngressAddonMissing',
    path: `${cluster}.ingress.profile`,
    changes: { [`${cluster}.ingress.profile`]: 'istio' },
  },
  {
    code: 'ServiceMeshTwice',
    path: `${cluster}.addons.openServiceMesh`,
    changes: { [`${cluster}.addons`]: { istio: true, openServiceMesh: true } },
    also: ['FeatureRetiring'],
  },
  {
    code: 'FeatureRetired',
    path: `${cluster}.addons.httpApplicationRouting`,
    changes: { [`${cluster}.addons`]: { httpApplicationRouting: true } },
  },
  {
    code: 'FeatureRetired',
    path: `${cluster}.addons.podIdentity`,
    what: 'pod identity',
    changes: { [`${cluster}.addons`]: { podIdentity: true } },
  },
  {
    code: 'FeatureRetired',
    path: `${networking}.networkPolicy`,
    what: 'network policy on Windows',
    changes: { [networking]: { networkPolicy: 'azure' }, [`${cluster}.nodePools[1]`]: windows },
  },
  {
    code: 'FeatureRetiring',
    path: `${networking}.plugin`,
    changes: { [networking]: kubenet, 'spokes[0].network.dnsServers': [] },
  },
  {
    code: 'FeatureRetiring',
    path: `${networking}.networkPolicy`,
    what: 'network policy',
    changes: { [networking]: { networkPolicy: 'azure' } },
  },
  {
    code: 'FeatureRetiring',
    path: `${cluster}.addons.appRouting`,
    what: 'application routing',
    changes: { [`${cluster}.addons`]: { appRouting: true } },
  },
  // Adoption
  {
    code: 'AdoptedTwice',
    path: 'spokes[1].network.id',
    changes: { 'spokes[0].network.id': id(vnet, 'v', 'rg-net'), 'spokes[1].network.id': id(vnet, 'V', 'rg-net') },
    also: ['PlannedInAdoptedNetwork'],
  },
  {
    code: 'AdoptedTwice',
    path: `${firewall}.publicIps.prefixIds[1]`,
    what: 'prefix',
    changes: {
      [`${firewall}.publicIps.prefixIds`]: [
        id('Microsoft.Network/publicIPPrefixes', 'p'),
        id('Microsoft.Network/publicIPPrefixes', 'p'),
      ],
    },
  },
  {
    code: 'AdoptedSubscription',
    path: 'spokes[1].network.id',
    changes: { 'spokes[1].network.id': id(vnet, 'v', 'rg', otherSubscription) },
    also: ['PlannedInAdoptedNetwork'],
  },
  {
    code: 'AdoptedSubscription',
    path: 'spokes[1].subnets[0].routeTableId',
    what: 'route table',
    changes: {
      'spokes[1].subnets[0].routeTableId': id('Microsoft.Network/routeTables', 'rt', 'rg', otherSubscription),
    },
  },
  {
    code: 'AdoptedSubscription',
    path: 'hub.resourceGroup.id',
    what: 'resource group',
    changes: { 'hub.resourceGroup': { id: `/subscriptions/${otherSubscription}/resourceGroups/rg-hub` } },
  },
  {
    code: 'NameContradiction',
    path: 'spokes[1].network.name',
    changes: { 'spokes[1].network.id': id(vnet, 'v'), 'spokes[1].network.name': 'w' },
    also: ['PlannedInAdoptedNetwork'],
  },
  {
    code: 'NameContradiction',
    path: `${firewall}.policy.name`,
    what: 'policy',
    changes: { [`${firewall}.policy`]: { id: id('Microsoft.Network/firewallPolicies', 'p'), name: 'q' } },
  },
  {
    code: 'FirewallResourceGroup',
    path: `${firewall}.publicIps.ids[0]`,
    changes: { [`${firewall}.publicIps.ids`]: [id('Microsoft.Network/publicIPAddresses', 'pip', 'rg-other')] },
  },
  {
    code: 'FirewallResourceGroup',
    path: 'hub.network.id',
    what: 'network',
    changes: { 'hub.network.id': id(vnet, 'hub', 'rg-other') },
    also: ['PlannedInAdoptedNetwork'],
  },
  {
    code: 'PolicyInheritsItself',
    path: `${firewall}.policy.basePolicyId`,
    changes: {
      [`${firewall}.policy`]: {
        id: id('Microsoft.Network/firewallPolicies', 'p'),
        basePolicyId: id('Microsoft.Network/firewallPolicies', 'P'),
      },
    },
  },
  { code: 'PlannedInAdoptedNetwork', path: 'spokes[1].subnets[0]', changes: { 'spokes[1].network.id': id(vnet, 'v') } },
  {
    code: 'PrivateDnsZoneUnresolved',
    path: 'hub.privateDnsZones[0].linkHub',
    changes: { 'hub.privateDnsZones[0].linkHub': false },
  },
  { code: 'ClusterNameInvalid', path: `${cluster}.name`, changes: { [`${cluster}.name`]: 'aks.prod' } },
  {
    code: 'SubnetTooSmall',
    path: 'spokes[1].subnets[0].prefixLength',
    what: 'API Management v2',
    changes: {
      'spokes[1].subnets[0]': {
        name: 'apim',
        purpose: 'apiManagement',
        prefixLength: 28,
        delegation: 'Microsoft.Web/hostingEnvironments',
      },
    },
  },
  {
    code: 'OverlayNameTooLong',
    path: 'hub.resourceGroup.name',
    what: 'group of the hub',
    changes: { 'hub.resourceGroup.name': 'g'.repeat(64), 'spokes[0].resourceGroup': undefined },
  },
  // Governance
  {
    code: 'BudgetBounds',
    path: 'budgets.percentPerRun',
    what: 'in percent',
    changes: { budgets: { percentPerRun: 10, percentPerDay: 5 } },
  },
  {
    code: 'DriftPolicyKindUnknown',
    path: 'drift.policies[0].kind',
    changes: { drift: { policies: [{ kind: 'router', policy: 'report' }] } },
  },
  {
    code: 'DriftPolicyScopeUnknown',
    path: 'drift.policies[0].scope',
    changes: { drift: { policies: [{ scope: 'spoke:nobody', policy: 'report' }] } },
  },
  {
    code: 'DriftPolicyPathInvalid',
    path: 'drift.policies[0].path',
    changes: { drift: { policies: [{ path: 'properties..routes', policy: 'report' }] } },
  },
  {
    code: 'DriftPolicyPathUnknown',
    path: 'drift.policies[0].path',
    changes: { drift: { policies: [{ kind: 'routeTable', path: 'properties.colour', policy: 'report' }] } },
  },
  {
    code: 'DriftPolicyDuplicate',
    path: 'drift.policies[1]',
    changes: { drift: { policies: many(2, () => ({ kind: 'virtualNetwork', policy: 'report' })) } },
  },
  {
    code: 'PropertiesContradict',
    path: 'drift.policies[0]',
    what: 'rule about drift of everything',
    changes: { drift: { policies: [{ policy: 'report' }] } },
  },
  { code: 'TagNameInvalid', path: 'tags.a/b', changes: { tags: { 'a/b': 'x' } } },
  { code: 'TagNameInvalid', path: 'tags.microsoftCost', what: 'prefix', changes: { 'tags.microsoftCost': 'x' } },
  {
    code: 'TagsTooMany',
    path: 'tags',
    changes: { tags: Object.fromEntries(many(51, (index) => index).map((index) => [`t${index}`, 'x'])) },
  },
  { code: 'BudgetBounds', path: 'budgets.perRun', changes: { budgets: { perRun: 30, perDay: 20 } } },

  // Relief of SNAT exhaustion
  {
    code: 'EgressThresholdOrder',
    path: 'egress.scaleOut.utilizationPercent',
    changes: { egress: { scaleOut: { targetPercent: 75, utilizationPercent: 75 } } },
  },
  {
    code: 'EgressThresholdOrder',
    path: 'egress.scaleOut.targetPercent',
    what: 'taken away at the target',
    changes: { egress: { scaleIn: { utilizationPercent: 60 } } },
  },
  {
    code: 'EgressThresholdOrder',
    path: 'egress.scaleOut.maximumPercent',
    what: 'single minutes below the average',
    changes: { egress: { scaleOut: { utilizationPercent: 90, maximumPercent: 85 } } },
  },
  {
    code: 'PropertyOutOfRange',
    path: 'egress.scaleIn.lookBackHours',
    what: 'look-back of less than a day',
    changes: { egress: { scaleIn: { lookBackHours: 23 } } },
  },
  {
    code: 'PropertyOutOfRange',
    path: 'egress.scaleOut.cooldownMinutes',
    what: 'rest shorter than the metric needs',
    changes: { egress: { scaleOut: { cooldownMinutes: 14 } } },
  },
  {
    code: 'PropertiesContradict',
    path: 'egress.actionGroup',
    what: 'receiver and id',
    changes: { egress: { actionGroup: {} } },
  },
  {
    code: 'EgressFirewallMissing',
    path: 'egress.mode',
    changes: { ...withoutFirewall, egress: { mode: 'act' } },
  },
  {
    code: 'EgressFirewallMissing',
    path: 'egress.alertRules',
    what: 'alert rules',
    changes: { ...withoutFirewall, egress: { alertRules: true } },
  },
  {
    code: 'EgressReliefUseless',
    path: 'hub.firewall.publicIps.maximum',
    changes: { 'hub.firewall.publicIps': { count: 20 }, egress: { mode: 'propose' } },
  },
  {
    code: 'EgressReliefUseless',
    path: 'egress.mode',
    what: 'NAT gateway',
    changes: { 'hub.firewall.natGateway': {}, egress: { mode: 'act' } },
  },
  {
    code: 'EgressPrefixesSmall',
    path: 'hub.firewall.publicIps.maximum',
    changes: { 'hub.firewall.publicIps.maximum': 21, egress: { mode: 'act' } },
  },
  {
    code: 'EgressWithoutPrefixes',
    path: 'hub.firewall.publicIps.prefixLengths',
    changes: { 'hub.firewall.publicIps.prefixLengths': [], egress: { mode: 'act' } },
  },
  {
    code: 'EgressAlertsOnlyPropose',
    path: 'egress.alertSeverity',
    changes: { egress: { mode: 'act', alertRules: true, alertSeverity: 3 } },
    also: ['AlertRuleTellsNobody'],
  },
  { code: 'EgressWithoutBudget', path: 'budgets', changes: { budgets: { perRun: 0 }, egress: { mode: 'act' } } },
  { code: 'EgressModeForbidden', path: 'egress.mode', changes: { mode: 'observe', egress: { mode: 'act' } } },
  { code: 'AlertRuleTellsNobody', path: 'egress.alertRules', changes: { egress: { alertRules: true } } },
  {
    code: 'AlertReceiverUrlInvalid',
    path: 'egress.actionGroup.receiver.url',
    changes: { egress: { actionGroup: { receiver: { url: 'http://app.example/api/alerts', secureWebhook } } } },
  },
  {
    code: 'AlertReceiverUrlInvalid',
    path: 'egress.actionGroup.receiver.url',
    what: 'no URL',
    changes: { egress: { actionGroup: { receiver: { url: '/api/alerts', secureWebhook } } } },
  },
  {
    code: 'AlertReceiverUrlSecret',
    path: 'egress.actionGroup.receiver.url',
    changes: {
      egress: { actionGroup: { receiver: { url: 'https://app.example/api/alerts?code=s3cret', secureWebhook } } },
    },
  },
  {
    code: 'AlertReceiverUrlSecret',
    path: 'egress.actionGroup.receiver.url',
    what: 'password',
    changes: { egress: { actionGroup: { receiver: { url: 'https://me:s3cret@app.example/', secureWebhook } } } },
  },
  {
    code: 'AlertReceiverOpen',
    path: 'egress.actionGroup.receiver',
    changes: { egress: { actionGroup: { receiver: { url: 'https://app.example/api/alerts' } } } },
  },
  {
    code: 'ArmIdWrongType',
    path: 'egress.actionGroup.id',
    what: 'action group',
    changes: { egress: { actionGroup: { id: id('Microsoft.Insights/metricAlerts', 'x') } } },
  },
  {
    code: 'DriftPolicyMatchesNothing',
    path: 'drift.policies[0]',
    changes: { drift: { policies: [{ kind: 'bastionHost', scope: 'spoke', policy: 'report' }] } },
  },
  {
    code: 'DriftWithoutBudget',
    path: 'budgets',
    changes: { budgets: { perRun: 0 }, drift: { mode: 'act' } },
  },
  {
    code: 'TimeZoneUnknown',
    path: 'changeWindows[0].timeZone',
    changes: { 'changeWindows[0].timeZone': 'Europe/Bonn' },
  },
  {
    code: 'ChangeWindowDayDuplicate',
    path: 'changeWindows[0].days[1]',
    changes: { 'changeWindows[0].days': ['Monday', 'Monday'] },
  },
  // Names
  {
    code: 'ResourceNameDuplicate',
    path: 'spokes[1].subnets[0]',
    changes: { nameOverrides: { 'networkSecurityGroup/nsg-vnet-spoke-b-snet-vms': 'nsg-westeurope-bastion' } },
  },
  { code: 'ResourceNameInvalid', path: 'hub', changes: { 'hub.network.name': 'v' } },
  {
    code: 'ResourceNameInvalid',
    path: 'observability.workspace',
    what: 'workspace',
    changes: { observability: { workspace: { name: 'log' } } },
  },
  {
    code: 'NameOverrideUnknown',
    path: 'nameOverrides.routeTable/nothing',
    changes: { nameOverrides: { 'routeTable/nothing': 'x' } },
  },
  {
    code: 'PinnedPublicIpUnknown',
    path: `${firewall}.publicIps.pinned[0]`,
    changes: { [`${firewall}.publicIps.pinned`]: ['pip-x'] },
  },
  {
    code: 'ResourceNameDuplicate',
    path: 'spokes[2].subnets[0]',
    what: 'names by convention that fall together',
    changes: {
      'spokes[0].resourceGroup': undefined,
      'spokes[0].subnets[5]': { name: 'c-snet', purpose: 'privateEndpoints' },
      'spokes[2]': {
        name: 'a-c',
        network: { addressPrefixes: ['10.242.0.0/20'] },
        subnets: [{ name: 'snet', purpose: 'privateEndpoints' }],
      },
    },
  },
  {
    code: 'ResourceNameDuplicate',
    path: 'spokes[0]',
    what: 'route tables',
    changes: {
      'spokes[0].resourceGroup': undefined,
      nameOverrides: {
        'routeTable/route-spoke-a-to-westeurope-hub-fw': 'rt',
        'routeTable/route-spoke-b-to-westeurope-hub-fw': 'rt',
      },
    },
  },
  {
    code: 'ResourceNameDuplicate',
    path: `${firewall}.ipGroups[1].name`,
    what: 'IP group',
    changes: { [`${firewall}.ipGroups[1]`]: { name: 'ipg-spoke-a-aks', ipAddresses: ['10.0.0.1'] } },
  },
  {
    code: 'MoreFound',
    path: '',
    changes: { 'spokes[0].network.dnsServers': many(250, () => 'x') },
    also: ['AddressInvalid'],
  },
];
