import { describe, expect, it } from '@jest/globals';
import { watchHead } from '../../../../lib/reconcile/watch.ts';
import { withGeneration } from '../../../../lib/state/baseline-head.ts';
import { reliefOf } from '../../../../lib/state/reactions.ts';
import type { SnatRelief } from '../../../../lib/state/snat-relief.ts';
import { Relieving, relievingSpec } from '../../../support/relieving.ts';

const DAY_SECONDS = 24 * 3_600;

async function reliefIn({ reconciling }: Relieving): Promise<SnatRelief> {
  const [reaction] = (await reconciling.head()).reactions ?? [];
  return reliefOf(reaction);
}

/** The orchestration, until it ends. */
async function goOn(relieving: Relieving): Promise<void> {
  for (let step = await relieving.decide(); step.next === 'poke' || step.next === 'follow'; ) {
    await relieving.reconciling.settle();
    step = await relieving.followed();
  }
}

/** A relief that waits for an approval, and a teardown that somebody has asked for since. */
async function overtaken(): Promise<{ relieving: Relieving; step: string; teardown: string }> {
  const relieving = await Relieving.provisioned({ mode: 'propose' });
  await relieving.alert();
  await goOn(relieving);
  const step = (await reliefIn(relieving)).action?.operationId ?? '';
  const alter = (head: Parameters<typeof withGeneration>[0]) => withGeneration({ ...head, teardown: true });
  const teardown = await relieving.reconciling.record('delete', 'ann', {}, alter);
  await relieving.reconciling.settle();
  expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'stopped', supersededBy: teardown });
  expect(await relieving.reconciling.run(teardown)).toMatchObject({ state: 'waiting' });
  return { relieving, step, teardown };
}

const ENDS: Readonly<Record<string, (relieving: Relieving, teardown: string) => Promise<void>>> = {
  rejects: (relieving) => relieving.decideApproval('reject'),
  stops: async ({ reconciling }, teardown) => {
    await reconciling.record('resume', 'ann', { operationId: teardown }, (head) =>
      withGeneration({ ...head, stops: [teardown] }),
    );
  },
  'does not decide on': async ({ reconciling }) => {
    reconciling.pass(DAY_SECONDS);
    await reconciling.change((head) => watchHead(head, undefined, 'none', false, reconciling.nowIso).head ?? head);
  },
};

describe('a relief whose operation a teardown has overtaken', () => {
  it.each(Object.entries(ENDS))(
    'is asked for again when somebody %s that, and is not taken for rejected',
    async (_, end) => {
      const { relieving, step, teardown } = await overtaken();
      await end(relieving, teardown);
      await relieving.reconciling.settle();
      expect(await relieving.reconciling.head()).toMatchObject({ currentOperationId: null, teardown: false });

      expect(await relieving.timer()).toBe(true);
      await goOn(relieving);

      const { action, rejected = null, refusals = 0 } = await reliefIn(relieving);
      expect({ rejected, refusals }).toEqual({ rejected: null, refusals: 0 });
      expect([step, teardown]).not.toContain(action?.operationId);
      const { approvals } = await relieving.reconciling.head();
      expect(approvals).toMatchObject([{ operationId: action?.operationId, requestedBy: 'hubkeeper' }]);
      const lines = await relieving.journal();
      expect(lines.find(({ decision }) => decision === 'asked again')?.reason).toContain(teardown);
      const asked = lines.filter(
        ({ decision, operationId }) => decision === 'waits' && operationId === action?.operationId,
      );
      expect(asked).toMatchObject([{ reason: expect.stringContaining(approvals[0]?.planHash.slice(0, 16) ?? '') }]);

      await relieving.decideApproval('approve');
      await relieving.reconciling.settle();
      expect(relieving.addresses()).toBe(5);
    },
  );

  it('says what it waits for, and has nobody approve the teardown for it', async () => {
    const { relieving, step, teardown } = await overtaken();
    // A further alert has it look at once.
    await relieving.alert();
    await goOn(relieving);

    const { approvals } = await relieving.reconciling.head();
    const line = (await relieving.journal()).findLast(({ operationId }) => operationId === step);
    expect(line).toMatchObject({ decision: 'help needed', reason: expect.stringContaining(teardown) });
    expect(line?.reason).toContain('A teardown needs an approval');
    expect(line?.reason).not.toContain(approvals[0]?.planHash.slice(0, 16) ?? '');
  });
});

describe('a relief that somebody’s spec does besides', () => {
  const withBastion = (isThere: boolean) => {
    const spec = JSON.parse(relievingSpec({ mode: 'act' }));
    spec.hub.subnets.bastion = { addressPrefix: '10.200.0.64/26' };
    if (isThere) spec.hub.bastion = {};
    return JSON.stringify(spec);
  };

  it('is not taken for rejected where a person rejects what becomes of the address of something else', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.reconciling.put(withBastion(true), 'author');
    await relieving.reconciling.settle();
    relieving.reconciling.pass(3_600);
    const put = await relieving.reconciling.put(withBastion(false), 'author');
    await relieving.reconciling.settle();
    expect(await relieving.reconciling.run(put)).toMatchObject({ state: 'waiting' });
    const error = { code: 'FirewallPolicyNotValid', message: 'No.' };
    relieving.dependencies.arm.answerOnce('PUT', relieving.firewallId, 400, { error });
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.decideApproval('reject');
    await relieving.reconciling.settle();
    const { refused } = await relieving.reconciling.run(put);
    expect(refused).toContainEqual(
      expect.objectContaining({ id: expect.stringMatching(/publicIPAddresses/), code: 'ApprovalRejected' }),
    );
    await relieving.followed();

    const relief = await reliefIn(relieving);
    expect(relief).toMatchObject({ action: null, attempts: [{ outcome: 'failed' }] });
    expect(relief.rejected ?? null).toBeNull();
  });
});
