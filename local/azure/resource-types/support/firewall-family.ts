import type { ResourceLock, StoredResource, World } from '../../resource-type.ts';
import { objectsAt, textAt, textsAt } from './fields.ts';
import { sameId } from './ids.ts';

export const FIREWALLS = 'Microsoft.Network/azureFirewalls';
export const POLICIES = 'Microsoft.Network/firewallPolicies';
export const GROUPS = 'Microsoft.Network/firewallPolicies/ruleCollectionGroups';

export function basePolicyOf(policy: StoredResource | undefined): string | undefined {
  return textAt(policy?.body, 'properties', 'basePolicy', 'id');
}

export function policyOf(firewall: StoredResource): string | undefined {
  return textAt(firewall.body, 'properties', 'firewallPolicy', 'id');
}

/** Policies that inherit from this one directly. */
export function childPoliciesOf(policyId: string, world: World): readonly StoredResource[] {
  return world.list(POLICIES).filter((policy) => sameId(basePolicyOf(policy), policyId));
}

export function firewallsOf(policyId: string, world: World): readonly StoredResource[] {
  return world.list(FIREWALLS).filter((firewall) => sameId(policyOf(firewall), policyId));
}

/**
 * What changes together with a policy: the base policies above it, everything that inherits from those, and all their
 * firewalls. Two changes inside one family fault the firewalls.
 */
function familyOf(policyId: string, world: World): readonly StoredResource[] {
  const members = new Map<string, StoredResource>();
  const collect = (id: string): void => {
    const policy = world.get(id);
    if (policy === undefined || members.has(policy.id.key)) return;
    members.set(policy.id.key, policy);
    for (const firewall of firewallsOf(id, world)) members.set(firewall.id.key, firewall);
    const base = basePolicyOf(policy);
    if (base !== undefined) collect(base);
    for (const child of childPoliciesOf(id, world)) collect(child.id.id);
  };
  collect(policyId);
  return [...members.values()];
}

/** Firewalls that run what a policy says, inherited by others included. */
export function affectedFirewalls(policyId: string, world: World): readonly StoredResource[] {
  const own = firewallsOf(policyId, world);
  return [...own, ...childPoliciesOf(policyId, world).flatMap((child) => affectedFirewalls(child.id.id, world))];
}

/** Firewalls of a policy that are really running: deallocated ones have no ipConfigurations. */
export function liveFirewalls(policyId: string, world: World): readonly StoredResource[] {
  return affectedFirewalls(policyId, world).filter(
    (firewall) => objectsAt(firewall.body, 'properties', 'ipConfigurations').length > 0,
  );
}

/** The whole family of each policy, against any other change in it. */
export function familyLocks(policyIds: readonly string[], world: World): readonly ResourceLock[] {
  const ids = new Set(policyIds.flatMap((id) => familyOf(id, world).map((member) => member.id.id)));
  // A policy that is being created is not in the world yet.
  for (const id of policyIds) if (![...ids].some((known) => sameId(known, id))) ids.add(id);
  return [...ids].map((id): ResourceLock => ({ id, mode: 'exclusive' }));
}

/** IP groups that the rules of a group name. */
export function ipGroupsOf(group: StoredResource['body']): readonly string[] {
  const rules = objectsAt(group, 'properties', 'ruleCollections').flatMap((collection) =>
    objectsAt(collection, 'rules'),
  );
  const ids = rules.flatMap((rule) => [...textsAt(rule, 'sourceIpGroups'), ...textsAt(rule, 'destinationIpGroups')]);
  return distinctIds(ids);
}

/** IP groups of a policy: of its rules and of its intrusion detection bypass list. */
export function ipGroupsOfPolicy(policyId: string, world: World): readonly string[] {
  const bypass = objectsAt(
    world.get(policyId)?.body,
    'properties',
    'intrusionDetection',
    'configuration',
    'bypassTrafficSettings',
  ).flatMap((setting) => [...textsAt(setting, 'sourceIpGroups'), ...textsAt(setting, 'destinationIpGroups')]);
  const ofRules = world.children(policyId, GROUPS).flatMap((group) => ipGroupsOf(group.body));
  const base = basePolicyOf(world.get(policyId));
  return distinctIds([...bypass, ...ofRules, ...(base === undefined ? [] : ipGroupsOfPolicy(base, world))]);
}

/** Policies whose own rules name an IP group. */
export function policiesUsing(ipGroupId: string, world: World): readonly StoredResource[] {
  const ids = world.referencedBy(ipGroupId).map(({ resource }) => resource.id.parentId ?? resource.id.id);
  return distinctIds(ids)
    .map((id) => world.get(id))
    .filter((policy) => policy !== undefined && policy.id.type === POLICIES)
    .filter((policy) => policy !== undefined);
}

export function distinctIds(ids: readonly string[]): readonly string[] {
  return [...new Map(ids.map((id) => [id.toLowerCase(), id])).values()];
}
