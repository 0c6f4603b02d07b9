import { describe, expect } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { FIREWALL_SUBNET, HUB, ipConfiguration, LOCATION, makeHub, publicAddress } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, refuses } from './rules.ts';

const BASTION = hub('bastionHosts/bas-hub');
const SUBNET = `${HUB}/subnets/AzureBastionSubnet`;
const PIP = hub('publicIPAddresses/pip-1');

function bastion(sku: string, properties: JsonObject = {}): JsonObject {
  return {
    location: LOCATION,
    sku: { name: sku },
    properties: { ipConfigurations: [ipConfiguration('c', PIP, SUBNET)], ...properties },
  };
}

function made(azure: Azure): void {
  makeHub(azure);
  azure.make(BASTION, bastion('Standard'));
}

describe('Bastion host', () => {
  refuses([
    { name: 'an unknown sku', given: makeHub, id: BASTION, body: bastion('Gold'), code: 'BastionHostSkuNotSupported' },
    {
      name: 'tunnels with Basic',
      given: makeHub,
      id: BASTION,
      body: bastion('Basic', { enableTunneling: true }),
      code: 'BastionHostFeatureNotSupportedForSku',
    },
    {
      name: 'recordings with Standard',
      given: makeHub,
      id: BASTION,
      body: bastion('Standard', { enableSessionRecording: true }),
      code: 'BastionHostFeatureNotSupportedForSku',
    },
    {
      name: 'three scale units with Basic',
      given: makeHub,
      id: BASTION,
      body: bastion('Basic', { scaleUnits: 3 }),
      code: 'BastionHostInvalidScaleUnits',
    },
    {
      name: '51 scale units',
      given: makeHub,
      id: BASTION,
      body: bastion('Standard', { scaleUnits: 51 }),
      code: 'BastionHostInvalidScaleUnits',
    },
    {
      name: 'no configuration',
      given: makeHub,
      id: BASTION,
      body: bastion('Basic', { ipConfigurations: [] }),
      code: 'BastionHostIpConfigurationCount',
    },
    {
      name: 'another subnet',
      given: makeHub,
      id: BASTION,
      body: bastion('Basic', { ipConfigurations: [ipConfiguration('c', PIP, FIREWALL_SUBNET)] }),
      code: 'BastionHostInvalidSubnetName',
    },
    {
      name: 'no public address',
      given: makeHub,
      id: BASTION,
      body: bastion('Standard', { ipConfigurations: [{ name: 'c', properties: { subnet: { id: SUBNET } } }] }),
      code: 'InvalidRequestFormat',
    },
    {
      name: 'a public address that is taken',
      given: (azure) => {
        makeHub(azure);
        azure.make(hub('natGateways/nat'), { location: LOCATION, properties: { publicIpAddresses: [{ id: PIP }] } });
      },
      id: BASTION,
      body: bastion('Basic'),
      code: 'PublicIPAddressInUse',
    },
    {
      name: 'a smaller sku for an existing one',
      given: made,
      id: BASTION,
      body: bastion('Basic'),
      code: 'BastionHostSkuDowngradeNotSupported',
    },
    {
      name: 'a second host in one subnet',
      given: (azure) => {
        made(azure);
        azure.make(hub('publicIPAddresses/pip-2'), publicAddress());
      },
      id: hub('bastionHosts/second'),
      body: bastion('Basic', { ipConfigurations: [ipConfiguration('c', hub('publicIPAddresses/pip-2'), SUBNET)] }),
      code: 'BastionHostSubnetAlreadyInUse',
    },
    { name: 'deletion of its subnet', given: made, method: 'DELETE', id: SUBNET, code: 'InUseSubnetCannotBeDeleted' },
  ]);
  accepts([
    {
      name: 'a host with tunnels',
      given: makeHub,
      id: BASTION,
      body: bastion('Standard', { enableTunneling: true }),
      after: (azure) => {
        const { body } = azure.get(BASTION);
        expect(body).toMatchObject({ sku: { name: 'Standard' }, properties: { scaleUnits: 2, enableTunneling: true } });
        expect(at(body, 'properties', 'dnsName')).toMatch(/\.bastion\.azure\.com$/);
        expect(at(body, 'properties', 'ipConfigurations', 0)).toMatchObject({
          id: `${BASTION}/bastionHostIpConfigurations/c`,
          properties: { privateIPAllocationMethod: 'Dynamic' },
        });
      },
    },
    {
      name: 'a greater sku for an existing one',
      given: made,
      id: BASTION,
      body: bastion('Premium', { enableSessionRecording: true }),
      after: (azure) => expect(at(azure.get(BASTION).body, 'sku', 'name')).toBe('Premium'),
    },
    {
      name: 'deletion, which frees its address',
      given: made,
      method: 'DELETE',
      id: BASTION,
      after: (azure) => expect(at(azure.get(PIP).body, 'properties', 'ipConfiguration')).toBeUndefined(),
    },
  ]);
});
