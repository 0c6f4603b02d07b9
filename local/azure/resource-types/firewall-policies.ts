import type { ArmError } from '../arm-error.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Reference, ResourceId, ResourceType, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { fail } from './support/effects.ts';
import {
  flagAt,
  given,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
  valueAt,
  withoutNulls,
} from './support/fields.ts';
import {
  affectedFirewalls,
  basePolicyOf,
  childPoliciesOf,
  familyLocks,
  firewallsOf,
  GROUPS,
  liveFirewalls,
  POLICIES,
} from './support/firewall-family.ts';
import { validateRulesForPolicy } from './support/firewall-rules.ts';
import { sameId } from './support/ids.ts';
import { NETWORK_API_VERSIONS, networkStyle, spread } from './support/network.ts';
import { firstError, firstOf, refuse, unreadable } from './support/network-errors.ts';
import { parseAddress, parsePrefix } from './support/prefixes.ts';
import { validateSameRegion } from './support/references.ts';

const TIERS: readonly string[] = ['Basic', 'Standard', 'Premium'];

/** Firewall policies, with inheritance from a base policy. */
export const firewallPolicies: ResourceType = {
  type: POLICIES,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    return firstError(
      () => validateTier(write),
      () => validateHigherTierProperties(write),
      () => validateBase(write, world),
      () => validateDns(write),
      () => validatePrivateRanges(write),
      () => validateInsights(write),
      () => validateTransportSecurity(write),
      () => validateRulesStillHold(write, world),
      () => validateFirewallTiers(write, world),
      () => faultedFirewalls(write.id.name, write.id.id, world),
    );
  },
  store: (write) => ({
    body: {
      ...given('identity', withoutNulls(valueAt(write.body, 'identity') ?? null)),
      properties: {
        threatIntelMode: 'Alert',
        ...propertiesOf(
          write.body,
          'size',
          'ruleCollectionGroups',
          'kubeSelectorGroups',
          'firewalls',
          'childPolicies',
          'afcManaged',
        ),
        sku: { tier: tierOf(write.body) },
      },
    },
  }),
  present(resource, world) {
    const ids = (resources: readonly { readonly id: ResourceId }[]) => resources.map(({ id }) => ({ id: id.id }));
    return {
      ...resource.body,
      properties: {
        ...objectAt(resource.body, 'properties'),
        size: sizeText(world.children(resource.id.id, GROUPS).map(({ body }) => body)),
        ruleCollectionGroups: ids(world.children(resource.id.id, GROUPS)),
        firewalls: ids(firewallsOf(resource.id.id, world)),
        childPolicies: ids(childPoliciesOf(resource.id.id, world)),
      },
    };
  },
  references: policyReferences,
  locks(target, world) {
    const base = textAt(target.body, 'properties', 'basePolicy', 'id');
    return familyLocks([target.id.id, ...(base === undefined ? [] : [base])], world);
  },
  asyncStyle: networkStyle,
  durationSeconds(kind, write, random, resource, world) {
    const id = write?.id.id ?? resource?.id.id ?? '';
    const live = kind === 'update' && liveFirewalls(id, world).length > 0;
    return live ? spread([60, 300], random) : spread([4, 16], random);
  },
  whenFailed: (resource, _code, world) => affectedFirewalls(resource.id.id, world).map(fail),
  canDelete(resource, world) {
    const users = [
      ...firewallsOf(resource.id.id, world),
      ...childPoliciesOf(resource.id.id, world),
      ...world.children(resource.id.id, GROUPS),
    ];
    if (users.length === 0) return null;
    return refuse(
      'FirewallPolicyInUseCannotBeDeleted',
      `Firewall policy ${resource.id.id} cannot be deleted because it is in use by the following resources: ` +
        `${users.map(({ id }) => id.id).join(', ')}.`,
    );
  },
};

/** What a failed firewall does to the next change of its policy or rule groups. */
export function faultedFirewalls(name: string, policyId: string, world: World): ArmError | null {
  const failed = affectedFirewalls(policyId, world).filter(
    ({ provisioningState }) => provisioningState === 'Failed',
  ).length;
  if (failed === 0) return null;
  return refuse(
    'FirewallPolicyUpdateFailed',
    `Put on Firewall Policy ${name} Failed with ${failed} faulted referenced firewalls`,
  );
}

export function tierOf(policy: JsonObject): string {
  const tier = textAt(policy, 'properties', 'sku', 'tier') ?? 'Standard';
  return TIERS.find((known) => known.toLowerCase() === tier.toLowerCase()) ?? tier;
}

function validateTier(write: Write): ArmError | null {
  const tier = tierOf(write.body);
  if (!TIERS.includes(tier)) {
    return refuse('FirewallPolicyInvalidSkuTier', `Firewall Policy ${write.id.name} has invalid sku tier ${tier}.`);
  }
  if (write.existing === undefined || tierOf(write.existing.body) === tier) return null;
  return refuse(
    'FirewallPolicySkuChangeDisallowed',
    `Firewall Policy ${write.id.name} cannot change sku from SKU Tier=${tierOf(write.existing.body)} to SKU Tier=${tier}`,
  );
}

/** Intrusion detection and TLS inspection are Premium; DNS settings and threat intelligence beyond alerts are not Basic. */
function validateHigherTierProperties(write: Write): ArmError | null {
  const tier = tierOf(write.body);
  const properties = objectAt(write.body, 'properties');
  const premium: readonly (readonly [string, string])[] = [
    ['intrusionDetection', 'Intrusion Detection'],
    ['transportSecurity', 'Transport Security'],
  ];
  const standard: readonly (readonly [string, string])[] = [
    ['dnsSettings', 'DNS Settings'],
    ['explicitProxy', 'Explicit Proxy'],
  ];
  const tooHigh = [...(tier === 'Premium' ? [] : premium), ...(tier === 'Basic' ? standard : [])]
    .filter(([property]) => valueAt(properties, property) !== undefined)
    .map(([, words]) => words);
  if (tier === 'Basic' && textAt(properties, 'threatIntelMode')?.toLowerCase() === 'deny') {
    tooHigh.push('Threat Intelligence Deny');
  }
  if (tooHigh.length === 0) return null;
  return higherTierOnly(write.id.name, tooHigh.join(', '));
}

function higherTierOnly(policyName: string, what: string): ArmError {
  return refuse(
    'FirewallPolicyHigherTierOnlyProperties',
    `Firewall Policy ${policyName} contains higher tier only properties - ${what}`,
  );
}

function validateBase(write: Write, world: World): ArmError | null {
  const baseId = textAt(write.body, 'properties', 'basePolicy', 'id');
  const had = basePolicyOf(write.existing);
  if (baseId === undefined) return null;
  const base = world.get(baseId);
  if (base === undefined) return null;
  const cyclic = (id: string | undefined): boolean =>
    id !== undefined && (sameId(id, write.id.id) || cyclic(basePolicyOf(world.get(id))));
  if (cyclic(baseId)) {
    return refuse('FirewallPolicyBasePolicyCycle', `Firewall Policy ${write.id.name} cannot inherit from itself.`);
  }
  if (TIERS.indexOf(tierOf(base.body)) > TIERS.indexOf(tierOf(write.body))) {
    return refuse(
      'FirewallPolicyBasePolicyHigherTier',
      `Firewall Policy ${write.id.name} of tier ${tierOf(write.body)} cannot have base policy ${baseId} of tier ${tierOf(base.body)}.`,
    );
  }
  return had !== undefined && sameId(had, baseId)
    ? null
    : validateSameRegion(write.id.id, write.location, [baseId], world);
}

function validateDns(write: Write): ArmError | null {
  const dns = objectAt(write.body, 'properties', 'dnsSettings');
  if (valueAt(dns, 'requireProxyForNetworkRules') !== undefined) {
    return refuse(
      'FirewallPolicyDeprecatedRequireProxyForNetworkRules',
      'RequireProxyForNetworkRules is deprecated in Firewall Policy. Enable DNS proxy to use FQDNs in network rules.',
    );
  }
  const bad = textsAt(dns, 'servers').find((server) => parseAddress(server) === null);
  if (bad === undefined) return null;
  return refuse('FirewallPolicyInvalidDnsServer', `Firewall Policy ${write.id.name} has an invalid DNS server ${bad}.`);
}

function validatePrivateRanges(write: Write): ArmError | null {
  const ranges = [
    ...textsAt(write.body, 'properties', 'snat', 'privateRanges'),
    ...textsAt(write.body, 'properties', 'intrusionDetection', 'configuration', 'privateRanges'),
  ];
  return firstOf(ranges, (range) => {
    const prefix = parsePrefix(range) ?? parseAddress(range);
    const ok = range === 'IANAPrivateRanges' || (prefix !== null && prefix.address === prefix.first);
    if (ok) return null;
    return refuse(
      'FirewallPolicyInvalidPrivateRange',
      `Firewall Policy ${write.id.name} has an invalid SNAT private range. Value provided: ${range}`,
    );
  });
}

function validateInsights(write: Write): ArmError | null {
  const insights = objectAt(write.body, 'properties', 'insights');
  if (!flagAt(insights, 'isEnabled')) return null;
  const days = numberAt(insights, 'retentionDays');
  const workspace = textAt(insights, 'logAnalyticsResources', 'defaultWorkspaceId', 'id');
  if (workspace !== undefined && (days === undefined || (days >= 0 && days <= 730))) return null;
  return refuse(
    'FirewallPolicyInsightsInvalid',
    `Firewall Policy ${write.id.name} has Policy Analytics enabled without a default workspace or with an invalid retention.`,
  );
}

function validateTransportSecurity(write: Write): ArmError | null {
  const security = valueAt(write.body, 'properties', 'transportSecurity');
  if (!isJsonObject(security)) return null;
  const authority = objectAt(security, 'certificateAuthority');
  const secret = textAt(authority, 'keyVaultSecretId');
  if (secret === undefined || textAt(authority, 'name') === undefined) {
    return unreadable(
      'MissingRequiredProperty',
      'transportSecurity.certificateAuthority needs name and keyVaultSecretId.',
    );
  }
  if (textAt(write.body, 'identity', 'type')?.includes('UserAssigned') === true) return null;
  return refuse(
    'FirewallPolicyTransportSecurityNeedsIdentity',
    `Firewall Policy ${write.id.name} uses Key Vault secret ${secret} without a user assigned identity.`,
  );
}

/** Rules that are there already must be allowed by what the policy becomes: FQDNs in network rules need the DNS proxy. */
function validateRulesStillHold(write: Write, world: World): ArmError | null {
  return firstOf(world.children(write.id.id, GROUPS), ({ body }) =>
    validateRulesForPolicy(write.id.name, write.body, body),
  );
}

function validateFirewallTiers(write: Write, world: World): ArmError | null {
  return firstOf(firewallsOf(write.id.id, world), (firewall) =>
    validateTierPair(
      firewall.id.id,
      textAt(firewall.body, 'properties', 'sku', 'tier') ?? 'Standard',
      tierOf(write.body),
    ),
  );
}

/** A firewall takes policies of its own tier, a Premium one Standard policies too; Basic goes with Basic only. */
export function validateTierPair(firewallId: string, firewallTier: string, policyTier: string): ArmError | null {
  const basic = firewallTier === 'Basic' || policyTier === 'Basic';
  const ok = basic ? firewallTier === policyTier : TIERS.indexOf(policyTier) <= TIERS.indexOf(firewallTier);
  if (ok) return null;
  return refuse(
    'AzureFirewallPolicyTierMismatch',
    `Azure Firewall ${firewallId} with sku tier ${firewallTier} cannot reference a Firewall Policy with sku tier ${policyTier}.`,
  );
}

function policyReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  const base = textAt(body, 'properties', 'basePolicy', 'id');
  const insights = objectAt(body, 'properties', 'insights', 'logAnalyticsResources');
  const workspaces = [
    textAt(insights, 'defaultWorkspaceId', 'id'),
    ...objectsAt(insights, 'workspaces').map((workspace) => textAt(workspace, 'workspaceId', 'id')),
  ].filter((workspace) => workspace !== undefined);
  const bypass = objectsAt(body, 'properties', 'intrusionDetection', 'configuration', 'bypassTrafficSettings').flatMap(
    (setting) => [...textsAt(setting, 'sourceIpGroups'), ...textsAt(setting, 'destinationIpGroups')],
  );
  return [
    ...(base === undefined
      ? []
      : [
          {
            to: base,
            by: id.id,
            linkedAction: 'Microsoft.Network/firewallPolicies/join/action',
            whenNotSucceeded: 'ignore',
          } as const,
        ]),
    ...workspaces.map((to) => ({ to, by: id.id, whenNotSucceeded: 'ignore' }) as const),
    ...bypass.map((to) => ({ to, by: id.id, linkedAction: 'Microsoft.Network/ipGroups/join/action' })),
  ];
}

/** Size of what a policy or a rule group holds, as Azure words it. */
export function sizeText(bodies: readonly JsonObject[]): string {
  const bytes = bodies.reduce((sum, body) => sum + JSON.stringify(body).length, 0);
  return `${(bytes / 2 ** 20).toFixed(3)}MB`;
}
