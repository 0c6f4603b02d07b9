import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventPublisher } from '../../../../lib/azure/event-publisher.ts';
import { waitsForOutsiders } from '../../../../lib/reactions/snat/relief-operation.ts';
import { settleEnded } from '../../../../lib/reconcile/settle-ended.ts';
import { stopOperation } from '../../../../lib/reconcile/stop-operation.ts';
import { watchHead } from '../../../../lib/reconcile/watch.ts';
import { withGeneration, withWaitingResumed } from '../../../../lib/state/baseline-head.ts';
import { type Reaction, reliefOf } from '../../../../lib/state/reactions.ts';
import type { SnatRelief } from '../../../../lib/state/snat-relief.ts';
import { Relieving, relievingSpec } from '../../../support/relieving.ts';

const SPOKE_GROUP =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-small-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a';
const HOUR_SECONDS = 3_600;
const PROPOSE = { mode: 'propose' } as const;

/** Kinds of the events that partners were told, in their order. */
let told: string[];

beforeEach(() => {
  told = [];
});

const listener: EventPublisher = {
  listens: true,
  publish: async ({ kind }) => {
    told.push(kind);
    return { outcome: 'published', attempts: 1 };
  },
};

/** A person's request for one spoke that waits, since making again what somebody deleted needs an approval. */
async function waiting(mode: 'propose' | 'act' = 'propose'): Promise<{ relieving: Relieving; ahead: string }> {
  const relieving = await Relieving.provisioned({ mode, driftMode: 'act', events: listener });
  await relieving.reconciling.put(relievingSpec({ mode }, { driftMode: 'act', spokes: ['a'] }), 'author');
  await relieving.reconciling.settle();
  relieving.reconciling.pass(HOUR_SECONDS);
  relieving.dependencies.arm.remove(SPOKE_GROUP);
  const ahead = await relieving.reconciling.record('reconcile', 'ann', { scope: 'spoke:a' });
  await relieving.reconciling.settle();
  expect(await relieving.reconciling.run(ahead)).toMatchObject({ state: 'waiting' });
  told = [];
  return { relieving, ahead };
}

/** The relief has decided, and asks somebody; its orchestration has ended. */
async function asking(
  mode: 'propose' | 'act' = 'propose',
): Promise<{ relieving: Relieving; ahead: string; step: string }> {
  const { relieving, ahead } = await waiting(mode);
  await relieving.alert(mode === 'act' ? 'Sev3' : 'Sev1');
  expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  await relieving.reconciling.settle();
  expect(await relieving.followed()).toEqual({ next: 'end' });
  const { action } = await reliefIn(relieving);
  return { relieving, ahead, step: action?.operationId ?? '' };
}

async function reliefIn({ reconciling }: Relieving): Promise<SnatRelief> {
  const [reaction]: readonly Reaction[] = (await reconciling.head()).reactions ?? [];
  return reliefOf(reaction);
}

/** The timer's look, and the orchestration that it starts, until that ends or has to wait for an effect. */
async function looked(relieving: Relieving): Promise<void> {
  const head = await relieving.reconciling.head();
  const { action } = await reliefIn(relieving);
  const waits =
    action !== null && (await waitsForOutsiders(relieving.dependencies, head, relieving.firewallId, action));
  if (!(await relieving.timer(new Set(waits ? [action.operationId] : [])))) return;
  for (let step = await relieving.decide(); step.next === 'poke' || step.next === 'follow'; ) {
    await relieving.reconciling.settle();
    step = await relieving.followed();
  }
}

/** What the reconcilers' timer does, and what comes of it. */
async function watched({ reconciling }: Relieving): Promise<void> {
  await reconciling.change((head) => watchHead(head, undefined, 'none', false, reconciling.nowIso).head ?? head);
  await reconciling.settle();
}

/** Of the operation that waits: all that is to stay as it is. */
async function standing({ reconciling }: Relieving, ahead: string) {
  const { currentOperationId, setAside, approvals, wakeAt, reconciler } = await reconciling.head();
  const { state, planHash, rows } = await reconciling.run(ahead);
  const own = approvals.filter(({ operationId }) => operationId === ahead);
  return { currentOperationId, setAside, reconciler, own, wakeAt, state, planHash, rows };
}

describe('a relief that is to be approved while a person’s request for something else waits', () => {
  it.each(['propose', 'act'] as const)(
    'is asked for at once, and that request waits on as it did (%s)',
    async (mode) => {
      const { relieving, ahead } = await waiting(mode);
      const before = await standing(relieving, ahead);
      const { writes } = relieving.dependencies.arm;
      await relieving.alert(mode === 'act' ? 'Sev3' : 'Sev1');
      await relieving.decide();
      await relieving.reconciling.settle();
      await relieving.followed();

      const { action } = await reliefIn(relieving);
      const step = action?.operationId ?? '';
      const { approvals } = await relieving.reconciling.head();
      expect(approvals.map(({ operationId, decision }) => [operationId, decision]).sort()).toEqual([
        [ahead, undefined],
        [step, undefined],
      ]);
      expect(await standing(relieving, ahead)).toEqual(before);
      expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'waiting', refused: [] });
      expect(relieving.dependencies.arm.writes).toEqual(writes);
      const lines = (await relieving.journal()).filter(({ operationId }) => operationId === step);
      expect(lines.find(({ decision }) => decision === 'stepped back')?.reason).toContain(ahead);
      const hash = approvals.find(({ operationId }) => operationId === step)?.planHash ?? '';
      expect(lines.find(({ decision }) => decision === 'waits')?.reason).toContain(
        `hubkeeper approve ${hash.slice(0, 16)}`,
      );
      expect(told).toEqual(['addressesAboutToBeUsed']);
    },
  );

  it('is written as soon as somebody approves it, before that request', async () => {
    const { relieving, ahead, step } = await asking();
    const before = await standing(relieving, ahead);

    await relieving.decideApproval('approve', step);
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'succeeded' });
    expect(await standing(relieving, ahead)).toEqual(before);
    expect((await relieving.reconciling.head()).approvals).toEqual(before.own);
    await looked(relieving);
    expect((await reliefIn(relieving)).action?.appliedAt).not.toBeNull();
    expect(told).toEqual(['addressesAboutToBeUsed']);
  });

  it('is withdrawn, and not proposed for a day, when somebody rejects it; the request waits on', async () => {
    const { relieving, ahead, step } = await asking();

    await relieving.decideApproval('reject', step);
    await relieving.reconciling.settle();
    await looked(relieving);

    expect(relieving.addresses()).toBe(3);
    expect(await reliefIn(relieving)).toMatchObject({ action: null, rejected: { direction: 'out' } });
    expect(await standing(relieving, ahead)).toMatchObject({ currentOperationId: ahead, state: 'waiting' });
    expect((await relieving.reconciling.head()).approvals).toMatchObject([{ operationId: ahead }]);
    expect(told).toEqual(['addressesAboutToBeUsed', 'actionRefused']);
  });

  it('is asked for until its request ends, whatever the other one does, and never longer', async () => {
    const { relieving, ahead, step } = await asking();
    const [asked] = (await relieving.reconciling.head()).approvals.filter(({ operationId }) => operationId === step);
    // The other request is asked for anew meanwhile.
    await relieving.reconciling.change((head) => ({
      ...head,
      approvals: head.approvals.map((one) =>
        one.operationId === ahead ? { ...one, expiresAt: '2027-01-01T00:00:00.000Z' } : one,
      ),
      wakeAt: '2027-01-01T00:00:00.000Z',
    }));
    for (let hours = 0; hours < 23; hours++) {
      relieving.reconciling.pass(HOUR_SECONDS);
      await looked(relieving);
      await watched(relieving);
    }
    expect((await relieving.reconciling.head()).approvals.find(({ operationId }) => operationId === step)).toEqual(
      asked,
    );
    expect(told).toEqual(['addressesAboutToBeUsed']);

    relieving.reconciling.pass(HOUR_SECONDS);
    await watched(relieving);
    await looked(relieving);

    expect(await relieving.reconciling.run(step)).toMatchObject({
      state: 'partial',
      refused: expect.arrayContaining([expect.objectContaining({ code: 'ApprovalExpired' })]),
    });
    expect((await reliefIn(relieving)).action).toBeNull();
    expect(await relieving.reconciling.run(ahead)).toMatchObject({ state: 'waiting' });
  });

  it('goes on under the same request for approval when the other operation has ended', async () => {
    const { relieving, ahead, step } = await asking();
    const asked = (await relieving.reconciling.head()).approvals.filter(({ operationId }) => operationId === step);

    await relieving.decideApproval('approve', ahead);
    await relieving.reconciling.settle();

    expect(await relieving.reconciling.run(ahead)).toMatchObject({ state: 'succeeded' });
    expect(await relieving.reconciling.head()).toMatchObject({
      currentOperationId: step,
      approvals: asked,
      requests: [],
    });
    await relieving.decideApproval('approve', step);
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('is taken back, and nobody asked any more, when the figures say something else', async () => {
    const { relieving, ahead, step } = await asking();
    relieving.gauge.utilizationPercent = 20;
    relieving.reconciling.pass(HOUR_SECONDS);

    await looked(relieving);

    expect((await relieving.reconciling.head()).approvals).toMatchObject([{ operationId: ahead }]);
    expect((await relieving.reconciling.head()).requests).toEqual([]);
    expect(await relieving.reconciling.run(step)).toMatchObject({
      state: 'partial',
      refused: [{ id: relieving.firewallId, code: 'FiguresChanged' }],
    });
    expect(await standing(relieving, ahead)).toMatchObject({ currentOperationId: ahead, state: 'waiting' });
  });

  it('needs nobody any more when a graver alert comes', async () => {
    const { relieving, ahead } = await asking('act');
    await relieving.alert('Sev1');
    let step = await relieving.decide();
    for (let steps = 0; steps < 5 && step.next !== 'verify'; steps++) {
      await relieving.reconciling.settle();
      step = step.next === 'decide' ? await relieving.decide() : await relieving.followed();
    }

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.reconciling.head()).toMatchObject({
      currentOperationId: ahead,
      approvals: [{ operationId: ahead }],
      requests: [],
    });
  });

  it('is left to its operation by the scans of each hour, which say nothing of it', async () => {
    const { relieving, ahead, step } = await asking();
    const { approvals } = await relieving.reconciling.head();
    for (let scans = 0; scans < 3; scans++) {
      const scan = await relieving.reconciling.record('drift', 'hubkeeper');
      await relieving.reconciling.settle();
      const lines = (await relieving.journal()).filter(({ operationId }) => operationId === scan);
      const resources = lines.map(({ resource }) => resource).filter((resource) => resource !== '');
      expect(resources).toEqual(scans === 0 ? [SPOKE_GROUP] : []);
      expect(await relieving.reconciling.run(scan)).toMatchObject({
        state: 'succeeded',
        refused: expect.arrayContaining([
          expect.objectContaining({
            id: relieving.firewallId,
            code: 'LeftToOperation',
            why: expect.stringContaining(step),
          }),
        ]),
      });
    }
    expect((await relieving.reconciling.head()).approvals).toEqual(approvals);
    expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'waiting' });
    expect(await relieving.reconciling.run(ahead)).toMatchObject({ state: 'waiting' });
  });

  it('is a part of the spec that somebody puts, which asks for both', async () => {
    const { relieving, ahead, step } = await asking();

    await relieving.put(PROPOSE, ['a']);

    const { currentOperationId, approvals, requests } = await relieving.reconciling.head();
    expect(await relieving.reconciling.run(step)).toMatchObject({ joinedTo: currentOperationId });
    expect(await relieving.reconciling.run(ahead)).toMatchObject({ supersededBy: currentOperationId });
    expect(approvals).toMatchObject([{ operationId: currentOperationId }]);
    expect(requests).toEqual([]);
  });

  it('is overtaken by a teardown, as the other operation is', async () => {
    const { relieving, ahead, step } = await asking();
    const teardown = await relieving.reconciling.record('delete', 'ann', {}, (head) =>
      withGeneration({ ...head, teardown: true }),
    );
    await relieving.reconciling.settle();

    for (const id of [ahead, step])
      expect(await relieving.reconciling.run(id)).toMatchObject({ state: 'stopped', supersededBy: teardown });
    expect(await relieving.reconciling.head()).toMatchObject({ requests: [], approvals: [{ operationId: teardown }] });
  });

  it('ends alone where somebody stops it', async () => {
    const { relieving, ahead, step } = await asking();
    await relieving.reconciling.change((head) => {
      const stopped = stopOperation(head, step, 'ann', relieving.reconciling.nowIso);
      if (stopped.outcome !== 'withdrawn') throw new Error(stopped.outcome);
      return stopped.head;
    });

    await settleEnded(relieving.dependencies, await relieving.reconciling.head());
    expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'stopped' });
    await looked(relieving);
    expect(await reliefIn(relieving)).toMatchObject({ action: null, rejected: null });
    expect(await relieving.reconciling.head()).toMatchObject({
      currentOperationId: ahead,
      adjustments: [],
      approvals: [{ operationId: ahead }],
    });
  });

  it('keeps an approval that comes while everything is paused', async () => {
    const { relieving, step } = await asking();
    const pause = (paused: boolean) =>
      relieving.dependencies.baselines.changePause(paused, 'joe', 'freeze', relieving.reconciling.nowIso);
    await pause(true);
    await relieving.decideApproval('approve', step);
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(3);
    expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'waiting' });

    await pause(false);
    await relieving.reconciling.change((head) => withWaitingResumed(head, 'joe', relieving.reconciling.nowIso).head);
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('does not become a part of a scan that has stepped in, and is asked for after that', async () => {
    const { relieving, ahead } = await waiting();
    const scan = await relieving.reconciling.record('drift', 'hubkeeper');
    await relieving.reconciling.turn();
    expect(await relieving.reconciling.head()).toMatchObject({ currentOperationId: scan, setAside: ahead });
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();

    const { action } = await reliefIn(relieving);
    expect((await relieving.reconciling.head()).approvals.map(({ operationId }) => operationId)).toContain(
      action?.operationId,
    );
  });

  it('is a part of all that somebody else asks for, which asks for both', async () => {
    const { relieving, ahead, step } = await asking();
    const whole = await relieving.reconciling.record('reconcile', 'carl');
    await relieving.reconciling.settle();

    expect(await relieving.reconciling.run(step)).toMatchObject({ joinedTo: whole });
    expect(await relieving.reconciling.run(ahead)).toMatchObject({ supersededBy: whole });
    expect(await relieving.reconciling.head()).toMatchObject({ requests: [], approvals: [{ operationId: whole }] });
    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('is over when a person adjusts the number of addresses, which is carried out at once', async () => {
    const { relieving, ahead, step } = await asking();

    await relieving.adjustByHand(7);

    expect(relieving.addresses()).toBe(7);
    expect(await relieving.reconciling.run(step)).toMatchObject({ state: 'succeeded' });
    expect(await relieving.reconciling.head()).toMatchObject({
      currentOperationId: ahead,
      requests: [],
      approvals: [{ operationId: ahead }],
    });
  });

  it('is over when a person ends its adjustment', async () => {
    const { relieving, ahead } = await asking();

    await relieving.endAdjustments();

    expect(await relieving.reconciling.head()).toMatchObject({
      currentOperationId: ahead,
      requests: [],
      approvals: [{ operationId: ahead }],
    });
  });

  it('asks anew beside a person’s request for a part that goes before it', async () => {
    const relieving = await Relieving.provisioned({ mode: 'propose', driftMode: 'act', events: listener });
    await relieving.reconciling.put(relievingSpec(PROPOSE, { driftMode: 'act', spokes: ['a'] }), 'author');
    await relieving.reconciling.settle();
    relieving.reconciling.pass(HOUR_SECONDS);
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    const step = (await reliefIn(relieving)).action?.operationId ?? '';
    expect(await relieving.reconciling.head()).toMatchObject({ currentOperationId: step });
    relieving.dependencies.arm.remove(SPOKE_GROUP);
    const ahead = await relieving.reconciling.record('reconcile', 'ann', { scope: 'spoke:a' });
    await relieving.reconciling.settle();

    const { currentOperationId, approvals } = await relieving.reconciling.head();
    expect(currentOperationId).toBe(ahead);
    expect(approvals.map(({ operationId }) => operationId).sort()).toEqual([step, ahead].sort());
    await relieving.decideApproval('approve', step);
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
    expect(await relieving.reconciling.run(ahead)).toMatchObject({ state: 'waiting' });
  });
});
