import { describe, expect, it } from '@jest/globals';
import type { Dependencies } from '../../../lib/dependencies.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { type StartOutcome, startWrite } from '../../../lib/reconcile/start-write.ts';
import { withGeneration, withReconciler } from '../../../lib/state/baseline-head.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const ID = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z';
const LANE = `privatednszone:${ID.toLowerCase()}`;
const OPERATION = 'north-1';
const NODE: DesiredNode = {
  id: ID,
  kind: 'privateDnsZone',
  body: { location: 'global', tags: { team: 'network' }, properties: {} },
  dependsOn: [],
  lanes: [LANE],
  owner: 'spec',
  presence: 'create',
  scope: 'hub',
};
const ENTRY: LedgerEntry = {
  id: ID,
  kind: 'privateDnsZone',
  state: 'confirmed',
  created: true,
  confirmed: { 'tags.team': 'spec' },
  intended: {},
  lanes: [LANE],
  dependsOn: [],
  scope: 'hub',
  operationId: 'north-0',
  at: '2026-05-01T00:00:00.000Z',
};

type World = Dependencies & { readonly arm: FakeAzure };

function change(action: Change['action'], over: Partial<Change> = {}): Change {
  return {
    id: ID,
    kind: 'privateDnsZone',
    action,
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [],
    estimatedMinutes: 1,
    lanes: [LANE],
    dependsOn: [],
    scope: 'hub',
    ...over,
  };
}

async function world(planned: Change, settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const dependencies = memoryDependencies(settings);
  await dependencies.baselines.change(
    'north',
    (head) => ({ head: withReconciler(head, NOW).head, result: undefined }),
    { create: true },
  );
  await dependencies.runs.writePlan({
    operationId: OPERATION,
    key: 'p',
    plan: { hash: 'h', changes: [planned], criticalPathMinutes: 1, refused: [] },
    nodes: planned.action === 'delete' ? {} : { [ID.toLowerCase()]: NODE },
    sharedLanes: [LANE],
  });
  return dependencies;
}

async function start(dependencies: World, attempt = 1, nowIso = NOW): Promise<StartOutcome> {
  return startWrite(dependencies, {
    baseline: 'north',
    operationId: OPERATION,
    planKey: 'p',
    id: ID,
    attempt,
    instanceId: 'reconcile.north.1',
    generation: 0,
    pauseGeneration: 0,
    nowIso,
  });
}

async function newGeneration({ baselines }: World): Promise<void> {
  await baselines.change('north', (head) => ({ head: withGeneration(head), result: undefined }));
}

const LACKS_TAG = [{ path: 'tags.team', after: 'network' }];

describe('a start', () => {
  it('writes nothing when something was decided while it read the resource', async () => {
    for (const action of ['create', 'update', 'delete'] as const) {
      const dependencies = await world(change(action, action === 'update' ? { diff: LACKS_TAG } : {}));
      if (action !== 'create') {
        await dependencies.ledger.write('north', [{ ...ENTRY, confirmed: {} }]);
        dependencies.arm.put(ID, { location: 'global', properties: {} });
      }
      dependencies.arm.beforeNext('GET', () => newGeneration(dependencies));

      const outcome = await start(dependencies);

      expect(outcome.outcome).toBe('stale');
      expect(dependencies.arm.writes).toEqual([]);
      expect(await dependencies.ledger.read('north', ID)).toEqual(
        action === 'create' ? null : { ...ENTRY, confirmed: {} },
      );
      // Another baseline need not wait for a start that came to nothing.
      expect(await dependencies.lanes.read(LANE)).toBeNull();
    }
  });

  it('sends ids that the ledger has before the write goes out; a repeat sends the same, another attempt others', async () => {
    const dependencies = await world(change('create'));
    const known: (readonly string[])[] = [];
    const note = async () => {
      const entry = await dependencies.ledger.read('north', ID);
      known.push((entry?.writes ?? []).map(({ correlationId }) => correlationId));
    };
    dependencies.arm.beforeNext('PUT', note);
    await start(dependencies);
    dependencies.arm.remove(ID);
    dependencies.arm.beforeNext('PUT', note);
    await start(dependencies);
    dependencies.arm.remove(ID);
    dependencies.arm.beforeNext('PUT', note);
    await start(dependencies, 2);

    const sent = dependencies.arm.requests.filter(({ method }) => method === 'PUT');
    const [first, repeat, another] = sent.map(({ correlationId }) => correlationId);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(repeat).toBe(first);
    expect(another).not.toBe(first);
    expect(known).toEqual([[first], [first], [first, another]]);
    expect(sent.map(({ clientRequestId }) => clientRequestId)).toEqual(['north-1:1', 'north-1:1', 'north-1:2']);
  });

  it('notes the ids of a delete in the ledger before it goes out', async () => {
    const dependencies = await world(change('delete'));
    await dependencies.ledger.write('north', [ENTRY]);
    dependencies.arm.put(ID, { location: 'global', properties: {} });
    let known: LedgerEntry | null = null;
    dependencies.arm.beforeNext('DELETE', async () => {
      known = await dependencies.ledger.read('north', ID);
    });

    await start(dependencies);

    const { correlationId, clientRequestId } = dependencies.arm.requests.at(-1) ?? {};
    expect(known).toMatchObject({ state: 'deleting', writes: [{ correlationId, clientRequestId }] });
  });

  it('takes no subscription that is not to be seen for the end of what is in it', async () => {
    for (const action of ['update', 'delete'] as const) {
      const dependencies = await world(change(action, action === 'update' ? { diff: LACKS_TAG } : {}));
      await dependencies.ledger.write('north', [ENTRY]);
      dependencies.arm.put(ID, { location: 'global', properties: {} });
      dependencies.arm.answerOnce('GET', ID, 404, { error: { code: 'SubscriptionNotFound', message: 'No.' } });

      expect(await start(dependencies)).toMatchObject({
        outcome: 'refused',
        refusal: { problem: { code: 'SubscriptionNotFound' } },
      });
      expect(dependencies.arm.writes).toEqual([]);
      expect(await dependencies.ledger.read('north', ID)).toEqual(ENTRY);
    }
  });

  it('leaves alone what has been tagged so since the plan, be it to be written or deleted', async () => {
    for (const action of ['update', 'delete'] as const) {
      const dependencies = await world(change(action, action === 'update' ? { diff: LACKS_TAG } : {}));
      await dependencies.ledger.write('north', [{ ...ENTRY, confirmed: {} }]);
      dependencies.arm.put(ID, { location: 'global', tags: { 'Hubkeeper-Ignore': '' }, properties: {} });

      expect(await start(dependencies)).toMatchObject({ outcome: 'stale', why: expect.stringContaining('tag') });
      expect(dependencies.arm.writes).toEqual([]);
    }
  });

  it('writes nothing over what somebody has changed since the plan', async () => {
    const dependencies = await world(change('update', { diff: LACKS_TAG }));
    await dependencies.ledger.write('north', [{ ...ENTRY, confirmed: {} }]);
    dependencies.arm.put(ID, { location: 'global', tags: { team: 'theirs' }, properties: {} });

    expect(await start(dependencies)).toMatchObject({
      outcome: 'stale',
      why: expect.stringContaining('changed since the plan'),
    });
    expect(dependencies.arm.writes).toEqual([]);
  });

  it('neither writes nor deletes while the app setting stops everything', async () => {
    for (const action of ['create', 'update', 'delete'] as const) {
      const planned = change(action, action === 'update' ? { diff: LACKS_TAG } : {});
      const dependencies = await world(planned, { HUBKEEPER_STOPPED: 'true' });
      if (action !== 'create') {
        await dependencies.ledger.write('north', [{ ...ENTRY, confirmed: {} }]);
        dependencies.arm.put(ID, { location: 'global', properties: {} });
      }

      expect(await start(dependencies)).toMatchObject({
        outcome: 'stale',
        why: expect.stringContaining('HUBKEEPER_STOPPED'),
      });
      expect(dependencies.arm.writes).toEqual([]);
    }
  });

  it('neither writes nor deletes outside of the allowed scopes', async () => {
    for (const action of ['create', 'delete'] as const) {
      const dependencies = await world(change(action), { HUBKEEPER_ALLOWED_SCOPES: '/subscriptions/other' });
      if (action === 'delete') {
        await dependencies.ledger.write('north', [ENTRY]);
        dependencies.arm.put(ID, { location: 'global', tags: { team: 'network' }, properties: {} });
      }

      expect(await start(dependencies)).toMatchObject({
        outcome: 'refused',
        refusal: { problem: { code: 'OutsideAllowedScopes' } },
      });
      expect(dependencies.arm.writes).toEqual([]);
    }
  });

  it('makes nothing where somebody has made the same meanwhile', async () => {
    const dependencies = await world(change('create'));
    dependencies.arm.put(ID, { location: 'global', tags: { team: 'network' }, properties: {} });

    expect((await start(dependencies)).outcome).toBe('stale');
    expect(await dependencies.ledger.read('north', ID)).toBeNull();
    expect(await dependencies.ledger.holderOf(ID)).toBeNull();
  });

  it('makes nothing where somebody has made again what was ours and deleted', async () => {
    const dependencies = await world(change('create', { recreates: true }));
    await dependencies.ledger.write('north', [ENTRY]);
    dependencies.arm.put(ID, { location: 'global', tags: { team: 'network' }, properties: {} });

    expect((await start(dependencies)).outcome).toBe('stale');
  });

  it('finds its own write again when it is run twice, whatever has been decided since', async () => {
    const dependencies = await world(change('create'));
    expect(await start(dependencies)).toMatchObject({ outcome: 'settled', wrote: true });
    await newGeneration(dependencies);

    expect(await start(dependencies)).toMatchObject({ outcome: 'settled', wrote: true });
    expect(dependencies.arm.writes).toEqual([`PUT ${ID}`]);
    expect((await dependencies.lanes.read(LANE))?.holder.resource).toBe(ID);
  });

  it('writes its own failed create once more', async () => {
    const dependencies = await world(change('create'));
    await start(dependencies);
    dependencies.arm.put(ID, { ...NODE.body, properties: { provisioningState: 'Failed' } });

    expect(await start(dependencies, 2, '2026-06-01T12:10:00.000Z')).toMatchObject({ outcome: 'settled', wrote: true });
    expect(dependencies.arm.writes).toHaveLength(2);
  });
});

describe('a claim', () => {
  it('is made by a write to a resource that is adopted', async () => {
    const dependencies = await world(change('update', { diff: LACKS_TAG }));
    dependencies.arm.put(ID, { location: 'global', properties: {} });

    expect((await start(dependencies)).outcome).toBe('settled');
    expect(await dependencies.ledger.holderOf(ID)).toBe('north');
  });

  it('of another baseline keeps it from being written, and leaves no row behind', async () => {
    for (const action of ['create', 'update'] as const) {
      const dependencies = await world(change(action, { diff: action === 'update' ? LACKS_TAG : [] }));
      if (action === 'update') dependencies.arm.put(ID, { location: 'global', properties: {} });
      await dependencies.ledger.claim('south', ID);

      expect(await start(dependencies)).toMatchObject({
        outcome: 'refused',
        refusal: { problem: { code: 'ClaimedByAnotherBaseline' } },
      });
      expect(dependencies.arm.writes).toEqual([]);
      expect(await dependencies.ledger.read('north', ID)).toBeNull();
      expect(await dependencies.ledger.holderOf(ID)).toBe('south');
      expect(await dependencies.lanes.read(LANE)).toBeNull();
    }
  });

  it('of another baseline keeps a resource from being deleted', async () => {
    const dependencies = await world(change('delete'));
    await dependencies.ledger.write('north', [ENTRY]);
    await dependencies.ledger.claim('south', ID);
    dependencies.arm.put(ID, { location: 'global', tags: { team: 'network' }, properties: {} });

    expect((await start(dependencies)).outcome).toBe('stale');
    expect(dependencies.arm.writes).toEqual([]);
  });

  it('goes with a write that Azure refused', async () => {
    for (const action of ['create', 'update'] as const) {
      const dependencies = await world(change(action, { diff: action === 'update' ? LACKS_TAG : [] }));
      if (action === 'update') dependencies.arm.put(ID, { location: 'global', properties: {} });
      dependencies.arm.answerOnce('PUT', ID, 400, { error: { code: 'InvalidRequest', message: 'No.' } });

      expect((await start(dependencies)).outcome).toBe('refused');
      expect(await dependencies.ledger.holderOf(ID)).toBeNull();
      expect(await dependencies.ledger.read('north', ID)).toBeNull();
      expect(await dependencies.lanes.read(LANE)).toBeNull();
    }
  });

  it('and the lane stay where Azure did not say whether it wrote', async () => {
    const dependencies = await world(change('create'));
    dependencies.arm.answerOnce('PUT', ID, 503, { error: { code: 'ServiceUnavailable', message: 'Busy.' } });

    expect((await start(dependencies)).outcome).toBe('refused');
    expect(await dependencies.ledger.holderOf(ID)).toBe('north');
    expect((await dependencies.lanes.read(LANE))?.holder.baseline).toBe('north');
  });
});
