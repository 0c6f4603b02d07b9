import { describe, expect, it } from '@jest/globals';
import {
  hasReservedSubnet,
  networkRequests,
  podAddressingOf,
  poolSizesOf,
} from '../../../lib/baseline/network-requests.ts';
import { cluster } from '../../../lib/baseline/spec/cluster.ts';
import { type BaselineSpecInput, baselineSpec } from '../../../lib/baseline/spec.ts';
import { baseSpec } from '../../support/base-spec.ts';

function requests(change: (spec: BaselineSpecInput) => BaselineSpecInput) {
  return networkRequests(baselineSpec.parse(change(baseSpec())));
}

function sizes(
  change: (spec: BaselineSpecInput) => BaselineSpecInput,
  network: number,
): Record<string, number | undefined> {
  return Object.fromEntries(
    requests(change)[network]?.subnets.map(({ name, prefixLength }) => [name, prefixLength]) ?? [],
  );
}

const withSpoke =
  (
    subnets: NonNullable<BaselineSpecInput['spokes']>[number]['subnets'],
    clusterInput: NonNullable<BaselineSpecInput['spokes']>[number]['cluster'],
  ) =>
  (spec: BaselineSpecInput): BaselineSpecInput => ({
    ...spec,
    spokeToSpokePeerings: [],
    spokes: [{ name: 'a', network: { addressPrefixes: ['10.240.0.0/16'] }, subnets, cluster: clusterInput }],
  });

describe('what networks ask of the address plan', () => {
  it('keeps places for what the hub does not have yet, except in a network that it only adopts', () => {
    const hubSubnets = (id?: string) =>
      requests((spec) => {
        const { bastion: _, ...hub } = spec.hub;
        return { ...spec, hub: { ...hub, network: { ...hub.network, id } } };
      })[0]?.subnets.map(({ name, placeholder }) => [name, placeholder ?? false]);

    expect(hubSubnets()).toEqual([
      ['AzureFirewallSubnet', false],
      ['GatewaySubnet', false],
      ['AzureBastionSubnet', true],
      ['AzureFirewallManagementSubnet', true],
      ['snet-resolver', false],
    ]);
    const adopted =
      '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
    expect(hubSubnets(adopted)?.map(([name]) => name)).toEqual([
      'AzureFirewallSubnet',
      'GatewaySubnet',
      'snet-resolver',
    ]);
  });

  it('asks for the management subnet with Basic and on demand', () => {
    const hub = (firewall: NonNullable<BaselineSpecInput['hub']['firewall']>) =>
      baselineSpec.parse({ ...baseSpec(), hub: { ...baseSpec().hub, firewall } }).hub;

    expect(
      [{ tier: 'Basic' as const }, { management: true }, {}].map((firewall) =>
        hasReservedSubnet(hub(firewall), 'firewallManagement'),
      ),
    ).toEqual([true, true, false]);
  });

  it('sizes node and pod subnets by the pools that use them', () => {
    const nodePools = [
      { name: 'one', maxCount: 20 },
      { name: 'two', maxCount: 40, subnet: 'snet-more', podSubnet: 'snet-more-pods' },
    ];
    const subnets = [
      { name: 'snet-nodes', purpose: 'nodes' as const },
      { name: 'snet-more', purpose: 'nodes' as const },
      { name: 'snet-pods', purpose: 'pods' as const },
      { name: 'snet-more-pods', purpose: 'pods' as const },
    ];

    // 20 + 1 surge + 1 private endpoint + 5; 40 + 1 + 5; (n + 1) × 16 × ceil((110 + 8) / 16) + 5.
    expect(sizes(withSpoke(subnets, { networking: { mode: 'podSubnet' }, nodePools }), 1)).toEqual({
      'snet-nodes': 27,
      'snet-more': 26,
      'snet-pods': 20,
      'snet-more-pods': 19,
    });
  });

  it('counts addresses of internal frontends in the first node subnet', () => {
    const subnets = [{ name: 'snet-nodes', purpose: 'nodes' as const }];
    const nodePools = [{ name: 'one', maxCount: 20 }];

    expect(sizes(withSpoke(subnets, { networking: { internalFrontends: 40 }, nodePools }), 1)).toEqual({
      'snet-nodes': 25,
    });
  });

  it('takes a size that the author gives, and the purpose’s where nothing else is known', () => {
    const subnets = [
      { name: 'snet-nodes', purpose: 'nodes' as const, prefixLength: 24 },
      { name: 'snet-gateway', purpose: 'applicationGateway' as const },
      { name: 'snet-pe', purpose: 'privateEndpoints' as const },
    ];

    expect(sizes(withSpoke(subnets, undefined), 1)).toEqual({ 'snet-nodes': 24, 'snet-gateway': 24, 'snet-pe': 28 });
  });
});

describe('pools', () => {
  it('have one more for nodes beyond them, without a second surge', () => {
    const pools = (maxNodes: number) =>
      poolSizesOf(cluster.parse({ networking: { maxNodes, maxPods: 50 }, nodePools: [{ name: 'one', maxCount: 10 }] }));

    expect(pools(5).map((pool) => pool.maxNodes)).toEqual([10]);
    expect(pools(30).map(({ maxNodes, maxPodsPerNode, maxSurge }) => [maxNodes, maxPodsPerNode, maxSurge])).toEqual([
      [10, 50, undefined],
      [20, 50, 0],
    ]);
  });

  it.each([
    [{}, 'overlay'],
    [{ mode: 'nodeSubnet' as const }, 'nodeSubnet'],
    [{ mode: 'podSubnet' as const }, 'podSubnetDynamic'],
    [{ mode: 'podSubnetStaticBlock' as const }, 'podSubnetStaticBlock'],
    [{ plugin: 'kubenet' as const }, 'kubenet'],
    [{ plugin: 'none' as const }, undefined],
  ])('of %j address pods by %s', (networking, expected) => {
    expect(podAddressingOf(cluster.parse({ networking }))).toBe(expected);
  });
});
