import { describe, expect, it } from '@jest/globals';
import { virtualNetwork } from '../../../lib/baseline/kinds/virtual-network.ts';
import { virtualNetworkPeering } from '../../../lib/baseline/kinds/virtual-network-peering.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { staleCopy } from '../../../lib/plan/copied-values.ts';
import { planChanges } from '../../../lib/plan/diff.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import { ownedFieldsOf } from '../../../lib/plan/merge.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { observedAs } from './small-kind.ts';

const NETWORKS = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks';
const HUB = `${NETWORKS}/hub`;
const SPOKE = `${NETWORKS}/spoke`;
const TO_SPOKE = `${HUB}/virtualNetworkPeerings/to-spoke`;
const KINDS = { virtualNetwork, virtualNetworkPeering };
const PATH = 'properties.remoteAddressSpace.addressPrefixes';

function network(id: string, addressPrefixes: readonly string[], more: JsonObject = {}): JsonObject {
  return { id, location: 'westeurope', properties: { addressSpace: { addressPrefixes }, ...more } };
}

function node(id: string, kind: string, body: JsonObject, dependsOn: readonly string[] = []): DesiredNode {
  return {
    id,
    kind,
    body,
    dependsOn: dependsOn.map((other) => ({ id: other, when: 'always' })),
    lanes: [],
    owner: 'spec',
    presence: 'create',
    scope: 'hub',
  };
}

function peering(known: readonly string[], current: readonly string[]): JsonObject {
  return {
    id: TO_SPOKE,
    properties: {
      remoteVirtualNetwork: { id: SPOKE },
      remoteAddressSpace: { addressPrefixes: known },
      remoteVirtualNetworkAddressSpace: { addressPrefixes: current },
      provisioningState: 'Succeeded',
    },
  };
}

function plan(
  wanted: readonly string[],
  actual: readonly string[],
  known: readonly string[],
  state = 'Succeeded',
): Plan {
  const nodes = [
    node(SPOKE, 'virtualNetwork', network(SPOKE, wanted)),
    node(TO_SPOKE, 'virtualNetworkPeering', { properties: { remoteVirtualNetwork: { id: SPOKE } } }, [SPOKE]),
  ];
  return planChanges({
    graph: { baseline: 'b', nodes },
    observed: observedAs(
      [SPOKE, network(SPOKE, actual, { provisioningState: state })],
      [TO_SPOKE, peering(known, actual)],
    ),
    ledger: nodes.map((one) => ({
      id: one.id,
      kind: one.kind,
      state: 'confirmed',
      created: true,
      confirmed: ownedFieldsOf(one, KINDS[one.kind as keyof typeof KINDS].comparison),
      intended: {},
      lanes: [],
      dependsOn: [],
      scope: 'hub',
      operationId: 'o',
      at: '2026-01-01T00:00:00Z',
    })),
    kinds: (name) => KINDS[name as keyof typeof KINDS],
    specVersion: '1',
  });
}

describe('a peering whose other network has grown', () => {
  const old = ['10.1.0.0/16'];
  const grown = ['10.1.0.0/16', '10.2.0.0/16'];

  it('is synchronised in the plan that lets it grow, after it, and without harm', () => {
    const { changes } = plan(grown, old, old);

    expect(changes.map(({ id, action }) => [id, action])).toEqual([
      [SPOKE, 'update'],
      [TO_SPOKE, 'update'],
    ]);
    expect(changes[1]).toMatchObject({
      risk: 'safe',
      dependsOn: [SPOKE],
      diff: [{ path: PATH, before: old, after: grown }],
    });
  });

  it('has the same difference once its network has grown: what was approved stays so', () => {
    expect(plan(grown, grown, old).changes.map(({ id, diff }) => [id, diff])).toEqual([
      [TO_SPOKE, [{ path: PATH, before: old, after: grown }]],
    ]);
    expect(staleCopy(virtualNetworkPeering, peering(old, grown))).toEqual({ path: PATH, before: old, after: grown });
  });

  it('is left alone when it knows all prefixes, in whatever order, and while somebody changes the network', () => {
    expect(plan(grown, grown, grown.toReversed()).changes).toEqual([]);
    expect(staleCopy(virtualNetworkPeering, peering(grown.toReversed(), grown))).toBeUndefined();
    expect(plan(grown, grown, old, 'Updating').changes.filter(({ id }) => id === TO_SPOKE)).toEqual([]);
    expect(staleCopy(virtualNetwork, network(SPOKE, old))).toBeUndefined();
    expect(staleCopy(virtualNetworkPeering, null)).toBeUndefined();
  });
});
