import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { watchHead } from '../../../lib/reconcile/watch.ts';
import { type Adjustment, withGeneration } from '../../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const HUB = `${SUBSCRIPTION}/resourceGroups/rg-north/providers`;
const WORKSPACE = `${HUB}/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const FIREWALL = `${HUB}/Microsoft.Network/azureFirewalls/fw-westeurope`;
const group = (spoke: string) =>
  `${SUBSCRIPTION}/resourceGroups/rg-north-${spoke}/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-${spoke}-snet-a`;
const HOUR_SECONDS = 3_600;
const NOTHING_BY_ITSELF = { perRun: 0, perDay: 0 };
const RULE = {
  name: 'AllowPartner',
  priority: 200,
  direction: 'Inbound',
  access: 'Allow',
  protocol: 'Tcp',
  sourceAddressPrefixes: ['203.0.113.0/24'],
  destinationPortRanges: ['8443'],
};

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
});

async function provision(more: JsonObject): Promise<void> {
  const id = await reconciling.put(smallSpec(NAME, ['a', 'b'], more), 'ann');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
}

/** Somebody's edit of properties of a resource, or of the resource itself. */
function edit(id: string, properties: Readonly<Record<string, Json>>, more: JsonObject = {}): void {
  const { id: _, ...body } = dependencies.arm.body(id) ?? {};
  dependencies.arm.put(id, { ...body, ...more, properties: { ...(body.properties as JsonObject), ...properties } });
}

const propertiesOf = (id: string) => (dependencies.arm.body(id)?.properties ?? {}) as JsonObject;
const retention = () => propertiesOf(WORKSPACE).retentionInDays;
const namesIn = (id: string, property: string) =>
  (propertiesOf(id)[property] as readonly { readonly name: string }[]).map(({ name }) => name).toSorted();
const rulesOf = (spoke: string) => namesIn(group(spoke), 'securityRules');

function adjustment(spoke: string, over: Partial<Adjustment> = {}): Adjustment {
  return {
    id: `partner-${spoke}`,
    kind: 'networkSecurityRule',
    scope: `spoke:${spoke}`,
    target: group(spoke),
    value: RULE,
    reason: 'INC-1',
    since: reconciling.nowIso,
    until: new Date(Date.parse(reconciling.nowIso) + 2 * HOUR_SECONDS * 1_000).toISOString(),
    by: 'ann',
    ...over,
  };
}

/** As a person adjusts: recorded, and asked for. */
async function adjust(wanted: Adjustment): Promise<string> {
  const id = await reconciling.record('adjustment', wanted.by, { scope: wanted.scope }, (head) =>
    withGeneration({ ...head, adjustments: [...head.adjustments, wanted] }),
  );
  await reconciling.settle();
  return id;
}

async function unadjust(): Promise<string> {
  const [live] = (await reconciling.head()).adjustments;
  const id = await reconciling.record('adjustment', 'ann', { scope: live?.scope ?? '' }, (head) =>
    withGeneration({ ...head, adjustments: head.adjustments.slice(1) }),
  );
  await reconciling.settle();
  return id;
}

async function scan(): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return id;
}

async function drifts() {
  return ((await dependencies.drift.read(NAME))?.drifts ?? []).map(({ id, path, state }) => ({ id, path, state }));
}

/** The timer looks after this time. */
async function timePasses(hours: number): Promise<void> {
  reconciling.pass(hours * HOUR_SECONDS);
  await reconciling.change((head) => watchHead(head, undefined, 'none', false, reconciling.nowIso).head ?? head);
  await reconciling.settle();
}

async function approve(): Promise<void> {
  const head = await reconciling.head();
  const planHash = head.approvals.find(({ decision }) => decision === undefined)?.planHash ?? '';
  const by = { user: 'bob', selfApproval: false, nowIso: reconciling.nowIso } as const;
  const decided = decideApproval(head, { planHash, decision: 'approve', ...by });
  if ('code' in decided) throw new Error(`${decided.code}: ${decided.message}`);
  await reconciling.change(() => decided.head);
  await reconciling.settle();
}

describe('an adjustment by hand', () => {
  it.each([
    ['is only told', { mode: 'observe' }],
    ['is to be approved', { mode: 'act', policies: [{ path: 'tags', policy: 'approve' }] }],
    ['waits for the budget', { mode: 'act' }],
  ])('is written alone, and ends, beside drift of its resource and elsewhere that %s', async (_, drift) => {
    await provision({ drift, budgets: NOTHING_BY_ITSELF, tags: { owner: 'net' } });
    edit(WORKSPACE, { retentionInDays: 7 });
    edit(group('a'), {}, { tags: { owner: 'mallory' } });
    edit(group('b'), {}, { tags: { owner: 'mallory' } });
    await scan();
    const [before, writes] = [await drifts(), [...dependencies.arm.writes]];
    expect(before).toHaveLength(3);

    const id = await adjust(adjustment('a'));
    expect(rulesOf('a')).toEqual(['AllowPartner']);
    expect(dependencies.arm.writes.slice(writes.length)).toEqual([`PUT ${group('a')}`]);
    expect(await reconciling.run(id)).toMatchObject({ attended: false, scope: 'spoke:a' });
    await timePasses(3);

    expect(rulesOf('a')).toEqual([]);
    expect(dependencies.arm.writes.slice(writes.length)).toEqual([`PUT ${group('a')}`, `PUT ${group('a')}`]);
    expect(retention()).toBe(7);
    expect(dependencies.arm.body(group('a'))?.tags).toEqual({ owner: 'mallory' });
    expect(await drifts()).toEqual(before);
  });

  it('leaves a drift operation that waits for an approval as it is', async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    await provision({ drift: { mode: 'act', policies } });
    edit(WORKSPACE, { retentionInDays: 7 });
    const waiting = await scan();
    const { approvals } = await reconciling.head();
    const id = await adjust(adjustment('a'));

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded', setAside: waiting });
    expect(rulesOf('a')).toEqual(['AllowPartner']);
    expect(retention()).toBe(7);
    expect(await reconciling.head()).toMatchObject({ currentOperationId: waiting });
    expect((await reconciling.head()).approvals).toMatchObject(approvals.map(({ planHash }) => ({ planHash })));

    await approve();
    expect(retention()).toBe(30);
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
    expect(rulesOf('a')).toEqual(['AllowPartner']);
  });

  it('whose end has to wait for a window is taken back in it, whatever operation waits at its end', async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    const changeWindows = [
      { days: ['Tuesday'], start: '02:00', durationMinutes: 60, timeZone: 'UTC', appliesTo: 'disruptive' },
    ];
    await provision({ drift: { mode: 'act', policies } });
    await adjust(adjustment('a'));
    // No budget: as a drift alone it would never be written.
    await provision({ drift: { mode: 'act', policies }, changeWindows, budgets: NOTHING_BY_ITSELF });
    edit(WORKSPACE, { retentionInDays: 7 });
    const waiting = await scan();
    await timePasses(3);
    const steppedIn = await reconciling.run('north-5');

    expect(steppedIn).toMatchObject({ state: 'partial', setAside: waiting, trigger: 'timer' });
    expect(steppedIn.refused).toContainEqual(expect.objectContaining({ id: group('a'), code: 'WaitsBehindOperation' }));
    expect(rulesOf('a')).toEqual(['AllowPartner']);
    const { entries } = await dependencies.journal.read({ baseline: NAME, operation: 'north-6' });
    expect(entries.map(({ decision }) => decision)).toContain('queued');

    await approve();
    expect(retention()).toBe(30);
    expect(rulesOf('a')).toEqual(['AllowPartner']);
    expect(await reconciling.run('north-6')).toMatchObject({ joinedTo: waiting });
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
    await timePasses(15);
    expect(rulesOf('a')).toEqual([]);
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
    expect((await reconciling.head()).requests).toEqual([]);
  });

  it.each([
    ['a hold', 'hold'],
    ['a change window', 'window'],
  ])(
    'whose end %s keeps back is taken back after it, though a request for a part waits for somebody',
    async (_, by) => {
      const changeWindows =
        by === 'hold'
          ? []
          : [{ days: ['Tuesday'], start: '02:00', durationMinutes: 60, timeZone: 'UTC', appliesTo: 'disruptive' }];
      await provision({ drift: { mode: 'off' }, changeWindows: [] });
      await adjust(adjustment('a'));
      await provision({ drift: { mode: 'off' }, changeWindows });
      dependencies.arm.remove(group('b'));
      const part = await reconciling.record('reconcile', 'ann', { scope: 'spoke:b' });
      await reconciling.settle();
      expect(await reconciling.run(part)).toMatchObject({ state: 'waiting' });
      const until = new Date(Date.parse(reconciling.nowIso) + 4 * HOUR_SECONDS * 1_000).toISOString();
      const hold = { owner: 'joe', reason: 'incident', until, since: reconciling.nowIso, by: 'joe', scope: 'spoke:a' };
      if (by === 'hold') await reconciling.change((head) => withGeneration({ ...head, hold }));

      await timePasses(3);
      expect(rulesOf('a')).toEqual(['AllowPartner']);
      expect((await reconciling.head()).requests).toMatchObject([{ waitsItsTurn: true }]);
      await timePasses(by === 'hold' ? 2 : 15.5);
      expect(rulesOf('a')).toEqual([]);
      expect(await reconciling.run(part)).toMatchObject({ state: 'waiting' });
      expect((await reconciling.head()).requests).toEqual([]);
    },
  );

  it('is written though its resource is left alone by drift, and conflicts over drift stay stopped', async () => {
    await provision({ drift: { mode: 'act' }, tags: { owner: 'net' } });
    for (let times = 0; times < 4; times++) {
      edit(WORKSPACE, { retentionInDays: 7 });
      await scan();
      await timePasses(0.01);
    }
    edit(group('a'), {}, { tags: { owner: 'net', MonitorDisable: 'true' } });
    const around = `${SUBSCRIPTION}/resourceGroups/rg-north-a`;
    dependencies.arm.put(around, { ...dependencies.arm.body(around), tags: { owner: 'net', MonitorDisable: 'true' } });
    const contests = async () => (await dependencies.drift.read(NAME))?.contests;
    const before = await contests();
    expect(before).toMatchObject([{ id: WORKSPACE, theirs: [{}, {}, {}] }]);

    expect(await reconciling.run(await adjust(adjustment('a')))).toMatchObject({ state: 'succeeded', plansMade: 1 });
    expect(rulesOf('a')).toEqual(['AllowPartner']);
    expect(retention()).toBe(7);
    expect(await contests()).toEqual(before);
  });
});

describe('an adjustment by hand that took an address of the spec off the firewall', () => {
  const DETACHED = 'pip-fw-westeurope-02';
  const hub = {
    ...(JSON.parse(smallSpec(NAME, [])) as { readonly hub: JsonObject }).hub,
    subnets: { firewall: { addressPrefix: '10.200.0.0/26' } },
    firewall: { publicIps: { count: 3, minimum: 1, maximum: 5 } },
  };
  const SPEC = { hub, drift: { mode: 'observe' } };
  const addresses = () => namesIn(FIREWALL, 'ipConfigurations');

  async function detach(): Promise<void> {
    await provision(SPEC);
    const value = { count: 2, detached: [DETACHED] };
    await adjust(adjustment('', { kind: 'firewallPublicIpCount', scope: 'egress', target: FIREWALL, value }));
    expect(addresses()).not.toContain(DETACHED);
  }

  /** Somebody takes another address off the firewall, besides ours. */
  function takeOff(name: string): void {
    const configurations = propertiesOf(FIREWALL).ipConfigurations as readonly { readonly name: string }[];
    edit(FIREWALL, { ipConfigurations: configurations.filter((one) => one.name !== name) as unknown as Json });
  }

  async function driftLines(): Promise<readonly (readonly [string, string])[]> {
    const { entries } = await dependencies.journal.read({ baseline: NAME });
    return entries.flatMap(({ decision, resource, reason }) =>
      decision === 'drift found' ? [[resource, reason] as const] : [],
    );
  }

  it('gives it back at its end, though drift is only told, and tells it as none', async () => {
    await detach();
    edit(WORKSPACE, { retentionInDays: 7 });

    const id = await unadjust();
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(addresses()).toContain(DETACHED);
    expect(retention()).toBe(7);
    expect(await driftLines()).toEqual([]);
  });

  const ask: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'whole request',
      () => {
        dependencies.arm.remove(group('b'));
        return reconciling.record('reconcile', 'bob');
      },
    ],
    ['new spec', () => reconciling.put(smallSpec(NAME, ['a'], SPEC), 'bob')],
  ];
  const ends: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['ended', unadjust],
    ['over', () => timePasses(3)],
  ];
  const all = ask.flatMap(([asked, request]) => ends.map(([end, over]) => [asked, end, request, over] as const));

  it.each(all)(
    'gives it back while a person’s %s waits, once it is %s, and nothing else',
    async (_, __, request, over) => {
      await detach();
      const id = await request();
      await reconciling.settle();
      expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
      edit(WORKSPACE, { retentionInDays: 7 });
      const before = await driftLines();
      await over();

      expect(addresses()).toContain(DETACHED);
      expect(retention()).toBe(7);
      expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
      const told = (await driftLines()).slice(before.length);
      expect(told.map(([resource]) => resource)).toEqual([WORKSPACE]);
    },
  );

  it('gives back no other one, which somebody had taken off and which is only told', async () => {
    await provision(SPEC);
    takeOff('pip-fw-westeurope-01');
    await scan();
    const before = await drifts();
    const value = { count: 2, detached: [DETACHED] };
    await adjust(adjustment('', { kind: 'firewallPublicIpCount', scope: 'egress', target: FIREWALL, value }));
    expect(addresses()).toEqual(['pip-fw-westeurope-00']);
    await unadjust();

    expect(addresses()).toEqual(['pip-fw-westeurope-00', DETACHED]);
    expect(await drifts()).toEqual(before);
  });

  it('gives back no other one, which somebody has taken off meanwhile', async () => {
    await detach();
    dependencies.arm.remove(group('b'));
    await reconciling.record('reconcile', 'bob');
    await reconciling.settle();
    takeOff('pip-fw-westeurope-01');
    await unadjust();

    expect(addresses()).toEqual(['pip-fw-westeurope-00', DETACHED]);
    expect(await drifts()).toContainEqual(
      expect.objectContaining({ id: FIREWALL, path: 'properties.ipConfigurations[pip-fw-westeurope-01]' }),
    );
    await scan();
    expect(addresses()).toEqual(['pip-fw-westeurope-00', DETACHED]);
    expect(await drifts()).toContainEqual(
      expect.objectContaining({ id: FIREWALL, path: 'properties.ipConfigurations[pip-fw-westeurope-01]' }),
    );
  });
});
