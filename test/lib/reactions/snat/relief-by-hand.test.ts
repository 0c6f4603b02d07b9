import { describe, expect, it } from '@jest/globals';
import { RELIEF_ADJUSTMENT } from '../../../../lib/reactions/snat/relief-names.ts';
import { withGeneration, withWaitingResumed } from '../../../../lib/state/baseline-head.ts';
import { reliefOf } from '../../../../lib/state/reactions.ts';
import { Relieving } from '../../../support/relieving.ts';

const ON_CALL = 'on call';
const SCOPE = 'egress';

/** Five addresses after an alert that is still open, two of them of the relief. */
async function relieved(): Promise<Relieving> {
  const relieving = await Relieving.provisioned();
  relieving.reconciling.pass(3_600);
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();
  await relieving.followed();
  relieving.gauge.utilizationPercent = 52;
  relieving.reconciling.pass(1_200);
  await relieving.verify();
  expect(relieving.addresses()).toBe(5);
  return relieving;
}

async function hold(relieving: Relieving): Promise<void> {
  const since = relieving.reconciling.nowIso;
  const until = new Date(Date.parse(since) + 4 * 3_600_000).toISOString();
  const incident = { owner: ON_CALL, by: ON_CALL, reason: 'incident', scope: SCOPE, since, until };
  await relieving.reconciling.change((head) => withGeneration({ ...head, hold: incident }));
}

async function release(relieving: Relieving): Promise<void> {
  const { nowIso } = relieving.reconciling;
  await relieving.reconciling.change(
    (head) => withWaitingResumed(withGeneration({ ...head, hold: null }), ON_CALL, nowIso).head,
  );
  await relieving.reconciling.settle();
}

/** Ends the adjustment of the relief. @returns its operation. */
async function unadjust(relieving: Relieving): Promise<string> {
  const operationId = await relieving.reconciling.record('adjustment', ON_CALL, {}, (head) =>
    withGeneration({ ...head, adjustments: head.adjustments.filter(({ id }) => id !== RELIEF_ADJUSTMENT) }),
  );
  await relieving.reconciling.settle();
  return operationId;
}

/** A further alert changes nothing, and is answered with what it would have done. */
async function expectReportedOnly(relieving: Relieving): Promise<void> {
  relieving.gauge.utilizationPercent = 88;
  relieving.reconciling.pass(3_600);
  const names = relieving.names();
  const { writes } = relieving.dependencies.arm;
  await relieving.alert();
  expect(await relieving.decide()).toEqual({ next: 'end' });
  await relieving.reconciling.settle();
  const [reaction] = (await relieving.reconciling.head()).reactions ?? [];
  expect(reliefOf(reaction).outcomes.at(-1)?.code).toBe('ModeObserve');
  expect(relieving.names()).toEqual(names);
  expect(relieving.dependencies.arm.writes).toEqual(writes);
}

describe('a relief that a person takes back', () => {
  it('is undone by Hubkeeper when the hold ends, and stays so', async () => {
    const relieving = await relieved();
    const before = relieving.names();
    const { writes } = relieving.dependencies.arm;

    await hold(relieving);
    await relieving.put({ mode: 'observe' });
    const operationId = await unadjust(relieving);
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect(relieving.names()).toEqual(before);
    await release(relieving);

    expect(relieving.names()).toEqual(before.slice(0, 3));
    const { adjustments } = await relieving.reconciling.head();
    expect(adjustments).toEqual([]);
    // What the relief made goes with its adjustment.
    for (const name of before.slice(3)) expect(bodyOf(relieving, name)).toBeUndefined();
    expect((await relieving.reconciling.run(operationId)).state).toBe('succeeded');
    await expectReportedOnly(relieving);
  });

  it('keeps the addresses where a person replaces the adjustment by one that reserves them', async () => {
    const relieving = await relieved();
    const before = relieving.names();
    const { nowIso } = relieving.reconciling;
    const until = new Date(Date.parse(nowIso) + 7 * 86_400_000).toISOString();
    await hold(relieving);
    await relieving.put({ mode: 'observe' });
    const value = { count: 3, reserved: before.slice(3).map((name) => ({ name, until })) };
    await relieving.reconciling.record('adjustment', ON_CALL, {}, (head) => {
      const adjustments = head.adjustments.map((one) =>
        one.id === RELIEF_ADJUSTMENT ? { ...one, value, since: nowIso, until, by: ON_CALL } : one,
      );
      return withGeneration({ ...head, adjustments });
    });
    await relieving.reconciling.settle();

    await release(relieving);

    expect(relieving.names()).toEqual(before.slice(0, 3));
    for (const name of before.slice(3)) expect(bodyOf(relieving, name)).toBeDefined();
    await expectReportedOnly(relieving);
  });

  it('is left as it is where the addresses were taken off in Azure and the adjustment was ended', async () => {
    const relieving = await relieved();
    const before = relieving.names();
    await hold(relieving);
    relieving.detach(4);
    relieving.detach(3);
    await relieving.put({ mode: 'observe' });
    await unadjust(relieving);
    const { writes } = relieving.dependencies.arm;

    await release(relieving);

    const later = relieving.dependencies.arm.writes.slice(writes.length);
    expect(later.filter((write) => write.endsWith(relieving.firewallId))).toEqual([]);
    expect(relieving.names()).toEqual(before.slice(0, 3));
    await expectReportedOnly(relieving);
  });

  it('comes back with the next run where the adjustment was not ended', async () => {
    const relieving = await relieved();
    await hold(relieving);
    relieving.detach(4);
    relieving.detach(3);
    await release(relieving);

    await relieving.reconciling.record('reconcile', ON_CALL);
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
  });
});

function bodyOf(relieving: Relieving, name: string): unknown {
  return relieving.dependencies.arm.body(
    relieving.firewallId.replace(/azureFirewalls\/[^/]+$/i, `publicIPAddresses/${name}`),
  );
}
