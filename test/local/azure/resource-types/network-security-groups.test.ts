import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import {
  bastionRules,
  HUB,
  LOCATION,
  network,
  networkInterface,
  SPOKE,
  securityGroup,
  securityRule,
  spokeNetwork,
  subnet,
} from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, eachWithAzure, namesIn, refuses } from './rules.ts';

const GROUP = hub('networkSecurityGroups/nsg');
const RULE = `${GROUP}/securityRules/in`;

const one = (properties: JsonObject) => securityGroup([securityRule('in', 100, properties)]);

function without(rule: JsonObject, property: string): JsonObject {
  const properties = Object.entries(rule.properties as JsonObject).filter(([name]) => name !== property);
  return { ...rule, properties: Object.fromEntries(properties) };
}

function made(azure: Azure): void {
  azure.make(GROUP, securityGroup([securityRule('in', 100)]));
}

function onBastion(azure: Azure): void {
  azure.make(GROUP, securityGroup(bastionRules()));
  const group = { networkSecurityGroup: { id: GROUP } };
  azure.make(HUB, network(['10.200.0.0/23'], { subnets: [subnet('AzureBastionSubnet', '10.200.0.0/26', group)] }));
}

describe('network security group', () => {
  refuses([
    { name: 'a priority below 100', id: GROUP, body: one({ priority: 99 }), code: 'SecurityRuleInvalidPriority' },
    { name: 'a priority above 4096', id: GROUP, body: one({ priority: 4097 }), code: 'SecurityRuleInvalidPriority' },
    {
      name: 'two rules of one priority and direction',
      id: GROUP,
      body: securityGroup([securityRule('a', 100), securityRule('b', 100)]),
      code: 'SecurityRuleConflict',
      message: /Rules cannot have the same Priority and Direction/,
    },
    {
      name: 'two rules of one name',
      id: GROUP,
      body: securityGroup([securityRule('a', 100), securityRule('A', 110)]),
      code: 'DuplicateResourceName',
    },
    ...['protocol', 'access', 'direction', 'priority', 'sourceAddressPrefix', 'destinationPortRange'].map(
      (property) => ({
        name: `a rule without ${property}`,
        id: GROUP,
        body: securityGroup([without(securityRule('in', 100), property)]),
        code: 'InvalidRequestFormat',
      }),
    ),
    {
      name: 'an unknown protocol',
      id: GROUP,
      body: one({ protocol: 'Sctp' }),
      code: 'SecurityRuleParameterContainsUnsupportedValue',
    },
    {
      name: 'an unknown access',
      id: GROUP,
      body: one({ access: 'Permit' }),
      code: 'SecurityRuleParameterContainsUnsupportedValue',
    },
    {
      name: 'a port beyond 65535',
      id: GROUP,
      body: one({ destinationPortRange: '65536' }),
      code: 'SecurityRuleInvalidPortRange',
      message: /Value provided: 65536\. Value should be an integer OR integer range/,
    },
    {
      name: 'a range that runs backwards',
      id: GROUP,
      body: one({ destinationPortRange: '90-80' }),
      code: 'SecurityRuleInvalidPortRange',
    },
    {
      name: 'host bits in an address',
      id: GROUP,
      body: one({ sourceAddressPrefix: '10.0.0.1/24' }),
      code: 'SecurityRuleInvalidAddressPrefix',
    },
    {
      name: 'an address that is none',
      id: GROUP,
      body: one({ sourceAddressPrefix: 'a b' }),
      code: 'SecurityRuleInvalidAddressPrefix',
    },
    {
      name: 'an asterisk in a list of addresses',
      id: GROUP,
      body: securityGroup([
        without(securityRule('in', 100, { sourceAddressPrefixes: ['*', '10.0.0.0/8'] }), 'sourceAddressPrefix'),
      ]),
      code: 'SecurityRuleInvalidAddressPrefix',
    },
    {
      name: 'one address and a list of addresses',
      id: GROUP,
      body: one({ sourceAddressPrefixes: ['10.0.0.0/8'] }),
      code: 'SecurityRuleParameterContainsUnsupportedValue',
    },
    {
      name: 'more than 1000 rules',
      id: GROUP,
      body: securityGroup(Array.from({ length: 1001 }, (_, index) => securityRule(`r${index}`, 100 + index))),
      code: 'NetworkSecurityGroupRuleCountLimitReached',
    },
    {
      name: 'a rule in a group that does not exist',
      id: RULE,
      body: securityRule('in', 100),
      status: 404,
      code: 'ParentResourceNotFound',
    },
    {
      name: 'a rule that conflicts with a stored one',
      given: made,
      id: `${GROUP}/securityRules/b`,
      body: securityRule('b', 100),
      code: 'SecurityRuleConflict',
    },
    {
      name: 'deletion while a subnet has it',
      given: (azure) => {
        made(azure);
        azure.make(SPOKE, spokeNetwork([subnet('b', '10.240.8.0/24', { networkSecurityGroup: { id: GROUP } })]));
      },
      method: 'DELETE',
      id: GROUP,
      code: 'InUseNetworkSecurityGroupCannotBeDeleted',
      message: /vnet-spoke\/subnets\/b/,
    },
    {
      name: 'deletion while an interface has it',
      given: (azure) => {
        made(azure);
        azure.make(SPOKE, spokeNetwork());
        const nic = networkInterface(`${SPOKE}/subnets/snet-nodes`);
        azure.make(hub('networkInterfaces/nic'), {
          ...nic,
          properties: { ...(nic.properties as JsonObject), networkSecurityGroup: { id: GROUP } },
        });
      },
      method: 'DELETE',
      id: GROUP,
      code: 'InUseNetworkSecurityGroupCannotBeDeleted',
    },
    {
      name: 'the loss of a rule that Bastion needs',
      given: onBastion,
      id: GROUP,
      body: securityGroup(bastionRules().slice(1)),
      code: 'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
    },
    {
      name: 'deletion of a rule that Bastion needs',
      given: onBastion,
      method: 'DELETE',
      id: `${GROUP}/securityRules/in-manager`,
      code: 'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
    },
    {
      name: 'two rules at the same time',
      given: (azure) => {
        made(azure);
        azure.put(`${GROUP}/securityRules/b`, securityRule('b', 110));
      },
      id: `${GROUP}/securityRules/c`,
      body: securityRule('c', 120),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
  ]);

  accepts([
    {
      name: 'a group, and adds six rules of its own',
      id: GROUP,
      body: securityGroup([securityRule('in', 100)]),
      after: (azure) => {
        const { body } = azure.get(GROUP);
        expect(namesIn(body, 'properties', 'defaultSecurityRules')).toEqual([
          'AllowVnetInBound',
          'AllowAzureLoadBalancerInBound',
          'DenyAllInBound',
          'AllowVnetOutBound',
          'AllowInternetOutBound',
          'DenyAllOutBound',
        ]);
        expect(at(body, 'properties', 'securityRules', 0)).toMatchObject({
          id: RULE,
          etag: body.etag,
          properties: { provisioningState: 'Succeeded', sourceAddressPrefixes: [], priority: 100 },
        });
      },
    },
    {
      name: 'the same priority in both directions',
      id: GROUP,
      body: securityGroup([securityRule('a', 100), securityRule('b', 100, { direction: 'Outbound' })]),
      after: (azure) => expect(namesIn(azure.get(GROUP).body, 'properties', 'securityRules')).toEqual(['a', 'b']),
    },
    {
      name: 'a thousand rules',
      id: GROUP,
      body: securityGroup(Array.from({ length: 1000 }, (_, index) => securityRule(`r${index}`, 100 + index))),
      after: (azure) => expect(namesIn(azure.get(GROUP).body, 'properties', 'securityRules')).toHaveLength(1000),
    },
    {
      name: 'a service tag of a region and a list of ports',
      id: GROUP,
      body: securityGroup([
        without(
          securityRule('in', 100, {
            sourceAddressPrefix: 'AzureCloud.westeurope',
            destinationPortRanges: ['80', '8000-8080'],
          }),
          'destinationPortRange',
        ),
      ]),
      after: (azure) =>
        expect(at(azure.get(RULE).body, 'properties', 'destinationPortRanges')).toEqual(['80', '8000-8080']),
    },
    {
      name: 'a body that leaves out a rule, and deletes it',
      given: (azure) => azure.make(GROUP, securityGroup([securityRule('in', 100), securityRule('theirs', 110)])),
      id: GROUP,
      body: securityGroup([securityRule('in', 100)]),
      after: (azure) => expect(azure.get(`${GROUP}/securityRules/theirs`).status).toBe(404),
    },
    {
      name: 'a body without the list, and deletes all rules',
      given: made,
      id: GROUP,
      body: { location: LOCATION, properties: {} },
      after: (azure) => expect(at(azure.get(GROUP).body, 'properties', 'securityRules')).toEqual([]),
    },
    {
      name: 'a rule of its own, which gives the group a new version',
      given: made,
      id: `${GROUP}/securityRules/b`,
      body: securityRule('b', 110),
      after: (azure) => {
        const group = azure.get(GROUP).body;
        expect(namesIn(group, 'properties', 'securityRules')).toEqual(['in', 'b']);
        expect(azure.get(`${GROUP}/securityRules/b`).body.etag).toBe(group.etag);
      },
    },
    {
      name: 'more rules for Bastion',
      given: onBastion,
      id: `${GROUP}/securityRules/more`,
      body: securityRule('more', 200),
      after: (azure) => expect(azure.get(`${GROUP}/securityRules/more`).status).toBe(200),
    },
    {
      name: 'deletion once nothing has it',
      given: made,
      method: 'DELETE',
      id: GROUP,
      after: (azure) => expect(azure.get(GROUP).status).toBe(404),
    },
  ]);

  describe('rules', () => {
    const azure = eachWithAzure();

    it('go at once', () => {
      made(azure());
      expect(azure().delete(RULE).status).toBe(200);
      expect(azure().get(RULE).status).toBe(404);
      expect(azure().delete(RULE).status).toBe(204);
    });
  });
});
