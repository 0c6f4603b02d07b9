import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { firewallFamilyLanes } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignUsers, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';
import type { ResolvedFirewallPolicy } from '../resolved.ts';

const GROUPS = 'properties.ruleCollectionGroups';
const WORKSPACE = 'properties.insights.logAnalyticsResources';

/** The policy that this one inherits from belongs to somebody else: it must be there and is never written. */
function basePolicy(policy: ResolvedFirewallPolicy) {
  if (policy.basePolicyId === undefined) return [];
  return [nodeOf('firewallPolicy', { ...policy, id: policy.basePolicyId, presence: 'reference' }, { body: {} })];
}

export const firewallPolicy: ResourceKind = {
  name: 'firewallPolicy',
  type: 'Microsoft.Network/firewallPolicies',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  // Seconds while detached, 1 to 5 minutes with a live firewall.
  durationMinutes: { create: 1, update: 3, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.size',
      GROUPS,
      'properties.kubeSelectorGroups',
      'properties.firewalls',
      'properties.childPolicies',
      'properties.afcManaged',
      'identity.principalId',
      'identity.tenantId',
      'identity.userAssignedIdentities.*.principalId',
      'identity.userAssignedIdentities.*.clientId',
    ],
    entries: [
      { path: 'properties.intrusionDetection.configuration.signatureOverrides', key: 'id', foreign: 'keep' },
      { path: 'properties.intrusionDetection.configuration.bypassTrafficSettings', key: 'name', foreign: 'keep' },
    ],
    sets: [
      'properties.dnsSettings.servers',
      'properties.snat.privateRanges',
      'properties.threatIntelWhitelist.ipAddresses',
      'properties.threatIntelWhitelist.fqdns',
      'properties.intrusionDetection.configuration.privateRanges',
    ],
    ignoreCase: [
      'properties.sku.tier',
      'properties.threatIntelMode',
      'properties.intrusionDetection.mode',
      'properties.intrusionDetection.profile',
      'properties.snat.autoLearnPrivateRanges',
      'properties.snat.privateRanges',
    ],
    defaults: {
      'properties.threatIntelMode': 'Alert',
      'properties.intrusionDetection.mode': 'Off',
      'properties.dnsSettings.enableProxy': false,
      'properties.dnsSettings.requireProxyForNetworkRules': false,
      'properties.dnsSettings.servers': [],
      'properties.snat.autoLearnPrivateRanges': 'Disabled',
    },
    immutable: {
      location: FIXED_LOCATION,
      'properties.sku.tier': 'A policy keeps its tier; make a new policy and move the firewall to it.',
    },
    children: [GROUPS],
    secret: ['properties.transportSecurity.certificateAuthority.keyVaultSecretId'],
  },
  steersTraffic: ['properties'],
  riskOf: riskFrom('destructive', [{ path: 'properties.insights', risk: 'safe' }], 'disruptive'),
  referencesOf: (body) =>
    referencesAt(body, [
      'properties.basePolicy.id',
      `${WORKSPACE}.defaultWorkspaceId.id`,
      `${WORKSPACE}.workspaces[].workspaceId.id`,
    ]),
  foreignContentOf: (actual, isOurs) => [
    ...referencesAt(actual, [`${GROUPS}[].id`])
      .filter((id) => !isOurs(id))
      .map((id) => `rule collection group ${id.split('/').at(-1) ?? id}`),
    ...foreignUsers(actual, ['properties.firewalls[].id', 'properties.childPolicies[].id'], isOurs),
  ],
  compile: (baseline) => {
    const policy = baseline.firewallPolicy;
    if (policy === undefined) return [];
    const insights = policy.properties.insights === undefined ? undefined : baseline.workspace?.id;
    const node = nodeOf('firewallPolicy', policy, {
      // An adopted policy may lie in any region: it serves firewalls of all of them.
      body: { ...(policy.presence === 'create' ? envelope(policy, baseline) : {}), properties: policy.properties },
      dependsOn: dependencies([groupOf(policy), policy.basePolicyId, insights]),
      lanes: firewallFamilyLanes(baseline),
    });
    return [...basePolicy(policy), node];
  },
};
