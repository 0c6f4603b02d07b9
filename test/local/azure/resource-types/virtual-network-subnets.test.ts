import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import {
  bastionRules,
  FIREWALL_SUBNET,
  HUB,
  LOCATION,
  makeFirewall,
  network,
  networkInterface,
  publicAddress,
  route,
  routeTable,
  SPOKE,
  securityGroup,
  securityRule,
  spokeNetwork,
  subnet,
} from './fixtures.ts';
import { type Azure, at, hub, OTHER_SUBSCRIPTION, spoke } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const GROUP = hub('networkSecurityGroups/nsg');
const TABLE = hub('routeTables/rt');
const NAT = hub('natGateways/nat');
const on = (name: string) => `${HUB}/subnets/${name}`;
const withGroup: JsonObject = { networkSecurityGroup: { id: GROUP } };
const withTable: JsonObject = { routeTable: { id: TABLE } };

function emptyHub(azure: Azure): void {
  azure.make(HUB, network(['10.200.0.0/22'], { subnets: [subnet('snet-a', '10.200.3.0/24')] }));
}

function hubAndGroup(rules: readonly JsonObject[]) {
  return (azure: Azure): void => {
    emptyHub(azure);
    azure.make(GROUP, securityGroup(rules));
  };
}

function hubAndTable(routes: readonly JsonObject[], properties: JsonObject = {}) {
  return (azure: Azure): void => {
    emptyHub(azure);
    azure.make(TABLE, routeTable(routes, properties));
  };
}

const INTERNET = route('internet', '0.0.0.0/0', 'Internet');
const APPLIANCE = route('appliance', '0.0.0.0/0', 'VirtualAppliance', '10.200.0.4');

function changed(name: string, properties: JsonObject): readonly JsonObject[] {
  return bastionRules().map((rule) =>
    rule.name === name ? { name, properties: { ...(rule.properties as JsonObject), ...properties } } : rule,
  );
}

describe('subnet', () => {
  refuses([
    {
      name: 'a missing network',
      id: on('a'),
      body: subnet('a', '10.0.0.0/24'),
      status: 404,
      code: 'ParentResourceNotFound',
    },
    { name: 'no prefix', given: emptyHub, id: on('a'), body: { properties: {} }, code: 'InvalidRequestFormat' },
    {
      name: 'host bits',
      given: emptyHub,
      id: on('a'),
      body: subnet('a', '10.200.0.5/24'),
      code: 'InvalidCIDRNotation',
    },
    {
      name: 'a prefix of /30',
      given: emptyHub,
      id: on('a'),
      body: subnet('a', '10.200.0.0/30'),
      code: 'NetcfgInvalidSubnet',
    },
    {
      name: 'a range outside the network',
      given: emptyHub,
      id: on('a'),
      body: subnet('a', '10.201.0.0/24'),
      code: 'NetcfgSubnetRangeOutsideVnet',
    },
    {
      name: 'a range of another subnet',
      given: emptyHub,
      id: on('a'),
      body: subnet('a', '10.200.3.128/25'),
      code: 'NetcfgSubnetRangesOverlap',
    },
    ...(
      [
        ['AzureFirewallSubnet', '10.200.0.0/27'],
        ['AzureFirewallManagementSubnet', '10.200.0.0/27'],
        ['AzureBastionSubnet', '10.200.0.0/27'],
        ['RouteServerSubnet', '10.200.0.0/28'],
      ] as const
    ).map(([name, prefix]) => ({
      name: `${name} of ${prefix}`,
      given: emptyHub,
      id: on(name),
      body: subnet(name, prefix),
      code: 'SubnetPrefixLengthNotSupported',
    })),
    ...['AzureFirewallSubnet', 'AzureFirewallManagementSubnet', 'GatewaySubnet', 'RouteServerSubnet'].map((name) => ({
      name: `a security group on ${name}`,
      given: hubAndGroup([]),
      id: on(name),
      body: subnet(name, '10.200.0.0/26', withGroup),
      code: `NetworkSecurityGroupCannotBeAttachedFor${name}`,
    })),
    {
      name: 'a security group on AzureBastionSubnet that has default rules only',
      given: hubAndGroup([]),
      id: on('AzureBastionSubnet'),
      body: subnet('AzureBastionSubnet', '10.200.0.0/26', withGroup),
      code: 'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
      message:
        /^Network security group nsg does not have necessary rules for Azure Bastion Subnet AzureBastionSubnet\.$/,
    },
    ...bastionRules()
      .filter(({ name }) => !String(name).endsWith('deny'))
      .map(({ name }) => ({
        name: `a security group on AzureBastionSubnet without ${String(name)}`,
        given: hubAndGroup(bastionRules().filter((rule) => rule.name !== name)),
        id: on('AzureBastionSubnet'),
        body: subnet('AzureBastionSubnet', '10.200.0.0/26', withGroup),
        code: 'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
      })),
    {
      name: 'a security group on AzureBastionSubnet whose deny rule comes first',
      given: hubAndGroup(changed('in-deny', { priority: 105 })),
      id: on('AzureBastionSubnet'),
      body: subnet('AzureBastionSubnet', '10.200.0.0/26', withGroup),
      code: 'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
    },
    {
      name: 'a route table on AzureBastionSubnet',
      given: hubAndTable([INTERNET]),
      id: on('AzureBastionSubnet'),
      body: subnet('AzureBastionSubnet', '10.200.0.0/26', withTable),
      code: 'RouteTableCannotBeAttachedForAzureBastionSubnet',
    },
    {
      name: 'an empty route table on AzureFirewallSubnet',
      given: hubAndTable([]),
      id: on('AzureFirewallSubnet'),
      body: subnet('AzureFirewallSubnet', '10.200.0.0/26', withTable),
      code: 'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
      message:
        /^Route Table rt on firewall subnet AzureFirewallSubnet must have 0\.0\.0\.0\/0 route with next hop Internet\.$/,
    },
    {
      name: 'a default route to an appliance on AzureFirewallSubnet',
      given: hubAndTable([APPLIANCE]),
      id: on('AzureFirewallSubnet'),
      body: subnet('AzureFirewallSubnet', '10.200.0.0/26', withTable),
      code: 'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
    },
    {
      name: 'a default route on GatewaySubnet',
      given: hubAndTable([INTERNET]),
      id: on('GatewaySubnet'),
      body: subnet('GatewaySubnet', '10.200.0.0/27', withTable),
      code: 'GatewaySubnetRouteTableCannotHaveDefaultRoute',
    },
    {
      name: 'a table that stops gateway routes on GatewaySubnet',
      given: hubAndTable([], { disableBgpRoutePropagation: true }),
      id: on('GatewaySubnet'),
      body: subnet('GatewaySubnet', '10.200.0.0/27', withTable),
      code: 'GatewaySubnetRouteTableMustPropagateGatewayRoutes',
    },
    {
      name: 'a route table that is in another region',
      given: (azure) => {
        emptyHub(azure);
        azure.make(TABLE, { ...routeTable([]), location: 'northeurope' });
      },
      id: on('a'),
      body: subnet('a', '10.200.0.0/24', withTable),
      code: 'InvalidResourceReference',
      message: /both resources are in the same region/,
    },
    {
      name: 'a security group of another subscription',
      given: (azure) => {
        emptyHub(azure);
        azure.make(
          `${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/networkSecurityGroups/nsg`,
          securityGroup([]),
        );
      },
      id: on('a'),
      body: subnet('a', '10.200.0.0/24', {
        networkSecurityGroup: {
          id: `${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/networkSecurityGroups/nsg`,
        },
      }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a route table that does not exist',
      given: emptyHub,
      id: on('a'),
      body: subnet('a', '10.200.0.0/24', withTable),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a NAT gateway on GatewaySubnet',
      given: (azure) => {
        emptyHub(azure);
        azure.make(NAT, { location: LOCATION, sku: { name: 'Standard' }, properties: {} });
      },
      id: on('GatewaySubnet'),
      body: subnet('GatewaySubnet', '10.200.0.0/27', { natGateway: { id: NAT } }),
      code: 'NatGatewayCannotBeAttachedForGatewaySubnet',
    },
    {
      name: 'a delegation of AzureFirewallSubnet',
      given: emptyHub,
      id: on('AzureFirewallSubnet'),
      body: subnet('AzureFirewallSubnet', '10.200.0.0/26', {
        delegations: [{ name: 'd', properties: { serviceName: 'Microsoft.Network/dnsResolvers' } }],
      }),
      code: 'SubnetDelegationNotAllowed',
    },
    {
      name: 'deletion while in use',
      given: makeFirewall,
      method: 'DELETE',
      id: FIREWALL_SUBNET,
      code: 'InUseSubnetCannotBeDeleted',
    },
    {
      name: 'another prefix while in use',
      given: makeFirewall,
      id: FIREWALL_SUBNET,
      body: subnet('AzureFirewallSubnet', '10.200.1.0/26'),
      code: 'InUsePrefixCannotBeDeleted',
    },
    {
      name: 'a route table that is still being made',
      given: (azure) => {
        emptyHub(azure);
        azure.put(TABLE, routeTable([]));
      },
      id: on('a'),
      body: subnet('a', '10.200.0.0/24', withTable),
      status: 429,
      code: 'RetryableError',
      detail: 'ReferencedResourceNotProvisioned',
    },
  ]);

  accepts([
    {
      name: 'a subnet, and shows it in its network',
      given: emptyHub,
      id: on('snet-b'),
      body: subnet('snet-b', '10.200.0.0/24', { serviceEndpoints: [{ service: 'Microsoft.Storage' }] }),
      after: (azure) => {
        const own = azure.get(on('snet-b')).body;
        expect(own).toMatchObject({ name: 'snet-b', properties: { privateEndpointNetworkPolicies: 'Disabled' } });
        expect(at(own, 'properties', 'serviceEndpoints')).toEqual([
          { service: 'Microsoft.Storage', locations: [LOCATION], provisioningState: 'Succeeded' },
        ]);
        expect(at(azure.get(HUB).body, 'properties', 'subnets', 1, 'properties')).toEqual(own.properties);
        expect(azure.get(HUB).body.etag).toBe(own.etag);
      },
    },
    {
      name: 'GatewaySubnet of /29',
      given: emptyHub,
      id: on('GatewaySubnet'),
      body: subnet('GatewaySubnet', '10.200.0.0/29'),
      after: (azure) => expect(azure.get(on('GatewaySubnet')).status).toBe(200),
    },
    {
      name: 'a narrow route on GatewaySubnet',
      given: hubAndTable([route('spoke', '10.240.0.0/16', 'VirtualAppliance', '10.200.0.4')]),
      id: on('GatewaySubnet'),
      body: subnet('GatewaySubnet', '10.200.0.0/27', withTable),
      after: (azure) =>
        expect(at(azure.get(TABLE).body, 'properties', 'subnets')).toEqual([{ id: on('GatewaySubnet') }]),
    },
    {
      name: 'a default route to the Internet on AzureFirewallSubnet',
      given: hubAndTable([INTERNET]),
      id: on('AzureFirewallSubnet'),
      body: subnet('AzureFirewallSubnet', '10.200.0.0/26', withTable),
      after: (azure) =>
        expect(at(azure.get(on('AzureFirewallSubnet')).body, 'properties', 'routeTable')).toEqual({ id: TABLE }),
    },
    {
      name: 'a complete security group on AzureBastionSubnet',
      given: hubAndGroup(bastionRules()),
      id: on('AzureBastionSubnet'),
      body: subnet('AzureBastionSubnet', '10.200.0.0/26', withGroup),
      after: (azure) =>
        expect(at(azure.get(GROUP).body, 'properties', 'subnets')).toEqual([{ id: on('AzureBastionSubnet') }]),
    },
    {
      name: 'a security group on AzureBastionSubnet that lets in known clients only',
      given: hubAndGroup(changed('in-clients', { sourceAddressPrefix: '198.51.100.0/24' })),
      id: on('AzureBastionSubnet'),
      body: subnet('AzureBastionSubnet', '10.200.0.0/26', withGroup),
      after: (azure) => expect(azure.get(on('AzureBastionSubnet')).status).toBe(200),
    },
    {
      name: 'a NAT gateway on AzureFirewallSubnet',
      given: (azure) => {
        emptyHub(azure);
        azure.make(hub('publicIPAddresses/pip-nat'), publicAddress());
        azure.make(NAT, {
          location: LOCATION,
          sku: { name: 'Standard' },
          properties: { publicIpAddresses: [{ id: hub('publicIPAddresses/pip-nat') }] },
        });
      },
      id: on('AzureFirewallSubnet'),
      body: subnet('AzureFirewallSubnet', '10.200.0.0/26', { natGateway: { id: NAT } }),
      after: (azure) =>
        expect(at(azure.get(NAT).body, 'properties', 'subnets')).toEqual([{ id: on('AzureFirewallSubnet') }]),
    },
    {
      name: 'another security group while in use',
      given: (azure) => {
        azure.make(SPOKE, spokeNetwork());
        azure.make(GROUP, securityGroup([securityRule('in', 100)]));
        azure.make(hub('networkInterfaces/nic'), networkInterface(`${SPOKE}/subnets/snet-nodes`));
      },
      id: `${SPOKE}/subnets/snet-nodes`,
      body: subnet('snet-nodes', '10.240.0.0/22', withGroup),
      after: (azure) => {
        expect(at(azure.get(`${SPOKE}/subnets/snet-nodes`).body, 'properties', 'networkSecurityGroup')).toEqual({
          id: GROUP,
        });
      },
    },
    {
      name: 'deletion once it is empty',
      given: (azure) => {
        azure.make(SPOKE, spokeNetwork());
        azure.make(hub('networkInterfaces/nic'), networkInterface(`${SPOKE}/subnets/snet-nodes`));
        azure.remove(hub('networkInterfaces/nic'));
      },
      method: 'DELETE',
      id: `${SPOKE}/subnets/snet-nodes`,
      after: (azure) => expect(at(azure.get(SPOKE).body, 'properties', 'subnets')).toEqual([]),
    },
  ]);

  describe('with another write in its network', () => {
    const azure = eachWithAzure();
    const busy = { status: 409, code: 'AnotherOperationInProgress' };

    it.each([
      ['another subnet', on('snet-c'), subnet('snet-c', '10.200.1.0/24')],
      ['the network itself', HUB, network(['10.200.0.0/22'])],
    ] as const)('keeps out %s until it has ended', (_name, id, body) => {
      emptyHub(azure());
      const first = azure().put(on('snet-b'), subnet('snet-b', '10.200.0.0/24'));
      expect(first.status).toBe(201);
      const second = azure().put(id, body);
      expect(second).toMatchObject(busy);
      expect(second.message).toContain(first.headers['azure-asyncoperation']);
      azure().settle();
      expect(azure().put(id, body).status).toBeLessThan(300);
    });

    it('keeps out deletions too', () => {
      emptyHub(azure());
      azure().put(on('snet-b'), subnet('snet-b', '10.200.0.0/24'));
      expect(azure().delete(on('snet-a'))).toMatchObject(busy);
      expect(azure().delete(HUB)).toMatchObject(busy);
    });

    it('lets other networks change', () => {
      emptyHub(azure());
      azure().make(SPOKE, spokeNetwork());
      azure().put(on('snet-b'), subnet('snet-b', '10.200.0.0/24'));
      expect(azure().put(`${SPOKE}/subnets/snet-b`, subnet('snet-b', '10.240.64.0/24')).status).toBe(201);
    });

    it('keeps out the security group and the route table that its subnets use', () => {
      const group = spoke('networkSecurityGroups/nsg');
      const table = spoke('routeTables/rt');
      azure().make(group, securityGroup([]));
      azure().make(table, routeTable([]));
      azure().make(
        SPOKE,
        spokeNetwork([
          subnet('b', '10.240.8.0/24', { networkSecurityGroup: { id: group }, routeTable: { id: table } }),
        ]),
      );
      azure().put(`${SPOKE}/subnets/c`, subnet('c', '10.240.9.0/24'));
      expect(azure().put(group, securityGroup([securityRule('in', 100)]))).toMatchObject(busy);
      expect(azure().put(`${table}/routes/r`, route('r', '10.0.0.0/8', 'None'))).toMatchObject(busy);
      azure().settle();
      azure().put(table, routeTable([route('r', '10.0.0.0/8', 'None')]));
      expect(azure().put(`${SPOKE}/subnets/c`, subnet('c', '10.240.9.0/24'))).toMatchObject(busy);
    });
  });
});
