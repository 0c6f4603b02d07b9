import type { Json, JsonObject } from '../../json.ts';
import { entryPath } from '../../plan/property-path.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { joined, namesAt, phrase, textsAt } from '../kind-support/entry-text.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignEntries, foreignUsers, foreignUsersByPart, referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';
import type { ResolvedSecurityRule } from '../resolved.ts';

const RULES = 'properties.securityRules';
const RULE = `${RULES}[].properties`;

/** Azure keeps one value in the singular property and several in the plural one, and answers as it was asked. */
function oneOrMany(singular: string, plural: string, values: readonly string[]): JsonObject {
  return values.length === 1 ? { [singular]: values[0] } : { [plural]: values };
}

function ruleBody(rule: ResolvedSecurityRule): JsonObject {
  return {
    name: rule.name,
    properties: {
      description: rule.description,
      priority: rule.priority,
      direction: rule.direction,
      access: rule.access,
      protocol: rule.protocol,
      ...oneOrMany('sourceAddressPrefix', 'sourceAddressPrefixes', rule.sourceAddressPrefixes),
      ...oneOrMany('sourcePortRange', 'sourcePortRanges', rule.sourcePortRanges),
      ...oneOrMany('destinationAddressPrefix', 'destinationAddressPrefixes', rule.destinationAddressPrefixes),
      ...oneOrMany('destinationPortRange', 'destinationPortRanges', rule.destinationPortRanges),
    },
  };
}

const SINGULARS = ['sourceAddressPrefix', 'sourcePortRange', 'destinationAddressPrefix', 'destinationPortRange'];
const PLURALS = ['sourceAddressPrefixes', 'sourcePortRanges', 'destinationAddressPrefixes', 'destinationPortRanges'];
const SECURITY_GROUPS = ['sourceApplicationSecurityGroups', 'destinationApplicationSecurityGroups'];

/** `Allow Inbound Tcp from * port * to 10.0.0.0/8 port 22, priority 4000`. */
function describeRule(rule: Json): string {
  const end = (word: string, side: 'source' | 'destination') =>
    joined([
      phrase(word, [
        ...textsAt(rule, `properties.${side}AddressPrefix`, `properties.${side}AddressPrefixes[]`),
        ...namesAt(rule, `properties.${side}ApplicationSecurityGroups[].id`),
      ]),
      phrase('port', textsAt(rule, `properties.${side}PortRange`, `properties.${side}PortRanges[]`)),
    ]);
  const what = textsAt(rule, 'properties.access', 'properties.direction', 'properties.protocol').join(' ');
  return joined(
    [
      joined([what, end('from', 'source'), end('to', 'destination')]),
      phrase('priority', textsAt(rule, 'properties.priority')),
    ],
    ', ',
  );
}

export const networkSecurityGroup: ResourceKind = {
  name: 'networkSecurityGroup',
  type: 'Microsoft.Network/networkSecurityGroups',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.defaultSecurityRules',
      'properties.networkInterfaces',
      'properties.subnets',
      'properties.flowLogs',
      `${RULES}[].etag`,
      `${RULES}[].type`,
      `${RULE}.provisioningState`,
    ],
    entries: [{ path: RULES, key: 'name', foreign: 'keep', describe: describeRule }],
    sets: PLURALS.map((name) => `${RULE}.${name}`),
    // Each is one of several ways to say the same: Azure refuses two of them in one rule.
    oursUnsaid: [...SINGULARS, ...PLURALS, ...SECURITY_GROUPS].map((name) => `${RULE}.${name}`),
    ignoreCase: [
      `${RULE}.protocol`,
      `${RULE}.access`,
      `${RULE}.direction`,
      `${RULE}.sourceAddressPrefix`,
      `${RULE}.destinationAddressPrefix`,
    ],
    defaults: {
      [RULES]: [],
      'properties.flushConnection': false,
      ...Object.fromEntries(SINGULARS.map((name) => [`${RULE}.${name}`, ''])),
      ...Object.fromEntries([...PLURALS, ...SECURITY_GROUPS].map((name) => [`${RULE}.${name}`, []])),
    },
    immutable: { location: FIXED_LOCATION },
    secret: [],
  },
  steersTraffic: [RULES],
  riskOf: riskFrom('destructive', [{ path: `${RULE}.description`, risk: 'safe' }], 'disruptive'),
  referencesOf: (body) =>
    referencesAt(
      body,
      SECURITY_GROUPS.map((name) => `${RULE}.${name}[].id`),
    ),
  foreignContentOf: (actual, isOurs) => [
    ...foreignEntries(actual, RULES, 'rule', isOurs),
    ...foreignUsersByPart(actual, ['properties.subnets[].id'], isOurs),
    ...foreignUsers(actual, ['properties.networkInterfaces[].id'], isOurs),
  ],
  compile: (baseline) =>
    baseline.networkSecurityGroups.map((group) =>
      nodeOf('networkSecurityGroup', group, {
        body: { ...envelope(group, baseline), properties: { securityRules: group.rules.map(ruleBody) } },
        dependsOn: dependencies([groupOf(group)]),
        lanes: group.networkIds.map(laneOf.virtualNetwork),
        fieldOwners: Object.fromEntries(
          group.rules.flatMap(({ name, owner }) => (owner === undefined ? [] : [[entryPath(RULES, name), owner]])),
        ),
      }),
    ),
};
