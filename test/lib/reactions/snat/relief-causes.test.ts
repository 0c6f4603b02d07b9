import { describe, expect, it } from '@jest/globals';
import type { EventPublisher } from '../../../../lib/azure/event-publisher.ts';
import type { JournalEntry } from '../../../../lib/state/journal.ts';
import { Relieving } from '../../../support/relieving.ts';

const LISTENED_TO: EventPublisher = { listens: true, publish: async () => ({ outcome: 'published', attempts: 1 }) };

/** Five addresses after an alert, which is over for thirty days. */
async function relieved(): Promise<Relieving> {
  const relieving = await Relieving.provisioned({ events: LISTENED_TO });
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();
  await relieving.followed();
  relieving.gauge.utilizationPercent = 52;
  relieving.reconciling.pass(1_200);
  await relieving.verify();
  expect(relieving.addresses()).toBe(5);
  relieving.gauge.utilizationPercent = 2;
  relieving.reconciling.pass(30 * 24 * 3_600);
  return relieving;
}

/** What the journal tells of the firewall by the reaction itself, from a place on. */
async function causes(relieving: Relieving, from = 0): Promise<readonly (readonly string[])[]> {
  const ours = ({ resource, by }: JournalEntry) => resource === relieving.firewallId && by === 'hubkeeper';
  const told = (await relieving.journal()).filter(ours);
  return told
    .filter(({ decision }) => /^(scale|addresses changed|action|event)/.test(decision))
    .slice(from)
    .map(({ decision, trigger, operationId }) => [decision, trigger, operationId]);
}

describe('what the journal tells a change under', () => {
  it('is the alert and its operation, from the decision to the effect', async () => {
    const relieving = await relieved();

    expect([...(await causes(relieving))].sort()).toEqual([
      ['action done', 'alert', 'small-2'],
      ['addresses changed', 'alert', 'small-2'],
      ['event published', 'alert', 'small-2'],
      ['event published', 'alert', 'small-2'],
      ['scale out', 'alert', 'small-2'],
    ]);
  });

  it('is the timer and one operation where no alert asked, to the end and in what the topic is told', async () => {
    const relieving = await relieved();
    const before = (await causes(relieving)).length;
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toEqual({ next: 'end' });

    expect(relieving.addresses()).toBe(4);
    expect([...(await causes(relieving)).slice(before)].sort()).toEqual([
      ['action done', 'timer', 'small-3'],
      ['event published', 'timer', 'small-3'],
      ['scale in', 'timer', 'small-3'],
    ]);
  });

  it('stays the timer where an alert comes while an address is leaving, and the alert is answered by itself', async () => {
    const relieving = await relieved();
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.alert();

    expect(await relieving.followed()).toEqual({ next: 'decide', seconds: 0 });
    expect(await relieving.decide()).toEqual({ next: 'end' });

    const told = (await relieving.journal()).filter(({ resource }) => resource === relieving.firewallId);
    expect(told.find(({ decision, trigger }) => decision === 'action done' && trigger === 'timer')).toMatchObject({
      operationId: 'small-3',
    });
    expect(told.find(({ decision }) => decision === 'nothing to do')).toMatchObject({
      trigger: 'alert',
      operationId: 'small-4',
    });
  });

  it('is the alert that takes a step back, under the operation that it ends', async () => {
    const relieving = await relieved();
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    await relieving.alert();

    await relieving.decide();

    const told = (await relieving.journal()).find(({ decision }) => decision === 'scale in taken back');
    expect(told).toMatchObject({ trigger: 'alert', operationId: 'small-3' });
  });
});
