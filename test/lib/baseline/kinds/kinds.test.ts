import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../../lib/baseline/compile.ts';
import { kindOf } from '../../../../lib/baseline/kinds/index.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import type { Action, PropertyDifference } from '../../../../lib/plan/kind.ts';
import { ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import { ownedTree } from '../../../../lib/plan/owned-tree.ts';
import { sample } from '../../../support/sample.ts';

const NOW = '2026-11-20T00:00:00Z';
const graph = compile(sample('aks-baseline').resolved, [], NOW);
const HUB = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-enterprise-networking-hubs';

function body(kind: string, name: string): JsonObject {
  const node = graph.nodes.find((candidate) => candidate.kind === kind && candidate.id.endsWith(`/${name}`));
  if (node === undefined) throw new Error(`no ${kind} ${name}`);
  return node.body;
}

describe('bodies of the AKS baseline', () => {
  const tags = { businessUnit: 'BU0001', workload: 'networking' };
  const location = 'westeurope';

  it('hub network: fixed subnets, a group for Bastion, no default outbound access', () => {
    expect(body('virtualNetwork', 'vnet-westeurope-hub')).toEqual({
      location,
      tags,
      properties: {
        addressSpace: { addressPrefixes: ['10.200.0.0/24'] },
        dhcpOptions: { dnsServers: [] },
        subnets: [
          { name: 'AzureFirewallSubnet', properties: { addressPrefix: '10.200.0.0/26', defaultOutboundAccess: false } },
          {
            name: 'GatewaySubnet',
            properties: {
              addressPrefix: '10.200.0.64/27',
              routeTable: { id: `${HUB}/providers/Microsoft.Network/routeTables/route-gateway-to-westeurope-hub-fw` },
              defaultOutboundAccess: false,
            },
          },
          {
            name: 'AzureBastionSubnet',
            properties: {
              addressPrefix: '10.200.0.128/26',
              networkSecurityGroup: {
                id: `${HUB}/providers/Microsoft.Network/networkSecurityGroups/nsg-westeurope-bastion`,
              },
              defaultOutboundAccess: false,
            },
          },
        ],
      },
    });
  });

  it('firewall: the first ipConfiguration alone names the subnet', () => {
    const addresses = ['00', '01', '02'].map((end) => `pip-fw-westeurope-${end}`);
    const publicIPAddress = (name: string) => ({ id: `${HUB}/providers/Microsoft.Network/publicIPAddresses/${name}` });

    expect(body('azureFirewall', 'fw-westeurope')).toEqual({
      location,
      tags,
      zones: ['1', '2', '3'],
      properties: {
        sku: { name: 'AZFW_VNet', tier: 'Premium' },
        firewallPolicy: { id: `${HUB}/providers/Microsoft.Network/firewallPolicies/fw-policies-westeurope` },
        ipConfigurations: addresses.map((name, index) => ({
          name,
          properties: {
            ...(index === 0
              ? {
                  subnet: {
                    id: `${HUB}/providers/Microsoft.Network/virtualNetworks/vnet-westeurope-hub/subnets/AzureFirewallSubnet`,
                  },
                  privateIPAddress: '10.200.0.4',
                }
              : {}),
            publicIPAddress: publicIPAddress(name),
          },
        })),
      },
    });
  });

  it('public address: Standard, Static, in the zones of the firewall', () => {
    expect(body('publicIPAddress', 'pip-fw-westeurope-00')).toEqual({
      location,
      tags,
      sku: { name: 'Standard', tier: 'Regional' },
      zones: ['1', '2', '3'],
      properties: { publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4', idleTimeoutInMinutes: 4 },
    });
  });

  it('Bastion: Standard with tunnels', () => {
    expect(body('bastionHost', 'ab-westeurope')).toMatchObject({
      sku: { name: 'Standard' },
      properties: {
        enableTunneling: true,
        scaleUnits: 2,
        ipConfigurations: [
          {
            properties: {
              publicIPAddress: { id: `${HUB}/providers/Microsoft.Network/publicIPAddresses/pip-ab-westeurope` },
            },
          },
        ],
      },
    });
  });

  it('route table, link, workspace and diagnostic setting', () => {
    expect(body('routeTable', 'route-spoke-bu0001a0008-to-westeurope-hub-fw').properties).toEqual({
      disableBgpRoutePropagation: true,
      routes: [
        {
          name: 'r-nexthop-to-fw',
          properties: { addressPrefix: '0.0.0.0/0', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.200.0.4' },
        },
      ],
    });
    expect(body('privateDnsZoneLink', 'privatelink.azurecr.io/virtualNetworkLinks/to-hub')).toEqual({
      location: 'global',
      tags,
      properties: {
        virtualNetwork: { id: `${HUB}/providers/Microsoft.Network/virtualNetworks/vnet-westeurope-hub` },
        registrationEnabled: false,
      },
    });
    expect(body('logAnalyticsWorkspace', 'log-westeurope-hub').properties).toEqual({
      sku: { name: 'PerGB2018' },
      retentionInDays: 30,
    });
    expect(
      body('diagnosticSetting', 'fw-westeurope/providers/Microsoft.Insights/diagnosticSettings/hubkeeper'),
    ).toEqual({
      properties: {
        workspaceId: `${HUB}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`,
        logAnalyticsDestinationType: 'Dedicated',
        logs: [{ categoryGroup: 'allLogs', enabled: true }],
        metrics: [{ category: 'AllMetrics', enabled: true }],
      },
    });
  });
});

describe('risk of an update', () => {
  const added = (path: string): PropertyDifference => ({ path, after: 'x' });
  const removed = (path: string): PropertyDifference => ({ path, before: 'x' });
  const changed = (path: string): PropertyDifference => ({ path, before: 'x', after: 'y' });

  it.each<[string, PropertyDifference, string]>([
    ['virtualNetwork', added('properties.subnets[snet-new]'), 'safe'],
    ['virtualNetwork', removed('properties.subnets[snet-old]'), 'destructive'],
    ['virtualNetwork', changed('properties.subnets[snet-a].properties.addressPrefix'), 'destructive'],
    ['virtualNetwork', added('properties.subnets[snet-a].properties.routeTable.id'), 'disruptive'],
    ['virtualNetwork', changed('properties.dhcpOptions.dnsServers'), 'disruptive'],
    ['routeTable', changed('properties.routes[r-nexthop-to-fw].properties.nextHopIpAddress'), 'disruptive'],
    ['networkSecurityGroup', removed('properties.securityRules[DenyAllInbound]'), 'disruptive'],
    ['networkSecurityGroup', changed('properties.securityRules[A].properties.description'), 'safe'],
    ['azureFirewall', added('properties.ipConfigurations[pip-fw-03]'), 'safe'],
    ['azureFirewall', removed('properties.ipConfigurations[pip-fw-03]'), 'disruptive'],
    ['firewallPolicyRuleCollectionGroup', added('properties.ruleCollections[aks-application].rules[flux]'), 'safe'],
    [
      'firewallPolicyRuleCollectionGroup',
      removed('properties.ruleCollections[aks-application].rules[flux]'),
      'disruptive',
    ],
    ['firewallPolicy', changed('properties.threatIntelMode'), 'disruptive'],
    ['ipGroup', { path: 'properties.ipAddresses', before: ['10.1.0.0/16'], after: ['10.2.0.0/16'] }, 'disruptive'],
    [
      'ipGroup',
      { path: 'properties.ipAddresses', before: ['10.1.0.0/16'], after: ['10.1.0.0/16', '10.2.0.0/16'] },
      'safe',
    ],
    ['logAnalyticsWorkspace', { path: 'properties.retentionInDays', before: 90, after: 30 }, 'destructive'],
    ['natGateway', added('properties.publicIpAddresses[/subscriptions/x]'), 'safe'],
  ])('%s: %j is %s', (kind, difference, risk) => {
    const action: Action = 'update';

    expect(kindOf(kind).riskOf(action, [difference])).toBe(risk);
    expect(kindOf(kind).riskOf(action, [difference, changed('tags.a')])).toBe(risk);
  });
});

describe('foreign content', () => {
  const none = () => false;
  const id = (name: string) => `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/${name}`;

  it.each<[string, JsonObject, readonly string[]]>([
    [
      'virtualNetwork',
      {
        properties: {
          subnets: [
            {
              name: 'snet-theirs',
              properties: { ipConfigurations: [{ id: id('networkInterfaces/nic/ipConfigurations/one') }] },
            },
          ],
          virtualNetworkPeerings: [{ id: id('virtualNetworks/v/virtualNetworkPeerings/to-theirs') }],
        },
      },
      ['subnet snet-theirs', 'peering to-theirs', `used by ${id('networkInterfaces/nic')}`],
    ],
    [
      'networkSecurityGroup',
      { properties: { securityRules: [{ name: 'theirs' }], subnets: [{ id: id('virtualNetworks/v/subnets/s') }] } },
      ['rule theirs', `used by ${id('virtualNetworks/v/subnets/s')}`],
    ],
    ['routeTable', { properties: { routes: [{ name: 'aks-node-1' }] } }, ['route aks-node-1']],
    [
      'publicIPAddress',
      { properties: { ipConfiguration: { id: id('loadBalancers/l/frontendIPConfigurations/f') } } },
      [`used by ${id('loadBalancers/l/frontendIPConfigurations/f')}`],
    ],
    [
      'firewallPolicy',
      {
        properties: {
          ruleCollectionGroups: [{ id: id('firewallPolicies/p/ruleCollectionGroups/theirs') }],
          firewalls: [{ id: id('azureFirewalls/f') }],
        },
      },
      ['rule collection group theirs', `used by ${id('azureFirewalls/f')}`],
    ],
    [
      'firewallPolicyRuleCollectionGroup',
      { properties: { ruleCollections: [{ name: 'theirs' }] } },
      ['rule collection theirs'],
    ],
    [
      'azureFirewall',
      { properties: { ipConfigurations: [{ name: 'theirs' }], networkRuleCollections: [{ name: 'classic' }] } },
      ['ipConfiguration theirs', 'rule collection classic'],
    ],
    [
      'publicIPPrefix',
      { properties: { publicIPAddresses: [{ id: id('publicIPAddresses/p') }] } },
      [`used by ${id('publicIPAddresses/p')}`],
    ],
    [
      'natGateway',
      { properties: { subnets: [{ id: id('virtualNetworks/v/subnets/s') }] } },
      [`used by ${id('virtualNetworks/v/subnets/s')}`],
    ],
    [
      'ipGroup',
      { properties: { firewallPolicies: [{ id: id('firewallPolicies/p') }] } },
      [`used by ${id('firewallPolicies/p')}`],
    ],
    [
      'ddosProtectionPlan',
      { properties: { virtualNetworks: [{ id: id('virtualNetworks/v') }] } },
      [`used by ${id('virtualNetworks/v')}`],
    ],
    ['privateDnsZone', { properties: { numberOfRecordSets: 3 } }, ['2 record sets']],
    [
      'logAnalyticsWorkspace',
      { properties: { privateLinkScopedResources: [{ resourceId: id('privateLinkScopes/l'), scopeId: 'guid' }] } },
      [`used by ${id('privateLinkScopes/l')}`],
    ],
    ['actionGroup', { properties: { emailReceivers: [{ name: 'pager' }] } }, ['receiver pager']],
  ])('of a %s is told, and what is ours is not', (kind, actual, expected) => {
    const { foreignContentOf } = kindOf(kind);

    expect(foreignContentOf(actual, none)).toEqual(expected);
    if (kind !== 'privateDnsZone') expect(foreignContentOf(actual, () => true)).toEqual([]);
  });

  it('of a rule collection of ours is told', () => {
    const { comparison, foreignContentOf } = kindOf('firewallPolicyRuleCollectionGroup');
    const collection = (...rules: readonly string[]) => ({ name: 'rc.ours', rules: rules.map((name) => ({ name })) });
    const bodyWith = (...rules: readonly string[]) => ({ properties: { ruleCollections: [collection(...rules)] } });
    const owned = ownedTree(ownedFieldsOf({ body: bodyWith('ours'), owner: 'spec' }, comparison));
    const isOurs = (path: string) => owned.covers(path);

    expect(foreignContentOf(bodyWith('ours'), isOurs)).toEqual([]);
    expect(foreignContentOf(bodyWith('theirs', 'ours'), isOurs)).toEqual(['rule theirs in rc.ours']);
  });
});

describe('the address of a firewall', () => {
  const verify = kindOf('azureFirewall').verify;
  const desired = body('azureFirewall', 'fw-westeurope');
  const answered = (privateIPAddress: string) => ({
    properties: { ipConfigurations: [{ name: 'pip-fw-westeurope-00', properties: { privateIPAddress } }] },
  });

  it('is checked against what routes and DNS servers count on', () => {
    expect(verify?.(desired, answered('10.200.0.4'))).toBeUndefined();
    expect(verify?.(desired, answered('10.200.0.5'))).toMatchObject({
      code: 'FirewallPrivateAddressUnexpected',
      actor: 'operator',
    });
    expect(verify?.(desired, { properties: {} })).toBeUndefined();
  });
});
