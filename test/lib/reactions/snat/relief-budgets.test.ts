import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../lib/json.ts';
import { watchHead } from '../../../../lib/reconcile/watch.ts';
import { Relieving, relievingSpec } from '../../../support/relieving.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

const EGRESS = { mode: 'act', scaleIn: { lookBackHours: 24, cooldownHours: 24 } };

/** The id of the one resource of ours of a kind. */
async function idOf(relieving: Relieving, kind: string): Promise<string> {
  const found = (await relieving.dependencies.ledger.all('small')).find((entry) => entry.kind === kind);
  if (found === undefined) throw new Error(`There is no ${kind}.`);
  return found.id;
}

/** Somebody takes the tags of a resource away. */
async function untag(relieving: Relieving, kind: string): Promise<void> {
  relieving.edit(await idOf(relieving, kind), ({ tags: _, ...body }): JsonObject => body);
}

async function scan(relieving: Relieving): Promise<void> {
  await relieving.reconciling.record('drift', 'hubkeeper');
  await relieving.reconciling.settle();
}

/** A day later the timer wakes what has waited for it. */
async function nextDay({ reconciling }: Relieving): Promise<void> {
  reconciling.pass(DAY);
  await reconciling.change((head) => watchHead(head, undefined, 'none', false, reconciling.nowIso).head ?? head);
  await reconciling.settle();
}

/** A firewall whose baseline lets a day put one drift right, and has done so. */
async function spent(): Promise<Relieving> {
  const relieving = await Relieving.provisioned({ driftMode: 'act', egress: EGRESS });
  const spec = JSON.parse(relievingSpec(EGRESS, { driftMode: 'act' }));
  const budgets = { perRun: 1, perDay: 1 };
  await relieving.reconciling.put(JSON.stringify({ ...spec, tags: { owner: 'net' }, budgets }), 'author');
  await relieving.reconciling.settle();
  relieving.reconciling.pass(60);
  await untag(relieving, 'logAnalyticsWorkspace');
  await scan(relieving);
  expect(await usedToday(relieving)).toBe(1);
  relieving.reconciling.pass(HOUR);
  await relieving.alert();
  return relieving;
}

async function usedToday(relieving: Relieving): Promise<number> {
  const { runs } = (await relieving.reconciling.head()).budget;
  return Object.values(runs).reduce((sum, count) => sum + count, 0);
}

async function relieve(relieving: Relieving): Promise<void> {
  expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  await relieving.reconciling.settle();
}

describe('a relief after the budget of the day is used up', () => {
  it('adds its addresses at once, and takes nothing from the budget', async () => {
    const relieving = await spent();

    await relieve(relieving);

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(await usedToday(relieving)).toBe(1);
  });

  it('does so although drift of what the firewall builds on has to wait', async () => {
    const relieving = await spent();
    await untag(relieving, 'virtualNetwork');
    await untag(relieving, 'firewallPolicy');

    await relieve(relieving);

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(await usedToday(relieving)).toBe(1);
    const network = relieving.dependencies.arm.body(await idOf(relieving, 'virtualNetwork'));
    expect(network?.tags).toBeUndefined();
  });

  it('waits with what else has drifted of the firewall itself, and calls people', async () => {
    const relieving = await spent();
    relieving.edit(relieving.firewallId, ({ tags: _, ...body }): JsonObject => body);

    await relieve(relieving);
    expect(await relieving.followed()).toEqual({ next: 'end' });
    expect(relieving.addresses()).toBe(3);
    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line?.reason).toContain('The budget of unattended changes (1 a day)');

    await nextDay(relieving);
    expect(relieving.addresses()).toBe(5);
  });

  it('takes an address away within the budget only', async () => {
    const relieving = await spent();
    await relieve(relieving);
    await relieving.followed();
    await relieving.resolve();
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(3 * DAY);
    await untag(relieving, 'logAnalyticsWorkspace');
    await scan(relieving);

    expect(await relieving.timer()).toBe(true);
    await relieve(relieving);
    expect(relieving.addresses()).toBe(5);

    await nextDay(relieving);
    expect(relieving.addresses()).toBe(4);
    expect(await usedToday(relieving)).toBe(1);
  });
});
