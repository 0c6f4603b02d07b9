import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlanBody } from '../../lib/api/plan.ts';
import { planOf, put, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import { type Body, namesIn, type SmallSpec, Stage, spoke, withFirewall } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'foreign' });
});

afterAll(() => environment?.stop());

afterEach(async () => {
  await environment.sim('DELETE', 'faults');
});

const NETWORK = 'virtualNetworks/vnet-spoke-a';
const HUB = 'virtualNetworks/vnet-westeurope-hub';
const GROUP = 'networkSecurityGroups/nsg-vnet-spoke-a-snet-vms';
const ROUTES = 'routeTables/route-spoke-a-to-westeurope-hub-fw';
const RULES = 'firewallPolicies/fw-policies-westeurope/ruleCollectionGroups/rcg-own';
const ZONE = 'privateDnsZones/privatelink.azurecr.io';

function networkRule(name: string, port: string) {
  return {
    ruleType: 'NetworkRule' as const,
    name,
    sourceAddresses: ['10.240.0.0/24'],
    ipProtocols: ['TCP' as const],
    destinationAddresses: ['198.51.100.0/24'],
    destinationPorts: [port],
  };
}

function collection(name: string, priority: number, ...rules: ReturnType<typeof networkRule>[]) {
  return {
    ruleCollectionType: 'FirewallPolicyFilterRuleCollection' as const,
    name,
    priority,
    action: { type: 'Allow' as const },
    rules,
  };
}

function securityRule(name: string, priority: number) {
  return { name, priority, direction: 'Inbound' as const, access: 'Allow' as const, protocol: 'Tcp' as const };
}

/** A baseline that owns an entry of each sort into which others put theirs. `more`: and one more of each. */
function entries(more: boolean): (spec: SmallSpec) => void {
  return (spec) => {
    withFirewall(spec);
    spec.tags = { team: 'network', ...(more ? { stage: 'two' } : {}) };
    if (spec.hub.firewall !== undefined) {
      spec.hub.firewall.ruleCollectionGroups = [
        {
          name: 'rcg-own',
          priority: 5000,
          ruleCollections: [
            collection('rc-ours', 100, networkRule('ours', '443'), ...(more ? [networkRule('ours-too', '444')] : [])),
            ...(more ? [collection('rc-ours-too', 300, networkRule('ours', '445'))] : []),
          ],
        },
      ];
    }
    const [a] = spec.spokes;
    if (a === undefined) return;
    a.routes = [
      { name: 'ours', addressPrefix: '10.9.0.0/16', nextHopType: 'VirtualAppliance' },
      ...(more ? [{ name: 'ours-too', addressPrefix: '10.10.0.0/16', nextHopType: 'None' as const }] : []),
    ];
    a.subnets = [
      {
        name: 'snet-vms',
        purpose: 'general',
        addressPrefix: '10.240.0.0/26',
        networkSecurityGroup: { rules: [securityRule('ours', 200), ...(more ? [securityRule('ours-too', 210)] : [])] },
      },
      ...(more ? [{ name: 'snet-more', purpose: 'general' as const, addressPrefix: '10.240.0.64/26' }] : []),
    ];
    if (more) spec.spokes.push(spoke('c', 242));
  };
}

/** Somebody else adds one thing next to each of ours. */
async function addForeign(stage: Stage): Promise<void> {
  const vnet = stage.id('rg-a', NETWORK);
  await stage.colleague('PUT', stage.id('rg-foreign'), { location: 'westeurope' }, '2025-04-01');
  const theirs = stage.id('rg-foreign', 'virtualNetworks/vnet-theirs');
  await stage.colleague('PUT', theirs, {
    location: 'westeurope',
    properties: { addressSpace: { addressPrefixes: ['10.99.0.0/24'] } },
  });
  await environment.advance(60);
  await stage.colleagueEdits(
    vnet,
    (body) => {
      body.tags = { ...body.tags, costCenter: '4711' };
      body.properties.subnets.push({ name: 'snet-theirs', properties: { addressPrefix: '10.240.0.128/26' } });
    },
    '2026-01-01',
  );
  await stage.colleagueEdits(stage.id('rg-a', ROUTES), (body) => {
    body.properties.routes.push({ name: 'theirs', properties: { addressPrefix: '10.77.0.0/16', nextHopType: 'None' } });
  });
  await stage.colleagueEdits(stage.id('rg-a', GROUP), (body) => {
    body.properties.securityRules.push({
      name: 'theirs',
      properties: {
        priority: 4000,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
        sourceAddressPrefix: '10.77.0.0/16',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '22',
      },
    });
  });
  await stage.colleagueEdits(stage.id('rg-hub', RULES), (body) => {
    body.properties.ruleCollections.push(collection('rc-theirs', 200, networkRule('theirs', '22')));
    body.properties.ruleCollections[0]?.rules.push(networkRule('theirs-in-ours', '23'));
  });
  await environment.advance(600);
  await stage.colleague(
    'PUT',
    `${stage.id('rg-hub', ZONE)}/A/db`,
    { properties: { ttl: 60, aRecords: [{ ipv4Address: '10.240.0.9' }] } },
    '2024-06-01',
  );
  await stage.colleague('PUT', `${stage.id('rg-hub', HUB)}/virtualNetworkPeerings/to-theirs`, {
    properties: { remoteVirtualNetwork: { id: theirs }, allowVirtualNetworkAccess: true },
  });
  await environment.advance(60);
  await stage.colleague('PUT', `${theirs}/virtualNetworkPeerings/to-hub`, {
    properties: { remoteVirtualNetwork: { id: stage.id('rg-hub', HUB) }, allowVirtualNetworkAccess: true },
  });
  await environment.advance(60);
}

/** What is theirs, as it is now, without what every write renews. */
async function foreignThings(stage: Stage): Promise<unknown> {
  const world = await stage.world();
  const at = (id: string): Body => {
    const body = world.get(id.toLowerCase());
    if (body === undefined) throw new Error(`There is no ${id}.`);
    return body;
  };
  const vnet = at(stage.id('rg-a', NETWORK));
  const rules = at(stage.id('rg-hub', RULES)).properties.ruleCollections;
  const found = {
    tag: vnet.tags?.costCenter,
    subnet: vnet.properties.subnets.find(({ name }) => name === 'snet-theirs'),
    route: at(stage.id('rg-a', ROUTES)).properties.routes.find(({ name }) => name === 'theirs'),
    rule: at(stage.id('rg-a', GROUP)).properties.securityRules.find(({ name }) => name === 'theirs'),
    collection: rules.find(({ name }) => name === 'rc-theirs'),
    ruleInOurs: rules[0]?.rules.find(({ name }) => name === 'theirs-in-ours'),
    record: at(`${stage.id('rg-hub', ZONE)}/A/db`),
    peering: at(`${stage.id('rg-hub', HUB)}/virtualNetworkPeerings/to-theirs`),
  };
  return JSON.parse(JSON.stringify(found, (name, value) => (name === 'etag' ? undefined : value)));
}

async function namesOfOurs(stage: Stage): Promise<Readonly<Record<string, readonly string[]>>> {
  const vnet = await stage.resource(stage.id('rg-a', NETWORK));
  const names = (list: readonly { readonly name: unknown }[]) =>
    list.map(({ name }) => String(name)).filter((name) => !name.includes('theirs'));
  const rules = (await stage.resource(stage.id('rg-hub', RULES))).properties.ruleCollections;
  return {
    subnets: names(vnet.properties.subnets),
    routes: names((await stage.resource(stage.id('rg-a', ROUTES))).properties.routes),
    rules: names((await stage.resource(stage.id('rg-a', GROUP))).properties.securityRules).filter((name) =>
      name.startsWith('ours'),
    ),
    collections: names(rules),
    collectionRules: names(rules[0]?.rules.map(({ name }) => ({ name })) ?? []),
    tags: Object.keys(vnet.tags ?? {}).filter((name) => name !== 'costCenter'),
  };
}

describe('what others add next to ours', () => {
  it('survives an update of ours, the removal of ours, and a spec put again', async () => {
    const stage = await Stage.open(environment);
    expect(await stage.provision(stage.spec(entries(false)))).toMatchObject({ state: 'succeeded', errors: [] });
    await addForeign(stage);
    const theirs = await foreignThings(stage);

    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    const grown = await stage.provision(stage.spec(entries(true)));

    expect({ state: grown.state, errors: grown.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await foreignThings(stage)).toEqual(theirs);
    const both = await namesOfOurs(stage);
    expect(both).toMatchObject({
      subnets: ['snet-vms', 'snet-more'],
      rules: ['ours', 'ours-too'],
      collections: ['rc-ours', 'rc-ours-too'],
      collectionRules: ['ours', 'ours-too'],
    });
    expect(both.routes).toEqual(expect.arrayContaining(['ours', 'ours-too']));
    expect(both.tags).toContain('stage');
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });

    const kept = await stage.provision(stage.spec(entries(false)));
    expect({ state: kept.state, errors: kept.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(kept.refused?.map(({ code }) => code)).toEqual(expect.arrayContaining(['ModeForbidsDelete']));
    // A tag is no entry of its own; everything else of the resources is written.
    expect(await namesOfOurs(stage)).toEqual({ ...both, tags: ['team'] });
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [] });
    expect(await foreignThings(stage)).toEqual(theirs);

    const shrunk = await stage.provision(
      stage.spec((spec) => {
        entries(false)(spec);
        spec.mode = 'full';
        spec.approvals = { requiredFor: 'none' };
      }),
    );
    expect({ state: shrunk.state, errors: shrunk.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await foreignThings(stage)).toEqual(theirs);
    const once = await namesOfOurs(stage);
    expect(once).toMatchObject({
      subnets: ['snet-vms'],
      rules: ['ours'],
      collections: ['rc-ours'],
      collectionRules: ['ours'],
      tags: ['team'],
    });
    expect(once.routes).not.toContain('ours-too');
    expect(namesIn(shrunk, 'succeeded')).toContain('virtualNetworks/vnet-spoke-c');
    expect((await stage.world()).has(stage.id('rg-c').toLowerCase())).toBe(false);
    expect(await stage.madeTwice()).toEqual([]);

    const withoutOurs = stage.spec((spec) => {
      entries(false)(spec);
      spec.mode = 'full';
      spec.approvals = { requiredFor: 'none' };
      const [group] = spec.hub.firewall?.ruleCollectionGroups ?? [];
      if (group !== undefined) group.ruleCollections = [collection('rc-ours-too', 300, networkRule('ours', '445'))];
    });
    const { body: planned } = await environment.api<PlanBody>(
      'PUT',
      `/api/baselines/${stage.name}?dryRun=true`,
      withoutOurs,
    );
    const [change] = planned.changes;
    const left = 'properties.ruleCollections[rc-ours]';
    expect(change?.diff.map(({ path }) => path)).toEqual([
      `${left}.rules[ours]`,
      'properties.ruleCollections[rc-ours-too]',
    ]);
    expect(change?.reason).toContain(`${left} itself stays: others have put something into it.`);
    const taken = await stage.provision(withoutOurs);
    expect({ state: taken.state, errors: taken.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await foreignThings(stage)).toEqual(theirs);
    expect(await namesOfOurs(stage)).toMatchObject({ collections: ['rc-ours', 'rc-ours-too'], collectionRules: [] });
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    const { collections } = await namesOfOurs(stage);
    await stage.colleagueEdits(stage.id('rg-hub', RULES), (body) => {
      const [rest] = body.properties.ruleCollections;
      if (rest !== undefined) rest.priority = 110;
    });
    await environment.advance(600);
    // What is left of the collection is theirs by now.
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    expect((await namesOfOurs(stage)).collections).toEqual(collections);
  });

  it('an entry that somebody took away comes back only with a run that planned it', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(entries(false)));
    await stage.colleagueEdits(stage.id('rg-a', ROUTES), (body) => {
      body.properties.routes = body.properties.routes.filter(({ name }) => name !== 'ours');
    });
    const before = await stage.writes();

    const plan = await planOf(environment, stage.name);
    await environment.advance(3_600);

    expect(plan.changes.map(({ id, action, diff }) => [id, action, diff.map(({ path }) => path)])).toEqual([
      [stage.id('rg-a', ROUTES), 'update', ['properties.routes[ours]']],
    ]);
    expect(await stage.writes()).toBe(before);
    const operation = await stage.provision(stage.spec(entries(false)));
    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await namesOfOurs(stage)).routes).toContain('ours');
    expect(await stage.writes()).toBe(before + 1);
  });
});

describe('a property of a later api-version', () => {
  it('goes through our writes unchanged', async () => {
    const later = await startEnvironment({ record: 'foreign-unknown-property', illegal: true });
    try {
      const stage = await Stage.open(later);
      await stage.provision(stage.spec());
      const unknown = { level: 2, of: [{ name: 'a' }, 'b'], empty: [] };
      await stage.colleagueEdits(
        stage.id('rg-a', NETWORK),
        (body) => {
          body.properties.setByALaterVersion = unknown;
          const [subnet] = body.properties.subnets;
          if (subnet !== undefined) subnet.properties.setByALaterVersion = unknown;
        },
        '2026-01-01',
      );

      const operation = await stage.provision(
        stage.spec((spec) => {
          spec.tags = { team: 'network' };
          spec.spokes[0]?.subnets.push({ name: 'snet-more', purpose: 'general', addressPrefix: '10.240.0.64/26' });
        }),
      );

      expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
      const { tags, properties } = await stage.resource(stage.id('rg-a', NETWORK));
      expect(tags).toEqual({ team: 'network' });
      expect(properties.setByALaterVersion).toEqual(unknown);
      expect(properties.subnets.map((subnet) => [subnet.name, subnet.properties.setByALaterVersion])).toEqual([
        ['snet-vms', unknown],
        ['snet-more', undefined],
      ]);
    } finally {
      await later.stop();
    }
  });
});

describe('an edit between our reading and our writing', () => {
  it('is read again and never overwritten', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(entries(false)));
    const table = stage.id('rg-a', ROUTES);
    await stage.fault('GET', `/${ROUTES}\\?`, { hangSeconds: 4 });
    const running = stage.provision(stage.spec(entries(true)));
    await eventually('the table was read', async () => ((await stage.faultsLeft()) === 0 ? true : undefined), 60);
    await stage.colleague('PATCH', table, { tags: { team: 'network', theirs: 'yes' } });

    const operation = await running;

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    const { tags, properties } = await stage.resource(table);
    expect(tags).toEqual({ team: 'network', stage: 'two', theirs: 'yes' });
    expect(properties.routes.map(({ name }) => name)).toContain('ours-too');
    expect((await stage.counts()).get(table.toLowerCase())?.rejected).toEqual({ PreconditionFailed: 1 });
  });
});

describe('somebody else at work in our lanes', () => {
  it('a long write on the hub network is waited for', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const address = stage.id('rg-hub', 'publicIPAddresses/pip-theirs');
    await stage.colleague('PUT', `${stage.id('rg-hub', HUB)}/subnets/AzureBastionSubnet`, {
      properties: { addressPrefix: '10.200.0.128/26' },
    });
    await stage.colleague('PUT', address, {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    });
    await environment.advance(120);
    await stage.colleague('PUT', stage.id('rg-hub', 'bastionHosts/bas-theirs'), {
      location: 'westeurope',
      sku: { name: 'Basic' },
      properties: {
        ipConfigurations: [
          {
            name: 'one',
            properties: {
              subnet: { id: `${stage.id('rg-hub', HUB)}/subnets/AzureBastionSubnet` },
              publicIPAddress: { id: address },
            },
          },
        ],
      },
    });

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.tags = { team: 'network' };
        spec.spokes.push(spoke('c', 242));
      }),
    );

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    const counts = await stage.counts();
    expect(counts.get(stage.id('rg-hub', HUB).toLowerCase())?.rejected.AnotherOperationInProgress).toBeGreaterThan(0);
    expect((await stage.resource(stage.id('rg-hub', 'bastionHosts/bas-theirs'))).properties.provisioningState).toBe(
      'Succeeded',
    );
    const a = operation.nodes.find(({ id }) => id.endsWith('/virtualNetworks/vnet-spoke-c'));
    const hub = operation.nodes.find(({ id }) => id.endsWith(`/${HUB}`));
    expect(Date.parse(a?.endedAt ?? '')).toBeLessThan(Date.parse(hub?.endedAt ?? ''));
  });

  it('a write on the firewall policy at the worst moment is waited for', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(entries(false)));
    const policy = stage.id('rg-hub', 'firewallPolicies/fw-policies-westeurope');
    const body = await stage.colleague('GET', policy);
    const id = await put(environment, stage.name, stage.spec(entries(true)));
    await stage.colleague('PUT', policy, { ...body, tags: { ...body.tags, theirs: 'yes' } });

    const operation = await untilSettled(environment, id);

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect((await stage.resource(policy)).tags).toEqual({ team: 'network', stage: 'two', theirs: 'yes' });
    expect((await stage.resource(stage.id('rg-hub', RULES))).properties.ruleCollections).toHaveLength(2);
  });
});
