import type { HttpRequest, InvocationContext } from '@azure/functions';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { getBaseline, listBaselines } from '../../functions/baselines.ts';
import type { Call } from '../../functions/http.ts';
import { baseline, baselineList } from '../../lib/api/baseline.ts';
import { type Contest, type Drift, type KnownForeignEntry, newDriftRecord } from '../../lib/drift/drift-record.ts';
import { type Approval, newHead } from '../../lib/state/baseline-head.ts';
import { DriftRecordUnreadableError } from '../../lib/state/drift-record-store.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const EARLIER = '2026-06-01T11:00:00.000Z';
const LATER = '2026-06-01T13:00:00.000Z';
const HASH = '9f2c41d07be3a855';
const NSG = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg';

const drift: Drift = {
  id: NSG,
  kind: 'networkSecurityGroup',
  path: 'properties.x',
  before: 1,
  after: 2,
  policy: 'approve',
  state: 'waiting',
  code: 'approval',
  why: 'The change is destructive.',
  until: LATER,
  origin: { author: { name: 'alice', objectId: null, appId: null }, at: EARLIER, correlationId: null },
  firstSeenAt: EARLIER,
  lastSeenAt: EARLIER,
  operationId: 'north-2',
};
const contest: Contest = {
  id: NSG,
  kind: 'networkSecurityGroup',
  path: 'properties.y',
  specVersion: 1,
  ours: [{ at: EARLIER, operationId: 'north-1' }],
  theirs: [{ at: EARLIER, operationId: 'north-2', origin: null }],
  stoppedAt: EARLIER,
};
const foreign: KnownForeignEntry = {
  id: NSG,
  kind: 'networkSecurityGroup',
  path: 'properties.securityRules[theirs]',
  description: 'Allow Inbound Tcp',
  contentHash: 'a',
  origin: null,
  firstSeenAt: EARLIER,
  lastSeenAt: EARLIER,
  operationId: 'north-2',
};
const approval: Approval = {
  planHash: HASH,
  operationId: 'north-2',
  requestedBy: 'hubkeeper',
  requesters: ['hubkeeper'],
  requestedAt: EARLIER,
  expiresAt: LATER,
  changeHashes: [],
  planKey: '1-a',
};

let dependencies: ReturnType<typeof memoryDependencies>;

beforeEach(async () => {
  dependencies = memoryDependencies();
  const head = { ...newHead('north'), approvals: [approval] };
  await dependencies.baselines.change('north', () => ({ head, result: 0 }), { create: true });
});

function call(): Call {
  return {
    app: dependencies,
    nowIso: NOW,
    caller: { user: 'alice' },
    request: { params: { name: 'north' } } as unknown as HttpRequest,
    client: {} as DurableClient,
    context: {} as InvocationContext,
  } as unknown as Call;
}

async function known(): Promise<void> {
  await dependencies.drift.write({
    ...newDriftRecord('north'),
    revision: 1,
    drifts: [drift, { ...drift, path: 'properties.z', policy: 'ignore', state: 'ignored', code: 'DriftIgnored' }],
    contests: [contest, { ...contest, path: 'properties.put', theirs: [], stoppedAt: null }],
    unmanaged: [{ id: `${NSG}-other`, type: 'Microsoft.Network/networkSecurityGroups' }],
    unmanagedCount: 1,
    unmanagedAt: EARLIER,
    foreignEntries: [foreign],
    moreForeignCount: 2,
  });
}

describe('what a baseline says of drift', () => {
  it('is what is known, with the plan to approve and both sides of what is stopped', async () => {
    await known();
    const body = baseline.parse((await getBaseline(call())).jsonBody);

    expect(body.drift?.drifts).toMatchObject([
      { path: 'properties.x', before: 1, after: 2, approvePlanHash: HASH, origin: { author: { name: 'alice' } } },
      { path: 'properties.z', state: 'ignored' },
    ]);
    expect(body.drift?.drifts[1]).not.toHaveProperty('approvePlanHash');
    expect(body.drift?.conflicts).toMatchObject([
      { path: 'properties.y', stopped: true, putRight: [{ operationId: 'north-1' }], changedBack: [{ at: EARLIER }] },
    ]);
    expect(body.drift?.unmanaged).toHaveLength(1);
    expect(body.drift?.unmanagedAt).toBe(EARLIER);
    const { contentHash: _, ...shown } = foreign;
    expect(body.drift).toMatchObject({ foreignEntries: [shown], foreignEntryCount: 3 });
    expect(body.drift?.foreignEntries[0]).not.toHaveProperty('contentHash');
  });

  it('is in the list in figures only', async () => {
    await known();
    const [one] = baselineList.parse((await listBaselines(call())).jsonBody).baselines;

    expect(one).toMatchObject({
      driftCounts: {
        openCount: 1,
        openResourceCount: 1,
        waitingCount: 1,
        conflictCount: 1,
        unmanagedCount: 1,
        foreignEntryCount: 3,
      },
    });
    expect(one).not.toHaveProperty('drift');
  });

  it('is a problem with its remedy where it cannot be read, and no other baseline is hidden for it', async () => {
    await known();
    await dependencies.baselines.change('south', () => ({ head: newHead('south'), result: 0 }), { create: true });
    const { read } = dependencies.drift;
    dependencies.drift.read = async (name) => {
      if (name === 'south') throw new DriftRecordUnreadableError(name, 'it is cut off.');
      return read(name);
    };
    const { baselines } = baselineList.parse((await listBaselines(call())).jsonBody);

    expect(baselines).toMatchObject([
      { name: 'north', driftCounts: { openCount: 1 } },
      { name: 'south', driftProblem: { code: 'DriftRecordUnreadable', actor: 'operator' } },
    ]);
    expect(baselines[0]).not.toHaveProperty('driftProblem');
  });

  it('names no plan whose approval is decided or over', async () => {
    await known();
    await dependencies.baselines.change('north', (head) => ({
      head: { ...head, approvals: [{ ...approval, expiresAt: EARLIER }] },
      result: 0,
    }));

    expect(baseline.parse((await getBaseline(call())).jsonBody).drift?.drifts[0]).not.toHaveProperty('approvePlanHash');
  });

  it('is nothing where nothing is known', async () => {
    expect(baseline.parse((await getBaseline(call())).jsonBody)).not.toHaveProperty('drift');
    expect(baselineList.parse((await listBaselines(call())).jsonBody).baselines[0]).not.toHaveProperty('driftCounts');
  });
});
