import { parseArmId } from '../arm-id.ts';
import { clusterIpGroupName, spokesBehindFirewall } from '../cluster-ip-group.ts';
import { NameBook } from '../resolve/name-book.ts';
import { hubPlace } from '../resolve/place.ts';
import { firewallPublicEgress } from '../resolve/public-egress.ts';
import type { ResolvedBaseline, ResolvedResource } from '../resolved.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';

/** Microsoft documents 1,000 rules in a security group and 400 routes in a table. */
/** Microsoft documents 1,000 rules for a security group. */
export const MOST_SECURITY_RULES = 1_000;
const maxRoutes = 400;

interface NameRule {
  readonly pattern: RegExp;
  /** The rule in words, after "takes". */
  readonly words: string;
}

/** Microsoft's naming rules where they are narrower than those of Microsoft.Network in general. */
const nameRules: Readonly<Record<string, NameRule>> = {
  'microsoft.network/virtualnetworks': { pattern: /^.{2,64}$/, words: '2 to 64 characters' },
  'microsoft.network/azurefirewalls': { pattern: /^.{1,56}$/, words: 'up to 56 characters' },
  'microsoft.insights/actiongroups': {
    pattern: /^(?!.*[ .]$)[^:<>+/&%\\?|@*#{}]{1,260}$/,
    words: '1 to 260 characters, last no period',
  },
  'microsoft.insights/metricalerts': {
    pattern: /^(?!.*[ .]$)[^*#&+:<>?@%{}\\/|]{1,260}$/,
    words: '1 to 260 characters, last no period',
  },
  'microsoft.operationalinsights/workspaces': {
    pattern: /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
    words: '4 to 63 letters, digits and hyphens',
  },
};

function resourcesOf(resolved: ResolvedBaseline): readonly ResolvedResource[] {
  const one = (resource: ResolvedResource | undefined): readonly ResolvedResource[] =>
    resource === undefined ? [] : [resource];
  return [
    ...resolved.networks,
    ...resolved.networkSecurityGroups,
    ...resolved.routeTables,
    ...resolved.natGateways,
    ...resolved.publicIpPrefixes,
    ...resolved.publicIpAddresses,
    ...resolved.ipGroups,
    ...one(resolved.firewallPolicy),
    ...resolved.ruleCollectionGroups,
    ...one(resolved.firewall),
    ...one(resolved.bastion),
    ...one(resolved.ddosProtectionPlan),
    ...resolved.peerings,
    ...resolved.privateDnsZones,
    ...resolved.privateDnsZoneLinks,
    ...one(resolved.workspace),
    ...resolved.actionGroups,
    ...resolved.metricAlerts,
  ];
}

/** Kinds of which several may come from different parts of a spec, with their types in lower case. */
const sharedKinds: Readonly<Record<string, string>> = {
  routeTable: 'microsoft.network/routetables',
  publicIPAddress: 'microsoft.network/publicipaddresses',
  publicIPPrefix: 'microsoft.network/publicipprefixes',
  ipGroup: 'microsoft.network/ipgroups',
};

/**
 * Names that fell together. Resolving keeps one resource for each id, so a second one of the same name is not there any
 * more: it shows in who uses the first.
 */
function* mergedFaults(resolved: ResolvedBaseline, created: readonly ResolvedResource[]): Iterable<Violation> {
  const own = new Set(created.map(({ id }) => id.toLowerCase()));
  const subnets = resolved.networks
    .flatMap((network) => network.subnets)
    .filter(({ networkSecurityGroupId: id }) => id !== undefined && own.has(id.toLowerCase()));
  for (const { index, first, text } of repeatsOf(
    subnets.map(({ networkSecurityGroupId }) => networkSecurityGroupId ?? ''),
  )) {
    const message = `The security groups of ${subnets[first]?.name} and ${subnets[index]?.name} would both be ${parseArmId(text).name}.`;
    yield violation('ResourceNameDuplicate', subnets[index]?.path ?? '', message);
  }
  for (const { id, name, networkIds, path } of resolved.routeTables) {
    if (!own.has(id.toLowerCase()) || networkIds.length < 2) continue;
    yield violation('ResourceNameDuplicate', path, `The route tables of two networks would both be ${name}.`);
  }
  for (const [kind, type] of Object.entries(sharedKinds)) {
    const names = [...resolved.madeNames].filter(([key]) => key.startsWith(`${kind}/`));
    for (const { index, first, text } of repeatsOf(names.map(([, name]) => name))) {
      const left = created.filter(
        ({ id, name }) => name.toLowerCase() === text.toLowerCase() && parseArmId(id).type.toLowerCase() === type,
      );
      if (left.length > 1) continue;
      const message = `${names[first]?.[0]} and ${names[index]?.[0]} would both be ${text}.`;
      yield violation('ResourceNameDuplicate', `nameOverrides.${names[index]?.[0]}`, message);
    }
  }
  const made = new Set(spokesBehindFirewall(resolved.spec).map(({ name }) => clusterIpGroupName(name).toLowerCase()));
  for (const [index, { name }] of (resolved.spec.hub.firewall?.ipGroups ?? []).entries()) {
    if (!made.has(name.toLowerCase())) continue;
    const message = `Hubkeeper makes the IP group ${name} itself.`;
    yield violation('ResourceNameDuplicate', `hub.firewall.ipGroups[${index}].name`, message);
  }
}

/** Names of the public addresses that a reaction may add up to the maximum, by their keys. */
function laterAddressNames({ spec }: ResolvedBaseline): ReadonlyMap<string, string> {
  const { firewall } = spec.hub;
  if (firewall === undefined) return new Map();
  const names = new NameBook(spec.nameOverrides);
  firewallPublicEgress(firewall, hubPlace(spec.hub), names, firewall.publicIps.maximum ?? firewall.publicIps.count);
  return names.made;
}

function* nameFaults(resolved: ResolvedBaseline): Iterable<Violation> {
  const created = resourcesOf(resolved).filter(({ presence }) => presence === 'create');
  for (const { index, first, text } of repeatsOf(created.map(({ id }) => id))) {
    const { name, type } = parseArmId(text);
    const message = `Two resources would be the ${type} ${name}; the other one comes from ${created[first]?.path || 'the same place'}.`;
    yield violation('ResourceNameDuplicate', created[index]?.path ?? '', message);
  }
  yield* mergedFaults(resolved, created);
  for (const { id, name, path } of created) {
    const { type } = parseArmId(id);
    const rule = nameRules[type.toLowerCase()];
    if (rule === undefined || rule.pattern.test(name)) continue;
    yield violation('ResourceNameInvalid', path, `${name} is no name for a ${type}, which takes ${rule.words}.`, {
      words: rule.words,
    });
  }
  const later = laterAddressNames(resolved);
  for (const key of Object.keys(resolved.spec.nameOverrides)) {
    if (resolved.madeNames.has(key) || later.has(key)) continue;
    yield violation(
      'NameOverrideUnknown',
      `nameOverrides.${key}`,
      `Nothing in this baseline is made under the name ${key.slice(0, 120)}.`,
    );
  }
  const addresses = new Set(
    [...resolved.publicIpAddresses.map(({ name }) => name), ...later.values()].map((name) => name.toLowerCase()),
  );
  for (const [index, name] of (resolved.spec.hub.firewall?.publicIps.pinned ?? []).entries()) {
    if (addresses.has(name.toLowerCase())) continue;
    yield violation(
      'PinnedPublicIpUnknown',
      `hub.firewall.publicIps.pinned[${index}]`,
      `The firewall has no public IP address ${name}.`,
    );
  }
}

function* tableFaults(resolved: ResolvedBaseline): Iterable<Violation> {
  for (const { name, rules, path } of resolved.networkSecurityGroups) {
    if (rules.length > MOST_SECURITY_RULES) {
      yield violation(
        'SecurityRulesTooMany',
        path,
        `Security group ${name} has ${rules.length} rules; ${MOST_SECURITY_RULES} are possible.`,
      );
    }
    for (const { index, first } of repeatsOf(rules.map(({ direction, priority }) => `${direction} ${priority}`))) {
      const rule = rules[index];
      const message = `${rules[first]?.name} has the ${rule?.direction.toLowerCase()} priority ${rule?.priority} of ${rule?.name}, which Hubkeeper adds.`;
      yield violation('SecurityRulePriorityDuplicate', path, message);
    }
    for (const { text } of repeatsOf(rules.map((rule) => rule.name))) {
      yield violation(
        'SecurityRuleNameDuplicate',
        path,
        `A rule of security group ${name} is named ${text} like one that Hubkeeper adds.`,
      );
    }
  }
  for (const { name, routes, path } of resolved.routeTables) {
    if (routes.length > maxRoutes) {
      yield violation(
        'RoutesTooMany',
        path,
        `Route table ${name} has ${routes.length} routes; ${maxRoutes} are possible.`,
      );
    }
    for (const { text } of repeatsOf(routes.map((route) => route.name))) {
      yield violation('RouteNameDuplicate', path, `Route table ${name} would have two routes named ${text}.`);
    }
    for (const { text } of repeatsOf(routes.map(({ addressPrefix }) => addressPrefix))) {
      yield violation('RoutePrefixDuplicate', path, `Route table ${name} would have two routes to ${text}.`);
    }
  }
  const groups = resolved.ruleCollectionGroups;
  for (const { index, first, text } of repeatsOf(groups.map(({ priority }) => String(priority)))) {
    const message = `Rule collection group ${groups[index]?.name} has the priority ${text} of ${groups[first]?.name}.`;
    yield violation('RulePriorityDuplicate', groups[index]?.path ?? '', message);
  }
}

/** What shows only when every name is made and every generated rule is beside the operator's own. */
export function* resolvedConstraints(resolved: ResolvedBaseline): Iterable<Violation> {
  yield* nameFaults(resolved);
  yield* tableFaults(resolved);
}
