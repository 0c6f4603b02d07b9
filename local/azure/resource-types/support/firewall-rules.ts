import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import { rangeOf } from './address-allocation.ts';
import { flagAt, numberAt, objectsAt, textAt, textsAt, valueAt } from './fields.ts';
import { firstError, firstOf, limitReached, missingProperty, refuse } from './network-errors.ts';
import { hasHostBits, parseAddress } from './prefixes.ts';

/** Microsoft documents 2 MB for a rule collection group and 1,000 FQDNs in network rules. */
const MOST_BYTES = 2 * 2 ** 20;
const MOST_FQDNS = 1000;

/** Microsoft documents 20,000 pairs of source and destination in network rules. */
const MOST_PAIRS = 20_000;

/** Microsoft documents 250 DNAT rules. */
const MOST_DNAT_RULES = 250;

/** The rule collections of one group, on their own. */
export function validateRuleCollections(groupId: string, group: JsonObject): ArmError | null {
  const collections = objectsAt(group, 'properties', 'ruleCollections');
  return firstError(
    () => validateSize(groupId, group),
    () => validateDistinct(groupId, collections),
    () => firstOf(collections, (collection) => validateCollection(groupId, collection)),
    () => validateCounts(groupId, collections),
  );
}

/** What rules ask of the policy that they are in. */
export function validateRulesForPolicy(policyName: string, policy: JsonObject, group: JsonObject): ArmError | null {
  const tier = textAt(policy, 'properties', 'sku', 'tier') ?? 'Standard';
  const proxy = flagAt(policy, 'properties', 'dnsSettings', 'enableProxy');
  return firstOf(objectsAt(group, 'properties', 'ruleCollections'), (collection) =>
    firstOf(objectsAt(collection, 'rules'), (rule) => {
      if (isKind(rule, 'NetworkRule') && textsAt(rule, 'destinationFqdns').length > 0 && !proxy) {
        return refuse(
          'FirewallPolicyNetworkRuleFqdnsRequireDnsProxy',
          'In order to use DestinationFqdns in Network Rules, DNS Proxy must be enabled. See rule ' +
            `${textAt(rule, 'name')} in network rule collection ${textAt(collection, 'name')}`,
        );
      }
      const premium = premiumFeature(rule);
      if (premium === undefined || tier.toLowerCase() === 'premium') return null;
      return refuse(
        'FirewallPolicyHigherTierOnlyProperties',
        `Firewall Policy ${policyName} contains higher tier only properties - ${premium}`,
      );
    }),
  );
}

function premiumFeature(rule: JsonObject): string | undefined {
  if (flagAt(rule, 'terminateTLS')) return 'Terminate TLS';
  return textsAt(rule, 'targetUrls').length > 0 ? 'Target URLs' : undefined;
}

function isKind(rule: JsonObject, kind: string): boolean {
  return textAt(rule, 'ruleType')?.toLowerCase() === kind.toLowerCase();
}

function validateSize(groupId: string, group: JsonObject): ArmError | null {
  if (JSON.stringify(group).length <= MOST_BYTES) return null;
  return refuse(
    'FirewallPolicyRuleCollectionGroupSizeLimitExceeded',
    `Rule Collection Group ${groupId} is larger than 2 MB.`,
  );
}

function validateDistinct(groupId: string, collections: readonly JsonObject[]): ArmError | null {
  const names = new Set<string>();
  const priorities = new Set<number>();
  return firstOf(collections, (collection) => {
    const name = textAt(collection, 'name');
    const priority = numberAt(collection, 'priority');
    if (name === undefined || name === '') return missingProperty(groupId, 'ruleCollections.name');
    if (names.has(name.toLowerCase())) {
      return refuse(
        'FirewallPolicyRuleCollectionNamesMustBeUnique',
        `Rule Collection Group ${groupId} has more than one rule collection with the name ${name}.`,
      );
    }
    if (priority === undefined) return missingProperty(groupId, 'ruleCollections.priority');
    if (!Number.isInteger(priority) || priority < 100 || priority > 65_000) {
      return refuse(
        'FirewallPolicyRuleCollectionInvalidPriority',
        `Rule collection ${name} has invalid priority ${priority}. Priority must be between 100 and 65000.`,
      );
    }
    if (priorities.has(priority)) {
      return refuse(
        'FirewallPolicyRuleCollectionPrioritiesMustBeUnique',
        `Rule Collection Group ${groupId} has more than one rule collection with the priority ${priority}.`,
      );
    }
    names.add(name.toLowerCase());
    priorities.add(priority);
    return null;
  });
}

function validateCollection(groupId: string, collection: JsonObject): ArmError | null {
  const name = textAt(collection, 'name') ?? '';
  const type = textAt(collection, 'ruleCollectionType');
  const nat = type === 'FirewallPolicyNatRuleCollection';
  if (!nat && type !== 'FirewallPolicyFilterRuleCollection') {
    return missingProperty(groupId, 'ruleCollections.ruleCollectionType');
  }
  const action = textAt(collection, 'action', 'type')?.toLowerCase();
  const actions = nat ? ['dnat'] : ['allow', 'deny'];
  if (action === undefined || !actions.includes(action)) {
    return refuse(
      'FirewallPolicyRuleCollectionInvalidAction',
      `Rule collection ${name} has invalid action ${action ?? ''}.`,
    );
  }
  const rules = objectsAt(collection, 'rules');
  return firstError(
    () => validateKinds(name, nat, rules),
    () => validateRuleNames(name, rules),
    () => firstOf(rules, (rule) => validateRule(rule)),
  );
}

/** A DNAT collection holds NAT rules, a filter collection either network or application rules. */
function validateKinds(name: string, nat: boolean, rules: readonly JsonObject[]): ArmError | null {
  const kinds = new Set(rules.map((rule) => textAt(rule, 'ruleType') ?? ''));
  const allowed = nat ? ['NatRule'] : ['NetworkRule', 'ApplicationRule'];
  if ([...kinds].every((kind) => allowed.includes(kind)) && kinds.size <= 1) return null;
  return refuse(
    'FirewallPolicyRuleCollectionInvalidRuleTypes',
    `Rule collection ${name} has rules of types ${[...kinds].join(', ')}. All rules of a collection must have the same ` +
      `type, one of ${allowed.join(', ')}.`,
  );
}

function validateRuleNames(collection: string, rules: readonly JsonObject[]): ArmError | null {
  const seen = new Set<string>();
  return firstOf(rules, (rule) => {
    const name = textAt(rule, 'name');
    if (name === undefined || name === '') return missingProperty(collection, 'rules.name');
    if (seen.has(name.toLowerCase())) {
      return refuse(
        'FirewallPolicyRuleNamesMustBeUnique',
        `Rule collection ${collection} has more than one rule with the name ${name}.`,
      );
    }
    seen.add(name.toLowerCase());
    return null;
  });
}

function validateRule(rule: JsonObject): ArmError | null {
  const kind = textAt(rule, 'ruleType');
  const checks = [() => validateSources(rule)];
  if (kind === 'ApplicationRule') checks.push(() => validateApplicationRule(rule));
  if (kind === 'NetworkRule') checks.push(() => validateNetworkRule(rule));
  if (kind === 'NatRule') checks.push(() => validateNatRule(rule));
  return firstError(...checks, () => validateAddresses(rule));
}

const RULE_WORDS: Readonly<Record<string, string>> = {
  ApplicationRule: 'Application Rule',
  NetworkRule: 'Network Rule',
  NatRule: 'Nat Rule',
};

function lacks(rule: JsonObject, what: string): ArmError {
  const words = RULE_WORDS[textAt(rule, 'ruleType') ?? ''] ?? 'Rule';
  return refuse(
    'FirewallPolicyRuleInvalidParameters',
    `Firewall Policy ${words} ${textAt(rule, 'name')} must have one of ${what} specified`,
  );
}

function has(rule: JsonObject, ...lists: readonly string[]): boolean {
  return lists.some((list) => {
    const items = valueAt(rule, list);
    return Array.isArray(items) && items.length > 0;
  });
}

function validateSources(rule: JsonObject): ArmError | null {
  if (has(rule, 'sourceAddresses', 'sourceIpGroups', 'sourceKubeSelectorGroups')) return null;
  return lacks(rule, 'sourceAddresses or sourceIpGroups');
}

function validateApplicationRule(rule: JsonObject): ArmError | null {
  if (!has(rule, 'targetFqdns', 'fqdnTags', 'targetUrls', 'webCategories')) {
    return lacks(rule, 'targetFqdns, targetUrls, fqdnTags or webCategories');
  }
  if (has(rule, 'fqdnTags') && has(rule, 'targetFqdns', 'targetUrls')) {
    return refuse(
      'FirewallPolicyRuleInvalidParameters',
      `Firewall Policy Application Rule ${textAt(rule, 'name')} cannot have both fqdnTags and targetFqdns or targetUrls.`,
    );
  }
  if (!has(rule, 'fqdnTags') && !has(rule, 'protocols')) return lacks(rule, 'protocols');
  const badFqdn = textsAt(rule, 'targetFqdns').find((fqdn) => !isFqdn(fqdn));
  return badFqdn === undefined ? null : invalidFqdn(rule, badFqdn);
}

function validateNetworkRule(rule: JsonObject): ArmError | null {
  if (!has(rule, 'destinationAddresses', 'destinationIpGroups', 'destinationFqdns')) {
    return lacks(rule, 'destinationAddresses, destinationIpGroups or destinationFqdns');
  }
  if (!has(rule, 'ipProtocols')) return lacks(rule, 'ipProtocols');
  if (!has(rule, 'destinationPorts')) return lacks(rule, 'destinationPorts');
  // Wildcards resolve to no address: they are for application rules.
  const badFqdn = textsAt(rule, 'destinationFqdns').find((fqdn) => !isFqdn(fqdn) || fqdn.includes('*'));
  return badFqdn === undefined ? validatePorts(rule) : invalidFqdn(rule, badFqdn);
}

function validateNatRule(rule: JsonObject): ArmError | null {
  const destinations = textsAt(rule, 'destinationAddresses');
  const first = destinations[0];
  if (destinations.length !== 1 || first === undefined || parseAddress(first) === null) {
    return refuse(
      'FirewallPolicyRuleInvalidDnatDestination',
      `Firewall Policy Nat Rule ${textAt(rule, 'name')}: Invalid DNat destination address, destination address other ` +
        'than AzureFirewall PublicIP address is not supported.',
    );
  }
  if (textsAt(rule, 'destinationPorts').length !== 1) return lacks(rule, 'destinationPorts');
  if (textAt(rule, 'translatedPort') === undefined) return lacks(rule, 'translatedPort');
  const address = textAt(rule, 'translatedAddress');
  if ((address === undefined) === (textAt(rule, 'translatedFqdn') === undefined)) {
    return lacks(rule, 'translatedAddress or translatedFqdn');
  }
  if (address !== undefined && parseAddress(address) === null) return invalidAddress(rule, address);
  return has(rule, 'ipProtocols') ? validatePorts(rule) : lacks(rule, 'ipProtocols');
}

function validatePorts(rule: JsonObject): ArmError | null {
  const bad = textsAt(rule, 'destinationPorts').find((port) => !isPort(port));
  if (bad === undefined) return null;
  return refuse(
    'FirewallPolicyRuleInvalidPort',
    `Firewall Policy Rule ${textAt(rule, 'name')}: Invalid port or port range ${bad}.`,
  );
}

function isPort(text: string): boolean {
  if (text === '*') return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return false;
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  return first >= 1 && first <= last && last <= 65_535;
}

function validateAddresses(rule: JsonObject): ArmError | null {
  const badSource = textsAt(rule, 'sourceAddresses').find((text) => !isAddress(text));
  if (badSource !== undefined) return invalidAddress(rule, badSource);
  const badTarget = textsAt(rule, 'destinationAddresses').find((text) => !isAddress(text) && !isTag(text));
  return badTarget === undefined ? null : invalidAddress(rule, badTarget);
}

function isAddress(text: string): boolean {
  if (text === '*') return true;
  const [first, last, ...more] = text.split('-').map((part) => parseAddress(part));
  if (first != null && last != null && more.length === 0) return first.first <= last.first;
  const range = rangeOf(text);
  return range !== null && !hasHostBits(range);
}

/** A service tag, with or without a region: `AzureCloud.westeurope`. */
function isTag(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?$/.test(text);
}

function isFqdn(text: string): boolean {
  return text === '*' || /^(\*\.?)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9_-]{1,63}$/.test(text);
}

function invalidAddress(rule: JsonObject, text: string): ArmError {
  return refuse(
    'AzureFirewallRuleInvalidIpAddressOrRangeFormat',
    `AzureFirewallRule ${textAt(rule, 'name')}: Invalid IP address value or range or Service Tag ${text}.`,
  );
}

function invalidFqdn(rule: JsonObject, text: string): ArmError {
  return refuse('AzureFirewallRuleInvalidFqdn', `AzureFirewallRule ${textAt(rule, 'name')}: Invalid FQDN ${text}.`);
}

function validateCounts(groupId: string, collections: readonly JsonObject[]): ArmError | null {
  const rules = collections.flatMap((collection) => objectsAt(collection, 'rules'));
  const network = rules.filter((rule) => isKind(rule, 'NetworkRule'));
  const fqdns = new Set(network.flatMap((rule) => textsAt(rule, 'destinationFqdns')));
  if (fqdns.size > MOST_FQDNS) {
    return limitReached(
      'FirewallPolicyNetworkRuleFqdnLimitExceeded',
      MOST_FQDNS,
      `FQDNs in network rules of ${groupId}`,
    );
  }
  const pairs = network.reduce(
    (sum, rule) =>
      sum +
      count(rule, 'sourceAddresses', 'sourceIpGroups') *
        count(rule, 'destinationAddresses', 'destinationIpGroups', 'destinationFqdns'),
    0,
  );
  if (pairs > MOST_PAIRS) {
    return limitReached(
      'FirewallPolicyNetworkRuleLimitExceeded',
      MOST_PAIRS,
      `pairs of source and destination in network rules of ${groupId}`,
    );
  }
  const dnat = rules.filter((rule) => isKind(rule, 'NatRule')).length;
  if (dnat <= MOST_DNAT_RULES) return null;
  return limitReached('FirewallPolicyDnatRuleLimitExceeded', MOST_DNAT_RULES, `DNAT rules in ${groupId}`);
}

/** An IP group counts as one address. */
function count(rule: JsonObject, ...lists: readonly string[]): number {
  return lists.reduce((sum, list) => sum + textsAt(rule, list).length, 0);
}
