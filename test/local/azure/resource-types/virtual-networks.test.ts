import { describe, expect, it } from '@jest/globals';
import {
  FIREWALL,
  FIREWALL_SUBNET,
  firewall,
  HUB,
  hubNetwork,
  LOCATION,
  makeFirewall,
  makeHub,
  network,
  networkInterface,
  SPOKE,
  securityGroup,
  spokeNetwork,
  subnet,
} from './fixtures.ts';
import { type Azure, at, hub, OTHER_SUBSCRIPTION } from './harness.ts';
import { accepts, eachWithAzure, namesIn, refuses } from './rules.ts';

const PLAN = hub('ddosProtectionPlans/ddos');
const NODES = `${SPOKE}/subnets/snet-nodes`;
const NIC = hub('networkInterfaces/nic-theirs');

function withInterface(azure: Azure): void {
  azure.make(SPOKE, spokeNetwork([subnet('snet-more', '10.240.16.0/24')]));
  azure.make(NIC, networkInterface(NODES));
}

describe('virtual network', () => {
  refuses([
    { name: 'an empty address space', id: HUB, body: network([]), code: 'InvalidRequestFormat' },
    { name: 'a prefix without length', id: HUB, body: network(['10.0.0.0']), code: 'InvalidAddressPrefixFormat' },
    {
      name: 'a prefix that is no address',
      id: HUB,
      body: network(['10.0.0.256/24']),
      code: 'InvalidAddressPrefixFormat',
    },
    {
      name: 'host bits in the address space',
      id: HUB,
      body: network(['10.0.0.1/16']),
      code: 'InvalidCIDRNotation',
      message: /should be 10\.0\.0\.0\/16/,
    },
    {
      name: 'overlapping prefixes',
      id: HUB,
      body: network(['10.0.0.0/16', '10.0.1.0/24']),
      code: 'AddressPrefixesOverlap',
    },
    { name: 'multicast addresses', id: HUB, body: network(['224.0.0.0/24']), code: 'AddressPrefixNotAllowed' },
    { name: 'link-local addresses', id: HUB, body: network(['169.254.0.0/24']), code: 'AddressPrefixNotAllowed' },
    { name: 'a prefix of /30', id: HUB, body: network(['10.0.0.0/30']), code: 'AddressPrefixNotAllowed' },
    {
      name: 'a DNS server that is no address',
      id: HUB,
      body: network(['10.0.0.0/16'], { dhcpOptions: { dnsServers: ['dns.contoso.com'] } }),
      code: 'InvalidIPAddressFormat',
    },
    {
      name: 'DDoS protection without a plan',
      id: HUB,
      body: network(['10.0.0.0/16'], { enableDdosProtection: true }),
      code: 'DdosProtectionPlanIdNotProvided',
    },
    {
      name: 'a DDoS plan that does not exist',
      id: HUB,
      body: network(['10.0.0.0/16'], { enableDdosProtection: true, ddosProtectionPlan: { id: PLAN } }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a bad name',
      id: hub('virtualNetworks/vnet-'),
      body: network(['10.0.0.0/16']),
      code: 'InvalidResourceName',
    },
    {
      name: 'another location',
      given: (azure) => azure.make(HUB, hubNetwork()),
      id: HUB,
      body: { ...hubNetwork(), location: 'northeurope' },
      status: 409,
      code: 'InvalidResourceLocation',
    },
    {
      name: 'two subnets of one name',
      id: HUB,
      body: network(['10.0.0.0/16'], { subnets: [subnet('a', '10.0.0.0/24'), subnet('A', '10.0.1.0/24')] }),
      code: 'DuplicateResourceName',
    },
    {
      name: 'a subnet outside the address space',
      id: HUB,
      body: network(['10.0.0.0/16'], { subnets: [subnet('a', '10.1.0.0/24')] }),
      code: 'NetcfgSubnetRangeOutsideVnet',
      message:
        /^Subnet 'a' is not valid because its IP address range is outside the IP address range of virtual network 'vnet-hub'\.$/,
    },
    {
      name: 'overlapping subnets',
      id: HUB,
      body: network(['10.0.0.0/16'], { subnets: [subnet('a', '10.0.0.0/23'), subnet('b', '10.0.1.0/24')] }),
      code: 'NetcfgSubnetRangesOverlap',
      message: /^Subnet 'b' is not valid because its IP address range overlaps/,
    },
    {
      name: 'an address space that leaves a kept subnet outside',
      given: (azure) => azure.make(SPOKE, spokeNetwork()),
      id: SPOKE,
      body: network(['10.250.0.0/16']),
      code: 'NetcfgSubnetRangeOutsideVnet',
    },
    {
      name: 'a subnet list without one that is in use',
      given: withInterface,
      id: SPOKE,
      body: network(['10.240.0.0/16'], { subnets: [subnet('snet-more', '10.240.16.0/24')] }),
      code: 'InUseSubnetCannotBeDeleted',
      message:
        /Subnet snet-nodes is in use by .*networkInterfaces\/nic-theirs\/ipConfigurations\/primary and cannot be deleted/,
    },
    {
      name: 'an empty subnet list while one is in use',
      given: withInterface,
      id: SPOKE,
      body: network(['10.240.0.0/16'], { subnets: [] }),
      code: 'InUseSubnetCannotBeDeleted',
    },
    {
      name: 'another prefix for a subnet that is in use',
      given: withInterface,
      id: SPOKE,
      body: network(['10.240.0.0/16'], { subnets: [subnet('snet-nodes', '10.240.32.0/22')] }),
      code: 'InUsePrefixCannotBeDeleted',
    },
    {
      name: 'an inline subnet with a security group that does not exist',
      id: HUB,
      body: network(['10.0.0.0/16'], {
        subnets: [subnet('a', '10.0.0.0/24', { networkSecurityGroup: { id: hub('networkSecurityGroups/none') } })],
      }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'deletion while a subnet is in use',
      given: makeFirewall,
      method: 'DELETE',
      id: HUB,
      code: 'InUseSubnetCannotBeDeleted',
      message: /azureFirewalls\/fw-hub\/azureFirewallIpConfigurations\/ipconfig-1/,
    },
  ]);

  accepts([
    {
      name: 'a network, and shows its defaults',
      id: HUB,
      body: { ...hubNetwork(), location: 'West Europe' },
      after: (azure) => {
        const { body } = azure.get(HUB);
        expect(body).toMatchObject({
          location: LOCATION,
          properties: { enableDdosProtection: false, virtualNetworkPeerings: [], provisioningState: 'Succeeded' },
        });
        expect(at(body, 'properties', 'resourceGuid')).toMatch(/^[0-9a-f-]{36}$/);
        expect(at(body, 'properties', 'subnets', 0)).toMatchObject({
          id: FIREWALL_SUBNET,
          etag: body.etag,
          properties: { provisioningState: 'Succeeded', addressPrefix: '10.200.0.0/26' },
        });
      },
    },
    {
      name: 'a body without subnets, and keeps them',
      given: (azure) => azure.make(HUB, hubNetwork()),
      id: HUB,
      body: network(['10.200.0.0/22']),
      after: (azure) => {
        const { body } = azure.get(HUB);
        expect(namesIn(body, 'properties', 'subnets')).toEqual([
          'AzureFirewallSubnet',
          'GatewaySubnet',
          'AzureBastionSubnet',
        ]);
        expect(at(body, 'properties', 'addressSpace', 'addressPrefixes')).toEqual(['10.200.0.0/22']);
      },
    },
    {
      name: 'an empty subnet list, and deletes them',
      given: (azure) => azure.make(HUB, hubNetwork()),
      id: HUB,
      body: network(['10.200.0.0/23'], { subnets: [] }),
      after: (azure) => {
        expect(namesIn(azure.get(HUB).body, 'properties', 'subnets')).toEqual([]);
        expect(azure.get(FIREWALL_SUBNET)).toMatchObject({ status: 404, code: 'NotFound' });
      },
    },
    {
      name: 'a shorter subnet list, and deletes what is missing',
      given: (azure) => azure.make(SPOKE, spokeNetwork([subnet('snet-more', '10.240.16.0/24')])),
      id: SPOKE,
      body: spokeNetwork(),
      after: (azure) => expect(namesIn(azure.get(SPOKE).body, 'properties', 'subnets')).toEqual(['snet-nodes']),
    },
    {
      name: 'a body without DNS servers, and resets them',
      given: (azure) => azure.make(SPOKE, network(['10.240.0.0/16'], { dhcpOptions: { dnsServers: ['10.200.0.4'] } })),
      id: SPOKE,
      body: network(['10.240.0.0/16']),
      after: (azure) => expect(at(azure.get(SPOKE).body, 'properties', 'dhcpOptions')).toBeUndefined(),
    },
    {
      name: 'a subnet list that leaves out a subnet property, and resets it',
      given: (azure) => {
        azure.make(hub('networkSecurityGroups/nsg'), securityGroup([]));
        const group = { networkSecurityGroup: { id: hub('networkSecurityGroups/nsg') } };
        azure.make(SPOKE, network(['10.240.0.0/16'], { subnets: [subnet('snet-nodes', '10.240.0.0/22', group)] }));
      },
      id: SPOKE,
      body: spokeNetwork(),
      after: (azure) => {
        expect(at(azure.get(NODES).body, 'properties', 'networkSecurityGroup')).toBeUndefined();
        expect(at(azure.get(hub('networkSecurityGroups/nsg')).body, 'properties', 'subnets')).toBeUndefined();
      },
    },
    {
      name: 'its own body again, read-only properties and all',
      given: withInterface,
      id: SPOKE,
      body: {
        ...spokeNetwork([subnet('snet-more', '10.240.16.0/24')]),
        properties: {
          addressSpace: { addressPrefixes: ['10.240.0.0/16'] },
          provisioningState: 'Failed',
          subnets: [
            subnet('snet-nodes', '10.240.0.0/22', { provisioningState: 'Failed', ipConfigurations: [], purpose: 'x' }),
            subnet('snet-more', '10.240.16.0/24'),
          ],
        },
      },
      after: (azure) => {
        const nodes = at(azure.get(SPOKE).body, 'properties', 'subnets', 0);
        expect(nodes).toMatchObject({
          properties: { provisioningState: 'Succeeded', ipConfigurations: [{ id: `${NIC}/ipConfigurations/primary` }] },
        });
        expect(at(nodes, 'properties', 'purpose')).toBeUndefined();
      },
    },
    {
      name: 'growth around subnets in use',
      given: withInterface,
      id: SPOKE,
      body: network(['10.240.0.0/16', '10.241.0.0/16']),
      after: (azure) => expect(at(azure.get(NODES).body, 'properties', 'addressPrefix')).toBe('10.240.0.0/22'),
    },
    {
      name: 'a DDoS plan of another subscription and region',
      given: (azure) =>
        azure.make(`${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/ddosProtectionPlans/ddos`, {
          location: 'northeurope',
        }),
      id: HUB,
      body: network(['10.0.0.0/16'], {
        enableDdosProtection: true,
        ddosProtectionPlan: {
          id: `${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/ddosProtectionPlans/ddos`,
        },
      }),
      after: (azure) => {
        const plan = azure.get(
          `${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/ddosProtectionPlans/ddos`,
        );
        expect(at(plan.body, 'properties', 'virtualNetworks')).toEqual([{ id: HUB }]);
      },
    },
    {
      name: 'deletion when nothing is in it',
      given: makeHub,
      method: 'DELETE',
      id: HUB,
      after: (azure) => expect(azure.get(HUB)).toMatchObject({ status: 404, code: 'ResourceNotFound' }),
    },
  ]);

  describe('while a write runs', () => {
    const azure = eachWithAzure();

    it('shows Updating, then Succeeded, with a new version', () => {
      azure().make(HUB, hubNetwork());
      const before = azure().get(HUB).body.etag;
      const answer = azure().put(HUB, hubNetwork([subnet('a', '10.200.1.0/24')]));
      expect(answer).toMatchObject({ status: 200, body: { properties: { provisioningState: 'Updating' } } });
      expect(answer.headers['retry-after']).toBe('10');
      azure().settle();
      expect(at(azure().get(HUB).body, 'properties', 'provisioningState')).toBe('Succeeded');
      expect(azure().get(HUB).body.etag).not.toBe(before);
    });

    it('refuses a write that was made for an older version', () => {
      const { etag } = azure().make(HUB, hubNetwork());
      azure().make(`${HUB}/subnets/a`, subnet('a', '10.200.1.0/24'));
      const late = azure().request('PUT', HUB, hubNetwork(), '', { 'if-match': String(etag) });
      expect(late).toMatchObject({ status: 412, code: 'PreconditionFailed' });
      expect(azure().get(`${HUB}/subnets/a`).status).toBe(200);
    });

    it('makes a firewall wait for its network', () => {
      makeHub(azure());
      azure().put(HUB, hubNetwork([subnet('a', '10.200.1.0/24')]));
      const refused = azure().put(FIREWALL, firewall());
      expect(refused).toMatchObject({
        status: 429,
        code: 'RetryableError',
        details: ['ReferencedResourceNotProvisioned'],
      });
      azure().settle();
      expect(azure().put(FIREWALL, firewall()).status).toBe(201);
    });
  });

  describe('asked for its addresses', () => {
    const azure = eachWithAzure();
    const ask = (address: string) =>
      azure().request('GET', `${SPOKE}/CheckIPAddressAvailability`, undefined, `ipAddress=${address}`);

    it('tells which are free', () => {
      withInterface(azure());
      expect(ask('10.240.0.9').body).toEqual({ available: true, isPlatformReserved: false });
      expect(ask('10.240.0.4').body).toEqual({
        available: false,
        availableIPAddresses: ['10.240.0.5', '10.240.0.6', '10.240.0.7', '10.240.0.8', '10.240.0.9'],
        isPlatformReserved: false,
      });
      expect(ask('10.240.3.255').body).toMatchObject({ available: false, isPlatformReserved: true });
      expect(ask('10.99.0.4').body).toMatchObject({ available: false, availableIPAddresses: [] });
      expect(ask('snet')).toMatchObject({ status: 400, code: 'InvalidIPAddressFormat' });
    });

    it('tells how full its subnets are', () => {
      withInterface(azure());
      const usage = azure().get(`${SPOKE}/usages`).body;
      expect(at(usage, 'value', 0)).toMatchObject({ id: NODES, currentValue: 1, limit: 1019 });
      expect(at(usage, 'value', 1)).toMatchObject({ currentValue: 0, limit: 251 });
    });
  });
});
