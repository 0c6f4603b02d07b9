import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { entryPath } from '../../plan/property-path.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies } from '../kind-support/dependencies.ts';
import { describeRuleCollection, joined, namesAt, phrase, textsAt } from '../kind-support/entry-text.ts';
import { firewallFamilyLanes } from '../kind-support/lanes.ts';
import { NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { nodeOf } from '../kind-support/node.ts';
import { foreignEntries, referencesAt, valuesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const COLLECTIONS = 'properties.ruleCollections';
const COLLECTION = `${COLLECTIONS}[]`;
const RULE = `${COLLECTION}.rules[]`;

const RULE_LISTS = [
  'sourceAddresses',
  'destinationAddresses',
  'destinationPorts',
  'destinationFqdns',
  'targetFqdns',
  'targetUrls',
  'fqdnTags',
  'webCategories',
  'ipProtocols',
  'sourceIpGroups',
  'destinationIpGroups',
  'sourceKubeSelectorGroups',
];

/** Lists of an application rule whose members are objects. */
const RULE_OBJECTS = ['protocols', 'httpHeadersToInsert'];

/** Where a NAT rule leads, one way or another. */
const TRANSLATIONS = ['translatedAddress', 'translatedFqdn', 'translatedPort'];

const IP_GROUPS = [`${RULE}.sourceIpGroups[]`, `${RULE}.destinationIpGroups[]`];

/** Azure answers every list that a rule could have, the empty ones too. */
const RULE_DEFAULTS: Readonly<Record<string, Json>> = Object.fromEntries([
  ...RULE_LISTS.map((name) => [`${RULE}.${name}`, [] as Json] as const),
  [`${RULE}.httpHeadersToInsert`, [] as Json],
  [`${RULE}.terminateTLS`, false],
]);

function describeCollection(collection: Json): string {
  const rules = valuesAt(collection, 'rules[]').length;
  return describeRuleCollection(textsAt(collection, 'action.type'), textsAt(collection, 'priority'), rules);
}

/** `NetworkRule TCP from 10.240.0.0/24 to 198.51.100.0/24 port 23`. */
function describeRule(rule: Json): string {
  return joined([
    ...textsAt(rule, 'ruleType'),
    ...textsAt(rule, 'ipProtocols[]', 'protocols[].protocolType'),
    phrase('from', [...textsAt(rule, 'sourceAddresses[]'), ...namesAt(rule, 'sourceIpGroups[]')]),
    phrase('to', [
      ...textsAt(
        rule,
        ...['destinationAddresses', 'destinationFqdns', 'targetFqdns', 'fqdnTags'].map((name) => `${name}[]`),
      ),
      ...namesAt(rule, 'destinationIpGroups[]'),
    ]),
    phrase('port', textsAt(rule, 'destinationPorts[]', 'protocols[].port')),
    phrase('translated to', textsAt(rule, ...TRANSLATIONS)),
  ]);
}

/** Rules of others in collections of ours. */
function foreignRules(actual: JsonObject, isOurs: (entryPath: string) => boolean): readonly string[] {
  return valuesAt(actual, `${COLLECTIONS}[]`)
    .filter(isJsonObject)
    .flatMap((collection) => {
      const name = String(collection.name);
      const path = entryPath(COLLECTIONS, name);
      if (!isOurs(path)) return [];
      const isOurRule = (rule: string) => isOurs(`${path}.${rule}`);
      return foreignEntries(collection, 'rules', 'rule', isOurRule).map((rule) => `${rule} in ${name}`);
    });
}

export const firewallPolicyRuleCollectionGroup: ResourceKind = {
  name: 'firewallPolicyRuleCollectionGroup',
  type: 'Microsoft.Network/firewallPolicies/ruleCollectionGroups',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'parent', parentKind: 'firewallPolicy' },
  etag: 'honoured',
  // Seconds while no firewall uses the policy, 1 to 5 minutes with one.
  durationMinutes: { create: 1, update: 3, delete: 3 },
  comparison: {
    readOnly: [...NETWORK_READ_ONLY, 'properties.size'],
    entries: [
      { path: COLLECTIONS, key: 'name', foreign: 'keep', describe: describeCollection },
      { path: `${COLLECTION}.rules`, key: 'name', foreign: 'keep', ordered: true, describe: describeRule },
    ],
    sets: [...RULE_LISTS, ...RULE_OBJECTS].map((name) => `${RULE}.${name}`),
    // Another source or target makes another rule of it: what is not declared lets nobody through.
    oursUnsaid: [...RULE_LISTS, ...RULE_OBJECTS, ...TRANSLATIONS, 'terminateTLS'].map((name) => `${RULE}.${name}`),
    ignoreCase: [
      `${COLLECTION}.action.type`,
      `${COLLECTION}.ruleCollectionType`,
      `${RULE}.ruleType`,
      `${RULE}.ipProtocols`,
      `${RULE}.protocols[].protocolType`,
      `${RULE}.sourceIpGroups`,
      `${RULE}.destinationIpGroups`,
      `${RULE}.targetFqdns`,
      `${RULE}.destinationAddresses`,
    ],
    defaults: { [COLLECTIONS]: [], ...RULE_DEFAULTS },
    immutable: {},
    secret: [],
  },
  steersTraffic: ['properties'],
  riskOf: riskFrom(
    'destructive',
    [
      { path: COLLECTIONS, risk: 'safe', when: 'added' },
      { path: `${RULE}.description`, risk: 'safe' },
    ],
    'disruptive',
  ),
  referencesOf: (body) => referencesAt(body, IP_GROUPS),
  foreignContentOf: (actual, isOurs) => [
    ...foreignEntries(actual, COLLECTIONS, 'rule collection', isOurs),
    ...foreignRules(actual, isOurs),
  ],
  compile: (baseline) => {
    const policy = baseline.firewallPolicy;
    if (policy === undefined) return [];
    return baseline.ruleCollectionGroups.map((group) => {
      const body = { properties: { priority: group.priority, ruleCollections: group.ruleCollections } };
      return nodeOf('firewallPolicyRuleCollectionGroup', group, {
        body,
        dependsOn: dependencies([policy.id, ...referencesAt(body, IP_GROUPS)]),
        lanes: firewallFamilyLanes(baseline),
      });
    });
  },
};
