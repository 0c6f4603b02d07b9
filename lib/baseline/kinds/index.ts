import type { ResourceKind } from '../kind.ts';
import { actionGroup } from './action-group.ts';
import { azureFirewall } from './azure-firewall.ts';
import { bastionHost } from './bastion-host.ts';
import { ddosProtectionPlan } from './ddos-protection-plan.ts';
import { diagnosticSetting } from './diagnostic-setting.ts';
import { firewallPolicy } from './firewall-policy.ts';
import { firewallPolicyRuleCollectionGroup } from './firewall-policy-rule-collection-group.ts';
import { ipGroup } from './ip-group.ts';
import { logAnalyticsWorkspace } from './log-analytics-workspace.ts';
import { metricAlert } from './metric-alert.ts';
import { natGateway } from './nat-gateway.ts';
import { networkSecurityGroup } from './network-security-group.ts';
import { privateDnsZone } from './private-dns-zone.ts';
import { privateDnsZoneLink } from './private-dns-zone-link.ts';
import { publicIpAddress } from './public-ip-address.ts';
import { publicIpPrefix } from './public-ip-prefix.ts';
import { resourceGroup } from './resource-group.ts';
import { routeTable } from './route-table.ts';
import { virtualNetwork } from './virtual-network.ts';
import { virtualNetworkPeering } from './virtual-network-peering.ts';

/** Every kind of resource that a baseline is made of. A new kind is one file and one line here. */
export const kinds: readonly ResourceKind[] = [
  resourceGroup,
  logAnalyticsWorkspace,
  ddosProtectionPlan,
  publicIpPrefix,
  publicIpAddress,
  natGateway,
  networkSecurityGroup,
  routeTable,
  virtualNetwork,
  virtualNetworkPeering,
  ipGroup,
  firewallPolicy,
  firewallPolicyRuleCollectionGroup,
  azureFirewall,
  bastionHost,
  privateDnsZone,
  privateDnsZoneLink,
  actionGroup,
  metricAlert,
  diagnosticSetting,
];

const byName = new Map(kinds.map((kind) => [kind.name, kind]));

const byType = new Map(kinds.map((kind) => [kind.type.toLowerCase(), kind]));

/** The kind of an ARM type in any case; undefined: a baseline is not made of such. */
export function kindOfType(type: string): ResourceKind | undefined {
  return byType.get(type.toLowerCase());
}

/** The kind with that name. Throws a TypeError for a name that no graph of ours has. */
export function kindOf(name: string): ResourceKind {
  const kind = byName.get(name);
  if (kind === undefined) throw new TypeError(`there is no kind of resource named ${name}`);
  return kind;
}
