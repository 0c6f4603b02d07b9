import { describe, expect, it } from '@jest/globals';
import { type Adjustment, adjusted } from '../../../lib/baseline/adjustments.ts';
import { type SnatFirewallInput, snatFirewallOf } from '../../../lib/egress/snat-firewall.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { normaliseId } from '../../../lib/plan/graph.ts';
import { sample } from '../../support/sample.ts';

const NOW = '2026-11-20T12:00:00Z';
const { resolved } = sample('aks-baseline');
const FIREWALL = resolved.firewall?.id ?? '';
const SUBNET = resolved.firewall?.subnetId ?? '';
const group = FIREWALL.slice(0, FIREWALL.indexOf('/providers/'));
const pip = (name: string) => `${group}/providers/Microsoft.Network/publicIPAddresses/${name}`;
const own = (index: number) => `pip-fw-westeurope-0${index}`;

function adjustment(value: Json, changes: Partial<Adjustment> = {}): Adjustment {
  const since = '2026-11-20T11:00:00Z';
  const kind = 'firewallPublicIpCount';
  return { id: 'a', kind, scope: 'egress', target: FIREWALL, value, reason: 'SNAT', since, ...changes };
}

const names = ['theirs', own(0), own(1), own(2), own(3)];

function firewallBody(properties: JsonObject = {}): JsonObject {
  return {
    id: FIREWALL,
    properties: {
      provisioningState: 'Succeeded',
      managementIpConfiguration: { name: 'management', properties: { publicIPAddress: { id: pip('pip-management') } } },
      ipConfigurations: names.map((name) => ({
        name: `configuration of ${name}`,
        properties: {
          publicIPAddress: { id: pip(name).toUpperCase().replace(name.toUpperCase(), name) },
          ...(name === own(0) ? { subnet: { id: SUBNET } } : {}),
        },
      })),
      ...properties,
    },
  };
}

const natRule = (destinationAddresses: readonly string[], ports: readonly string[], protocols: readonly string[]) => ({
  ruleType: 'NatRule',
  destinationAddresses,
  destinationPorts: ports,
  ipProtocols: protocols,
});
const ruleGroup = (...rules: readonly JsonObject[]): JsonObject => ({
  properties: { ruleCollections: [{ ruleCollectionType: 'FirewallPolicyNatRuleCollection', rules }] },
});

function input(changes: Partial<SnatFirewallInput> = {}): SnatFirewallInput {
  return {
    baseline: adjusted(resolved, [adjustment(4)], NOW),
    declared: resolved,
    firewall: firewallBody(),
    ruleCollectionGroups: [],
    subnet: { properties: {} },
    publicIpAddresses: new Map(
      names.map((name, index) => [normaliseId(pip(name)), { properties: { ipAddress: `203.0.113.${index}` } }]),
    ),
    ledger: [],
    instances: 4,
    attachedAtMs: new Map([[own(3), 7]]),
    ...changes,
  };
}

const referenced = (changes: Partial<SnatFirewallInput>) =>
  snatFirewallOf(input(changes))
    .addresses.filter(({ dnatReferenced }) => dnatReferenced)
    .map(({ name }) => name);

describe('snatFirewallOf', () => {
  it('tells whose each address is, in the order of Azure, without the management one', () => {
    const { addresses, ...others } = snatFirewallOf(input());

    expect(
      addresses.map(({ name, origin, carriesSubnet, attachedAtMs }) => [name, origin, carriesSubnet, attachedAtMs]),
    ).toEqual([
      ['theirs', 'foreign', false, null],
      [own(0), 'made', true, null],
      [own(1), 'made', false, null],
      [own(2), 'made', false, null],
      [own(3), 'made', false, 7],
    ]);
    expect(others).toEqual({
      id: FIREWALL,
      provisioningState: 'Succeeded',
      instances: 4,
      minimumInstances: null,
      maximumInstances: null,
      natGatewayId: null,
      dnatDestinations: 0,
      ipv6Addresses: [],
      missing: [],
    });
  });

  it('tells which addresses are IPv6', () => {
    const versions = ['IPv4', 'IPv4', 'IPv6', undefined, 'ipv6'];
    const publicIpAddresses = new Map(
      names.map((name, index): [string, JsonObject] => [
        normaliseId(pip(name)),
        { properties: { publicIPAddressVersion: versions[index] } },
      ]),
    );

    expect(snatFirewallOf(input({ publicIpAddresses })).ipv6Addresses).toEqual([own(1), own(3)]);
  });

  it('tells what is declared and not attached, and whether the spec declares it', () => {
    const properties = firewallBody().properties as JsonObject;
    const configurations = properties.ipConfigurations as readonly JsonObject[];
    const left = configurations.filter(
      ({ name }) => ![own(1), own(3)].some((one) => name === `configuration of ${one}`),
    );

    const { missing } = snatFirewallOf(input({ firewall: firewallBody({ ipConfigurations: left }) }));

    expect(missing).toEqual([
      { name: own(1), ofSpec: true },
      { name: own(3), ofSpec: false },
    ]);
  });

  it('of a spec that is called off misses nothing that only that declares, and pins what either spec does', () => {
    const publicIps = resolved.firewall?.publicIps ?? [];
    const declaring = (count: number, from = resolved) =>
      ({ ...from, firewall: { ...from.firewall, publicIps: publicIps.slice(0, count) } }) as typeof resolved;
    const bare = firewallBody({ ipConfigurations: [] });
    const seen = (changes: Partial<SnatFirewallInput>) => snatFirewallOf(input(changes));
    const missing = (before: SnatFirewallInput['before'], baseline = resolved) =>
      seen({ firewall: bare, baseline, ...(before === undefined ? {} : { before }) }).missing;
    const [first] = missing(undefined);
    const one = { declared: declaring(1), baseline: declaring(1) };

    expect(publicIps.length).toBeGreaterThan(1);
    expect(missing(undefined)).toHaveLength(publicIps.length);
    expect(missing(null)).toEqual([]);
    expect(missing(one)).toEqual([first]);
    // What an adjustment brings under the spec before is the adjustment's.
    expect(missing({ ...one, baseline: resolved }).map(({ ofSpec }) => ofSpec)).toEqual(
      publicIps.map((_, index) => index === 0),
    );
    const pinned = (changes: Partial<SnatFirewallInput>) =>
      seen(changes).addresses.flatMap(({ name, pinned: isPinned }) => (isPinned ? [name] : []));
    expect(pinned({ declared: declaring(1), before: { declared: resolved, baseline: resolved } })).toEqual(pinned({}));
  });

  it('pins what the spec pins, and as many of ours as it declares', () => {
    const hub = resolved.spec.hub;
    const publicIps = { ...hub.firewall?.publicIps, pinned: [own(3).toUpperCase()] };
    const spec = {
      ...resolved.spec,
      hub: { ...hub, firewall: { ...hub.firewall, publicIps } },
    } as typeof resolved.spec;

    const pinnedOf = (changes: Partial<SnatFirewallInput>) =>
      snatFirewallOf(input(changes))
        .addresses.filter(({ pinned }) => pinned)
        .map(({ name }) => name);

    expect(pinnedOf({})).toEqual([own(0), own(1), own(2)]);
    expect(pinnedOf({ baseline: { ...resolved, spec } })).toEqual([own(0), own(1), own(2), own(3)]);
  });

  it('reads state, bounds of instances and the NAT gateway of the subnet', () => {
    const firewall = firewallBody({
      provisioningState: 'Updating',
      autoscaleConfiguration: { minCapacity: 4, maxCapacity: 20 },
    });
    const subnet = { properties: { natGateway: { id: '/nat' } } };

    expect(snatFirewallOf(input({ firewall, subnet }))).toMatchObject({
      provisioningState: 'Updating',
      minimumInstances: 4,
      maximumInstances: 20,
      natGatewayId: '/nat',
    });
  });

  it('finds addresses that DNAT rules name, in the policy and in the firewall itself', () => {
    const classic = firewallBody({
      natRuleCollections: [
        {
          properties: {
            rules: [{ destinationAddresses: ['203.0.113.2'], destinationPorts: ['22'], protocols: ['TCP'] }],
          },
        },
      ],
    });
    const policy = [
      ruleGroup(natRule(['203.0.113.3'], ['443', '80'], ['TCP', 'UDP'])),
      ruleGroup(natRule(['203.0.113.3'], ['443'], ['TCP'])),
    ];

    expect(referenced({ firewall: classic, ruleCollectionGroups: policy })).toEqual([own(1), own(2)]);
    expect(snatFirewallOf(input({ firewall: classic, ruleCollectionGroups: policy })).dnatDestinations).toBe(5);
    expect(referenced({ ruleCollectionGroups: [ruleGroup(natRule(['203.0.113.2/31'], ['1'], ['Any']))] })).toEqual([
      own(1),
      own(2),
    ]);
  });

  it('takes every address for named where it cannot tell', () => {
    const any = [ruleGroup(natRule(['*'], ['1'], ['TCP']))];
    expect(referenced({ ruleCollectionGroups: any })).toEqual(names);
    const one = [ruleGroup(natRule(['198.51.100.1'], ['1'], ['TCP']))];
    expect(referenced({ ruleCollectionGroups: one })).toEqual([]);
    expect(referenced({ ruleCollectionGroups: one, publicIpAddresses: new Map() })).toEqual(names);
  });

  it('does not take other rules for DNAT', () => {
    const rule = { ...natRule(['203.0.113.2'], ['1'], ['TCP']), ruleType: 'NetworkRule' };
    expect(referenced({ ruleCollectionGroups: [ruleGroup(rule)] })).toEqual([]);
  });
});
