import { describe, expect, it } from '@jest/globals';
import { refreshReliefs } from '../../../../lib/reactions/snat/recheck-relief.ts';
import { startAfresh } from '../../../../lib/reactions/snat/reconcile-afresh.ts';
import { operationBody } from '../../../../lib/reconcile/operation-body.ts';
import { reactionOf, reliefOf } from '../../../../lib/state/reactions.ts';
import { Relieving, type RelievingOptions } from '../../../support/relieving.ts';

const HOUR_SECONDS = 3_600;

/** A step out, three addresses to five, that waits for an approval. */
async function proposedOut(options: RelievingOptions = {}): Promise<Relieving> {
  const relieving = await Relieving.provisioned({ mode: 'propose', ...options });
  await relieving.alert();
  expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  await relieving.reconciling.settle();
  expect(await relieving.followed()).toEqual({ next: 'end' });
  return relieving;
}

/** A step back, five addresses to four, that waits for an approval after weeks of little traffic. */
async function proposedIn(): Promise<Relieving> {
  const relieving = await proposedOut();
  await relieving.decideApproval('approve');
  await relieving.reconciling.settle();
  await relieving.timer();
  await relieving.decide();
  await relieving.followed();
  relieving.gauge.utilizationPercent = 40;
  relieving.reconciling.pass(1_200);
  await relieving.verify();
  relieving.gauge.utilizationPercent = 2;
  relieving.reconciling.pass(30 * 24 * HOUR_SECONDS);
  expect(await relieving.timer()).toBe(true);
  expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  await relieving.reconciling.settle();
  expect(await relieving.followed()).toEqual({ next: 'end' });
  expect(relieving.addresses()).toBe(5);
  expect((await relieving.reconciling.head()).approvals).toHaveLength(1);
  return relieving;
}

async function stepOf(relieving: Relieving) {
  return reliefOf(reactionOf(await relieving.reconciling.head(), 'relieveSnatExhaustion', relieving.firewallId)).action;
}

/** Nothing was written for the step, nobody is asked about it any more, and journal and operation say why. */
async function expectTakenBack(relieving: Relieving, operationId: string, direction: 'in' | 'out'): Promise<void> {
  expect(await stepOf(relieving)).toBeNull();
  expect((await relieving.reconciling.head()).approvals).toEqual([]);
  const lines = (await relieving.journal()).filter(({ decision }) => decision === `scale ${direction} taken back`);
  expect(lines).toMatchObject([{ operationId, resource: relieving.firewallId }]);
  const body = operationBody(await relieving.reconciling.run(operationId), undefined, relieving.reconciling.nowIso);
  expect(body).toMatchObject({ state: 'partial', errors: [{ code: 'FiguresChanged', message: lines[0]?.reason }] });
}

describe('a step that is approved long after it was decided', () => {
  it('out is not taken when the traffic has gone, not even its addresses are made', async () => {
    const relieving = await proposedOut();
    const { operationId = '' } = (await stepOf(relieving)) ?? {};
    const { writes } = relieving.dependencies.arm;
    relieving.gauge.utilizationPercent = 5;
    relieving.reconciling.pass(20 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    await expectTakenBack(relieving, operationId, 'out');
  });

  it('out is not taken for fewer addresses than it has; the smaller step is put before people', async () => {
    const relieving = await proposedOut();
    const { operationId = '' } = (await stepOf(relieving)) ?? {};
    relieving.gauge.utilizationPercent = 80;
    relieving.reconciling.pass(20 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(3);
    await expectTakenBack(relieving, operationId, 'out');
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(await stepOf(relieving)).toMatchObject({ toAddresses: 4 });
    expect((await relieving.reconciling.head()).approvals).toHaveLength(1);
  });

  it.each([86, 92, 99])('out is taken as approved when utilisation is %i %% by then', async (utilizationPercent) => {
    const relieving = await proposedOut();
    relieving.gauge.utilizationPercent = utilizationPercent;
    relieving.reconciling.pass(20 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
  });

  it('back is not taken when a DNAT rule names the address by then, and the traffic is back', async () => {
    const relieving = await proposedIn();
    const { operationId = '' } = (await stepOf(relieving)) ?? {};
    const before = relieving.names();
    relieving.publish(before.at(-1) ?? '');
    relieving.gauge.utilizationPercent = 78;
    relieving.reconciling.pass(10 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.names()).toEqual(before);
    expect((await relieving.reconciling.head()).adjustments).toMatchObject([{ value: 5 }]);
    await expectTakenBack(relieving, operationId, 'in');
  });

  it.each([
    ['a DNAT rule names the address', (relieving: Relieving) => relieving.publish(relieving.names().at(-1) ?? '')],
    [
      'the traffic is back',
      (relieving: Relieving) => {
        relieving.gauge.utilizationPercent = 70;
      },
    ],
  ])('back is not taken when only %s', async (_, change) => {
    const relieving = await proposedIn();
    const before = relieving.names();
    change(relieving);
    relieving.reconciling.pass(10 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.names()).toEqual(before);
    expect(await stepOf(relieving)).toBeNull();
  });

  it('back is taken when all is as it was', async () => {
    const relieving = await proposedIn();
    const before = relieving.names();
    relieving.reconciling.pass(10 * HOUR_SECONDS);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.names()).toEqual(before.slice(0, 4));
  });

  it('waits where the metrics are missing just then, and is taken when they are back', async () => {
    const relieving = await proposedOut();
    const { gauge } = relieving;
    gauge.isBlind = true;
    relieving.reconciling.pass(HOUR_SECONDS);
    await relieving.decideApproval('approve');

    await relieving.reconciling.settle(async () => {
      const { operationId = '' } = (await stepOf(relieving)) ?? {};
      const { rows } = await relieving.reconciling.run(operationId);
      return Object.values(rows).some(({ problem }) => problem?.code === 'MetricMissing');
    });

    expect(relieving.addresses()).toBe(3);
    gauge.isBlind = false;
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });
});

describe('a step that waits for an approval', () => {
  it('is looked at again and again, and taken back without anybody when it is over', async () => {
    const relieving = await proposedOut();
    const { operationId = '' } = (await stepOf(relieving)) ?? {};
    const waiting = new Set([operationId]);
    for (let looks = 0; looks < 3; looks++) {
      relieving.reconciling.pass(2_000);
      expect(await relieving.timer(waiting)).toBe(true);
      await relieving.decide();
      expect(await relieving.followed()).toEqual({ next: 'end' });
      expect(await relieving.timer(waiting)).toBe(false);
    }
    expect((await relieving.journal()).filter(({ decision }) => decision === 'waits')).toHaveLength(1);
    expect((await relieving.reconciling.head()).approvals).toHaveLength(1);

    relieving.gauge.utilizationPercent = 5;
    relieving.reconciling.pass(2_000);
    expect(await relieving.timer(waiting)).toBe(true);
    await relieving.decide();
    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    await expectTakenBack(relieving, operationId, 'out');
    expect(await relieving.decide()).toEqual({ next: 'end' });
  });
});

describe('a write', () => {
  async function decided(): Promise<Relieving> {
    const relieving = await Relieving.provisioned();
    await relieving.alert();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    return relieving;
  }

  it('is not sent when its start comes late and the figures are others', async () => {
    const relieving = await decided();
    const decision = await relieving.reconciling.turn();
    if (decision.next !== 'start') throw new Error(`The turn says ${decision.next}.`);
    const { nodes: _, next: __, ...shared } = decision;
    const instanceId = (await relieving.reconciling.head()).reconciler?.instanceId ?? '';
    relieving.gauge.utilizationPercent = 5;
    relieving.reconciling.pass(HOUR_SECONDS);

    const outcome = await startAfresh(relieving.dependencies, {
      baseline: 'small',
      instanceId,
      nowIso: relieving.reconciling.nowIso,
      id: relieving.firewallId,
      attempt: 1,
      ...shared,
    });

    expect(outcome.outcome).toBe('stale');
    expect(relieving.addresses()).toBe(3);
    expect(await stepOf(relieving)).toBeNull();
  });

  it('that may be under way is not asked about', async () => {
    const relieving = await decided();
    const { dependencies, firewallId, reconciling } = relieving;
    const entry = await dependencies.ledger.read('small', firewallId);
    if (entry === null) throw new Error('The ledger has no firewall.');
    reconciling.pass(1);
    await dependencies.ledger.write('small', [{ ...entry, state: 'intended', at: reconciling.nowIso }]);
    relieving.gauge.utilizationPercent = 5;
    reconciling.pass(HOUR_SECONDS);

    expect(await refreshReliefs(dependencies, { baseline: 'small', nowIso: reconciling.nowIso })).toBeUndefined();

    expect(await stepOf(relieving)).not.toBeNull();
  });

  it('that has been sent is followed, whatever the figures say later', async () => {
    const relieving = await decided();
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
    relieving.gauge.utilizationPercent = 5;
    relieving.reconciling.pass(20 * HOUR_SECONDS);

    await relieving.reconciling.record('reconcile', 'author');
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
    expect((await relieving.reconciling.head()).adjustments).toMatchObject([{ value: 5 }]);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
  });
});
