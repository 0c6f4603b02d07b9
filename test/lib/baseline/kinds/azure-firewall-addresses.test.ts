import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Adjustment } from '../../../../lib/baseline/adjustments.ts';
import { compile } from '../../../../lib/baseline/compile.ts';
import { valuesAt } from '../../../../lib/baseline/kind-support/references.ts';
import { kindOf } from '../../../../lib/baseline/kinds/index.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import { planChanges } from '../../../../lib/plan/diff.ts';
import { type DesiredNode, normaliseId } from '../../../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../../../lib/plan/ledger.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import { getAt } from '../../../../lib/plan/property-path.ts';
import { sample } from '../../../support/sample.ts';

const NOW = '2026-11-20T12:00:00Z';
const { resolved } = sample('aks-baseline');
const FIREWALL = resolved.firewall?.id ?? '';
const address = (index: number) => `pip-fw-westeurope-${String(index).padStart(2, '0')}`;

interface World {
  readonly observed: ReadonlyMap<string, JsonObject>;
  readonly ledger: readonly LedgerEntry[];
}

function adjustment(value: Json, since = '2026-11-20T11:00:00Z'): Adjustment {
  const kind = 'firewallPublicIpCount';
  return { id: `snat-${since}`, kind, scope: 'egress', target: FIREWALL, value, reason: 'SNAT', since };
}

const nodesOf = (value: Json | undefined, now = NOW) =>
  compile(resolved, value === undefined ? [] : [adjustment(value)], now).nodes;

function written(node: DesiredNode, actual: JsonObject | null, entry: LedgerEntry | undefined) {
  const { comparison, align } = kindOf(node.kind);
  const desired = actual === null ? node.body : (align?.(node.body, actual) ?? node.body);
  const owned = ownedBeforeOf(entry);
  const body = mergeForWrite(desired, actual, comparison, owned);
  const fields = ownedFieldsOf({ ...node, body: desired }, comparison, { actual, owned });
  return { body, fields };
}

/** What is there after these nodes were written to an empty Azure. */
function worldOf(nodes: readonly DesiredNode[]): World {
  const made = nodes.filter(({ presence }) => presence !== 'reference');
  return {
    observed: new Map(
      made.map((node) => {
        const { body } = written(node, null, undefined);
        const properties = isJsonObject(body.properties) ? body.properties : {};
        return [
          normaliseId(node.id),
          { ...body, id: node.id, properties: { ...properties, provisioningState: 'Succeeded' } },
        ];
      }),
    ),
    ledger: made.map((node) => ({
      id: node.id,
      kind: node.kind,
      state: 'confirmed',
      created: true,
      confirmed: written(node, null, undefined).fields,
      intended: {},
      lanes: node.lanes,
      dependsOn: node.dependsOn.map(({ id }) => id),
      scope: node.scope,
      operationId: 'b-1',
      at: NOW,
    })),
  };
}

function withFirewall(world: World, change: (body: JsonObject) => JsonObject): World {
  const key = normaliseId(FIREWALL);
  return { ...world, observed: new Map(world.observed).set(key, change(world.observed.get(key) ?? {})) };
}

function planOf(nodes: readonly DesiredNode[], world: World) {
  const observed = new Map<string, JsonObject | null>(nodes.map(({ id }) => [normaliseId(id), null]));
  for (const [id, body] of world.observed) observed.set(id, body);
  const aligned = nodes.map((node) => {
    const actual = observed.get(normaliseId(node.id));
    const body = actual ? kindOf(node.kind).align?.(node.body, actual) : undefined;
    return body === undefined ? node : { ...node, body };
  });
  const graph = { baseline: 'b', nodes: aligned };
  return planChanges({
    graph,
    observed,
    ledger: world.ledger,
    kinds: kindOf,
    specVersion: '1',
    groupContents: new Map(),
  });
}

function firewallPut(nodes: readonly DesiredNode[], world: World): JsonObject {
  const node = nodes.find(({ id }) => id === FIREWALL);
  if (node === undefined) throw new Error('no firewall');
  const actual = world.observed.get(normaliseId(FIREWALL)) ?? null;
  return written(
    node,
    actual,
    world.ledger.find(({ id }) => id === FIREWALL),
  ).body;
}

const configurations = (body: JsonObject) => {
  const list = getAt(body, 'properties.ipConfigurations');
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
};
const names = (body: JsonObject) => configurations(body).map(({ name }) => String(name));
const carriers = (body: JsonObject) =>
  configurations(body)
    .filter((one) => getAt(one, 'properties.subnet.id') !== undefined)
    .map(({ name }) => String(name));

function withConfigurations(body: JsonObject, change: (list: readonly JsonObject[]) => readonly JsonObject[]) {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  return { ...body, properties: { ...properties, ipConfigurations: change(configurations(body)) } };
}

const theirs: JsonObject = { name: 'theirs', properties: { publicIPAddress: { id: '/subscriptions/x/pip' }, odd: 1 } };

describe('addresses of the firewall', () => {
  it('are added in exactly one write of the firewall, after the addresses themselves', () => {
    const nodes = nodesOf(6);
    const plan = planOf(nodes, worldOf(nodesOf(undefined)));

    const firewall = plan.changes.filter(({ kind }) => kind === 'azureFirewall');
    expect(firewall).toHaveLength(1);
    expect(firewall[0]).toMatchObject({ action: 'update', owner: 'adjustment', risk: 'safe', scope: 'egress' });
    expect(firewall[0]?.diff.map(({ path }) => path)).toEqual(
      [3, 4, 5].map((index) => `properties.ipConfigurations[${address(index)}]`),
    );
    expect(firewall[0]?.dependsOn).toEqual(
      expect.arrayContaining([3, 4, 5].map((index) => expect.stringContaining(address(index)))),
    );
    expect(plan.changes.map(({ kind, action, owner }) => `${action} ${kind} of ${owner}`).sort()).toEqual([
      ...Array(3).fill('create diagnosticSetting of adjustment'),
      ...Array(3).fill('create publicIPAddress of adjustment'),
      'update azureFirewall of adjustment',
    ]);
    expect(planOf(nodes, worldOf(nodes)).changes).toEqual([]);
  });

  it('are appended at the end; what others attached and what nobody here knows survives', () => {
    const world = withFirewall(worldOf(nodesOf(undefined)), (body) => {
      const properties = isJsonObject(body.properties) ? body.properties : {};
      const unknown = { ...body, extension: { a: 1 }, properties: { ...properties, aiSecurityAddOn: { mode: 'On' } } };
      return withConfigurations(unknown, ([first, ...others]) => [
        ...(first === undefined ? [] : [{ ...first, theirOwn: true }]),
        theirs,
        ...others,
      ]);
    });

    const body = firewallPut(nodesOf(5), world);

    expect(names(body)).toEqual([address(0), 'theirs', address(1), address(2), address(3), address(4)]);
    expect(body).toMatchObject({ extension: { a: 1 }, properties: { aiSecurityAddOn: { mode: 'On' } } });
    expect(configurations(body)[0]).toMatchObject({ theirOwn: true });
    expect(configurations(body)[1]).toEqual(theirs);
    expect(carriers(body)).toEqual([address(0)]);
  });

  it('do not care where in the list the subnet is', () => {
    const world = withFirewall(worldOf(nodesOf(undefined)), (body) =>
      withConfigurations(body, (list) => [...list].reverse()),
    );

    expect(planOf(nodesOf(undefined), world).changes).toEqual([]);
    const body = firewallPut(nodesOf(4), world);
    expect(names(body)).toEqual([address(2), address(1), address(0), address(3)]);
    expect(carriers(body)).toEqual([address(0)]);
  });

  it('change nothing else in what is written: order, place of the subnet, and whatever nobody here knows', () => {
    const world = withFirewall(worldOf(nodesOf(undefined)), (body) => {
      const properties = isJsonObject(body.properties) ? body.properties : {};
      const unknown = {
        ...body,
        extendedLocation: { type: 'EdgeZone', name: 'near' },
        properties: { ...properties, aiSecurityAddOn: { mode: 'On' }, additionalProperties: { 'Network.X': 'true' } },
      };
      return withConfigurations(unknown, ([first, second, third]) =>
        [third, theirs, first, second].flatMap((one) =>
          one === undefined
            ? []
            : [{ ...one, zonesOfTheirs: ['1'], properties: { ...Object(one.properties), newer: { than: 'us' } } }],
        ),
      );
    });
    const actual = world.observed.get(normaliseId(FIREWALL)) ?? {};

    const body = firewallPut(nodesOf(5), world);

    // The list of before, entry by entry as it was, and the new ones behind it.
    expect(configurations(body).slice(0, 4)).toEqual(configurations(actual));
    expect(carriers(body)).toEqual([address(0)]);
    expect(names(body).indexOf(address(0))).toBe(2);
    expect(names(body).slice(4)).toEqual([address(3), address(4)]);
    const others = (of: JsonObject) => {
      const { provisioningState: _state, ipConfigurations: _list, ...properties } = Object(of.properties);
      const { id: _id, name: _name, type: _type, ...rest } = of;
      return { ...rest, properties };
    };
    expect(others(body)).toEqual(others(actual));
  });

  it.each([
    ['another one of ours', address(2)],
    ['one of others', 'theirs'],
  ])('leave the subnet where it is: at %s', (_, carrier) => {
    const world = withFirewall(worldOf(nodesOf(undefined)), (body) =>
      withConfigurations(body, (list) => {
        const subnet = getAt(list[0] ?? {}, 'properties.subnet');
        return [...list, theirs].map((one) => {
          const { subnet: _gone, ...others } = isJsonObject(one.properties) ? one.properties : {};
          return { ...one, properties: one.name === carrier ? { ...others, subnet } : others };
        });
      }),
    );

    expect(planOf(nodesOf(undefined), world)).toMatchObject({ changes: [], refused: [] });
    const plan = planOf(nodesOf(4), world);
    expect(plan.changes.find(({ kind }) => kind === 'azureFirewall')?.diff).toHaveLength(1);
    expect(carriers(firewallPut(nodesOf(4), world))).toEqual([carrier]);
  });

  it('are no reason to take a firewall into another network', () => {
    const world = withFirewall(worldOf(nodesOf(undefined)), (body) =>
      withConfigurations(body, ([first, ...others]) => [
        { ...first, properties: { subnet: { id: '/subscriptions/x/subnets/AzureFirewallSubnet' } } },
        ...others,
      ]),
    );

    expect(planOf(nodesOf(4), world).refused).toContainEqual(
      expect.objectContaining({ id: FIREWALL, code: 'ImmutableProperty' }),
    );
  });

  it('leave one by one, stay reserved, and are deleted when nobody keeps them any more', () => {
    const until = '2026-11-27T12:00:00Z';
    const less: Json = { count: 4, detached: [address(3)], reserved: [{ name: address(3), until }] };
    const before = worldOf(nodesOf(5));
    const nodes = nodesOf(less);

    const plan = planOf(nodes, before);
    expect(plan.changes).toHaveLength(1);
    expect(plan.changes[0]).toMatchObject({ kind: 'azureFirewall', owner: 'adjustment', risk: 'disruptive' });
    expect(plan.changes[0]?.diff.map(({ path, after }) => [path, after])).toEqual([
      [`properties.ipConfigurations[${address(3)}]`, undefined],
    ]);
    expect(names(firewallPut(nodes, before))).toEqual([0, 1, 2, 4].map(address));

    const over = planOf(nodesOf(less, '2026-11-27T12:00:00Z'), worldOf(nodes));
    expect(over.changes.map(({ kind, action, owner }) => `${action} ${kind} of ${owner}`).sort()).toEqual([
      'delete diagnosticSetting of adjustment',
      'delete publicIPAddress of adjustment',
    ]);
    expect(over.changes.every(({ id }) => id.includes(address(3)))).toBe(true);
  });

  it('come back in their place in the list of Azure, not of the spec', () => {
    const until = '2026-11-27T12:00:00Z';
    const nodes = nodesOf({ count: 4, detached: [address(3)], reserved: [{ name: address(3), until }] });

    expect(names(firewallPut(nodesOf(5), worldOf(nodes)))).toEqual([0, 1, 2, 4, 3].map(address));
  });

  it('never leave the first one, those of the minimum, or the firewall without a subnet', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.uniqueArray(fc.nat(24), { maxLength: 8 }),
        fc.uniqueArray(fc.nat(24), { maxLength: 8 }),
        (count, gone, keptFor) => {
          const value: Json = {
            count,
            detached: gone.map(address),
            reserved: keptFor.map((index) => ({ name: address(index), until: '2026-12-01T00:00:00Z' })),
          };
          const nodes = nodesOf(value);
          const body = nodes.find(({ id }) => id === FIREWALL)?.body ?? {};

          expect(names(body)).toHaveLength(Math.min(Math.max(count, 3), 20));
          expect(new Set(names(body)).size).toBe(names(body).length);
          expect(carriers(body)).toEqual([address(0)]);
          for (const index of gone) if (index > 0) expect(names(body)).not.toContain(address(index));
          const ids = new Set(
            nodes.filter(({ kind }) => kind === 'publicIPAddress').map(({ id }) => id.split('/').at(-1)),
          );
          for (const name of names(body)) expect(ids.has(name)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of the spec leave on behalf of the adjustment that asks for fewer, and are never deleted for it', () => {
    const other = sample('two-regions').resolved;
    const name = 'pip-fw-northeurope-19';
    const fewer = { ...adjustment({ count: 19, detached: [name], reserved: [] }), target: other.firewall?.id ?? '' };
    const before = worldOf(compile(other, [], NOW).nodes);

    const { changes } = planOf(compile(other, [fewer], NOW).nodes, before);

    const removal = changes.filter(({ kind }) => kind === 'azureFirewall' || kind === 'publicIPAddress');
    expect(removal).toMatchObject([{ kind: 'azureFirewall', owner: 'adjustment', risk: 'disruptive' }]);
    expect(removal[0]?.diff.map(({ path }) => path)).toEqual([`properties.ipConfigurations[${name}]`]);
  });

  it('keep pinned ones in their place whatever leaves around them', () => {
    const other = sample('two-regions').resolved;
    const publicIps = { ...other.spec.hub.firewall?.publicIps, pinned: ['pip-fw-northeurope-19'] };
    const spec = { ...other.spec, hub: { ...other.spec.hub, firewall: { ...other.spec.hub.firewall, publicIps } } };
    const value = {
      count: 18,
      detached: ['pip-fw-northeurope-18', 'pip-fw-northeurope-19', 'pip-fw-northeurope-17'],
      reserved: [],
    };
    const baseline = { ...other, spec: spec as typeof other.spec };

    const { nodes } = compile(baseline, [{ ...adjustment(value), target: other.firewall?.id ?? '' }], NOW);

    const body = nodes.find(({ kind }) => kind === 'azureFirewall')?.body ?? {};
    expect(names(body)).toHaveLength(18);
    expect(names(body).at(-1)).toBe('pip-fw-northeurope-19');
    expect(names(body)).not.toContain('pip-fw-northeurope-18');
  });
});

describe('harm', () => {
  const { harmOf } = kindOf('azureFirewall');

  it.each([
    ['no configuration', { properties: { ipConfigurations: [] } }],
    ['none at all', { properties: {} }],
    ['none with the subnet', { properties: { ipConfigurations: [theirs] } }],
  ])('is a firewall with %s', (_, body) => {
    expect(harmOf?.(body, null, new Map())).toMatchObject({ code: 'FirewallWouldStop', actor: 'us' });
  });

  it('is no firewall that keeps it', () => {
    for (const node of nodesOf(7)) expect(kindOf(node.kind).harmOf?.(node.body, null, new Map())).toBeUndefined();
  });

  describe('of an address that leaves', () => {
    const [body] = nodesOf(3).flatMap((node) => (node.kind === 'azureFirewall' ? [node.body ?? {}] : []));
    const [more] = nodesOf(4).flatMap((node) => (node.kind === 'azureFirewall' ? [node.body ?? {}] : []));
    const left = valuesAt(more ?? {}, 'properties.ipConfigurations[].properties.publicIPAddress.id').at(-1) as string;
    const policy = valuesAt(more ?? {}, 'properties.firewallPolicy.id')[0] as string;
    const rule = (address: string) => ({
      ruleType: 'NatRule',
      destinationAddresses: [address],
      destinationPorts: ['443'],
      ipProtocols: ['TCP'],
    });
    const groupWith = (address: string) => ({ properties: { ruleCollections: [{ rules: [rule(address)] }] } });
    const evidenceOf = (address: string, named: string) =>
      new Map([
        [left.toLowerCase(), [{ properties: { ipAddress: address } }]],
        [policy.toLowerCase(), [groupWith(named)]],
      ]);
    const { evidenceFor } = kindOf('azureFirewall');

    it('is asked about only where one leaves', () => {
      expect(evidenceFor?.(body ?? {}, more ?? {})).toEqual([
        { kind: 'publicIPAddress', id: left },
        { kind: 'firewallPolicyRuleCollectionGroup', id: policy, childrenOf: true },
      ]);
      expect(evidenceFor?.(more ?? {}, body ?? {})).toEqual([]);
      expect(evidenceFor?.(more ?? {}, more ?? {})).toEqual([]);
    });

    it('is one that a DNAT rule of the policy names', () => {
      expect(harmOf?.(body ?? {}, more ?? {}, evidenceOf('203.0.113.7', '203.0.113.7'))).toMatchObject({
        code: 'AddressNamedByDnat',
        actor: 'operator',
        message: expect.stringContaining(left.slice(left.lastIndexOf('/') + 1)),
      });
      expect(harmOf?.(body ?? {}, more ?? {}, evidenceOf('203.0.113.7', '203.0.113.8'))).toBeUndefined();
    });

    it('is one that a DNAT rule of the firewall itself names, and any where its address is not known', () => {
      const { ruleType: _, ipProtocols: protocols, ...classic } = rule('203.0.113.7');
      const natRuleCollections = [{ properties: { rules: [{ ...classic, protocols }] } }];
      const properties = { ...(more?.properties as JsonObject), natRuleCollections };
      const read = (address: string | undefined) =>
        new Map([[left.toLowerCase(), address === undefined ? [] : [{ properties: { ipAddress: address } }]]]);

      const code = (address: string | undefined) => harmOf?.(body ?? {}, { ...more, properties }, read(address))?.code;
      expect([code('203.0.113.7'), code(undefined), code('203.0.113.8')]).toEqual([
        'AddressNamedByDnat',
        'AddressNamedByDnat',
        undefined,
      ]);
    });
  });
});
