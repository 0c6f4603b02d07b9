import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import {
  FIREWALL,
  FIREWALL_SUBNET,
  firewall,
  HUB,
  hubNetwork,
  ipConfiguration,
  LOCATION,
  makeFirewall,
  makeHub,
  natCollection,
  natGroup,
  natRule,
  POLICY,
  policy,
  publicAddress,
  ruleGroup,
  SPOKE,
  spokeNetwork,
  subnet,
} from './fixtures.ts';
import { type Azure, at, hub, spoke } from './harness.ts';
import { accepts, eachWithAzure, namesIn, refuses } from './rules.ts';

const PIP_1 = hub('publicIPAddresses/pip-1');
const PIP_2 = hub('publicIPAddresses/pip-2');
const MANAGEMENT_SUBNET = `${HUB}/subnets/AzureFirewallManagementSubnet`;
const ZONES = ['1', '2', '3'];

const two = (azure: Azure) => makeHub(azure, 2);
const SUBNET_LAST = [ipConfiguration('a', PIP_1), ipConfiguration('b', PIP_2, FIREWALL_SUBNET)];
const withConfigurations = (ipConfigurations: readonly JsonObject[], properties: JsonObject = {}) =>
  firewall(0, { ipConfigurations, ...properties });
/** A firewall whose second configuration carries the subnet, made by the setting that allows it. */
function withSubnetLast(azure: Azure): void {
  two(azure);
  const { settings } = azure.simulation;
  settings.set('traffic', { firewalls: { [FIREWALL]: { subnetInAnyConfiguration: true } } });
  azure.make(FIREWALL, withConfigurations(SUBNET_LAST));
  settings.set('traffic', {});
}

const tier = (name: string, properties: JsonObject = {}) =>
  firewall(1, { sku: { name: 'AZFW_VNet', tier: name }, ...properties });

function hubWith(address: JsonObject) {
  return (azure: Azure): void => {
    azure.make(HUB, hubNetwork());
    azure.make(POLICY, policy());
    azure.make(PIP_1, address);
  };
}

function hubWithPolicy(policyTier: string) {
  return (azure: Azure): void => {
    azure.make(HUB, hubNetwork([subnet('AzureFirewallManagementSubnet', '10.200.1.0/26')]));
    azure.make(POLICY, { location: LOCATION, properties: { sku: { tier: policyTier } } });
    azure.make(PIP_1, publicAddress());
    azure.make(PIP_2, publicAddress());
  };
}

function management(): JsonObject {
  return { managementIpConfiguration: ipConfiguration('management', PIP_2, MANAGEMENT_SUBNET) };
}

describe('Azure Firewall', () => {
  refuses([
    ...[
      { minCapacity: 1 },
      { minCapacity: 2, maxCapacity: 51 },
      { minCapacity: 5, maxCapacity: 6 },
      { minCapacity: 6, maxCapacity: 5 },
    ].map((autoscaleConfiguration) => ({
      name: `an autoscale configuration of ${JSON.stringify(autoscaleConfiguration)}`,
      given: makeHub,
      id: FIREWALL,
      body: firewall(1, { autoscaleConfiguration }),
      code: 'AzureFirewallInvalidAutoscaleConfiguration',
    })),
    {
      name: 'a first configuration without subnet',
      given: makeHub,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1)]),
      code: 'AzureFirewallIpConfigurationSubnetMissing',
    },
    {
      name: 'a second configuration with a subnet',
      given: two,
      id: FIREWALL,
      body: withConfigurations([
        ipConfiguration('a', PIP_1, FIREWALL_SUBNET),
        ipConfiguration('b', PIP_2, FIREWALL_SUBNET),
      ]),
      code: 'AzureFirewallMultipleIpConfigurationsWithSubnet',
    },
    {
      name: 'the subnet in the second configuration only',
      given: two,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1), ipConfiguration('b', PIP_2, FIREWALL_SUBNET)]),
      code: 'AzureFirewallIpConfigurationSubnetMissing',
    },
    {
      name: 'the first configuration gone, and the next one with its subnet',
      given: (azure) => makeFirewall(azure, 2),
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('ipconfig-2', PIP_2, FIREWALL_SUBNET)]),
      code: 'AzureFirewallFirstIpConfigurationCannotBeRemoved',
    },
    {
      name: 'the subnet moved to the second configuration',
      given: (azure) => makeFirewall(azure, 2),
      id: FIREWALL,
      body: withConfigurations([
        ipConfiguration('ipconfig-2', PIP_2),
        ipConfiguration('ipconfig-1', PIP_1, FIREWALL_SUBNET),
      ]),
      code: 'AzureFirewallIpConfigurationSubnetMissing',
    },
    {
      name: 'the subnet moved on by a firewall that has it elsewhere',
      given: withSubnetLast,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1), ipConfiguration('c', PIP_2, FIREWALL_SUBNET)]),
      code: 'AzureFirewallIpConfigurationSubnetMissing',
    },
    {
      name: 'another subnet than AzureFirewallSubnet',
      given: makeHub,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1, `${HUB}/subnets/GatewaySubnet`)]),
      code: 'AzureFirewallInvalidSubnetName',
    },
    {
      name: 'a network of another resource group',
      given: (azure) => {
        makeHub(azure);
        azure.make(SPOKE, spokeNetwork([subnet('AzureFirewallSubnet', '10.240.8.0/26')]));
      },
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1, `${SPOKE}/subnets/AzureFirewallSubnet`)]),
      code: 'AzureFirewallReferencesSubnetInDifferentResourceGroup',
      message:
        /^AzureFirewall .*\/azureFirewalls\/fw-hub references subnet \(.*\/subnets\/AzureFirewallSubnet\) in a different resource group\.$/,
    },
    {
      name: 'a public address of another resource group',
      given: (azure) => {
        makeHub(azure);
        azure.make(spoke('publicIPAddresses/pip'), publicAddress());
      },
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', spoke('publicIPAddresses/pip'), FIREWALL_SUBNET)]),
      code: 'AzureFirewallReferencesPublicIPAddressInDifferentResourceGroup',
    },
    {
      name: 'a subnet that does not exist',
      given: (azure) => {
        makeHub(azure);
        azure.remove(FIREWALL_SUBNET);
      },
      id: FIREWALL,
      body: firewall(),
      code: 'InvalidResourceReference',
      message: /AzureFirewallSubnet referenced by resource .*azureFirewallIpConfigurations\/ipconfig-1 was not found/,
    },
    {
      name: 'a public address that does not exist',
      given: makeHub,
      id: FIREWALL,
      body: firewall(2),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a policy that does not exist',
      given: makeHub,
      id: FIREWALL,
      body: firewall(1, { firewallPolicy: { id: hub('firewallPolicies/none') } }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'one public address twice',
      given: makeHub,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1, FIREWALL_SUBNET), ipConfiguration('b', PIP_1)]),
      code: 'AzureFirewallDuplicatePublicIPAddress',
    },
    {
      name: 'two configurations of one name',
      given: two,
      id: FIREWALL,
      body: withConfigurations([ipConfiguration('a', PIP_1, FIREWALL_SUBNET), ipConfiguration('A', PIP_2)]),
      code: 'DuplicateResourceName',
    },
    {
      name: 'a configuration without public address',
      given: makeHub,
      id: FIREWALL,
      body: withConfigurations([{ name: 'a', properties: { subnet: { id: FIREWALL_SUBNET } } }]),
      code: 'AzureFirewallIpConfigurationPublicIPAddressMissing',
    },
    {
      name: 'a public address that another resource has',
      given: (azure) => {
        two(azure);
        azure.make(hub('natGateways/nat'), { location: LOCATION, properties: { publicIpAddresses: [{ id: PIP_1 }] } });
      },
      id: FIREWALL,
      body: firewall(),
      code: 'PublicIPAddressInUse',
    },
    {
      name: 'a StandardV2 public address',
      given: hubWith({ ...publicAddress(), sku: { name: 'StandardV2' } }),
      id: FIREWALL,
      body: firewall(),
      code: 'PublicIPAddressMustBeStandardAndStatic',
    },
    {
      name: 'a public address of another region',
      given: hubWith({ ...publicAddress(), location: 'northeurope' }),
      id: FIREWALL,
      body: firewall(),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a public address without zones on a zonal firewall',
      given: makeHub,
      id: FIREWALL,
      body: { ...firewall(), zones: ZONES },
      code: 'ZonalAzureFirewallCannotReferenceNoZonePublicIp',
      message: /has zone constraint 1, 2, 3, but Public IP .* referenced by the azure firewall has no zones$/,
    },
    {
      name: 'a public address of one zone on a firewall of three',
      given: hubWith(publicAddress({}, ['1'])),
      id: FIREWALL,
      body: { ...firewall(), zones: ZONES },
      code: 'AzureFirewallAndPublicIpZoneMismatch',
    },
    {
      name: 'a zonal public address on a firewall without zones',
      given: hubWith(publicAddress({}, ZONES)),
      id: FIREWALL,
      body: firewall(),
      code: 'AzureFirewallAndPublicIpZoneMismatch',
    },
    { name: 'an unknown tier', given: makeHub, id: FIREWALL, body: tier('Gold'), code: 'AzureFirewallInvalidSkuTier' },
    {
      name: 'a firewall for a virtual hub',
      given: makeHub,
      id: FIREWALL,
      body: firewall(1, { sku: { name: 'AZFW_Hub', tier: 'Standard' } }),
      code: 'AzureFirewallSkuNotSupported',
    },
    {
      name: 'a Premium policy on a Standard firewall',
      given: hubWithPolicy('Premium'),
      id: FIREWALL,
      body: tier('Standard'),
      code: 'AzureFirewallPolicyTierMismatch',
    },
    {
      name: 'a Basic policy on a Standard firewall',
      given: hubWithPolicy('Basic'),
      id: FIREWALL,
      body: tier('Standard'),
      code: 'AzureFirewallPolicyTierMismatch',
    },
    {
      name: 'a Basic firewall without management configuration',
      given: hubWithPolicy('Basic'),
      id: FIREWALL,
      body: tier('Basic'),
      code: 'AzureFirewallBasicSkuRequiresManagementIpConfiguration',
    },
    {
      name: 'a management configuration in AzureFirewallSubnet',
      given: hubWithPolicy('Standard'),
      id: FIREWALL,
      body: firewall(1, { managementIpConfiguration: ipConfiguration('m', PIP_2, FIREWALL_SUBNET) }),
      code: 'AzureFirewallInvalidSubnetName',
    },
    {
      name: 'a policy together with rule collections',
      given: makeHub,
      id: FIREWALL,
      body: firewall(1, {
        networkRuleCollections: [{ name: 'c', properties: { priority: 100, action: { type: 'Allow' }, rules: [] } }],
      }),
      code: 'AzureFirewallPolicyAndRuleCollectionsConflict',
    },
    {
      name: 'more than 250 public addresses',
      given: makeHub,
      id: FIREWALL,
      body: firewall(251),
      code: 'AzureFirewallPublicIPAddressCountLimitReached',
    },
    {
      name: 'an address that is, with others and DNAT destinations, one of more than 250',
      given: (azure) => {
        makeFirewall(azure);
        azure.make(`${POLICY}/ruleCollectionGroups/dnat`, natGroup(100, 249));
        azure.make(PIP_2, publicAddress());
      },
      id: FIREWALL,
      body: firewall(2),
      code: 'AzureFirewallPublicIPAddressCountLimitReached',
    },
    {
      name: 'a second firewall in one subnet',
      given: (azure) => {
        makeFirewall(azure);
        azure.make(PIP_2, publicAddress());
      },
      id: hub('azureFirewalls/fw-2'),
      body: withConfigurations([ipConfiguration('a', PIP_2, FIREWALL_SUBNET)]),
      code: 'AzureFirewallSubnetAlreadyInUse',
    },
    {
      name: 'other zones while it runs',
      given: (azure) => {
        makeFirewall(azure);
      },
      id: FIREWALL,
      body: { ...firewall(), zones: ZONES },
      code: 'ResourceAvailabilityZonesCannotBeModified',
    },
    {
      name: 'zones in a region that has none',
      id: FIREWALL,
      body: { location: 'ukwest', zones: ZONES, properties: {} },
      code: 'LocationNotSupportAvailabilityZones',
    },
    {
      name: 'a write while another one runs',
      given: (azure) => {
        makeHub(azure);
        azure.put(FIREWALL, firewall());
      },
      id: FIREWALL,
      body: firewall(),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
  ]);

  accepts([
    {
      name: 'a firewall, and gives it the first free address of its subnet',
      given: (azure) => makeHub(azure, 3),
      id: FIREWALL,
      body: firewall(3),
      after: (azure) => {
        const { body } = azure.get(FIREWALL);
        const configurations = at(body, 'properties', 'ipConfigurations');
        expect(at(configurations, 0)).toMatchObject({
          id: `${FIREWALL}/azureFirewallIpConfigurations/ipconfig-1`,
          etag: body.etag,
          properties: {
            privateIPAddress: '10.200.0.4',
            subnet: { id: FIREWALL_SUBNET },
            provisioningState: 'Succeeded',
          },
        });
        expect(at(configurations, 2, 'properties')).toEqual({
          provisioningState: 'Succeeded',
          publicIPAddress: { id: hub('publicIPAddresses/pip-3') },
        });
        expect(at(azure.get(PIP_1).body, 'properties', 'ipConfiguration')).toEqual({
          id: `${FIREWALL}/azureFirewallIpConfigurations/ipconfig-1`,
        });
        expect(at(azure.get(POLICY).body, 'properties', 'firewalls')).toEqual([{ id: FIREWALL }]);
        expect(at(azure.get(FIREWALL_SUBNET).body, 'properties', 'ipConfigurations')).toEqual([
          { id: `${FIREWALL}/azureFirewallIpConfigurations/ipconfig-1` },
        ]);
      },
    },
    {
      name: 'a firewall whose address somebody has set for the test',
      given: (azure) => {
        makeHub(azure);
        azure.simulation.settings.set('traffic', { firewalls: { [FIREWALL]: { privateIPAddress: '10.200.0.9' } } });
      },
      id: FIREWALL,
      body: firewall(),
      after: (azure) => {
        expect(
          at(azure.get(FIREWALL).body, 'properties', 'ipConfigurations', 0, 'properties', 'privateIPAddress'),
        ).toBe('10.200.0.9');
      },
    },
    {
      name: 'the subnet where the firewall has it, though not in the first configuration',
      given: withSubnetLast,
      id: FIREWALL,
      body: { ...withConfigurations(SUBNET_LAST), tags: { changed: 'yes' } },
      after: (azure) => {
        const configurations = at(azure.get(FIREWALL).body, 'properties', 'ipConfigurations');
        expect(at(configurations, 0, 'properties', 'subnet')).toBeUndefined();
        expect(at(configurations, 1, 'properties')).toMatchObject({
          subnet: { id: FIREWALL_SUBNET },
          privateIPAddress: '10.200.0.4',
        });
      },
    },
    {
      name: 'members that no type knows, at every level',
      given: makeHub,
      id: FIREWALL,
      body: {
        ...withConfigurations(
          [
            {
              name: 'a',
              later: [1],
              properties: {
                subnet: { id: FIREWALL_SUBNET },
                publicIPAddress: { id: PIP_1 },
                later: { level: 2 },
              },
            },
          ],
          { later: 'yes' },
        ),
        later: true,
      },
      after: (azure) => {
        const { body } = azure.get(FIREWALL);
        expect([body.later, at(body, 'properties', 'later')]).toEqual([true, 'yes']);
        expect(at(body, 'properties', 'ipConfigurations', 0)).toMatchObject({
          later: [1],
          properties: { later: { level: 2 } },
        });
      },
    },
    {
      name: 'more public addresses, and keeps its private one',
      given: (azure) => {
        makeFirewall(azure);
        azure.make(PIP_2, publicAddress());
      },
      id: FIREWALL,
      body: firewall(2),
      after: (azure) => {
        const { body } = azure.get(FIREWALL);
        expect(namesIn(body, 'properties', 'ipConfigurations')).toEqual(['ipconfig-1', 'ipconfig-2']);
        expect(at(body, 'properties', 'ipConfigurations', 0, 'properties', 'privateIPAddress')).toBe('10.200.0.4');
      },
    },
    {
      name: 'fewer public addresses, which become free',
      given: (azure) => makeFirewall(azure, 2),
      id: FIREWALL,
      body: firewall(1),
      after: (azure) => {
        expect(at(azure.get(PIP_2).body, 'properties', 'ipConfiguration')).toBeUndefined();
        azure.remove(PIP_2);
      },
    },
    {
      name: 'a zonal firewall with addresses of the same zones',
      given: hubWith(publicAddress({}, ['3', '1', '2'])),
      id: FIREWALL,
      body: { ...firewall(), zones: ['2', '1', '3'] },
      after: (azure) => expect(azure.get(FIREWALL).body.zones).toEqual(ZONES),
    },
    {
      name: 'a Standard policy on a Premium firewall',
      given: hubWithPolicy('Standard'),
      id: FIREWALL,
      body: tier('Premium'),
      after: (azure) => expect(at(azure.get(FIREWALL).body, 'properties', 'sku', 'tier')).toBe('Premium'),
    },
    {
      name: 'a Basic firewall with a management configuration',
      given: hubWithPolicy('Basic'),
      id: FIREWALL,
      body: tier('Basic', management()),
      after: (azure) => {
        expect(
          at(azure.get(FIREWALL).body, 'properties', 'managementIpConfiguration', 'properties', 'privateIPAddress'),
        ).toBe('10.200.1.4');
      },
    },
    {
      name: 'no configurations at all, which deallocates it',
      given: makeFirewall,
      id: FIREWALL,
      body: firewall(0),
      after: (azure) => {
        expect(at(azure.get(FIREWALL).body, 'properties', 'ipConfigurations')).toEqual([]);
        azure.remove(PIP_1);
        azure.remove(FIREWALL_SUBNET);
      },
    },
    {
      name: 'deletion, which frees what it used',
      given: makeFirewall,
      method: 'DELETE',
      id: FIREWALL,
      after: (azure) => {
        expect(azure.get(FIREWALL).status).toBe(404);
        expect(at(azure.get(POLICY).body, 'properties', 'firewalls')).toEqual([]);
        azure.remove(PIP_1);
      },
    },
  ]);

  describe('in its virtual network', () => {
    const azure = eachWithAzure();

    it('takes minutes, and keeps out Bastion, subnets and peerings meanwhile', () => {
      makeHub(azure(), 2);
      azure().make(SPOKE, spokeNetwork());
      azure().put(FIREWALL, firewall());
      const bastion = {
        location: LOCATION,
        properties: { ipConfigurations: [ipConfiguration('c', PIP_2, `${HUB}/subnets/AzureBastionSubnet`)] },
      };
      const busy = { status: 409, code: 'AnotherOperationInProgress' };
      expect(azure().put(hub('bastionHosts/bas'), bastion)).toMatchObject(busy);
      expect(azure().put(`${HUB}/subnets/more`, subnet('more', '10.200.1.0/24'))).toMatchObject(busy);
      const peer = { properties: { remoteVirtualNetwork: { id: HUB } } };
      expect(azure().put(`${SPOKE}/virtualNetworkPeerings/to-hub`, peer)).toMatchObject(busy);
      azure().advance(299);
      expect(at(azure().get(FIREWALL).body, 'properties', 'provisioningState')).toBe('Updating');
      azure().settle();
      expect(at(azure().get(FIREWALL).body, 'properties', 'provisioningState')).toBe('Succeeded');
      expect(azure().put(hub('bastionHosts/bas'), bastion).status).toBe(201);
    });

    it('waits for Bastion', () => {
      makeHub(azure(), 2);
      azure().put(hub('bastionHosts/bas'), {
        location: LOCATION,
        properties: { ipConfigurations: [ipConfiguration('c', PIP_2, `${HUB}/subnets/AzureBastionSubnet`)] },
      });
      expect(azure().put(FIREWALL, firewall())).toMatchObject({ status: 409, code: 'AnotherOperationInProgress' });
      azure().settle();
      expect(azure().put(FIREWALL, firewall()).status).toBe(201);
    });

    it('waits for a public address that is still being made', () => {
      makeHub(azure());
      azure().put(PIP_2, publicAddress());
      const early = azure().put(FIREWALL, firewall(2));
      expect(early).toMatchObject({
        status: 429,
        code: 'RetryableError',
        details: ['ReferencedResourceNotProvisioned'],
      });
      azure().settle();
      expect(azure().put(FIREWALL, firewall(2)).status).toBe(201);
    });

    it('holds its public addresses against changes', () => {
      makeHub(azure());
      azure().put(FIREWALL, firewall());
      expect(azure().put(PIP_1, publicAddress({ idleTimeoutInMinutes: 10 }))).toMatchObject({ status: 409 });
    });
  });

  describe('whose operation failed', () => {
    const azure = eachWithAzure();

    it('stays in state Failed, blocks its policy, and is repaired by the same body', () => {
      makeFirewall(azure());
      azure().failNext('PUT', 'azureFirewalls/fw-hub', 'InternalServerError');
      const answer = azure().putAsApp(FIREWALL, firewall());
      expect(answer.status).toBe(200);
      azure().settle();
      const operation = azure().poll(String(answer.headers['azure-asyncoperation']));
      expect(operation).toMatchObject({
        status: 200,
        body: { status: 'Failed', error: { code: 'InternalServerError' } },
      });
      expect(at(azure().get(FIREWALL).body, 'properties', 'provisioningState')).toBe('Failed');
      const blocked = azure().put(`${POLICY}/ruleCollectionGroups/net`, ruleGroup(200));
      expect(blocked).toMatchObject({ status: 400, code: 'FirewallPolicyUpdateFailed' });
      expect(blocked.message).toBe('Put on Firewall Policy fwp-hub Failed with 1 faulted referenced firewalls');
      azure().make(FIREWALL, firewall());
      expect(azure().put(`${POLICY}/ruleCollectionGroups/net`, ruleGroup(200)).status).toBe(201);
    });
  });

  describe('that would lose an address which a DNAT rule names', () => {
    const azure = eachWithAzure();
    const attached = () => namesIn(azure().get(FIREWALL).body, 'properties', 'ipConfigurations');
    const stateOf = (id: string) => at(azure().get(id).body, 'properties', 'provisioningState');

    /** What comes of a firewall's write that is accepted. */
    function outcome(body: JsonObject): unknown {
      const answer = azure().put(FIREWALL, body);
      expect(answer.status).toBe(200);
      azure().settle();
      const { status, error } = azure().poll(String(answer.headers['azure-asyncoperation'])).body;
      return error === undefined ? status : [status, at(error, 'code')];
    }

    function publish(name: string): void {
      const address = String(at(azure().get(hub(`publicIPAddresses/${name}`)).body, 'properties', 'ipAddress'));
      const rules = natCollection([natRule('service', { destinationAddresses: [address] })]);
      azure().make(`${POLICY}/ruleCollectionGroups/dnat`, ruleGroup(100, [rules]));
    }

    it('fails without saying why, keeps its addresses, and is repaired by its former body', () => {
      makeFirewall(azure(), 3);
      publish('pip-3');

      expect(outcome(firewall(2))).toEqual(['Failed', 'InternalServerError']);

      expect(attached()).toEqual(['ipconfig-1', 'ipconfig-2', 'ipconfig-3']);
      expect(stateOf(FIREWALL)).toBe('Failed');
      expect(outcome(firewall(2))).toEqual(['Failed', 'InternalServerError']);
      expect(outcome(firewall(3))).toBe('Succeeded');
      expect(stateOf(FIREWALL)).toBe('Succeeded');
    });

    it('loses others, and may be deallocated', () => {
      makeFirewall(azure(), 3);
      publish('pip-2');

      expect(outcome(firewall(2))).toBe('Succeeded');
      expect(attached()).toEqual(['ipconfig-1', 'ipconfig-2']);
      expect(outcome(firewall(0))).toBe('Succeeded');
    });

    it('is as strict about its own rules, even when they go with the same write', () => {
      makeHub(azure(), 2);
      const destination = String(at(azure().get(PIP_2).body, 'properties', 'ipAddress'));
      const rule = { destinationAddresses: [destination], destinationPorts: ['443'], protocols: ['TCP'] };
      const natRuleCollections = [{ name: 'c', properties: { priority: 100, rules: [{ name: 'r', ...rule }] } }];
      const classic = (count: number, properties: JsonObject = {}): JsonObject => {
        const body = firewall(count, properties);
        const { firewallPolicy: _policy, ...others } = body.properties as JsonObject;
        return { ...body, properties: others };
      };
      azure().make(FIREWALL, classic(2, { natRuleCollections }));

      expect(outcome(classic(1))).toEqual(['Failed', 'InternalServerError']);
      expect(outcome(classic(2))).toBe('Succeeded');
      expect(outcome(classic(1))).toBe('Succeeded');
    });
  });
});
