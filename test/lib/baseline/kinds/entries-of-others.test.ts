import { describe, expect, it } from '@jest/globals';
import { kindOf } from '../../../../lib/baseline/kinds/index.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import { foreignEntriesOf } from '../../../../lib/plan/entries-of-others.ts';

const PEER = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet-theirs';

function told(kind: string, properties: JsonObject, isKnown: (id: string) => boolean = () => false) {
  return foreignEntriesOf({}, { properties }, kindOf(kind).comparison, undefined, isKnown).map(
    ({ path, description }) => (description === '' ? path : `${path}: ${description}`),
  );
}

function route(name: string, addressPrefix: string, nextHopType = 'VirtualAppliance'): JsonObject {
  return { name, properties: { addressPrefix, nextHopType, nextHopIpAddress: '10.240.0.9' } };
}

describe('entries of others are described', () => {
  it.each<readonly [string, JsonObject, readonly string[]]>([
    [
      'networkSecurityGroup',
      {
        defaultSecurityRules: [{ name: 'AllowVnetInBound', properties: { priority: 65_000 } }],
        securityRules: [
          {
            name: 'theirs',
            etag: 'W/"1"',
            properties: {
              provisioningState: 'Succeeded',
              access: 'Allow',
              direction: 'Inbound',
              protocol: 'Tcp',
              priority: 4_000,
              sourceAddressPrefix: '*',
              sourcePortRange: '*',
              destinationAddressPrefixes: [],
              destinationApplicationSecurityGroups: [{ id: '/subscriptions/s/x/asg-web' }],
              destinationPortRanges: ['22', '3389', '5985', '5986'],
            },
          },
        ],
      },
      [
        'properties.securityRules[theirs]: Allow Inbound Tcp from * port * to asg-web port 22, 3389, 5985 and 1 more, priority 4000',
      ],
    ],
    [
      'routeTable',
      { routes: [route('theirs', '0.0.0.0/0', 'Internet')] },
      ['properties.routes[theirs]: 0.0.0.0/0 to Internet 10.240.0.9'],
    ],
    [
      'virtualNetwork',
      {
        addressSpace: { addressPrefixes: ['10.9.0.0/16'] },
        subnets: [{ name: 'snet-theirs', properties: { addressPrefix: '10.9.0.0/24', ipConfigurations: [{}] } }],
        virtualNetworkPeerings: [
          {
            id: `${PEER}/virtualNetworkPeerings/theirs`,
            name: 'theirs',
            properties: { remoteVirtualNetwork: { id: PEER }, peeringState: 'Connected' },
          },
        ],
      },
      [
        'properties.addressSpace.addressPrefixes[10.9.0.0/16]',
        'properties.subnets[snet-theirs]: 10.9.0.0/24',
        'properties.virtualNetworkPeerings[theirs]: to vnet-theirs, Connected',
      ],
    ],
    [
      'azureFirewall',
      {
        ipConfigurations: [{ name: 'theirs', properties: { publicIPAddress: { id: '/x/pip-theirs' } } }],
        natRuleCollections: [
          { name: 'nat', properties: { action: { type: 'Dnat' }, priority: 200, rules: [{ name: 'in' }] } },
        ],
      },
      [
        'properties.ipConfigurations[theirs]: public address pip-theirs',
        'properties.natRuleCollections[nat]: Dnat, priority 200, 1 rule',
      ],
    ],
    [
      'firewallPolicy',
      { ruleCollectionGroups: [{ id: '/x/ruleCollectionGroups/rcg-theirs' }], firewalls: [{ id: '/x/fw' }] },
      ['properties.ruleCollectionGroups[rcg-theirs]'],
    ],
    [
      'firewallPolicyRuleCollectionGroup',
      { ruleCollections: [{ name: 'rc', action: { type: 'Allow' }, priority: 300, rules: [{ name: 'a' }, {}] }] },
      ['properties.ruleCollections[rc]: Allow, priority 300, 2 rules'],
    ],
    [
      'privateDnsZone',
      {
        virtualNetworkLinks: [
          {
            id: '/x/virtualNetworkLinks/theirs',
            name: 'theirs',
            properties: {
              virtualNetwork: { id: PEER },
              registrationEnabled: true,
              virtualNetworkLinkState: 'Completed',
            },
          },
        ],
      },
      ['properties.virtualNetworkLinks[theirs]: to vnet-theirs, with registration'],
    ],
    ['ipGroup', { ipAddresses: ['203.0.113.7'] }, ['properties.ipAddresses[203.0.113.7]']],
    [
      'actionGroup',
      { webhookReceivers: [{ name: 'theirs', serviceUri: 'https://x.example/?key=hunter2' }] },
      ['properties.webhookReceivers[theirs]'],
    ],
  ])('of a %s', (kind, properties, lines) => {
    expect(told(kind, properties)).toEqual(lines);
  });

  it('also inside of an entry of ours', () => {
    const rule = {
      name: 'theirs',
      ruleType: 'NetworkRule',
      ipProtocols: ['TCP'],
      sourceAddresses: ['10.240.0.0/24'],
      destinationAddresses: ['*'],
      destinationPorts: ['23'],
    };
    const ours = { name: 'rc-ours', priority: 100, rules: [{ name: 'ours' }] };
    const body = (rules: readonly JsonObject[]) => ({ properties: { ruleCollections: [{ ...ours, rules }] } });
    const { comparison } = kindOf('firewallPolicyRuleCollectionGroup');

    expect(
      foreignEntriesOf(body(ours.rules), body([...ours.rules, rule]), comparison, undefined, () => false),
    ).toMatchObject([
      {
        path: 'properties.ruleCollections[rc-ours].rules[theirs]',
        description: 'NetworkRule TCP from 10.240.0.0/24 to * port 23',
      },
    ]);
  });
});

describe('what Azure or a service keeps in a resource is nothing to tell of', () => {
  it('peerings and rule groups that are resources of ours', () => {
    const isKnown = (id: string) => id.endsWith('ours');
    const ours = (type: string) => [{ id: `/x/${type}/ours`, name: 'ours' }];

    expect(told('virtualNetwork', { virtualNetworkPeerings: ours('virtualNetworkPeerings') }, isKnown)).toEqual([]);
    expect(told('firewallPolicy', { ruleCollectionGroups: ours('ruleCollectionGroups') }, isKnown)).toEqual([]);
  });

  it('log categories that are off', () => {
    const logs = [
      { category: 'AzureFirewallNetworkRule', categoryGroup: null, enabled: false },
      { category: 'AzureFirewallDnsProxy', enabled: true },
    ];

    expect(told('diagnosticSetting', { logs, metrics: [{ category: 'AllMetrics', enabled: false }] })).toEqual([
      'properties.logs[{"category":"AzureFirewallDnsProxy","enabled":true}]',
    ]);
  });

  it.each([
    [route('aks-nodepool1-12345678-vmss00000a', '10.244.3.0/24'), true],
    [route('aks-nodepool1-12345678-vmss00000a____102443024', '10.244.3.0/24'), true],
    [route('aks-nodepool1-12345678-vmss00000a', '0.0.0.0/0'), false],
    [route('aks-nodepool1-12345678-vmss00000a', '10.244.3.0/24', 'Internet'), false],
    [route('to-appliance', '10.244.3.0/24'), false],
  ])('routes to nodes, and nothing that only looks like one: %j %s', (one, isOfNode) => {
    expect(told('routeTable', { routes: [one] })).toHaveLength(isOfNode ? 0 : 1);
  });
});
