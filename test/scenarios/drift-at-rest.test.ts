import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { typeOfId } from '../../lib/baseline/arm-id.ts';
import { journal, planOf, resources } from '../support/baseline-scenario.ts';
import { driftOf, scan } from '../support/drift-scenario.ts';
import { driftSpec } from '../support/drifts.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { endOfRecording, type RecordedRequest, requestsSince } from '../support/recording.ts';
import { Stage } from '../support/stage.ts';

const HOUR_SECONDS = 3_600;
const SCANS_PER_DAY = 24;
const GROUPS_API_VERSION = '2025-04-01';
const DNS_API_VERSION = '2024-06-01';
/** Of one of the spokes: lists are one for each subscription. */
const OTHER_SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-0000000000ff';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'drift-at-rest' });
  const { status } = await environment.sim('PUT', 'subscriptions', { [OTHER_SUBSCRIPTION]: {} });
  expect(status).toBe(200);
});

afterAll(() => environment?.stop());

/** What Azure lists only below a parent. */
const LISTED_BY_PARENT = /\/(ruleCollectionGroups|virtualNetworkLinks)$/i;
const DIAGNOSTIC_SETTING = /\/providers\/microsoft\.insights\/diagnosticsettings\//;

/** The lists that show all of these resources, in lower case: of groups, types, children of one parent, and a group's own. */
function listsFor(ids: readonly string[]): readonly string[] {
  return [...new Set(ids.flatMap(listsWith))].sort();
}

function listsWith(id: string): readonly string[] {
  const subscription = id.split('/').slice(0, 3).join('/');
  // A group itself has none.
  const type = typeOfId(id).toLowerCase();
  if (DIAGNOSTIC_SETTING.test(id)) return [];
  if (type === '') return [`${subscription}/resourcegroups`, `${id}/resources`];
  if (LISTED_BY_PARENT.test(type)) return [id.slice(0, id.lastIndexOf('/'))];
  // Subnets, peerings, rules and routes come with what they are in.
  return type.split('/').length > 2 ? [] : [`${subscription}/providers/${type}`];
}

/** What was asked in each scan, in the order of the scans. */
function byScan(requests: readonly RecordedRequest[]): readonly (readonly string[])[] {
  const hourOf = ({ atMs }: RecordedRequest) => Math.floor(atMs / (HOUR_SECONDS * 1000));
  return [...Map.groupBy(requests, hourOf).values()].map((asked) => asked.map(({ path }) => path));
}

describe('a day at rest, with events on and everything to be put right', () => {
  it('writes nothing, reads lists and each diagnostic setting once, and tells one line for each scan', async () => {
    const stage = await Stage.open(environment);
    const subscriptions = [stage.subscriptionId, OTHER_SUBSCRIPTION];
    const spec = driftSpec(stage, (small) => {
      small.spokes = small.spokes.map((one) =>
        one.name === 'c' ? { ...one, subscriptionId: OTHER_SUBSCRIPTION } : one,
      );
    });
    expect(await stage.provision(spec)).toMatchObject({ state: 'succeeded', errors: [] });
    await scan(stage);
    await environment.advance(HOUR_SECONDS / 2);
    const ids = [...(await resources(environment)).keys()].filter((id) =>
      subscriptions.some((one) => id.includes(one)),
    );
    const settings = ids.filter((id) => DIAGNOSTIC_SETTING.test(id));
    const linesBefore = (await journal(environment, stage.name)).length;
    const beginning = endOfRecording(environment);

    // What somebody does elsewhere in the subscription is told to the app as well.
    await stage.colleague('PUT', stage.id('rg-theirs'), { location: 'westeurope' }, GROUPS_API_VERSION);
    for (let scans = 0; scans < SCANS_PER_DAY; scans++) await environment.advance(HOUR_SECONDS);

    const requests = requestsSince(environment, beginning, subscriptions);
    expect(requests.filter(({ method, status }) => method !== 'GET' || status !== 200)).toEqual([]);
    const scans = byScan(requests);
    expect(scans).toHaveLength(SCANS_PER_DAY);
    const lists = listsFor(ids);
    for (const asked of scans) expect(asked.filter((path) => !DIAGNOSTIC_SETTING.test(path)).sort()).toEqual(lists);
    const single = scans.map((asked) => asked.filter((path) => DIAGNOSTIC_SETTING.test(path)));
    expect(settings.length).toBeGreaterThan(10);
    expect(Math.max(...single.map(({ length }) => length))).toBe(Math.ceil(settings.length / SCANS_PER_DAY));
    expect(new Set(single.flat())).toEqual(new Set(settings));
    const lines = (await journal(environment, stage.name)).slice(linesBefore);
    expect(lines.map(({ decision }) => decision)).toEqual(scans.map(() => 'compared'));
    for (const { reason } of lines)
      expect(reason).toMatch(/^\d+ resources compared, \d+ not looked at this time: no drift\.$/);
    expect(await driftOf(stage)).toMatchObject({ lastLook: null, drifts: [], unmanaged: [], foreignEntries: [] });
    // A day has many timers: minutes of wall time on a busy machine.
  }, 240_000);
});

describe('a network that others peer with ours and link to our zone', () => {
  it('is listed where it is attached, once found, without a call more, and stays', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(
      stage.spec((spec) => {
        spec.drift = { mode: 'act' };
      }),
    );
    await scan(stage);
    await environment.advance(120);
    const beforeScan = endOfRecording(environment);
    await scan(stage);
    const callsAtRest = requestsSince(environment, beforeScan, [stage.subscriptionId]).length;
    const [zone, network] = [
      stage.id('rg-hub', 'privateDnsZones/privatelink.azurecr.io'),
      stage.id('rg-a', 'virtualNetworks/vnet-spoke-a'),
    ];
    const theirs = stage.id('rg-theirs', 'virtualNetworks/vnet-theirs');
    await stage.colleague('PUT', stage.id('rg-theirs'), { location: 'westeurope' }, GROUPS_API_VERSION);
    await stage.colleague('PUT', theirs, {
      location: 'westeurope',
      properties: { addressSpace: { addressPrefixes: ['10.99.0.0/24'] } },
    });
    await environment.advance(120);
    await stage.colleague(
      'PUT',
      `${zone}/virtualNetworkLinks/to-theirs`,
      { location: 'global', properties: { virtualNetwork: { id: theirs }, registrationEnabled: false } },
      DNS_API_VERSION,
    );
    await stage.colleague('PUT', `${network}/virtualNetworkPeerings/to-theirs`, {
      properties: { remoteVirtualNetwork: { id: theirs }, allowVirtualNetworkAccess: true },
    });
    await environment.advance(300);
    await scan(stage);
    await environment.advance(120);

    const beginning = endOfRecording(environment);
    expect(await scan(stage)).toMatchObject({ state: 'succeeded', errors: [] });

    expect(requestsSince(environment, beginning, [stage.subscriptionId])).toHaveLength(callsAtRest);
    const { foreignEntries } = await driftOf(stage);
    expect(foreignEntries).toMatchObject([
      {
        id: network,
        path: 'properties.virtualNetworkPeerings[to-theirs]',
        description: 'to vnet-theirs, Initiated',
        origin: { author: { name: expect.stringContaining('colleague') } },
      },
      { id: zone, path: 'properties.virtualNetworkLinks[to-theirs]', description: 'to vnet-theirs' },
    ]);
    const told = (await journal(environment, stage.name)).filter(({ decision }) => decision.startsWith('foreign'));
    expect(told.map(({ resource, decision }) => [resource, decision]).sort()).toEqual(
      [
        [network, 'foreign entry found'],
        [zone, 'foreign entry found'],
      ].sort(),
    );
  });
});

describe('what others put into a managed resource group', () => {
  it('is listed, and stays as it is in every scan and in the teardown', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(
      stage.spec((spec) => {
        spec.drift = { mode: 'act' };
      }),
    );
    const table = stage.id('rg-hub', 'routeTables/rt-theirs');
    const address = stage.id('rg-a', 'publicIPAddresses/pip-theirs');
    await stage.colleague('PUT', table, {
      location: 'westeurope',
      properties: { routes: [{ name: 'out', properties: { addressPrefix: '0.0.0.0/0', nextHopType: 'Internet' } }] },
    });
    await stage.colleague('PUT', address, {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    });
    await environment.advance(120);
    const theirs = await Promise.all([table, address].map((id) => stage.resource(id)));

    expect(await scan(stage)).toMatchObject({ state: 'succeeded', errors: [] });

    const unmanaged = [
      { id: address, type: 'Microsoft.Network/publicIPAddresses' },
      { id: table, type: 'Microsoft.Network/routeTables' },
    ];
    expect((await driftOf(stage)).unmanaged).toEqual(unmanaged);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    expect(await scan(stage)).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await driftOf(stage)).unmanaged).toEqual(unmanaged);

    expect(await stage.teardown()).toMatchObject({ state: 'partial' });

    expect(await Promise.all([table, address].map((id) => stage.resource(id)))).toEqual(theirs);
    const counts = await stage.counts();
    for (const id of [table, address])
      expect(counts.get(id.toLowerCase())).toMatchObject({ creates: 1, writes: 1, deletes: 0, rejected: {} });
    const left = [...(await stage.world()).keys()].filter((id) => listsWith(id).length > 0).sort();
    const groups = [stage.id('rg-hub'), stage.id('rg-a')];
    expect(left).toEqual([...groups, table, address].map((id) => id.toLowerCase()).sort());
  });
});
