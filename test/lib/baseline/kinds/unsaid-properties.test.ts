import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { kindOf } from '../../../../lib/baseline/kinds/index.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import { compare } from '../../../../lib/plan/compare.ts';
import { mergeForWrite } from '../../../../lib/plan/merge.ts';

const OURS = 'ours';

function securityGroup(...rules: readonly JsonObject[]): JsonObject {
  return { properties: { securityRules: rules.map((properties, index) => ({ name: nameOf(index), properties })) } };
}

function routeTable(...routes: readonly JsonObject[]): JsonObject {
  return { properties: { routes: routes.map((properties, index) => ({ name: nameOf(index), properties })) } };
}

function ruleGroup(...rules: readonly JsonObject[]): JsonObject {
  const named = rules.map((rule, index) => ({ name: nameOf(index), ruleType: 'NetworkRule', ...rule }));
  return { properties: { ruleCollections: [{ name: 'collection', priority: 100, rules: named }] } };
}

/** The first is ours, the others are somebody else's. */
function nameOf(index: number): string {
  return index === 0 ? OURS : `theirs-${index}`;
}

const RULE = `properties.securityRules[${OURS}].properties`;

describe('what nobody declared and yet changes what is declared', () => {
  it.each<readonly [string, string, JsonObject, JsonObject, readonly string[]]>([
    [
      'one source beside several',
      'networkSecurityGroup',
      securityGroup({ sourceAddressPrefixes: ['10.0.0.0/8', '172.16.0.0/12'] }),
      securityGroup({ sourceAddressPrefix: '*', sourceAddressPrefixes: [] }),
      [`${RULE}.sourceAddressPrefix`, `${RULE}.sourceAddressPrefixes`],
    ],
    [
      'several ports beside one',
      'networkSecurityGroup',
      securityGroup({ destinationPortRange: '443' }),
      securityGroup({ destinationPortRanges: ['22', '443'] }),
      [`${RULE}.destinationPortRange`, `${RULE}.destinationPortRanges`],
    ],
    [
      'a group of applications',
      'networkSecurityGroup',
      securityGroup({ sourceAddressPrefix: '10.0.0.0/8' }),
      securityGroup({ sourceApplicationSecurityGroups: [{ id: '/subscriptions/s/x' }] }),
      [`${RULE}.sourceAddressPrefix`, `${RULE}.sourceApplicationSecurityGroups`],
    ],
    [
      'the address of a hop that has none',
      'routeTable',
      routeTable({ addressPrefix: '10.8.0.0/16', nextHopType: 'None' }),
      routeTable({ addressPrefix: '10.8.0.0/16', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.9.9.9' }),
      [`properties.routes[${OURS}].properties.nextHopIpAddress`, `properties.routes[${OURS}].properties.nextHopType`],
    ],
    [
      'further targets of a firewall rule',
      'firewallPolicyRuleCollectionGroup',
      ruleGroup({ destinationAddresses: ['198.51.100.0/24'] }),
      ruleGroup({ destinationAddresses: ['198.51.100.0/24'], destinationFqdns: ['*'], sourceIpGroups: ['/x'] }),
      [
        `properties.ruleCollections[collection].rules[${OURS}].destinationFqdns`,
        `properties.ruleCollections[collection].rules[${OURS}].sourceIpGroups`,
      ],
    ],
  ])('%s is seen and taken back', (_, kind, declared, actual, paths) => {
    const { comparison } = kindOf(kind);

    const found = compare(declared, actual, comparison, {}).differences.map(({ path }) => path);
    const written = mergeForWrite(declared, actual, comparison, {});

    expect([...found].sort()).toEqual([...paths].sort());
    expect(compare(declared, written, comparison, {}).differences).toEqual([]);
  });

  it.each<readonly [string, string, JsonObject, JsonObject]>([
    [
      'the empty forms that Azure answers',
      'networkSecurityGroup',
      securityGroup({ sourceAddressPrefix: '*', destinationPortRanges: ['22', '443'] }),
      securityGroup({
        sourceAddressPrefix: '*',
        sourceAddressPrefixes: [],
        destinationPortRange: '',
        destinationPortRanges: ['443', '22'],
        sourceApplicationSecurityGroups: [],
      }),
    ],
    [
      "somebody else's rule",
      'networkSecurityGroup',
      securityGroup({ sourceAddressPrefix: '*' }),
      securityGroup({ sourceAddressPrefix: '*' }, { sourceAddressPrefixes: ['1.1.1.1'], destinationPortRange: '22' }),
    ],
    [
      "somebody else's route",
      'routeTable',
      routeTable({ nextHopType: 'None' }),
      routeTable({ nextHopType: 'None', nextHopIpAddress: '' }, { nextHopIpAddress: '10.0.0.1' }),
    ],
  ])('%s are left alone', (_, kind, declared, actual) => {
    const { comparison } = kindOf(kind);

    expect(compare(declared, actual, comparison, {}).differences).toEqual([]);
    expect(mergeForWrite(declared, actual, comparison, {})).toEqual(actual);
  });

  it('whatever a rule says, a write leaves one way to say each thing', () => {
    const { comparison } = kindOf('networkSecurityGroup');
    const addresses = fc.uniqueArray(fc.constantFrom('10.0.0.0/8', '172.16.0.0/12', '*', '192.0.2.1'), {
      minLength: 1,
    });
    const said = fc.oneof(
      addresses.map(([sourceAddressPrefix = '*']): JsonObject => ({ sourceAddressPrefix })),
      addresses.map((sourceAddressPrefixes): JsonObject => ({ sourceAddressPrefixes })),
      addresses.map(
        (names): JsonObject => ({ sourceApplicationSecurityGroups: names.map((name) => ({ id: `/groups/${name}` })) }),
      ),
    );
    fc.assert(
      fc.property(said, said, (declared, actual) => {
        const written = mergeForWrite(securityGroup(declared), securityGroup(actual), comparison, {});
        const [rule] = (written.properties as { securityRules: { properties: JsonObject }[] }).securityRules;
        expect(Object.keys(rule?.properties ?? {})).toEqual(Object.keys(declared));
      }),
    );
  });
});
