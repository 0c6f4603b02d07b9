import { typeOfId } from '../arm-id.ts';
import { clusterIpGroupName, spokesBehindFirewall } from '../cluster-ip-group.ts';
import type { FirewallRuleSpec, FirewallSpec, RuleCollectionGroupSpec, RuleCollectionSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { isAddressOrRange, isHostName, isPortOrRange, isServiceTag, repeatsOf } from './address-text.ts';
import { addressFaults } from './addresses.ts';
import { type ConstraintContext, hasDnsProxy } from './context.ts';

/** Microsoft's limits for a firewall policy, as its page of October 2023 has them. */
const limits = {
  ruleCollectionGroups: 60,
  sourceDestinationPairs: 20_000,
  ipGroups: 200,
  addressesPerIpGroup: 5000,
  fqdnsInNetworkRules: 1000,
} as const;

function* limit(found: number, most: number, what: string, path: string): Iterable<Violation> {
  if (found > most)
    yield violation('FirewallPolicyLimit', path, `There are ${found} ${what}; ${most} are possible.`, { most });
}

function* tierFaults(firewall: FirewallSpec): Iterable<Violation> {
  const { tier, policy } = firewall;
  const feature = (path: string, what: string, needed: string): Violation =>
    violation('FirewallTierFeature', `hub.firewall.${path}`, `The ${tier} tier has no ${what}.`, { needed });

  if (policy.intrusionDetectionMode !== undefined && policy.intrusionDetectionMode !== 'Off' && tier !== 'Premium') {
    yield feature('policy.intrusionDetectionMode', 'intrusion detection', 'Premium');
  }
  if (tier !== 'Basic') return;
  if (policy.threatIntelMode === 'Deny')
    yield feature('policy.threatIntelMode', 'threat intelligence in mode Deny', 'Standard');
  if (policy.dnsProxy === true) yield feature('policy.dnsProxy', 'DNS proxy', 'Standard');
  if ((policy.dnsServers ?? []).length > 0) yield feature('policy.dnsServers', 'DNS servers of its own', 'Standard');
  if (firewall.autoscale !== undefined) yield feature('autoscale', 'bounds for its instances', 'Standard');
  if (firewall.management === false) yield feature('management', 'operation without a management address', 'Standard');
}

function* addressListFaults(texts: readonly string[], path: string, tags: boolean): Iterable<Violation> {
  for (const [index, text] of texts.entries()) {
    if (text === '*' || isAddressOrRange(text) || (tags && isServiceTag(text))) continue;
    const message = `'${text.slice(0, 64)}' is neither an address, a prefix, a range${tags ? ', a service tag' : ''}, nor *.`;
    yield violation('RuleAddressInvalid', `${path}[${index}]`, message);
  }
}

function* portFaults(texts: readonly string[], path: string): Iterable<Violation> {
  for (const [index, text] of texts.entries()) {
    if (text === '*' || isPortOrRange(text)) continue;
    yield violation(
      'RulePortInvalid',
      `${path}[${index}]`,
      `'${text.slice(0, 64)}' is neither a port, a range of ports, nor *.`,
    );
  }
}

function* hostNameFaults(texts: readonly string[], path: string, wildcard: boolean): Iterable<Violation> {
  for (const [index, text] of texts.entries()) {
    if (isHostName(text, wildcard)) continue;
    yield violation(
      'RuleHostNameInvalid',
      `${path}[${index}]`,
      `'${text.slice(0, 64)}' is not a host name that this rule can take.`,
    );
  }
}

type Rule = FirewallRuleSpec;
type RuleOf<Type extends Rule['ruleType']> = Extract<Rule, { readonly ruleType: Type }>;

function* applicationRuleFaults(
  firewall: FirewallSpec,
  rule: RuleOf<'ApplicationRule'>,
  path: string,
): Iterable<Violation> {
  const { targetFqdns = [], targetUrls = [], fqdnTags = [], webCategories = [] } = rule;
  yield* hostNameFaults(targetFqdns, `${path}.targetFqdns`, true);
  yield* addressListFaults(rule.destinationAddresses ?? [], `${path}.destinationAddresses`, true);
  if (targetFqdns.length + targetUrls.length + fqdnTags.length + webCategories.length === 0) {
    yield violation('RuleDestinationMissing', path, `Rule ${rule.name} names no host, URL, tag or category.`);
  }
  if (targetUrls.length > 0 && firewall.tier !== 'Premium') {
    yield violation('FirewallTierFeature', `${path}.targetUrls`, `The ${firewall.tier} tier has no rules by URL.`, {
      needed: 'Premium',
    });
  }
  if (rule.terminateTLS === true && firewall.tier !== 'Premium') {
    yield violation('FirewallTierFeature', `${path}.terminateTLS`, `The ${firewall.tier} tier has no TLS inspection.`, {
      needed: 'Premium',
    });
  }
  if (webCategories.length > 0 && firewall.tier === 'Basic') {
    yield violation('FirewallTierFeature', `${path}.webCategories`, 'The Basic tier has no web categories.', {
      needed: 'Standard',
    });
  }
}

function* networkRuleFaults(
  context: ConstraintContext,
  rule: RuleOf<'NetworkRule'>,
  path: string,
): Iterable<Violation> {
  const { destinationAddresses = [], destinationIpGroups = [], destinationFqdns = [] } = rule;
  yield* addressListFaults(destinationAddresses, `${path}.destinationAddresses`, true);
  yield* portFaults(rule.destinationPorts, `${path}.destinationPorts`);
  yield* hostNameFaults(destinationFqdns, `${path}.destinationFqdns`, false);
  if (destinationAddresses.length + destinationIpGroups.length + destinationFqdns.length === 0) {
    yield violation('RuleDestinationMissing', path, `Rule ${rule.name} names no destination.`);
  }
  if (destinationFqdns.length > 0 && !hasDnsProxy(context.spec)) {
    yield violation(
      'FirewallDnsProxyNeeded',
      `${path}.destinationFqdns`,
      `Rule ${rule.name} names hosts while the firewall's DNS proxy is off.`,
    );
  }
}

function* natRuleFaults(context: ConstraintContext, rule: RuleOf<'NatRule'>, path: string): Iterable<Violation> {
  yield* addressListFaults(rule.destinationAddresses, `${path}.destinationAddresses`, false);
  yield* portFaults(rule.destinationPorts, `${path}.destinationPorts`);
  yield* portFaults([rule.translatedPort], `${path}.translatedPort`);
  if ((rule.translatedAddress === undefined) === (rule.translatedFqdn === undefined)) {
    yield violation(
      'RuleTranslationUnclear',
      path,
      `Rule ${rule.name} needs either an address or a name to translate to.`,
    );
  }
  if (rule.translatedAddress !== undefined) yield* addressFaults(rule.translatedAddress, `${path}.translatedAddress`);
  if (rule.translatedFqdn !== undefined && !hasDnsProxy(context.spec)) {
    yield violation(
      'FirewallDnsProxyNeeded',
      `${path}.translatedFqdn`,
      `Rule ${rule.name} translates to a name while the firewall's DNS proxy is off.`,
    );
  }
}

function isIpGroupId(text: string): boolean {
  return text.startsWith('/subscriptions/') && typeOfId(text).toLowerCase() === 'microsoft.network/ipgroups';
}

function* ruleFaults(
  context: ConstraintContext,
  firewall: FirewallSpec,
  rule: Rule,
  path: string,
): Iterable<Violation> {
  const { sourceAddresses = [], sourceIpGroups = [] } = rule;
  yield* addressListFaults(sourceAddresses, `${path}.sourceAddresses`, false);
  if (sourceAddresses.length + sourceIpGroups.length === 0) {
    yield violation('RuleSourceMissing', path, `Rule ${rule.name} names no source.`);
  }
  const names = new Set([
    ...firewall.ipGroups.map(({ name }) => name.toLowerCase()),
    ...spokesBehindFirewall(context.spec).map((spoke) => clusterIpGroupName(spoke.name).toLowerCase()),
  ]);
  const groups = {
    sourceIpGroups,
    destinationIpGroups: rule.ruleType === 'NetworkRule' ? (rule.destinationIpGroups ?? []) : [],
  };
  for (const [key, references] of Object.entries(groups)) {
    for (const [index, reference] of references.entries()) {
      if (isIpGroupId(reference) || names.has(reference.toLowerCase())) continue;
      yield violation(
        'IpGroupUnknown',
        `${path}.${key}[${index}]`,
        `There is no IP group ${reference.slice(0, 80)} in this spec.`,
      );
    }
  }
  switch (rule.ruleType) {
    case 'ApplicationRule':
      return yield* applicationRuleFaults(firewall, rule, path);
    case 'NetworkRule':
      return yield* networkRuleFaults(context, rule, path);
    case 'NatRule':
      return yield* natRuleFaults(context, rule, path);
  }
}

function* collectionFaults(
  context: ConstraintContext,
  firewall: FirewallSpec,
  collection: RuleCollectionSpec,
  path: string,
): Iterable<Violation> {
  const rules: readonly Rule[] = collection.rules;
  for (const [index, rule] of rules.entries()) yield* ruleFaults(context, firewall, rule, `${path}.rules[${index}]`);
  const other = rules.findIndex((rule) => rule.ruleType !== rules[0]?.ruleType);
  if (other > 0) {
    const message = `Collection ${collection.name} mixes rules by host name with rules by address.`;
    yield violation('RuleCollectionMixed', `${path}.rules[${other}].ruleType`, message);
  }
  for (const { index, text } of repeatsOf(rules.map(({ name }) => name))) {
    yield violation('RuleNameDuplicate', `${path}.rules[${index}].name`, `A rule named ${text} is there already.`);
  }
}

function* groupFaults(
  context: ConstraintContext,
  firewall: FirewallSpec,
  group: RuleCollectionGroupSpec,
  path: string,
): Iterable<Violation> {
  const { ruleCollections } = group;
  for (const [index, collection] of ruleCollections.entries()) {
    yield* collectionFaults(context, firewall, collection, `${path}.ruleCollections[${index}]`);
  }
  for (const { index, text } of repeatsOf(ruleCollections.map(({ name }) => name))) {
    yield violation(
      'RuleNameDuplicate',
      `${path}.ruleCollections[${index}].name`,
      `A collection named ${text} is there already.`,
    );
  }
  for (const { index, text } of repeatsOf(ruleCollections.map(({ priority }) => String(priority)))) {
    yield violation(
      'RulePriorityDuplicate',
      `${path}.ruleCollections[${index}].priority`,
      `Another collection of ${group.name} has priority ${text}.`,
    );
  }
}

function* limitFaults(firewall: FirewallSpec): Iterable<Violation> {
  let pairs = 0;
  let hostNames = 0;
  for (const group of firewall.ruleCollectionGroups) {
    for (const collection of group.ruleCollections) {
      for (const rule of collection.rules) {
        if (rule.ruleType !== 'NetworkRule') continue;
        const sources = (rule.sourceAddresses ?? []).length + (rule.sourceIpGroups ?? []).length;
        const destinations =
          (rule.destinationAddresses ?? []).length +
          (rule.destinationIpGroups ?? []).length +
          (rule.destinationFqdns ?? []).length;
        pairs += sources * destinations;
        hostNames += (rule.destinationFqdns ?? []).length;
      }
    }
  }
  const groups = 'hub.firewall.ruleCollectionGroups';
  yield* limit(firewall.ruleCollectionGroups.length, limits.ruleCollectionGroups, 'rule collection groups', groups);
  yield* limit(pairs, limits.sourceDestinationPairs, 'pairs of source and destination in network rules', groups);
  yield* limit(hostNames, limits.fqdnsInNetworkRules, 'host names in network rules', groups);
  yield* limit(firewall.ipGroups.length, limits.ipGroups, 'IP groups', 'hub.firewall.ipGroups');
}

/** The firewall's tier, its policy, IP groups and the operator's own rules. */
export function* firewallPolicyConstraints(context: ConstraintContext): Iterable<Violation> {
  const { firewall } = context.spec.hub;
  if (firewall === undefined) return;
  yield* tierFaults(firewall);
  for (const [index, text] of (firewall.policy.dnsServers ?? []).entries()) {
    yield* addressFaults(text, `hub.firewall.policy.dnsServers[${index}]`);
  }
  for (const [index, group] of firewall.ipGroups.entries()) {
    const path = `hub.firewall.ipGroups[${index}]`;
    for (const [at, text] of group.ipAddresses.entries()) {
      if (isAddressOrRange(text)) continue;
      yield violation(
        'RuleAddressInvalid',
        `${path}.ipAddresses[${at}]`,
        `'${text.slice(0, 64)}' is neither an address, a prefix, nor a range.`,
      );
    }
    yield* limit(
      group.ipAddresses.length,
      limits.addressesPerIpGroup,
      `addresses in IP group ${group.name}`,
      `${path}.ipAddresses`,
    );
    if (group.id !== undefined && group.ipAddresses.length > 0) {
      yield violation(
        'IpGroupContradiction',
        `${path}.ipAddresses`,
        `IP group ${group.name} exists already and is not changed.`,
      );
    }
  }
  for (const { index, text } of repeatsOf(firewall.ipGroups.map(({ name }) => name))) {
    yield violation(
      'RuleNameDuplicate',
      `hub.firewall.ipGroups[${index}].name`,
      `An IP group named ${text} is there already.`,
    );
  }
  const groups = firewall.ruleCollectionGroups;
  for (const [index, group] of groups.entries()) {
    yield* groupFaults(context, firewall, group, `hub.firewall.ruleCollectionGroups[${index}]`);
  }
  for (const { index, text } of repeatsOf(groups.map(({ name }) => name))) {
    yield violation(
      'RuleNameDuplicate',
      `hub.firewall.ruleCollectionGroups[${index}].name`,
      `A rule collection group named ${text} is there already.`,
    );
  }
  for (const { index, text } of repeatsOf(groups.map(({ priority }) => String(priority)))) {
    yield violation(
      'RulePriorityDuplicate',
      `hub.firewall.ruleCollectionGroups[${index}].priority`,
      `Another rule collection group has priority ${text}.`,
    );
  }
  yield* limitFaults(firewall);
}
