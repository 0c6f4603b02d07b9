import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DriftRecord } from '../../../lib/drift/drift-record.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { withGeneration } from '../../../lib/state/baseline-head.ts';
import { DriftRecordUnreadableError } from '../../../lib/state/drift-record-store.ts';
import { NO_DRIFT_WATCH } from '../../../lib/state/drift-watch.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const WORKSPACE = `${SUBSCRIPTION}/resourceGroups/rg-north/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const NETWORK = `${SUBSCRIPTION}/resourceGroups/rg-north-b/providers/Microsoft.Network/virtualNetworks/vnet-spoke-b`;
const OTHER_NETWORK = NETWORK.replace('rg-north-b', 'rg-north-a').replace('spoke-b', 'spoke-a');
const CAROL = { name: 'carol@contoso.com', objectId: null, appId: null };
const DAY_SECONDS = 86_400;

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
});

/** A baseline whose second spoke has these further address ranges. */
function specWith(ranges: readonly string[], more: JsonObject): string {
  const spec: JsonObject = JSON.parse(smallSpec(NAME, ['a', 'b'], { tags: { owner: 'net' }, ...more }));
  const [a, b] = spec.spokes as readonly JsonObject[];
  const network = { addressPrefixes: ['10.2.0.0/16', ...ranges] };
  return JSON.stringify({ ...spec, spokes: [a ?? {}, { ...b, network }] });
}

/** A person's spec for the second spoke waits for the end of a hold. */
async function waitingPut(more: JsonObject): Promise<string> {
  await reconciling.put(specWith([], more), 'ann');
  await reconciling.settle();
  const hold = { owner: 'ann', reason: 'r', scope: 'spoke:b', until: '2027-01-01T00:00:00.000Z', since: '', by: 'ann' };
  await reconciling.change((head) => withGeneration({ ...head, hold }));
  const id = await reconciling.put(specWith(['10.99.0.0/24'], more), 'ann');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'waiting', askedPlan: { hasWaited: true } });
  return id;
}

/** Carol changes a tag, and an event tells of it; nobody has looked yet. */
async function retag(id: string): Promise<void> {
  reconciling.pass(DAY_SECONDS);
  dependencies.arm.put(id, { ...dependencies.arm.body(id), tags: { owner: 'carol' } });
  const heard = [
    { resource: id, action: 'write', at: reconciling.nowIso, author: CAROL, correlationId: 'c-1' } as const,
  ];
  await reconciling.change((head) => ({ ...head, driftWatch: { ...NO_DRIFT_WATCH, heard } }));
}

async function released(operationId: string): Promise<void> {
  await reconciling.change((head) => withGeneration({ ...head, hold: null }));
  await reconciling.record('resume', 'hubkeeper', { operationId });
  await reconciling.settle();
}

async function record(): Promise<DriftRecord> {
  const stored = await dependencies.drift.read(NAME);
  if (stored === null) throw new Error('Nothing is known of drift.');
  return stored;
}

async function told(operation: string, decision: string): Promise<readonly string[]> {
  const { entries } = await dependencies.journal.read({ baseline: NAME, operation });
  return entries.filter((line) => line.decision === decision).map(({ reason }) => reason);
}

const ownerOf = (id: string) => (dependencies.arm.body(id)?.tags as JsonObject | undefined)?.owner;
const rangesOf = (id: string) =>
  ((dependencies.arm.body(id)?.properties as JsonObject | undefined)?.addressSpace as JsonObject)?.addressPrefixes;

describe('what somebody changes while a person’s spec waits', () => {
  it('stays and is told with its author where drift is only to be told; the spec is brought about', async () => {
    const id = await waitingPut({ drift: { mode: 'observe' } });
    await retag(WORKSPACE);
    await released(id);

    expect(ownerOf(WORKSPACE)).toBe('carol');
    expect(rangesOf(NETWORK)).toContain('10.99.0.0/24');
    expect(await told(id, 'drift found')).toEqual([expect.stringContaining('carol@contoso.com')]);
    expect((await record()).drifts).toMatchObject([
      { id: WORKSPACE, path: 'tags.owner', state: 'reported', origin: { author: CAROL } },
    ]);
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.head()).toMatchObject({ appliedSpecVersion: 2 });
  });

  it('keeps nothing of the spec from being made that builds on it', async () => {
    const id = await waitingPut({ drift: { mode: 'observe' } });
    await retag(OTHER_NETWORK);
    await released(id);

    expect(ownerOf(OTHER_NETWORK)).toBe('carol');
    expect(rangesOf(NETWORK)).toContain('10.99.0.0/24');
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
  });

  it('is put right where drift may be, told with its author, and counted in budgets and in a fight', async () => {
    const id = await waitingPut({ drift: { mode: 'act' } });
    await retag(WORKSPACE);
    await released(id);

    expect(ownerOf(WORKSPACE)).toBe('net');
    expect(await told(id, 'drift found')).toEqual([expect.stringContaining('carol@contoso.com')]);
    expect((await reconciling.run(id)).spent).toHaveLength(1);
    expect(await record()).toMatchObject({ drifts: [], contests: [{ id: WORKSPACE, ours: [{ operationId: id }] }] });
  });

  it('waits for an approval where the spec has somebody approve it', async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    const id = await waitingPut({ drift: { mode: 'act', policies } });
    await retag(WORKSPACE);
    await released(id);

    expect(ownerOf(WORKSPACE)).toBe('carol');
    expect(rangesOf(NETWORK)).toContain('10.99.0.0/24');
    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect((await record()).drifts).toMatchObject([{ id: WORKSPACE, state: 'waiting', code: 'approval' }]);
    const head = await reconciling.head();
    const asked = { planHash: head.approvals.at(-1)?.planHash ?? '', user: 'bob', selfApproval: false };
    const decided = decideApproval(head, { ...asked, decision: 'approve', nowIso: reconciling.nowIso });
    if ('code' in decided) throw new Error(decided.code);
    await reconciling.change(() => decided.head);
    await reconciling.settle();
    expect(ownerOf(WORKSPACE)).toBe('net');
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
  });

  it('is left to the next look where it would have to wait for anything else', async () => {
    const id = await waitingPut({ drift: { mode: 'act' }, budgets: { perRun: 1, perDay: 1 } });
    await retag(WORKSPACE);
    await retag(OTHER_NETWORK);
    await released(id);

    const left = [WORKSPACE, OTHER_NETWORK].filter((one) => ownerOf(one) === 'carol');
    expect(left).toHaveLength(1);
    expect(await reconciling.run(id)).toMatchObject({
      state: 'succeeded',
      refused: [{ id: left[0], code: 'LeftToNextLook', why: expect.stringMatching(/budget.*next look for drift/) }],
    });
    expect((await record()).drifts).toMatchObject([{ id: left[0], state: 'waiting', code: 'budget' }]);
  });

  it('stays where the record of drift cannot be read', async () => {
    const id = await waitingPut({ drift: { mode: 'act' } });
    await retag(WORKSPACE);
    dependencies.drift.read = async () => {
      throw new DriftRecordUnreadableError(NAME, 'it is cut off.');
    };
    await released(id);

    expect(ownerOf(WORKSPACE)).toBe('carol');
    expect(rangesOf(NETWORK)).toContain('10.99.0.0/24');
    expect(await told(id, 'drift not recorded')).toHaveLength(1);
  });

  it('is put right, past every rule about drift, for a person who asks anew', async () => {
    const id = await waitingPut({ drift: { mode: 'observe' } });
    await retag(WORKSPACE);
    await reconciling.record('reconcile', 'dora');
    await reconciling.settle();

    expect(ownerOf(WORKSPACE)).toBe('net');
    expect(await told(id, 'drift found')).toEqual([expect.stringContaining('carol@contoso.com')]);
    expect((await record()).drifts).toEqual([]);
    expect((await reconciling.run(id)).spent).toEqual([]);
  });
});

describe('what a person’s first plan finds changed', () => {
  it('is put right in every mode and told with its author', async () => {
    await reconciling.put(specWith([], { drift: { mode: 'observe' } }), 'ann');
    await reconciling.settle();
    await retag(WORKSPACE);
    const id = await reconciling.put(specWith(['10.99.0.0/24'], { drift: { mode: 'observe' } }), 'ann');
    await reconciling.settle();

    expect(ownerOf(WORKSPACE)).toBe('net');
    expect(await told(id, 'drift found')).toEqual([expect.stringContaining('carol@contoso.com')]);
    expect(await record()).toMatchObject({ drifts: [], contests: [] });
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
  });
});
