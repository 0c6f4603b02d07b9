import { describe, expect, it } from '@jest/globals';
import { resolve } from '../../../lib/baseline/resolve.ts';
import type { ResolvedBaseline } from '../../../lib/baseline/resolved.ts';
import { type BaselineSpecInput, baselineSpec } from '../../../lib/baseline/spec.ts';
import { baseSpec } from '../../support/base-spec.ts';
import { sample } from '../../support/sample.ts';

function resolved(change: (spec: BaselineSpecInput) => BaselineSpecInput = (spec) => spec): ResolvedBaseline {
  return resolve(baselineSpec.parse(change(baseSpec())));
}

function subnets(baseline: ResolvedBaseline, network: number): Record<string, string> {
  const entries = baseline.networks[network]?.subnets.map(({ name, addressPrefixes }) => [
    name,
    addressPrefixes.join(),
  ]);
  return Object.fromEntries(entries ?? []);
}

describe('resolve', () => {
  describe('the AKS baseline', () => {
    const { resolved: baseline } = sample('aks-baseline');

    it('has Microsoft’s addresses', () => {
      expect(baseline.networks.map(({ addressPrefixes }) => addressPrefixes)).toEqual([
        ['10.200.0.0/24'],
        ['10.240.0.0/16'],
      ]);
      expect(subnets(baseline, 0)).toEqual({
        AzureFirewallSubnet: '10.200.0.0/26',
        GatewaySubnet: '10.200.0.64/27',
        AzureBastionSubnet: '10.200.0.128/26',
      });
      expect(subnets(baseline, 1)).toEqual({
        'snet-clusternodes': '10.240.0.0/22',
        'snet-clusteringressservices': '10.240.4.0/28',
        'snet-applicationgateway': '10.240.5.0/24',
        'snet-privatelinkendpoints': '10.240.4.32/28',
        'snet-privatecluster': '10.240.7.0/28',
      });
    });

    it('has a Premium firewall on three zonal addresses, at the first address of its subnet', () => {
      expect(baseline.firewall).toMatchObject({
        tier: 'Premium',
        zones: ['1', '2', '3'],
        privateIpAddress: '10.200.0.4',
      });
      expect(baseline.firewall?.publicIps.map(({ configurationName }) => configurationName)).toEqual([
        'pip-fw-westeurope-00',
        'pip-fw-westeurope-01',
        'pip-fw-westeurope-02',
      ]);
      expect(baseline.firewallPolicy?.properties).toMatchObject({
        sku: { tier: 'Premium' },
        threatIntelMode: 'Deny',
        intrusionDetection: { mode: 'Deny' },
        dnsSettings: { enableProxy: true },
        insights: { isEnabled: true, retentionDays: 30 },
      });
    });

    it('routes nodes, internal load balancers and the API server to the firewall, and nothing else', () => {
      const spoke = baseline.networks[1];

      expect(spoke?.subnets.filter(({ routeTableId }) => routeTableId !== undefined).map(({ name }) => name)).toEqual([
        'snet-clusternodes',
        'snet-clusteringressservices',
        'snet-privatecluster',
      ]);
      const table = baseline.routeTables.find(({ scope }) => scope === 'spoke:bu0001a0008');
      expect(table).toMatchObject({
        disableBgpRoutePropagation: true,
        routes: [
          {
            name: 'r-nexthop-to-fw',
            addressPrefix: '0.0.0.0/0',
            nextHopType: 'VirtualAppliance',
            nextHopIpAddress: '10.200.0.4',
          },
        ],
      });
    });

    it('sends the way back from a gateway through the firewall too', () => {
      const gateway = baseline.networks[0]?.subnets.find(({ name }) => name === 'GatewaySubnet');
      const table = baseline.routeTables.find(({ id }) => id === gateway?.routeTableId);

      expect(table).toMatchObject({
        disableBgpRoutePropagation: false,
        routes: [{ addressPrefix: '10.240.0.0/16', nextHopIpAddress: '10.200.0.4' }],
      });
    });

    it('lets the spoke ask the firewall for names, and links zones to hub and spoke', () => {
      expect(baseline.networks.map(({ dnsServers }) => dnsServers)).toEqual([[], ['10.200.0.4']]);
      const links = baseline.privateDnsZoneLinks.filter(({ zoneId }) => zoneId.endsWith('privatelink.azurecr.io'));
      expect(links.map(({ name, location }) => [name, location])).toEqual([
        ['to-hub', 'global'],
        ['to-spoke-bu0001a0008', 'global'],
      ]);
    });

    it('delegates the API server’s subnet alone', () => {
      const delegations = baseline.networks.flatMap((network) =>
        network.subnets.filter(({ delegation }) => delegation !== undefined),
      );

      expect(delegations.map(({ name, delegation }) => [name, delegation])).toEqual([
        ['snet-privatecluster', 'Microsoft.ContainerService/managedClusters'],
      ]);
    });
  });

  describe('the larger sample', () => {
    const { resolved: baseline } = sample('two-regions');

    it('plans subnets by purpose and by what the cluster needs', () => {
      expect(subnets(baseline, 0)).toMatchObject({
        AzureFirewallSubnet: '10.100.0.0/26',
        GatewaySubnet: '10.100.0.64/26',
        AzureBastionSubnet: '10.100.0.128/26',
      });
      // 51 nodes and their surge; pods in batches of 16 for 56 and 110 pods a node.
      expect(subnets(baseline, 1)).toMatchObject({
        'snet-nodes': expect.stringMatching(/\/25$/),
        'snet-pods': expect.stringMatching(/\/19$/),
        'snet-gateway': expect.stringMatching(/\/24$/),
      });
    });

    it('puts 20 addresses into a /28 and a /30', () => {
      const addresses = baseline.publicIpAddresses.filter(({ purpose }) => purpose === 'firewall');

      expect(addresses).toHaveLength(20);
      expect(addresses.filter(({ prefixId }) => prefixId?.endsWith('-00'))).toHaveLength(16);
      expect(addresses.filter(({ prefixId }) => prefixId?.endsWith('-01'))).toHaveLength(4);
    });

    it('keeps subscription, region and resource group of a spoke elsewhere', () => {
      const edge = baseline.networks.find(({ spoke }) => spoke === 'edge');

      expect(edge).toMatchObject({
        presence: 'adopt',
        subscriptionId: '00000000-0000-4000-8000-000000000002',
        location: 'westeurope',
        resourceGroup: 'rg-edge',
        dnsServers: undefined,
      });
      expect(
        edge?.subnets.map(({ natGatewayId, routeTableId }) => [natGatewayId?.split('/').at(-1), routeTableId]),
      ).toEqual([
        ['nat-spoke-edge', undefined],
        [undefined, undefined],
      ]);
    });

    it('peers two spokes directly without forwarded traffic, on both sides', () => {
      const direct = baseline.peerings.filter(({ path }) => path === 'spokeToSpokePeerings[0]');

      expect(direct.map(({ name, allowForwardedTraffic }) => [name, allowForwardedTraffic])).toEqual([
        ['spoke-shop-to-spoke-data', false],
        ['spoke-data-to-spoke-shop', false],
      ]);
      expect(direct[0]?.otherSideId).toBe(direct[1]?.id);
    });

    it('gives API Management behind the firewall its way back and its service endpoints', () => {
      const subnet = baseline.networks[1]?.subnets.find(({ purpose }) => purpose === 'apiManagement');
      const table = baseline.routeTables.find(({ id }) => id === subnet?.routeTableId);

      expect(subnet?.serviceEndpoints).toEqual([
        'Microsoft.EventHub',
        'Microsoft.KeyVault',
        'Microsoft.Sql',
        'Microsoft.Storage',
      ]);
      expect(subnet?.delegation).toBeUndefined();
      expect(table?.routes.map(({ addressPrefix, nextHopType }) => [addressPrefix, nextHopType])).toEqual([
        ['0.0.0.0/0', 'VirtualAppliance'],
        ['ApiManagement', 'Internet'],
      ]);
    });

    it('writes rules for clusters behind the firewall only, apart from the operator’s', () => {
      expect(baseline.ruleCollectionGroups.map(({ name, origin, priority }) => [name, origin, priority])).toEqual([
        ['DefaultNetworkRuleCollectionGroup', 'operator', 200],
        ['DefaultApplicationRuleCollectionGroup', 'operator', 300],
        ['rcg-spoke-shop-aks', 'generated', 30_000],
        ['rcg-spoke-data-aks', 'generated', 30_001],
      ]);
      const shop = baseline.ipGroups.find(({ name }) => name === 'ipg-spoke-shop-aks');
      const own = baseline.networks[1]?.subnets.filter(({ purpose }) => purpose === 'nodes' || purpose === 'pods');
      expect(shop?.ipAddresses).toEqual(own?.flatMap(({ addressPrefixes }) => addressPrefixes));
      expect(JSON.stringify(baseline.ruleCollectionGroups[0]?.ruleCollections)).toContain(shop?.id);
    });
  });

  it('names what it makes, and lets each name be changed without moving the others’ keys', () => {
    const plain = resolved();
    const renamed = resolved((spec) => ({
      ...spec,
      nameOverrides: Object.fromEntries([...plain.madeNames.keys()].map((key, index) => [key, `renamed-${index}`])),
    }));

    expect([...renamed.madeNames.keys()]).toEqual([...plain.madeNames.keys()]);
    expect([...renamed.madeNames.values()].every((name) => name.startsWith('renamed-'))).toBe(true);
    const names = (baseline: ResolvedBaseline) =>
      [baseline.firewall, baseline.bastion, ...baseline.networks, ...baseline.peerings].map(
        (resource) => resource?.name,
      );
    expect(names(plain)).toEqual([
      'fw-westeurope',
      'ab-westeurope',
      'vnet-westeurope-hub',
      'vnet-spoke-a',
      'vnet-spoke-b',
      'hub-to-spoke-a',
      'spoke-a-to-hub',
      'hub-to-spoke-b',
      'spoke-b-to-hub',
      'spoke-a-to-spoke-b',
      'spoke-b-to-spoke-a',
    ]);
    expect(names(renamed).every((name) => name?.startsWith('renamed-'))).toBe(true);
  });

  it('makes names that Azure takes, however long their parts', () => {
    const long = 'a'.repeat(40);
    const baseline = resolved((spec) => ({
      ...spec,
      spokeToSpokePeerings: [],
      hub: { ...spec.hub, privateDnsZones: [] },
      spokes: [
        {
          ...spec.spokes?.[1],
          name: long,
          network: { addressPrefixes: ['10.9.0.0/16'] },
          subnets: ['x', 'y'].map((end) => ({ name: `${'s'.repeat(78)}${end}`, purpose: 'general' as const })),
        },
      ],
    }));

    const groups = baseline.networkSecurityGroups
      .filter(({ scope }) => scope === `spoke:${long}`)
      .map(({ name }) => name);
    expect(groups).toHaveLength(2);
    expect(new Set(groups).size).toBe(2);
    for (const name of groups) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]$/);
  });

  it('sends egress to another appliance where there is no firewall', () => {
    const baseline = resolved((spec) => {
      const { firewall: _, ...hub } = spec.hub;
      return { ...spec, hub: { ...hub, virtualAppliance: { privateIpAddress: '10.200.1.4' } } };
    });

    expect(baseline.firewall).toBeUndefined();
    expect(baseline.ruleCollectionGroups).toEqual([]);
    expect(baseline.networks.map(({ dnsServers }) => dnsServers)).toEqual([[], [], []]);
    const spokeTables = baseline.routeTables.filter(({ scope }) => scope.startsWith('spoke:'));
    expect(spokeTables.map(({ routes }) => routes[0]?.nextHopIpAddress)).toEqual(['10.200.1.4', '10.200.1.4']);
    expect(spokeTables.every(({ leadsToFirewall }) => !leadsToFirewall)).toBe(true);
  });

  it.each([
    ['loadBalancer', []],
    ['userAssignedNATGateway', []],
    ['userDefinedRouting', ['snet-nodes', 'snet-lb', 'snet-api']],
  ] as const)('routes the cluster’s subnets as outbound type %s says', (outboundType, expected) => {
    const baseline = resolved((spec) => ({
      ...spec,
      spokes: (spec.spokes ?? []).map((spoke) =>
        spoke.cluster === undefined ? spoke : { ...spoke, cluster: { ...spoke.cluster, outboundType } },
      ),
    }));

    const routed = baseline.networks[1]?.subnets
      .filter(({ routesToFirewall }) => routesToFirewall)
      .map(({ name }) => name);
    expect(routed).toEqual(expected);
  });

  it('gives a Basic firewall its management address and none of what Basic lacks', () => {
    const baseline = resolved((spec) => ({
      ...spec,
      hub: { ...spec.hub, network: { addressPrefixes: ['10.200.0.0/23'] }, firewall: { tier: 'Basic' } },
    }));

    expect(baseline.firewall?.managementSubnetId).toMatch(/\/subnets\/AzureFirewallManagementSubnet$/);
    expect(baseline.publicIpAddresses.map(({ purpose }) => purpose)).toContain('firewallManagement');
    expect(subnets(baseline, 0)).toHaveProperty('AzureFirewallManagementSubnet');
    expect(baseline.firewallPolicy?.properties).toEqual({ sku: { tier: 'Basic' }, threatIntelMode: 'Alert' });
    expect(baseline.egressHop?.dnsProxy).toBe(false);
  });

  it('makes no workspace and no settings where observability is off', () => {
    const baseline = resolved((spec) => ({ ...spec, observability: { enabled: false } }));

    expect(baseline.workspace).toBeUndefined();
    expect(baseline.diagnosticSettings).toEqual([]);
    expect(baseline.firewallPolicy?.properties).not.toHaveProperty('insights');
  });

  it('throws for subnets that do not fit, with the place in the document', () => {
    const tooSmall = () =>
      resolved((spec) => ({
        ...spec,
        spokes: (spec.spokes ?? []).map((spoke, index) =>
          index === 1 ? { ...spoke, network: { addressPrefixes: ['10.241.0.0/28'] } } : spoke,
        ),
      }));

    expect(tooSmall).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: 'SubnetDoesNotFit', path: 'spokes[1].subnets[0]' }),
      }),
    );
  });
});
