import type { ResourceType } from '../resource-type.ts';
import { actionGroups } from './action-groups.ts';
import { azureFirewalls } from './azure-firewalls.ts';
import { bastionHosts } from './bastion-hosts.ts';
import { ddosProtectionPlans } from './ddos-protection-plans.ts';
import { diagnosticSettings, diagnosticSettingsCategories } from './diagnostic-settings.ts';
import { firewallPolicies } from './firewall-policies.ts';
import { ipGroups } from './ip-groups.ts';
import { metricAlerts } from './metric-alerts.ts';
import { metricDefinitions, metrics } from './metrics.ts';
import { natGateways } from './nat-gateways.ts';
import { networkInterfaces } from './network-interfaces.ts';
import { networkSecurityGroups, securityRules } from './network-security-groups.ts';
import { privateDnsARecords, privateDnsSoaRecords, privateDnsZones, virtualNetworkLinks } from './private-dns-zones.ts';
import { publicIpAddresses } from './public-ip-addresses.ts';
import { publicIpPrefixes } from './public-ip-prefixes.ts';
import { routes, routeTables } from './route-tables.ts';
import { ruleCollectionGroups } from './rule-collection-groups.ts';
import { virtualNetworkPeerings } from './virtual-network-peerings.ts';
import { virtualNetworkSubnets } from './virtual-network-subnets.ts';
import { virtualNetworks } from './virtual-networks.ts';
import { deletedWorkspaces, workspaces } from './workspaces.ts';

/** Rules of every resource type in this folder. */
export const resourceTypes: readonly ResourceType[] = [
  virtualNetworks,
  virtualNetworkSubnets,
  virtualNetworkPeerings,
  networkSecurityGroups,
  securityRules,
  routeTables,
  routes,
  publicIpPrefixes,
  publicIpAddresses,
  natGateways,
  ddosProtectionPlans,
  bastionHosts,
  networkInterfaces,
  azureFirewalls,
  firewallPolicies,
  ruleCollectionGroups,
  ipGroups,
  privateDnsZones,
  virtualNetworkLinks,
  privateDnsARecords,
  privateDnsSoaRecords,
  workspaces,
  deletedWorkspaces,
  diagnosticSettings,
  diagnosticSettingsCategories,
  metrics,
  metricDefinitions,
  metricAlerts,
  actionGroups,
];
