import type { JsonObject } from '../../../../local/azure/json.ts';
import { type Azure, GROUP, hub, spoke } from './harness.ts';

export const LOCATION = 'westeurope';
export const HUB = hub('virtualNetworks/vnet-hub');
export const SPOKE = spoke('virtualNetworks/vnet-spoke');
export const FIREWALL = hub('azureFirewalls/fw-hub');
export const POLICY = hub('firewallPolicies/fwp-hub');
export const FIREWALL_SUBNET = `${HUB}/subnets/AzureFirewallSubnet`;

export function network(prefixes: readonly string[], properties: JsonObject = {}): JsonObject {
  return { location: LOCATION, properties: { addressSpace: { addressPrefixes: prefixes }, ...properties } };
}

export function subnet(name: string, addressPrefix: string, properties: JsonObject = {}): JsonObject {
  return { name, properties: { addressPrefix, ...properties } };
}

/** A hub of 10.200.0.0/23 with subnets for firewall, gateway and Bastion. */
export function hubNetwork(extra: readonly JsonObject[] = []): JsonObject {
  return network(['10.200.0.0/23'], {
    subnets: [
      subnet('AzureFirewallSubnet', '10.200.0.0/26'),
      subnet('GatewaySubnet', '10.200.0.64/27'),
      subnet('AzureBastionSubnet', '10.200.0.128/26'),
      ...extra,
    ],
  });
}

export function spokeNetwork(extra: readonly JsonObject[] = []): JsonObject {
  return network(['10.240.0.0/16'], { subnets: [subnet('snet-nodes', '10.240.0.0/22'), ...extra] });
}

export function publicAddress(properties: JsonObject = {}, zones: readonly string[] | null = null): JsonObject {
  return {
    location: LOCATION,
    sku: { name: 'Standard' },
    ...(zones === null ? {} : { zones }),
    properties: { publicIPAllocationMethod: 'Static', ...properties },
  };
}

export function policy(tier = 'Standard', properties: JsonObject = {}): JsonObject {
  return { location: LOCATION, properties: { sku: { tier }, dnsSettings: { enableProxy: true }, ...properties } };
}

export function ipConfiguration(name: string, addressId: string, subnetId?: string): JsonObject {
  return {
    name,
    properties: {
      publicIPAddress: { id: addressId },
      ...(subnetId === undefined ? {} : { subnet: { id: subnetId } }),
    },
  };
}

/** A firewall on the hub with the public addresses `pip-1` … `pip-{count}`. */
export function firewall(count = 1, properties: JsonObject = {}): JsonObject {
  return {
    location: LOCATION,
    properties: {
      sku: { name: 'AZFW_VNet', tier: 'Standard' },
      firewallPolicy: { id: POLICY },
      ipConfigurations: Array.from({ length: count }, (_, index) =>
        ipConfiguration(
          `ipconfig-${index + 1}`,
          hub(`publicIPAddresses/pip-${index + 1}`),
          index === 0 ? FIREWALL_SUBNET : undefined,
        ),
      ),
      ...properties,
    },
  };
}

/** Hub network, public addresses, policy; no firewall yet. */
export function makeHub(azure: Azure, addresses = 1): void {
  azure.put(HUB, hubNetwork());
  azure.put(POLICY, policy());
  for (let index = 1; index <= addresses; index += 1) azure.put(hub(`publicIPAddresses/pip-${index}`), publicAddress());
  azure.settle();
}

export function makeFirewall(azure: Azure, addresses = 1): void {
  makeHub(azure, addresses);
  azure.make(FIREWALL, firewall(addresses));
}

export function ruleGroup(priority: number, ruleCollections: readonly JsonObject[] = []): JsonObject {
  return { properties: { priority, ruleCollections } };
}

export function networkCollection(name: string, priority: number, rules: readonly JsonObject[]): JsonObject {
  return { name, priority, ruleCollectionType: 'FirewallPolicyFilterRuleCollection', action: { type: 'Allow' }, rules };
}

export function networkRule(name: string, properties: JsonObject = {}): JsonObject {
  return {
    name,
    ruleType: 'NetworkRule',
    ipProtocols: ['TCP'],
    sourceAddresses: ['10.240.0.0/22'],
    destinationAddresses: ['AzureCloud.westeurope'],
    destinationPorts: ['443'],
    ...properties,
  };
}

export function natRule(name: string, properties: JsonObject = {}): JsonObject {
  return {
    name,
    ruleType: 'NatRule',
    ipProtocols: ['TCP'],
    sourceAddresses: ['*'],
    destinationAddresses: ['20.100.1.4'],
    destinationPorts: ['443'],
    translatedAddress: '10.240.4.4',
    translatedPort: '443',
    ...properties,
  };
}

export function natCollection(rules: readonly JsonObject[]): JsonObject {
  const action = { type: 'DNAT' };
  return { name: 'dnat', priority: 100, ruleCollectionType: 'FirewallPolicyNatRuleCollection', action, rules };
}

/** A rule collection group with as many DNAT destinations, each a port of its own. */
export function natGroup(priority: number, destinations: number): JsonObject {
  const rules = Array.from({ length: destinations }, (_, index) =>
    natRule(`r-${index}`, { destinationPorts: [String(priority + index)] }),
  );
  return ruleGroup(priority, [natCollection(rules)]);
}

export function securityRule(name: string, priority: number, properties: JsonObject = {}): JsonObject {
  return {
    name,
    properties: {
      priority,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      sourcePortRange: '*',
      destinationPortRange: '443',
      sourceAddressPrefix: 'Internet',
      destinationAddressPrefix: '*',
      ...properties,
    },
  };
}

/** All rules that Azure Bastion's subnet needs. */
export function bastionRules(): readonly JsonObject[] {
  const internal = { sourceAddressPrefix: 'VirtualNetwork', destinationAddressPrefix: 'VirtualNetwork' };
  const out = { direction: 'Outbound', sourceAddressPrefix: '*' };
  const pair = (name: string, priority: number, properties: JsonObject): JsonObject => {
    const rule = securityRule(name, priority, properties);
    const { destinationPortRange: _one, ...rest } = rule.properties as JsonObject;
    return { name, properties: rest };
  };
  return [
    securityRule('in-clients', 100),
    securityRule('in-manager', 110, { sourceAddressPrefix: 'GatewayManager' }),
    securityRule('in-balancer', 120, { sourceAddressPrefix: 'AzureLoadBalancer' }),
    pair('in-hosts', 130, { ...internal, protocol: '*', destinationPortRanges: ['8080', '5701'] }),
    pair('out-machines', 100, {
      ...out,
      destinationPortRanges: ['22', '3389'],
      destinationAddressPrefix: 'VirtualNetwork',
    }),
    securityRule('out-cloud', 110, { ...out, destinationAddressPrefix: 'AzureCloud' }),
    pair('out-hosts', 120, { ...out, ...internal, protocol: '*', destinationPortRanges: ['8080', '5701'] }),
    securityRule('out-sessions', 130, { ...out, destinationPortRange: '80', destinationAddressPrefix: 'Internet' }),
    securityRule('in-deny', 1000, {
      access: 'Deny',
      protocol: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: '*',
    }),
    securityRule('out-deny', 1000, {
      ...out,
      access: 'Deny',
      protocol: '*',
      destinationPortRange: '*',
      destinationAddressPrefix: '*',
    }),
  ];
}

export function securityGroup(securityRules: readonly JsonObject[]): JsonObject {
  return { location: LOCATION, properties: { securityRules } };
}

export function routeTable(routes: readonly JsonObject[], properties: JsonObject = {}): JsonObject {
  return { location: LOCATION, properties: { routes, ...properties } };
}

export function route(name: string, addressPrefix: string, nextHopType: string, nextHopIpAddress?: string): JsonObject {
  return {
    name,
    properties: { addressPrefix, nextHopType, ...(nextHopIpAddress === undefined ? {} : { nextHopIpAddress }) },
  };
}

export function peering(remoteId: string, properties: JsonObject = {}): JsonObject {
  return { properties: { remoteVirtualNetwork: { id: remoteId }, ...properties } };
}

export function networkInterface(subnetId: string, properties: JsonObject = {}): JsonObject {
  return {
    location: LOCATION,
    properties: { ipConfigurations: [{ name: 'primary', properties: { subnet: { id: subnetId }, ...properties } }] },
  };
}

export const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-hub`;
