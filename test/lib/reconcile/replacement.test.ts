import { beforeEach, describe, expect, it } from '@jest/globals';
import { virtualNetworkPeering } from '../../../lib/baseline/kinds/virtual-network-peering.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { ownedFieldsOf } from '../../../lib/plan/merge.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { type Look, lookAtOperation } from '../../../lib/reconcile/look-at-operation.ts';
import { type StartOutcome, startWrite } from '../../../lib/reconcile/start-write.ts';
import { withReconciler } from '../../../lib/state/baseline-head.ts';
import type { RunRow } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const NETWORKS = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks';
const ID = `${NETWORKS}/hub/virtualNetworkPeerings/to-spoke`;
const OPERATION = 'north-1';
const NODE: DesiredNode = {
  id: ID,
  kind: 'virtualNetworkPeering',
  body: { properties: { remoteVirtualNetwork: { id: `${NETWORKS}/spoke` }, allowForwardedTraffic: true } },
  dependsOn: [],
  lanes: ['hub', 'spoke'],
  owner: 'spec',
  presence: 'create',
  scope: 'spoke:spoke',
};
const ENTRY: LedgerEntry = {
  id: ID,
  kind: NODE.kind,
  state: 'confirmed',
  created: true,
  confirmed: ownedFieldsOf(NODE, virtualNetworkPeering.comparison),
  intended: {},
  lanes: NODE.lanes,
  dependsOn: [],
  scope: NODE.scope,
  operationId: 'north-0',
  at: '2026-05-01T00:00:00.000Z',
};
const HALF: LedgerEntry = { ...ENTRY, state: 'deleting', replacing: true, operationId: OPERATION };
/** What the plan after the delete says: the same, of a resource that is not there. */
const SECOND: Change = {
  id: ID,
  kind: NODE.kind,
  action: 'update',
  risk: 'disruptive',
  owner: 'spec',
  reason: 'It is Disconnected.',
  diff: [{ path: 'properties.peeringState', before: 'Disconnected', after: 'Connected' }],
  estimatedMinutes: 2,
  lanes: NODE.lanes,
  dependsOn: [],
  scope: NODE.scope,
};
const FIRST: Change = { ...SECOND, replaces: true };

let dependencies: ReturnType<typeof memoryDependencies>;
beforeEach(async () => {
  dependencies = memoryDependencies();
  await dependencies.baselines.change(
    'north',
    (head) => ({ head: withReconciler(head, NOW).head, result: undefined }),
    { create: true },
  );
});

function peering(peeringState: string, over: JsonObject = {}): void {
  const properties = NODE.body.properties as JsonObject;
  dependencies.arm.put(ID, { properties: { ...properties, peeringState, provisioningState: 'Succeeded', ...over } });
}

async function start(planned: Change): Promise<StartOutcome> {
  await dependencies.runs.writePlan({
    operationId: OPERATION,
    key: 'p',
    plan: { hash: 'h', changes: [planned], criticalPathMinutes: 1, refused: [] },
    nodes: { [ID.toLowerCase()]: NODE },
    sharedLanes: [],
  });
  return startWrite(dependencies, {
    baseline: 'north',
    operationId: OPERATION,
    planKey: 'p',
    id: ID,
    attempt: 1,
    instanceId: 'reconcile.north.1',
    generation: 0,
    pauseGeneration: 0,
    nowIso: NOW,
  });
}

function look(change: Change): Promise<Look> {
  const row: RunRow = {
    id: ID,
    state: { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
    attempt: 1,
    writes: 1,
    changeHash: 'h',
    handle: { by: 'resource', expect: 'present' },
    deadlineMs: Date.parse(NOW) + 60_000,
  };
  return lookAtOperation(dependencies, {
    baseline: 'north',
    operationId: OPERATION,
    row,
    change,
    node: NODE,
    nowIso: NOW,
  });
}

async function ledger(entry?: LedgerEntry): Promise<LedgerEntry | null> {
  if (entry !== undefined) await dependencies.ledger.write('north', [entry]);
  return dependencies.ledger.read('north', ID);
}

describe('the first half of a replacement', () => {
  it('deletes what is broken, with a note that it is to be made anew, and asks for a new plan', async () => {
    await ledger(ENTRY);
    peering('Disconnected');

    expect(await start(FIRST)).toMatchObject({ outcome: 'settled', wrote: true });

    expect(dependencies.arm.writes).toEqual([`DELETE ${ID}`]);
    expect(await ledger()).toMatchObject({ state: 'deleting', replacing: true, created: true });
    const looked = await look(FIRST);
    expect(looked).toMatchObject({ replan: true, row: { state: { name: 'pending' } } });
    expect(looked.ledger).toBeUndefined();
  });

  it('makes nothing when it is run again after its delete', async () => {
    await ledger(HALF);

    expect(await start(FIRST)).toMatchObject({ outcome: 'settled', wrote: true });
    expect(dependencies.arm.writes).toEqual([]);
  });

  it('deletes nothing that is sound again, differs in what was not planned, or is not ours', async () => {
    await ledger(ENTRY);
    peering('Connected');
    await start(FIRST);
    peering('Disconnected', { allowForwardedTraffic: false });
    expect((await start(FIRST)).outcome).toBe('stale');
    await ledger({ ...ENTRY, created: false });
    peering('Disconnected');
    expect((await start(FIRST)).outcome).toBe('stale');

    expect(dependencies.arm.writes.filter((write) => write.startsWith('DELETE'))).toEqual([]);
  });

  it('is noted no longer when the delete was refused', async () => {
    await ledger(ENTRY);
    peering('Disconnected');
    dependencies.arm.answerOnce('DELETE', ID, 403, { error: { code: 'ScopeLocked', message: 'locked' } });

    expect((await start(FIRST)).outcome).toBe('refused');
    expect(await ledger()).toEqual(ENTRY);
  });
});

describe('the second half', () => {
  it('makes it anew, and is remembered until that is known', async () => {
    await ledger(HALF);

    expect(await start(SECOND)).toMatchObject({ outcome: 'settled', wrote: true });

    expect(dependencies.arm.requests.at(-1)).toMatchObject({ method: 'PUT', target: ID, ifNoneMatch: '*' });
    expect(await ledger()).toMatchObject({ state: 'intended', replacing: true, created: true });
    const looked = await look(SECOND);
    expect(looked.row.state).toEqual({ name: 'done' });
    expect(looked.ledger).toMatchObject({ state: 'confirmed', confirmed: ENTRY.confirmed });
    expect(looked.ledger).not.toHaveProperty('replacing');
  });

  it('is still to be done when Azure refused it', async () => {
    await ledger(HALF);
    const error = { code: 'ReferencedResourceNotProvisioned', message: 'busy' };
    dependencies.arm.answerOnce('PUT', ID, 400, { error });

    expect((await start(SECOND)).outcome).toBe('refused');
    expect(await ledger()).toEqual(HALF);
  });

  it('makes nothing of what Hubkeeper did not delete itself', async () => {
    await ledger(ENTRY);

    expect(await start(SECOND)).toMatchObject({ outcome: 'stale' });
    expect(dependencies.arm.writes).toEqual([]);
  });
});
