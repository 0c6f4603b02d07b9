import type { ArmError } from '../arm-error.ts';
import type { ResourceType, World, Write } from '../resource-type.ts';
import { faultedFirewalls, sizeText } from './firewall-policies.ts';
import { propertiesOf } from './support/children.ts';
import {
  addressesAndDestinations,
  dnatDestinationsOf,
  dnatDestinationsOfGroup,
  MOST_ADDRESSES_AND_DNAT_DESTINATIONS,
} from './support/dnat.ts';
import { fail } from './support/effects.ts';
import { numberAt, objectAt } from './support/fields.ts';
import {
  affectedFirewalls,
  distinctIds,
  familyLocks,
  firewallsOf,
  GROUPS,
  ipGroupsOf,
  ipGroupsOfPolicy,
  liveFirewalls,
} from './support/firewall-family.ts';
import { validateRuleCollections, validateRulesForPolicy } from './support/firewall-rules.ts';
import { nameOf } from './support/ids.ts';
import { NETWORK_API_VERSIONS, networkStyle, spread } from './support/network.ts';
import { firstError, limitReached, missingProperty, refuse } from './support/network-errors.ts';

/** Microsoft documents 60 rule collection groups for a policy and 200 IP groups for a firewall. */
const MOST_GROUPS = 60;
const MOST_IP_GROUPS = 200;

/** Rule collection groups. Any change holds the whole family of policies and firewalls. */
export const ruleCollectionGroups: ResourceType = {
  type: GROUPS,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  validate(write, world) {
    const policyId = write.id.parentId ?? '';
    const policy = world.get(policyId);
    return firstError(
      () => validatePriority(write, world),
      () => validateRuleCollections(write.id.id, write.body),
      () => validateRulesForPolicy(nameOf(policyId), policy?.body ?? {}, write.body),
      () => validateIpGroupCount(write, policyId, world),
      () => validateDnatDestinations(write, policyId, world),
      () => faultedFirewalls(nameOf(policyId), policyId, world),
    );
  },
  store: (write) => ({ body: { properties: { ruleCollections: [], ...propertiesOf(write.body, 'size') } } }),
  present: (resource) => ({
    properties: { size: sizeText([resource.body]), ...objectAt(resource.body, 'properties') },
  }),
  references: (id, body) =>
    ipGroupsOf(body).map((to) => ({ to, by: id.id, linkedAction: 'Microsoft.Network/ipGroups/join/action' })),
  locks: (target, world) => [
    { id: target.id.id, mode: 'exclusive' },
    ...familyLocks([target.id.parentId ?? ''], world),
    ...ipGroupsOf(target.body).map((id) => ({ id, mode: 'shared' }) as const),
  ],
  asyncStyle: networkStyle,
  durationSeconds(_kind, write, random, resource, world) {
    const policyId = write?.id.parentId ?? resource?.id.parentId ?? '';
    return liveFirewalls(policyId, world).length > 0 ? spread([60, 300], random) : spread([5, 15], random);
  },
  whenFailed: (resource, _code, world) => affectedFirewalls(resource.id.parentId ?? '', world).map(fail),
};

function validatePriority(write: Write, world: World): ArmError | null {
  const priority = numberAt(write.body, 'properties', 'priority');
  if (priority === undefined) return missingProperty(write.id.id, 'priority');
  if (!Number.isInteger(priority) || priority < 100 || priority > 65_000) {
    return refuse(
      'FirewallPolicyRuleCollectionGroupInvalidPriority',
      `Rule Collection Group ${write.id.name} has invalid priority ${priority}. Priority must be between 100 and 65000.`,
    );
  }
  const others = world.children(write.id.parentId ?? '', GROUPS).filter(({ id }) => id.key !== write.id.key);
  if (write.existing === undefined && others.length >= MOST_GROUPS) {
    return limitReached(
      'FirewallPolicyRuleCollectionGroupCountLimitReached',
      MOST_GROUPS,
      `rule collection groups in firewall policy ${write.id.parentId}`,
    );
  }
  const twin = others.find(({ body }) => numberAt(body, 'properties', 'priority') === priority);
  if (twin === undefined) return null;
  return refuse(
    'FirewallPolicyRuleCollectionGroupPrioritiesMustBeUnique',
    `Rule Collection Group ${write.id.name} has the same priority ${priority} as Rule Collection Group ${twin.id.name}.`,
  );
}

function validateIpGroupCount(write: Write, policyId: string, world: World): ArmError | null {
  const all = distinctIds([...ipGroupsOf(write.body), ...ipGroupsOfPolicy(policyId, world)]);
  if (all.length <= MOST_IP_GROUPS) return null;
  return limitReached('FirewallPolicyIpGroupLimitExceeded', MOST_IP_GROUPS, `IP groups in firewall policy ${policyId}`);
}

/** Addresses of a firewall and DNAT destinations share one limit. */
function validateDnatDestinations(write: Write, policyId: string, world: World): ArmError | null {
  const own = dnatDestinationsOfGroup(write.body);
  const full = firewallsOf(policyId, world).find(({ body }) => {
    const others = dnatDestinationsOf(body, world, ({ id }) => id.key !== write.id.key);
    return addressesAndDestinations(body, [...others, ...own]) > MOST_ADDRESSES_AND_DNAT_DESTINATIONS;
  });
  if (full === undefined || own.length === 0) return null;
  return limitReached(
    'FirewallPolicyDnatRuleLimitExceeded',
    MOST_ADDRESSES_AND_DNAT_DESTINATIONS,
    `public IP addresses and DNAT destinations together on Azure Firewall ${full.id.id}`,
  );
}
