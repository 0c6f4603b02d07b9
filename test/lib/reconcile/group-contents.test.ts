import { describe, expect, it } from '@jest/globals';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { readMembers } from '../../../lib/reconcile/group-contents.ts';
import { withGeneration } from '../../../lib/state/baseline-head.ts';
import { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-${NAME}-b`;
const NETWORK = 'Microsoft.Network/virtualNetworks';
const idOf = (type: string, name: string) => `${GROUP}/providers/${type}/${name}`;
const THEIRS = idOf('Microsoft.Network/publicIPAddresses', 'pip-theirs');

describe('what is in a group', () => {
  it('is what its list shows, but for what has just gone', async () => {
    const arm = new FakeAzure();
    arm.put(GROUP, { location: 'westeurope' });
    for (const [type, name] of [
      [NETWORK, 'there'],
      ['Microsoft.Compute/disks', 'disk'],
    ] as const)
      arm.put(idOf(type, name), { type });
    arm.keepInLists(idOf(NETWORK, 'gone'), { type: NETWORK });

    const members = await readMembers({ arm }, GROUP);

    expect(members).toEqual([idOf(NETWORK, 'there'), idOf('Microsoft.Compute/disks', 'disk')]);
  });
});

describe('a group that is to be deleted', () => {
  const asked = {
    'a spec without its spoke': (reconciling: Reconciling) => reconciling.put(smallSpec(NAME, ['a']), 'second'),
    'a teardown': (reconciling: Reconciling) =>
      reconciling.record('delete', 'second', {}, (head) => withGeneration({ ...head, teardown: true })),
  };

  async function deleted(
    ask: (reconciling: Reconciling) => Promise<string>,
    whileItRuns: (arm: FakeAzure) => void,
  ): Promise<{ readonly arm: FakeAzure; readonly run: Awaited<ReturnType<Reconciling['run']>> }> {
    const dependencies = memoryDependencies();
    const reconciling = new Reconciling(dependencies, NAME);
    await reconciling.put(smallSpec(NAME, ['a', 'b']), 'first');
    await reconciling.settle();
    const operationId = await ask(reconciling);
    await reconciling.settle();
    const head = await reconciling.head();
    const planHash = head.approvals.find((approval) => approval.operationId === operationId)?.planHash ?? '';
    const { nowIso } = reconciling;
    const decided = decideApproval(head, {
      ...{ planHash, decision: 'approve', user: 'approver', selfApproval: false, nowIso },
    });
    if ('code' in decided) throw new Error(decided.code);
    await reconciling.change(() => decided.head);
    dependencies.arm.beforeNext('DELETE', async () => whileItRuns(dependencies.arm));
    await reconciling.settle();
    return { arm: dependencies.arm, run: await reconciling.run(operationId) };
  }

  it.each(Object.entries(asked))('by %s stays with what somebody put there after the plan', async (_, ask) => {
    const { arm, run } = await deleted(ask, (azure) =>
      azure.put(THEIRS, { type: 'Microsoft.Network/publicIPAddresses' }),
    );

    expect(arm.body(THEIRS)).toBeDefined();
    expect(arm.body(GROUP)).toBeDefined();
    expect(arm.body(idOf(NETWORK, 'vnet-spoke-b'))).toBeUndefined();
    expect(run).toMatchObject({ state: 'partial' });
    const [kept] = run.refused.filter(({ id }) => id === GROUP);
    expect(kept).toMatchObject({ code: 'ResourceGroupNotEmpty' });
    expect(kept?.why).toContain('pip-theirs');
  });

  it.each(Object.entries(asked))('by %s goes, whatever its list still shows of ours', async (_, ask) => {
    const network = idOf(NETWORK, 'vnet-spoke-b');
    const { arm, run } = await deleted(ask, (azure) => azure.keepInLists(network, { type: NETWORK }));

    expect(arm.body(GROUP)).toBeUndefined();
    expect(run).toMatchObject({ state: 'succeeded' });
  });
});
