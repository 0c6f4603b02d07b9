import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../lib/baseline/compile.ts';
import { resolve } from '../../../lib/baseline/resolve.ts';
import type { ResolvedBaseline } from '../../../lib/baseline/resolved.ts';
import { baselineSpec } from '../../../lib/baseline/spec.ts';
import { otherSides } from '../../../lib/plan/change-groups.ts';
import { type DesiredGraph, type DesiredNode, normaliseId, sameId } from '../../../lib/plan/graph.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { baseSpec } from '../../support/base-spec.ts';
import { sample } from '../../support/sample.ts';
import { expectSoundGraph } from '../../support/sound-graph.ts';

const NOW = '2026-11-20T00:00:00Z';

function named(graph: DesiredGraph, kind: string, name: string): DesiredNode {
  const node = graph.nodes.find((candidate) => candidate.kind === kind && candidate.id.endsWith(`/${name}`));
  if (node === undefined) throw new Error(`no ${kind} ${name}`);
  return node;
}

function edge(node: DesiredNode, to: DesiredNode): string | undefined {
  return node.dependsOn.find(({ id }) => sameId(id, to.id))?.when;
}

describe('compile', () => {
  it.each(['aks-baseline', 'two-regions'] as const)('makes a sound graph of the sample %s', (name) => {
    const graph = compile(sample(name).resolved, [], NOW);

    expect(graph.baseline).toBe(name);
    expectSoundGraph(graph);
  });

  it('makes everything that the AKS baseline has, once', () => {
    const graph = compile(sample('aks-baseline').resolved, [], NOW);

    const counts: Record<string, number> = {};
    for (const { kind } of graph.nodes) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toEqual({
      resourceGroup: 2,
      logAnalyticsWorkspace: 1,
      actionGroup: 1,
      metricAlert: 2,
      publicIPAddress: 4,
      networkSecurityGroup: 6,
      routeTable: 2,
      virtualNetwork: 2,
      virtualNetworkPeering: 2,
      ipGroup: 1,
      firewallPolicy: 1,
      firewallPolicyRuleCollectionGroup: 1,
      azureFirewall: 1,
      bastionHost: 1,
      privateDnsZone: 3,
      privateDnsZoneLink: 6,
      diagnosticSetting: 15,
    });
  });

  describe('order', () => {
    const graph = compile(sample('aks-baseline').resolved, [], NOW);
    const firewall = named(graph, 'azureFirewall', 'fw-westeurope');
    const rules = named(graph, 'firewallPolicyRuleCollectionGroup', 'rcg-spoke-bu0001a0008-aks');
    const policy = named(graph, 'firewallPolicy', 'fw-policies-westeurope');
    const hub = named(graph, 'virtualNetwork', 'vnet-westeurope-hub');
    const spoke = named(graph, 'virtualNetwork', 'vnet-spoke-bu0001a0008');
    const table = named(graph, 'routeTable', 'route-spoke-bu0001a0008-to-westeurope-hub-fw');

    it('writes rules before the firewall, while they are cheap', () => {
      expect([edge(firewall, rules), edge(firewall, policy), edge(rules, policy)]).toEqual([
        'always',
        'always',
        'always',
      ]);
    });

    it('lets new spokes go ahead of the firewall and existing ones wait for it', () => {
      expect([spoke, table].flatMap((node) => [firewall, policy, rules].map((to) => edge(node, to)))).toEqual(
        Array(6).fill('existing'),
      );
    });

    it('never makes the hub wait for the firewall that waits for it', () => {
      const gatewayTable = named(graph, 'routeTable', 'route-gateway-to-westeurope-hub-fw');

      expect(edge(firewall, hub)).toBe('always');
      expect([hub, gatewayTable].map((node) => edge(node, firewall))).toEqual([undefined, undefined]);
    });

    it('takes both networks for a peering, the whole family for a firewall, and the network for what its subnets use', () => {
      const hubLane = `virtualnetwork:${hub.id.toLowerCase()}`;
      const spokeLane = `virtualnetwork:${spoke.id.toLowerCase()}`;
      const family = `firewallpolicy:${policy.id.toLowerCase()}`;

      expect(named(graph, 'virtualNetworkPeering', 'spoke-bu0001a0008-to-hub').lanes).toEqual(
        [spokeLane, hubLane].sort(),
      );
      const addresses = ['00', '01', '02'].map((end) => named(graph, 'publicIPAddress', `pip-fw-westeurope-${end}`));
      const addressLanes = addresses.map(({ id }) => `publicipaddress:${id.toLowerCase()}`);
      expect(firewall.lanes).toEqual([family, ...addressLanes, hubLane]);
      expect(addresses.map(({ lanes }) => lanes)).toEqual(addressLanes.map((lane) => [lane]));
      expect([policy.lanes, rules.lanes]).toEqual([[family], [family]]);
      expect(named(graph, 'ipGroup', 'ipg-spoke-bu0001a0008-aks').lanes).toEqual([family]);
      expect(table.lanes).toEqual([spokeLane]);
      expect(named(graph, 'bastionHost', 'ab-westeurope').lanes).toContain(hubLane);
    });
  });

  it('lets the hub allow transit before a spoke uses its gateway', () => {
    const input = baseSpec();
    const [first, ...rest] = input.spokes ?? [];
    const spokes = first === undefined ? [] : [{ ...first, peering: { useHubGateway: true } }, ...rest];
    const graph = compile(resolve(baselineSpec.parse({ ...input, spokes })), [], NOW);

    const hubSide = named(graph, 'virtualNetworkPeering', 'hub-to-spoke-a');
    const spokeSide = named(graph, 'virtualNetworkPeering', 'spoke-a-to-hub');
    expect([edge(spokeSide, hubSide), edge(hubSide, spokeSide)]).toEqual(['always', undefined]);
    expect(hubSide.body.properties).toMatchObject({ allowGatewayTransit: true, useRemoteGateways: false });
    expect(spokeSide.body.properties).toMatchObject({ allowGatewayTransit: false, useRemoteGateways: true });
  });

  describe('what exists already', () => {
    const graph = compile(sample('two-regions').resolved, [], NOW);

    it('is adopted with our entries alone, or only looked for', () => {
      const edge = named(graph, 'virtualNetwork', 'vnet-edge');

      expect(edge.presence).toBe('adopt');
      expect(edge.body).toMatchObject({ location: 'westeurope' });
      expect(edge.body).not.toHaveProperty('tags');
      expect(edge.body).not.toHaveProperty('properties.dhcpOptions');
      const references = graph.nodes
        .filter(({ presence }) => presence === 'reference')
        .map(({ id }) => id.split('/').at(-1));
      expect(references.sort()).toEqual(['fw-policy-global', 'log-shared', 'privatelink.azurecr.io', 'rg-edge']);
    });

    it('shares the lane of a base policy and of a DDoS plan with other baselines', () => {
      const base =
        'firewallpolicy:/subscriptions/00000000-0000-4000-8000-000000000001/resourcegroups/rg-security/providers/microsoft.network/firewallpolicies/fw-policy-global';

      expect(named(graph, 'firewallPolicy', 'fw-policies-northeurope').lanes).toContain(base);
      expect(named(graph, 'azureFirewall', 'fw-northeurope').lanes).toContain(base);
      for (const network of graph.nodes.filter(({ kind }) => kind === 'virtualNetwork')) {
        expect(network.lanes[0]).toMatch(/^ddosprotectionplan:.*\/ddos-corp$/);
      }
    });

    it('is written with the names that the spec puts in place of ours', () => {
      expect(named(graph, 'routeTable', 'rt-shop').presence).toBe('create');
      expect(named(graph, 'ddosProtectionPlan', 'ddos-corp').presence).toBe('create');
    });
  });

  it('refuses a graph in which two parts are one resource', () => {
    const { resolved } = sample('aks-baseline');
    const [first] = resolved.routeTables;
    const twice: ResolvedBaseline = {
      ...resolved,
      routeTables: first === undefined ? [] : [first, { ...first, id: first.id.toUpperCase() }],
    };

    expect(() => compile(twice, [], NOW)).toThrow('DesiredGraphBroken');
  });

  it.each(['aks-baseline', 'two-regions'] as const)(
    'makes connections of two sides of the peerings of %s alone',
    (name) => {
      const { nodes } = compile(sample(name).resolved, [], NOW);
      const made = nodes.map(
        ({ id, kind, lanes, scope, owner }): Change => ({
          ...{ id, kind, lanes, scope, owner, action: 'create', risk: 'safe', reason: '', diff: [] },
          ...{ estimatedMinutes: 1, dependsOn: [] },
        }),
      );

      const sides = otherSides(made);

      const peerings = made.filter(({ kind }) => kind === 'virtualNetworkPeering');
      expect([...sides.keys()].sort()).toEqual(peerings.map(({ id }) => normaliseId(id)).sort());
      for (const { id, lanes } of peerings) expect(sides.get(normaliseId(id))?.lanes).toEqual(lanes);
    },
  );

  it('refuses a graph that waits for itself or for nothing', () => {
    const { resolved } = sample('aks-baseline');
    const [first] = resolved.networks;
    const group = resolved.resourceGroups.slice(0, 1);

    expect(() => compile({ ...resolved, resourceGroups: group }, [], NOW)).toThrow('not part of the baseline');
    const table = resolved.routeTables.map((each) => ({ ...each, networkIds: [], leadsToFirewall: true }));
    expect(first?.role).toBe('hub');
    expect(() => compile({ ...resolved, routeTables: table }, [], NOW)).toThrow('waits for itself');
  });
});
