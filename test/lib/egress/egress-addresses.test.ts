import { describe, expect, it } from '@jest/globals';
import { type Adjustment, adjusted } from '../../../lib/baseline/adjustments.ts';
import type { ResolvedBaseline } from '../../../lib/baseline/resolved.ts';
import { egressAddresses, prefixRoomOf } from '../../../lib/egress/egress-addresses.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { normaliseId } from '../../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { sample } from '../../support/sample.ts';

const NOW = '2026-11-20T12:00:00Z';
const aks = sample('aks-baseline').resolved;
const regions = sample('two-regions').resolved;
const FIREWALL = aks.firewall?.id ?? '';
const nameOf = (id: string) => id.slice(id.lastIndexOf('/') + 1);

function withCount(baseline: ResolvedBaseline, value: Json): ResolvedBaseline {
  const adjustment: Adjustment = {
    id: 'a',
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target: baseline.firewall?.id ?? '',
    value,
    reason: 'SNAT',
    since: '2026-11-20T11:00:00Z',
  };
  return adjusted(baseline, [adjustment], NOW);
}

/** Azure with these public addresses on the firewall, and these besides. */
function azure(attached: readonly string[], idle: readonly string[] = []): Map<string, JsonObject | null> {
  const bodies = new Map<string, JsonObject | null>();
  for (const [index, id] of [...attached, ...idle].entries()) {
    bodies.set(normaliseId(id), { id, properties: { ipAddress: `203.0.113.${index}` } });
  }
  const ipConfigurations = attached.map((id) => ({
    name: nameOf(id),
    properties: { publicIPAddress: { id: id.toUpperCase() } },
  }));
  return bodies.set(normaliseId(FIREWALL), { id: FIREWALL, properties: { ipConfigurations } });
}

const ids = (baseline: ResolvedBaseline) => (baseline.firewall?.publicIps ?? []).map(({ id }) => id);
const told = (found: ReturnType<typeof egressAddresses>) =>
  found.addresses.map(({ id, state, origin, address }) => [nameOf(id).toLowerCase(), state, origin, address]);
const pip = (index: number) => `pip-fw-westeurope-0${index}`;

describe('egressAddresses', () => {
  it('tells what is in use and what will be, before it is there', () => {
    const more = withCount(aks, 5);

    expect(told(egressAddresses(more, azure(ids(aks), ids(more).slice(3, 4)), []))).toEqual([
      [pip(0), 'inUse', 'made', '203.0.113.0'],
      [pip(1), 'inUse', 'made', '203.0.113.1'],
      [pip(2), 'inUse', 'made', '203.0.113.2'],
      [pip(3), 'aboutToBeUsed', 'made', '203.0.113.3'],
      [pip(4), 'aboutToBeUsed', 'made', null],
    ]);
  });

  it('tells what is kept, what is on its way out, and what somebody else attached', () => {
    const until = '2026-12-01T00:00:00Z';
    const less = withCount(aks, { count: 4, detached: [pip(4)], reserved: [{ name: pip(4), until }] });
    const theirs = FIREWALL.replace(/azureFirewalls\/.*/, 'publicIPAddresses/pip-theirs');
    const fifth = ids(withCount(aks, 5))[4] ?? '';

    const before = egressAddresses(less, azure([...ids(aks), theirs, fifth]), []);
    expect(told(before).filter(([name]) => name === pip(4) || name === 'pip-theirs')).toEqual([
      ['pip-theirs', 'inUse', 'foreign', '203.0.113.3'],
      [pip(4), 'inUse', 'made', '203.0.113.4'],
    ]);
    expect(told(before).at(-1)).toEqual([pip(3), 'aboutToBeUsed', 'made', null]);
    expect(told(egressAddresses(less, azure(ids(aks), [fifth]), [])).at(-1)).toEqual([
      pip(4),
      'reserved',
      'made',
      '203.0.113.3',
    ]);
  });

  it('tells until when an address is kept, only of one that is on nothing', () => {
    const until = '2026-12-01T00:00:00Z';
    const reserved = [pip(3), pip(4)].map((name) => ({ name, until }));
    const kept = withCount(aks, { count: 4, reserved });
    const fifth = ids(withCount(aks, 5))[4] ?? '';

    const { addresses } = egressAddresses(kept, azure(ids(kept), [fifth]), []);

    expect(addresses.map(({ name, state, reservedUntil }) => [name, state, reservedUntil])).toEqual([
      ...[0, 1, 2, 3].map((index) => [pip(index).toUpperCase(), 'inUse', undefined]),
      [pip(4), 'reserved', until],
    ]);
  });

  it('tells what is released and not yet deleted from the ledger', () => {
    const fifth = ids(withCount(aks, 5))[4] ?? '';
    const entry: LedgerEntry = {
      id: fifth,
      kind: 'publicIPAddress',
      state: 'confirmed',
      created: true,
      confirmed: {},
      intended: {},
      lanes: [],
      dependsOn: [],
      scope: 'egress',
      operationId: 'b-1',
      at: NOW,
    };

    expect(told(egressAddresses(aks, azure(ids(aks), [fifth]), [entry])).at(-1)).toEqual([
      pip(4),
      'reserved',
      'made',
      '203.0.113.3',
    ]);
    expect(told(egressAddresses(aks, azure(ids(aks)), [entry]))).toHaveLength(3);
  });

  it('leaves Bastion and the management address out', () => {
    const names = egressAddresses(aks, new Map(), []).addresses.map(({ name }) => name);
    expect(names).toEqual([pip(0), pip(1), pip(2)]);
  });

  it('names prefixes whole, so that they are allowed ahead of time', () => {
    const first = regions.publicIpPrefixes[0]?.id ?? '';
    const observed = new Map<string, JsonObject | null>([
      [
        normaliseId(first),
        { properties: { ipPrefix: '198.51.100.0/28', publicIPAddresses: [{ id: '/a' }, { id: '/b' }] } },
      ],
    ]);

    const { prefixes } = egressAddresses(regions, observed, []);

    expect(prefixes.filter(({ through }) => through === regions.firewall?.id)).toMatchObject([
      { id: first, prefix: '198.51.100.0/28', addresses: 16, taken: 2, origin: 'made' },
      { prefix: null, addresses: 4, taken: null },
      { prefix: null, addresses: 16, taken: null },
    ]);
  });

  it('says that nothing leaves from a firewall behind a NAT gateway, and names the gateway’s addresses', () => {
    const { addresses } = egressAddresses(regions, new Map(), []);
    const ofFirewall = addresses.filter(({ through }) => through === regions.firewall?.id);
    const ofGateways = addresses.filter(({ through }) => through !== regions.firewall?.id);

    expect(new Set(ofFirewall.map(({ state }) => state))).toEqual(new Set(['reserved']));
    expect(
      ofGateways.length + regions.natGateways.flatMap(({ publicIpPrefixIds }) => publicIpPrefixIds).length,
    ).toBeGreaterThan(0);
    for (const { state } of ofGateways) expect(state).toBe('aboutToBeUsed');
  });

  it('sees a NAT gateway that somebody else attached', () => {
    const network = aks.networks[0]?.id ?? '';
    const subnets = [{ name: 'azurefirewallsubnet', properties: { natGateway: { id: '/theirs' } } }];
    const observed = azure(ids(aks)).set(normaliseId(network), { properties: { subnets } });

    expect(told(egressAddresses(aks, observed, [])).every(([, state]) => state === 'reserved')).toBe(true);
  });
});

describe('prefixRoomOf', () => {
  it('is unlimited without prefixes', () => {
    expect(prefixRoomOf(aks, new Map())).toBeNull();
  });

  it('is what the prefixes have left, others’ addresses in them counted', () => {
    const third = regions.publicIpPrefixes[2]?.id ?? '';
    const observed = new Map<string, JsonObject | null>([
      [normaliseId(third), { properties: { ipPrefix: '198.51.100.0/28', publicIPAddresses: [{ id: '/a' }] } }],
    ]);

    expect(prefixRoomOf({ ...regions, natGateways: [], networks: [] }, new Map())).toBe(36 - 20);
    expect(prefixRoomOf({ ...regions, natGateways: [], networks: [] }, observed)).toBe(36 - 20 - 1);
  });
});
