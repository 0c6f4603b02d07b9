import { beforeEach, describe, expect, it } from '@jest/globals';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { withGeneration, withWaitingResumed } from '../../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const HOUR_SECONDS = 3_600;
const nodesOf = (spoke: string) =>
  `/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-${NAME}-${spoke}/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-${spoke}-snet-a`;

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
});

const tagsOf = (spoke: string) => dependencies.arm.body(nodesOf(spoke))?.tags;
const DECLARED = { owner: 'net' };
const CHANGED = { owner: 'me' };

/** Both spokes have drifted, and the run that found it waits for somebody. @returns its operation. */
async function waitingScan(): Promise<string> {
  const drift = { mode: 'act', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] };
  await reconciling.put(smallSpec(NAME, ['a', 'b'], { tags: DECLARED, drift }), 'ann');
  await reconciling.settle();
  for (const spoke of ['a', 'b'])
    dependencies.arm.put(nodesOf(spoke), { ...dependencies.arm.body(nodesOf(spoke)), tags: CHANGED });
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
  return id;
}

async function reconcile(scope: string): Promise<string> {
  const id = await reconciling.record('reconcile', 'carol', { scope });
  await reconciling.settle();
  return id;
}

async function hold(hours: number, scope?: string): Promise<void> {
  const until = new Date(Date.parse(reconciling.nowIso) + hours * HOUR_SECONDS * 1_000).toISOString();
  const held = {
    owner: 'inc',
    reason: 'incident',
    until,
    since: reconciling.nowIso,
    by: 'inc',
    ...(scope && { scope }),
  };
  await reconciling.change((head) => withGeneration({ ...head, hold: held }));
}

async function decide(decision: 'approve' | 'reject'): Promise<void> {
  const head = await reconciling.head();
  const decided = decideApproval(head, {
    planHash: head.approvals[0]?.planHash ?? '',
    decision,
    user: 'bob',
    selfApproval: false,
    nowIso: reconciling.nowIso,
  });
  if ('code' in decided) throw new Error(decided.code);
  await reconciling.change(() => decided.head);
}

async function decisionsOf(operation: string): Promise<readonly string[]> {
  return (await dependencies.journal.read({ baseline: NAME, operation })).entries.map(({ decision }) => decision);
}

describe('a person’s request for a part while a scan waits for an approval', () => {
  it('goes first, and the scan then goes on and asks for the rest', async () => {
    const scan = await waitingScan();
    const id = await reconcile('spoke:a');

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded', requestedBy: 'carol' });
    expect([tagsOf('a'), tagsOf('b')]).toEqual([DECLARED, CHANGED]);
    expect(await decisionsOf(scan)).toContain('made way');
    expect(await reconciling.run(scan)).toMatchObject({ state: 'waiting' });

    const head = await reconciling.head();
    expect(head).toMatchObject({ currentOperationId: scan, requests: [] });
    expect(head.approvals).toMatchObject([{ operationId: scan }]);
    await decide('approve');
    await reconciling.settle();
    expect(tagsOf('b')).toEqual(DECLARED);
    expect(await reconciling.run(scan)).toMatchObject({ state: 'succeeded' });
  });

  it('waits for its own reasons where it has some, and the scan keeps nobody waiting meanwhile', async () => {
    const scan = await waitingScan();
    await hold(2);
    const id = await reconcile('spoke:a');

    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect(await reconciling.head()).toMatchObject({ currentOperationId: id, requests: [] });
    expect((await reconciling.run(scan)).state).not.toBe('waiting');
    await hold(0);
    await reconciling.change((head) => withWaitingResumed(head, 'hubkeeper', reconciling.nowIso).head);
    await reconciling.settle();
    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(tagsOf('a')).toEqual(DECLARED);
  });

  it('leaves the scan an approval that a hold keeps from being used', async () => {
    const scan = await waitingScan();
    await hold(2, 'spoke:b');
    await decide('approve');
    await reconciling.settle();
    const { approvals } = await reconciling.head();
    expect(approvals).toMatchObject([{ operationId: scan, decision: 'approve' }]);
    expect(tagsOf('b')).toEqual(CHANGED);

    await reconcile('spoke:a');
    expect((await reconciling.head()).approvals).toEqual(approvals);
    await reconciling.change(
      (head) => withWaitingResumed(withGeneration({ ...head, hold: null }), 'inc', reconciling.nowIso).head,
    );
    await reconciling.settle();
    expect(tagsOf('b')).toEqual(DECLARED);
    expect(await decisionsOf(scan)).not.toContain('approval lapsed');
  });

  it.each(['approve', 'reject'] as const)(
    'leaves the scan a decision that came right before it: %s',
    async (decision) => {
      const scan = await waitingScan();
      await decide(decision);
      const id = await reconcile('spoke:a');

      expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
      expect(tagsOf('b')).toEqual(decision === 'approve' ? DECLARED : CHANGED);
      expect((await reconciling.head()).approvals.filter((one) => one.decision === undefined)).toEqual([]);
      expect(await decisionsOf(scan)).toContain(decision === 'approve' ? 'approved' : 'rejected');
    },
  );
});
