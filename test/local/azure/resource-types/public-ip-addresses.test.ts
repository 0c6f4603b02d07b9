import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { HUB, hubNetwork, LOCATION, makeFirewall, publicAddress } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const PIP = hub('publicIPAddresses/pip-1');
const PREFIX = hub('publicIPPrefixes/ippre');
const NAT = hub('natGateways/nat');
const NAT_SUBNET = `${HUB}/subnets/snet-nat`;

const prefix = (prefixLength: number, extra: JsonObject = {}): JsonObject => ({
  location: LOCATION,
  sku: { name: 'Standard' },
  properties: { prefixLength },
  ...extra,
});
const fromPrefix = (properties: JsonObject = {}) => publicAddress({ publicIPPrefix: { id: PREFIX }, ...properties });
const nat = (properties: JsonObject, extra: JsonObject = {}): JsonObject => ({
  location: LOCATION,
  properties,
  ...extra,
});
const withAddress: JsonObject = { publicIpAddresses: [{ id: PIP }] };
const ipOf = (azure: Azure, id: string) => String(at(azure.get(id).body, 'properties', 'ipAddress'));

function usedNat(azure: Azure): void {
  azure.make(PIP, publicAddress());
  azure.make(NAT, nat(withAddress));
  const subnet = { name: 'snet-nat', properties: { addressPrefix: '10.200.1.0/24', natGateway: { id: NAT } } };
  azure.make(HUB, hubNetwork([subnet]));
}

describe('public IP address', () => {
  refuses([
    {
      name: 'sku Basic, which is retired',
      id: PIP,
      body: { ...publicAddress(), sku: { name: 'Basic' } },
      code: 'IPv4BasicSkuPublicIpCountLimitReached',
    },
    {
      name: 'no sku, which means Basic',
      id: PIP,
      body: { location: LOCATION, properties: { publicIPAllocationMethod: 'Static' } },
      code: 'IPv4BasicSkuPublicIpCountLimitReached',
    },
    {
      name: 'dynamic allocation',
      id: PIP,
      body: publicAddress({ publicIPAllocationMethod: 'Dynamic' }),
      code: 'StandardSkuPublicIPAddressesMustBeStatic',
      message: /must have AllocationMethod set to Static\.$/,
    },
    {
      name: 'an idle timeout of 31 minutes',
      id: PIP,
      body: publicAddress({ idleTimeoutInMinutes: 31 }),
      code: 'PublicIPAddressInvalidIdleTimeout',
    },
    { name: 'an unknown zone', id: PIP, body: publicAddress({}, ['4']), code: 'InvalidAvailabilityZone' },
    {
      name: 'other zones for an existing one',
      given: (azure) => azure.make(PIP, publicAddress()),
      id: PIP,
      body: publicAddress({}, ['1']),
      code: 'ResourceAvailabilityZonesCannotBeModified',
    },
    {
      name: 'another sku for an existing one',
      given: (azure) => azure.make(PIP, publicAddress()),
      id: PIP,
      body: { ...publicAddress(), sku: { name: 'StandardV2' } },
      code: 'PublicIPAddressSkuCannotBeChanged',
    },
    { name: 'a prefix that does not exist', id: PIP, body: fromPrefix(), code: 'InvalidResourceReference' },
    {
      name: 'a prefix of other zones',
      given: (azure) => azure.make(PREFIX, prefix(30, { zones: ['1', '2', '3'] })),
      id: PIP,
      body: fromPrefix(),
      code: 'PublicIPAddressAndPublicIPPrefixMismatch',
    },
    {
      name: 'a prefix for an existing address',
      given: (azure) => {
        azure.make(PREFIX, prefix(30));
        azure.make(PIP, publicAddress());
      },
      id: PIP,
      body: fromPrefix(),
      code: 'PublicIPPrefixOfPublicIPAddressCannotBeChanged',
    },
    {
      name: 'an address from an exhausted prefix',
      given: (azure) => {
        azure.make(PREFIX, prefix(31));
        azure.make(hub('publicIPAddresses/a'), fromPrefix());
        azure.make(hub('publicIPAddresses/b'), fromPrefix());
      },
      id: PIP,
      body: fromPrefix(),
      code: 'PublicIpPrefixOutOfIpAddresses',
    },
    {
      name: 'a domain name label that is taken',
      given: (azure) =>
        azure.make(hub('publicIPAddresses/a'), publicAddress({ dnsSettings: { domainNameLabel: 'hub' } })),
      id: PIP,
      body: publicAddress({ dnsSettings: { domainNameLabel: 'hub' } }),
      code: 'DnsRecordInUse',
    },
    {
      name: 'deletion while a firewall has it',
      given: makeFirewall,
      method: 'DELETE',
      id: PIP,
      code: 'PublicIPAddressCannotBeDeleted',
      message:
        /is still allocated to resource .*azureFirewallIpConfigurations\/ipconfig-1\. In order to delete the public IP, disassociate\/detach/,
    },
    {
      name: 'deletion while a NAT gateway has it',
      given: usedNat,
      method: 'DELETE',
      id: PIP,
      code: 'PublicIPAddressCannotBeDeleted',
    },
    {
      name: 'a second address from one prefix at the same time',
      given: (azure) => {
        azure.make(PREFIX, prefix(30));
        azure.put(hub('publicIPAddresses/a'), fromPrefix());
      },
      id: PIP,
      body: fromPrefix(),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
    {
      name: 'more addresses than the subscription may have',
      given: (azure) => {
        const id = '00000000-0000-0000-0000-000000000001';
        const subscriptions = azure.simulation.settings.get('subscriptions');
        azure.simulation.settings.set('subscriptions', {
          ...subscriptions,
          [id]: { quotas: { PublicIPAddresses: 1 } },
        });
        azure.make(hub('publicIPAddresses/a'), publicAddress());
      },
      id: PIP,
      body: publicAddress(),
      code: 'PublicIPCountLimitReached',
      message: /^Cannot create more than 1 public IP addresses for this subscription in this region\.$/,
    },
  ]);

  accepts([
    {
      name: 'an address, with its defaults',
      id: PIP,
      body: publicAddress({ dnsSettings: { domainNameLabel: 'hub' } }),
      after: (azure) => {
        expect(azure.get(PIP).body).toMatchObject({
          sku: { name: 'Standard', tier: 'Regional' },
          properties: {
            publicIPAddressVersion: 'IPv4',
            idleTimeoutInMinutes: 4,
            ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
            dnsSettings: { fqdn: 'hub.westeurope.cloudapp.azure.com' },
          },
        });
        expect(ipOf(azure, PIP)).toMatch(/^20\.\d+\.\d+\.\d+$/);
      },
    },
    {
      name: 'a change, and keeps the address',
      given: (azure) => {
        azure.make(PIP, publicAddress());
        azure.make(hub('publicIPAddresses/other'), publicAddress());
      },
      id: PIP,
      body: publicAddress({ idleTimeoutInMinutes: 30 }),
      after: (azure) => {
        expect(ipOf(azure, PIP)).not.toBe(ipOf(azure, hub('publicIPAddresses/other')));
        expect(at(azure.get(PIP).body, 'properties', 'idleTimeoutInMinutes')).toBe(30);
      },
    },
    {
      name: 'an address from a prefix, inside its range',
      given: (azure) => azure.make(PREFIX, prefix(31)),
      id: PIP,
      body: fromPrefix(),
      after: (azure) => {
        const range = String(at(azure.get(PREFIX).body, 'properties', 'ipPrefix'));
        expect(range).toMatch(/\/31$/);
        expect(ipOf(azure, PIP)).toBe(range.slice(0, -3));
        expect(at(azure.get(PREFIX).body, 'properties', 'publicIPAddresses')).toEqual([{ id: PIP }]);
      },
    },
    {
      name: 'an address that another gave back to the prefix',
      given: (azure) => {
        azure.make(PREFIX, prefix(31));
        azure.make(hub('publicIPAddresses/a'), fromPrefix());
        azure.make(hub('publicIPAddresses/b'), fromPrefix());
        azure.remove(hub('publicIPAddresses/a'));
      },
      id: PIP,
      body: fromPrefix(),
      after: (azure) =>
        expect(ipOf(azure, PIP)).toBe(String(at(azure.get(PREFIX).body, 'properties', 'ipPrefix')).slice(0, -3)),
    },
    {
      name: 'deletion once nothing has it',
      given: (azure) => azure.make(PIP, publicAddress()),
      method: 'DELETE',
      id: PIP,
      after: (azure) => expect(azure.get(PIP).status).toBe(404),
    },
  ]);

  describe('addresses', () => {
    const azure = eachWithAzure();

    it('are all different', () => {
      for (let index = 0; index < 20; index += 1) azure().put(hub(`publicIPAddresses/p${index}`), publicAddress());
      azure().settle();
      const all = Array.from({ length: 20 }, (_, index) => ipOf(azure(), hub(`publicIPAddresses/p${index}`)));
      expect(new Set(all).size).toBe(20);
    });
  });
});

describe('public IP prefix', () => {
  refuses([
    {
      name: 'no length',
      id: PREFIX,
      body: { location: LOCATION, sku: { name: 'Standard' }, properties: {} },
      code: 'InvalidRequestFormat',
    },
    { name: 'a length of 27', id: PREFIX, body: prefix(27), code: 'PublicIPPrefixInvalidPrefixLength' },
    { name: 'a length of 32', id: PREFIX, body: prefix(32), code: 'PublicIPPrefixInvalidPrefixLength' },
    {
      name: 'another length for an existing one',
      given: (azure) => azure.make(PREFIX, prefix(30)),
      id: PREFIX,
      body: prefix(29),
      code: 'PublicIPPrefixLengthCannotBeChanged',
    },
    {
      name: 'deletion while an address is from it',
      given: (azure) => {
        azure.make(PREFIX, prefix(30));
        azure.make(PIP, fromPrefix());
      },
      method: 'DELETE',
      id: PREFIX,
      code: 'InUsePublicIpPrefixCannotBeDeleted',
    },
  ]);
  accepts([
    {
      name: 'ranges that do not overlap',
      given: (azure) => azure.make(hub('publicIPPrefixes/first'), prefix(30)),
      id: PREFIX,
      body: prefix(28),
      after: (azure) => {
        const first = String(at(azure.get(hub('publicIPPrefixes/first')).body, 'properties', 'ipPrefix'));
        const second = String(at(azure.get(PREFIX).body, 'properties', 'ipPrefix'));
        expect(first.split('.').slice(0, 3)).toEqual(second.split('.').slice(0, 3));
        expect([first.split('.')[3], second.split('.')[3]]).toEqual(['0/30', '16/28']);
      },
    },
    {
      name: 'deletion once nothing is from it',
      given: (azure) => azure.make(PREFIX, prefix(30)),
      method: 'DELETE',
      id: PREFIX,
      after: (azure) => expect(azure.get(PREFIX).status).toBe(404),
    },
  ]);
});

describe('NAT gateway', () => {
  refuses([
    { name: 'two zones', id: NAT, body: nat({}, { zones: ['1', '2'] }), code: 'NatGatewayInvalidZones' },
    {
      name: 'an idle timeout of 3 minutes',
      id: NAT,
      body: nat({ idleTimeoutInMinutes: 3 }),
      code: 'NatGatewayInvalidIdleTimeout',
    },
    { name: 'an address that does not exist', id: NAT, body: nat(withAddress), code: 'InvalidResourceReference' },
    {
      name: 'a Standard address on StandardV2',
      given: (azure) => azure.make(PIP, publicAddress()),
      id: NAT,
      body: nat(withAddress, { sku: { name: 'StandardV2' } }),
      code: 'NatGatewayAndPublicIpSkuMismatch',
    },
    {
      name: 'an address of another zone',
      given: (azure) => azure.make(PIP, publicAddress({}, ['2'])),
      id: NAT,
      body: nat(withAddress, { zones: ['1'] }),
      code: 'NatGatewayAndPublicIpZoneMismatch',
    },
    {
      name: 'an address that a firewall has',
      given: makeFirewall,
      id: NAT,
      body: nat(withAddress),
      code: 'PublicIPAddressInUse',
    },
    {
      name: 'more than 16 addresses',
      given: (azure) => {
        azure.make(PREFIX, prefix(28));
        azure.make(PIP, publicAddress());
      },
      id: NAT,
      body: nat({ ...withAddress, publicIpPrefixes: [{ id: PREFIX }] }),
      code: 'NatGatewayPublicIpCountLimitReached',
    },
    {
      name: 'another sku for an existing one',
      given: (azure) => azure.make(NAT, nat({})),
      id: NAT,
      body: nat({}, { sku: { name: 'StandardV2' } }),
      code: 'NatGatewaySkuCannotBeChanged',
    },
    {
      name: 'deletion while a subnet has it',
      given: usedNat,
      method: 'DELETE',
      id: NAT,
      code: 'InUseNatGatewayCannotBeDeleted',
    },
  ]);
  accepts([
    {
      name: 'sixteen addresses from a prefix',
      given: (azure) => azure.make(PREFIX, prefix(28)),
      id: NAT,
      body: nat({ publicIpPrefixes: [{ id: PREFIX }] }, { zones: ['1'] }),
      after: (azure) => {
        expect(azure.get(NAT).body).toMatchObject({
          sku: { name: 'Standard' },
          properties: { idleTimeoutInMinutes: 4 },
        });
        expect(at(azure.get(PREFIX).body, 'properties', 'natGateway')).toEqual({ id: NAT });
      },
    },
    {
      name: 'an address of all zones in one zone',
      given: (azure) => azure.make(PIP, publicAddress({}, ['1', '2', '3'])),
      id: NAT,
      body: nat(withAddress, { zones: ['1'] }),
      after: (azure) => expect(at(azure.get(PIP).body, 'properties', 'natGateway')).toEqual({ id: NAT }),
    },
    {
      name: 'a StandardV2 address on StandardV2',
      given: (azure) => azure.make(PIP, { ...publicAddress(), sku: { name: 'StandardV2' } }),
      id: NAT,
      body: nat(withAddress, { sku: { name: 'StandardV2' } }),
      after: (azure) => expect(azure.get(NAT).status).toBe(200),
    },
    {
      name: 'deletion once no subnet has it',
      given: (azure) => {
        usedNat(azure);
        azure.remove(NAT_SUBNET);
      },
      method: 'DELETE',
      id: NAT,
      after: (azure) => expect(at(azure.get(PIP).body, 'properties', 'natGateway')).toBeUndefined(),
    },
  ]);
});
