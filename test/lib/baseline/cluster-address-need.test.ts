import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  clusterAddressNeed,
  nodesThatFitPodCidr,
  type PodAddressing,
  surgeNodesOf,
} from '../../../lib/baseline/cluster-address-need.ts';

const modes: readonly PodAddressing[] = [
  'overlay',
  'kubenet',
  'nodeSubnet',
  'podSubnetDynamic',
  'podSubnetStaticBlock',
];

describe('address need of a cluster', () => {
  it.each([
    {
      name: '50 nodes and one surge node at 30 pods',
      maxNodes: 50,
      maxSurge: 1,
      addresses: 51 * 31 + 5,
      prefixLength: 21,
    },
    {
      name: '60 nodes and one surge node at 30 pods',
      maxNodes: 60,
      maxSurge: 1,
      addresses: 1891 + 5,
      prefixLength: 21,
    },
    { name: '7 nodes and one surge node fill a /24', maxNodes: 7, maxSurge: 1, addresses: 253, prefixLength: 24 },
    { name: '8 nodes and one surge node need a /23', maxNodes: 8, maxSurge: 1, addresses: 284, prefixLength: 23 },
  ])('pods in the node subnet: $name', ({ maxNodes, maxSurge, addresses, prefixLength }) => {
    const result = clusterAddressNeed({ podAddressing: 'nodeSubnet', pools: [{ maxNodes, maxSurge }] });

    expect(result.nodeSubnet).toEqual({ addresses, prefixLength });
  });

  it('finds the 982 addresses and the /22 of the published baseline', () => {
    const result = clusterAddressNeed({
      podAddressing: 'nodeSubnet',
      pools: [{ maxNodes: 15, maxSurge: 1, maxPodsPerNode: 60 }],
      internalFrontends: 1,
    });

    expect(result.nodeSubnet).toEqual({ addresses: 982, prefixLength: 22 });
  });

  it.each([
    { podCidr: 16, nodes: 256 },
    { podCidr: 18, nodes: 64 },
    { podCidr: 11, nodes: 8192 },
    { podCidr: 25, nodes: 0 },
  ])('a pod range /$podCidr serves $nodes nodes', ({ podCidr, nodes }) => {
    expect(nodesThatFitPodCidr(podCidr)).toBe(nodes);
  });

  it('overlay with 5,000 nodes needs a pod range of /11', () => {
    const result = clusterAddressNeed({ podAddressing: 'overlay', pools: [{ maxNodes: 4999, maxSurge: 1 }] });

    expect(result.podCidr?.prefixLength).toBe(11);
  });

  it('overlay: a /24 holds 251 nodes, surge included', () => {
    const of = (maxNodes: number) =>
      clusterAddressNeed({ podAddressing: 'overlay', pools: [{ maxNodes, maxSurge: 1 }] });

    expect(of(250).nodeSubnet.prefixLength).toBe(24);
    expect(of(251).nodeSubnet.prefixLength).toBe(23);
  });

  it.each([
    { maxPodsPerNode: 30, perNode: 48 },
    { maxPodsPerNode: 110, perNode: 128 },
    { maxPodsPerNode: 120, perNode: 128 },
    { maxPodsPerNode: 121, perNode: 144 },
  ])(
    'a dynamic pod subnet holds $perNode addresses for a node of $maxPodsPerNode pods',
    ({ maxPodsPerNode, perNode }) => {
      const result = clusterAddressNeed({
        podAddressing: 'podSubnetDynamic',
        pools: [{ maxNodes: 9, maxSurge: 1, maxPodsPerNode }],
      });

      expect(result.podSubnet?.addresses).toBe(10 * perNode + 5);
      expect(result.nodeSubnet.addresses).toBe(15);
    },
  );

  it.each([
    { maxPodsPerNode: 31, blocks: 2 },
    { maxPodsPerNode: 32, blocks: 3 },
    { maxPodsPerNode: 47, blocks: 3 },
  ])('static blocks: $maxPodsPerNode pods take $blocks blocks of 16', ({ maxPodsPerNode, blocks }) => {
    const result = clusterAddressNeed({
      podAddressing: 'podSubnetStaticBlock',
      pools: [{ maxNodes: 3, maxSurge: 0, maxPodsPerNode }],
    });

    expect(result.podSubnet?.addresses).toBe(3 * blocks * 16 + 5);
  });

  it.each([
    { maxNodes: 10, maxSurge: '33%', surge: 4 },
    { maxNodes: 300, maxSurge: '33%', surge: 99 },
    { maxNodes: 1, maxSurge: '1%', surge: 1 },
    { maxNodes: 10, maxSurge: 0, surge: 0 },
    { maxNodes: 10, maxSurge: '5', surge: 5 },
    { maxNodes: 10, maxSurge: undefined, surge: 1 },
    { maxNodes: 10, maxSurge: 'many', surge: 1 },
  ])('$maxNodes nodes with surge $maxSurge add $surge', ({ maxNodes, maxSurge, surge }) => {
    expect(surgeNodesOf({ maxNodes, maxSurge })).toBe(surge);
  });

  it('more nodes, pods, frontends or endpoints never need fewer addresses, and the prefix always holds them', () => {
    const pool = fc.record({
      maxNodes: fc.integer({ min: 1, max: 1000 }),
      maxPodsPerNode: fc.integer({ min: 10, max: 250 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...modes),
        fc.array(pool, { minLength: 1, maxLength: 4 }),
        fc.nat(20),
        (podAddressing, pools, extra) => {
          const small = clusterAddressNeed({ podAddressing, pools });
          const large = clusterAddressNeed({
            podAddressing,
            pools: [...pools, { maxNodes: 1, maxPodsPerNode: 10 }],
            internalFrontends: extra,
            privateEndpoints: extra,
          });

          for (const key of ['nodeSubnet', 'podSubnet', 'podCidr'] as const) {
            const [a, b] = [small[key], large[key]];
            expect(b?.addresses ?? 0).toBeGreaterThanOrEqual(a?.addresses ?? 0);
            if (a?.prefixLength === undefined) continue;
            expect(2 ** (32 - a.prefixLength)).toBeGreaterThanOrEqual(a.addresses);
            expect(2 ** (31 - a.prefixLength)).toBeLessThan(a.addresses);
          }
        },
      ),
    );
  });

  it('names no prefix when no IPv4 range is large enough', () => {
    const result = clusterAddressNeed({ podAddressing: 'overlay', pools: [{ maxNodes: 2 ** 30 }] });

    expect(result.podCidr).toEqual({ addresses: (2 ** 30 + 1) * 256 });
  });
});
