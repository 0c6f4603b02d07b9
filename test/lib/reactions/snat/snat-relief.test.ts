import { describe, expect, it } from '@jest/globals';
import { ArmUnreachableError } from '../../../../lib/azure/arm-errors.ts';
import { createEventPublisher, EVENT_TYPE } from '../../../../lib/azure/event-publisher.ts';
import type { FirewallMetrics } from '../../../../lib/azure/metrics.ts';
import { isJsonObject, type JsonObject } from '../../../../lib/json.ts';
import { egressNow } from '../../../../lib/reactions/snat/relief-events.ts';
import { RELIEF_KIND } from '../../../../lib/reactions/snat/relief-names.ts';
import { waitsForOutsiders } from '../../../../lib/reactions/snat/relief-operation.ts';
import { withGeneration } from '../../../../lib/state/baseline-head.ts';
import { reactionOf, reliefOf, withRelief } from '../../../../lib/state/reactions.ts';
import { Relieving, type RelievingOptions, relievingSpec } from '../../../support/relieving.ts';
import { level, MINUTE_MS, metric } from '../../../support/snat.ts';

/** A relief whose firewall has just raised an alert. */
async function alerted(options: RelievingOptions = {}): Promise<Relieving> {
  const relieving = await Relieving.provisioned(options);
  expect(relieving.addresses()).toBe(3);
  await relieving.alert();
  return relieving;
}

/** A publisher to a topic that does this with each event, in a world that can be asked what was written by then. */
function topic(send: (event: unknown) => void) {
  return createEventPublisher({
    topicEndpoint: 'https://topic.westeurope-1.eventgrid.azure.net/api/events',
    credential: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) },
    clientOf: async () => ({
      send: async (events) => {
        for (const event of events) send(event);
      },
    }),
    wait: async () => {},
  });
}

/** Nothing was written or recorded, and the journal says why. */
async function expectUntouched(relieving: Relieving, decision: string, code: string): Promise<void> {
  const head = await relieving.reconciling.head();
  expect(head.adjustments).toEqual([]);
  expect(head.requests).toEqual([]);
  expect(relieving.addresses()).toBe(3);
  const lines = (await relieving.journal()).filter(({ resource }) => resource === relieving.firewallId);
  expect(lines).toContainEqual(expect.objectContaining({ decision, trigger: 'alert' }));
  const [reaction] = head.reactions ?? [];
  expect(reaction?.instance).toBeNull();
  expect(reaction?.relief?.outcomes.map((outcome) => outcome.code)).toEqual([code]);
}

describe('a relief', () => {
  it('records one change, which the reconciler writes, and follows it to its end', async () => {
    const relieving = await alerted();
    const { writes } = relieving.dependencies.arm;

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(5);
    const later = relieving.dependencies.arm.writes.slice(writes.length);
    expect(later.filter((write) => write === `PUT ${relieving.firewallId}`)).toHaveLength(1);
  });

  it.each([
    ['observe', 'refused', 'ModeObserve'],
    ['off', 'nothing to do', 'ModeOff'],
  ] as const)('changes nothing in mode %s and says what it would do', async (mode, decision, code) => {
    const relieving = await alerted({ mode });
    const { writes } = relieving.dependencies.arm;

    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectUntouched(relieving, decision, code);
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    const line = (await relieving.journal()).find((one) => one.decision === decision);
    expect(line?.after).toMatchObject({ figures: { targetAddresses: 5 } });
    expect(line?.reason).toContain('nothing is changed. 2 addresses would be added to the present 3.');
  });

  it.each(['Sev3', 'Sev4', null] as const)('only proposes for an alert of severity %s', async (severity) => {
    const relieving = await Relieving.provisioned();
    const { writes } = relieving.dependencies.arm;
    await relieving.alert(severity);

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(3);
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('waits for no approval any more when a graver alert comes', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.alert('Sev3');
    await relieving.decide();
    await relieving.reconciling.settle();
    expect(await relieving.followed()).toEqual({ next: 'end' });

    await relieving.alert('Sev0');
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('scale out taken back');
  });

  it('acts by the gravest of the alerts that are open, whichever came last', async () => {
    const relieving = await alerted();
    await relieving.alert('Sev3');

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
  });

  it('refuses where a NAT gateway on the subnet carries the egress, and says what helps', async () => {
    const relieving = await alerted();
    relieving.edit(await networkIdOf(relieving), withNatGateway);

    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectUntouched(relieving, 'help needed', 'NatGatewayOnSubnet');
    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line?.after).toMatchObject({ recommendations: [{ code: 'GrowNatGateway' }] });
  });

  it('refuses where an address of the firewall is IPv6, which is no capacity for IPv4', async () => {
    const relieving = await alerted();
    const id = relieving.attachForeign('pip-v6');
    relieving.edit(id, (body) => ({
      ...body,
      properties: { publicIPAddressVersion: 'IPv6', ipAddress: '2001:db8::1' },
    }));
    const { writes } = relieving.dependencies.arm;

    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line).toMatchObject({ reason: expect.stringContaining('pip-v6'), after: { code: 'DualStackFirewall' } });
  });

  it.each([
    ['hubkeeper-ignore', 'false'],
    ['MonitorDisable', 'true'],
    ['monitordisable', 'Sandbox'],
  ])('leaves a firewall alone that carries the tag %s: %s', async (tag, value) => {
    const relieving = await alerted();
    relieving.edit(relieving.firewallId, (body) => ({ ...body, tags: { [tag]: value } }));

    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectUntouched(relieving, 'refused', 'LeftAlone');
  });

  it('relieves a firewall whose tag says that it is monitored', async () => {
    const relieving = await alerted();
    relieving.edit(relieving.firewallId, (body) => ({ ...body, tags: { MonitorDisable: 'false' } }));

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  it('writes nothing to a firewall that is tagged between the decision and the write', async () => {
    const relieving = await alerted();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    relieving.edit(relieving.firewallId, (body) => ({ ...body, tags: { MonitorDisable: 'true' } }));

    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(3);
    // What was made for it goes again.
    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(madeAddresses(relieving)).toHaveLength(3);
    expect(await relieving.follow()).toEqual({ next: 'end' });
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('action refused');
  });

  it('starts nothing during a hold, and looks again by itself when that is over', async () => {
    const relieving = await alerted();
    const { writes } = relieving.dependencies.arm;
    const until = new Date(Date.parse(relieving.reconciling.nowIso) + 1_800_000).toISOString();
    const hold = { owner: 'on call', reason: 'incident', until, scope: 'egress', since: '', by: 'on call' };
    await relieving.reconciling.change((head) => ({ ...head, hold }));

    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectUntouched(relieving, 'nothing to do', 'Held');
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect(await relieving.timer()).toBe(false);
    relieving.reconciling.pass(1_800);
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });
});

describe('a relief that looks again', () => {
  /** Five addresses after an alert, and the gauge at this. */
  async function relieved(utilizationPercent: number, instances = 2): Promise<Relieving> {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = utilizationPercent;
    relieving.gauge.instances = instances;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toEqual({ next: 'end' });
    expect(relieving.addresses()).toBe(5);
    return relieving;
  }

  it('does so while the alert is open, which Azure does not repeat', async () => {
    const relieving = await alerted({ utilizationPercent: 79 });

    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(await relieving.timer()).toBe(false);
    relieving.reconciling.pass(900);
    relieving.gauge.utilizationPercent = 88;
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it.each(['off', 'observe'])('does so while the alert is open in mode %s too', async (mode) => {
    const relieving = await Relieving.provisioned();
    await relieving.put({ mode });
    await relieving.alert();
    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(await relieving.timer()).toBe(false);
    relieving.reconciling.pass(3_600);
    expect(await relieving.timer()).toBe(true);
  });

  it('does so as soon as the spec lets it act', async () => {
    const relieving = await alerted({ mode: 'observe' });
    expect(await relieving.decide()).toEqual({ next: 'end' });

    // The alert has been open for so long that it does not count any more.
    relieving.reconciling.pass(2 * 24 * 3_600);
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toEqual({ next: 'end' });
    relieving.reconciling.pass(24 * 3_600);
    expect(await relieving.timer()).toBe(false);

    await relieving.put({ mode: 'act' });

    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('does so as soon as a hold is released, long before it would have ended', async () => {
    const relieving = await alerted();
    const until = new Date(Date.parse(relieving.reconciling.nowIso) + 5 * 24 * 3_600_000).toISOString();
    const hold = { owner: 'on call', reason: 'incident', until, since: '', by: 'on call' };
    await relieving.reconciling.change((head) => withGeneration({ ...head, hold }));
    expect(await relieving.decide()).toEqual({ next: 'end' });
    relieving.reconciling.pass(2 * 24 * 3_600);
    expect(await relieving.timer()).toBe(false);

    await relieving.reconciling.change((head) => withGeneration({ ...head, hold: null }));

    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  it('does so when the spec has room for more, days after it had none', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.put({ mode: 'act' }, [], { maximum: 3 });
    await relieving.alert();
    expect(await relieving.decide()).toEqual({ next: 'end' });
    relieving.reconciling.pass(30 * 3_600);
    await relieving.timer();
    await relieving.decide();
    expect(await relieving.timer()).toBe(false);

    await relieving.put({ mode: 'act' });

    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  it('does so for a new spec after the last failures closed the way', async () => {
    const relieving = await alerted();
    await relieving.reconciling.change((head) => {
      const reaction = reactionOf(head, RELIEF_KIND, relieving.firewallId);
      if (reaction === undefined) throw new Error('The alert was not recorded.');
      const failed = { at: relieving.reconciling.nowIso, outcome: 'failed' } as const;
      return withRelief(head, reaction, { ...reliefOf(reaction), attempts: [failed, failed] });
    });
    expect(await relieving.decide()).toEqual({ next: 'end' });
    expect(await relieving.timer()).toBe(false);
    await relieving.reconciling.change(withGeneration);
    expect(await relieving.timer()).toBe(false);

    await relieving.put({ mode: 'act' }, ['web']);

    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  /** The timer comes back after so many seconds, and no sooner. */
  async function expectRest(relieving: Relieving, seconds: number): Promise<void> {
    expect(await relieving.timer()).toBe(false);
    relieving.reconciling.pass(seconds);
    expect(await relieving.timer()).toBe(true);
  }

  it('rests an hour, not a day, where a firewall has failed and its alert is open', async () => {
    const relieving = await relieved(40);
    setState(relieving, 'Failed');
    await relieving.alert();
    expect(await relieving.decide()).toEqual({ next: 'end' });

    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    const again = new Date(Date.parse(relieving.reconciling.nowIso) + 3_600_000).toISOString();
    expect(line?.reason.endsWith(` Looks again at ${again}.`)).toBe(true);
    await expectRest(relieving, 3_600);
    setState(relieving, 'Succeeded');
    relieving.gauge.utilizationPercent = 92;
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  it('does not wait for the time of a step back while an alert is open', async () => {
    const relieving = await relieved(40);
    await relieving.alert();
    expect(await relieving.decide()).toEqual({ next: 'end' });
    await expectRest(relieving, 900);
    // It comes to the rest of a day before a step back.
    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectRest(relieving, 900);
    relieving.gauge.utilizationPercent = 92;
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });

  it('says once that there are no metrics, and once that there are again', async () => {
    const relieving = await relieved(40);
    const before = (await relieving.journal()).length;
    const look = async () => {
      relieving.reconciling.pass(24 * 3_600);
      expect(await relieving.timer()).toBe(true);
      expect(await relieving.decide()).toEqual({ next: 'end' });
    };
    relieving.gauge.utilizationPercent = Number.NaN;
    for (let looks = 0; looks < 20; looks++) await look();
    relieving.gauge.utilizationPercent = 40;
    for (let looks = 0; looks < 2; looks++) await look();

    const lines = (await relieving.journal()).slice(before).map(({ decision }) => decision);
    // One when they are missed, one when they are back, and what each of the two looks after that came to.
    expect([...lines].sort()).toEqual(['metrics back', 'nothing to do', 'nothing to do', 'nothing to do']);
  });

  it('looks seldom while there are no metrics, and not at all when the alert has been open for a day', async () => {
    const relieving = await alerted({ utilizationPercent: Number.NaN });
    // An alert's own look waits for an hour before people are asked.
    let step = await relieving.decide();
    while (step.next === 'decide') {
      relieving.reconciling.pass(Math.max(60, step.seconds));
      step = await relieving.decide();
    }
    expect(step).toEqual({ next: 'end' });
    const before = (await relieving.journal()).length;

    let looks = 0;
    for (let minutes = 0; minutes < 48 * 60; minutes += 5) {
      relieving.reconciling.pass(300);
      if (!(await relieving.timer())) continue;
      looks += 1;
      expect(await relieving.decide()).toEqual({ next: 'end' });
    }

    expect(looks).toBeGreaterThan(23);
    expect(looks).toBeLessThanOrEqual(23 * 4);
    expect(await relieving.journal()).toHaveLength(before);
    const told = (await relieving.journal()).filter(({ resource }) => resource === relieving.firewallId);
    expect(told.filter(({ decision }) => decision === 'help needed')).toHaveLength(1);
  });

  it('rests until the look-back of a new firewall can have its data, but no longer than a day', async () => {
    const beganMs = Date.parse('2026-06-01T08:00:00.000Z');
    const gauge = { percent: 88 };
    const window =
      (value: () => number): FirewallMetrics['snatPortUtilization'] =>
      async ({ fromMs, untilMs, grainMinutes = 1 }) => {
        const at = (index: number) => (fromMs + index * grainMinutes * MINUTE_MS < beganMs ? null : level(value())());
        return metric((untilMs - fromMs) / MINUTE_MS, { TCP: at }, grainMinutes, untilMs);
      };
    const metrics = { snatPortUtilization: window(() => gauge.percent), observedCapacity: window(() => 2) };
    const relieving = await alerted({ metrics });
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    gauge.percent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    await relieving.resolve();
    relieving.reconciling.pass(25 * 3_600);
    const looksAtMs: number[] = [];
    for (let isDone = false; !isDone; relieving.reconciling.pass(600)) {
      if (!(await relieving.timer())) continue;
      looksAtMs.push(Date.parse(relieving.reconciling.nowIso));
      isDone = (await relieving.decide()).next === 'poke';
    }

    // 95 % of a week are 159.6 hours; the firewall reports from its beginning on.
    const hours = ((looksAtMs.at(-1) ?? 0) - beganMs) / 3_600_000;
    expect(hours).toBeGreaterThan(159);
    expect(hours).toBeLessThan(161);
    expect(looksAtMs.length).toBeLessThanOrEqual(8);
    const told = (await relieving.journal()).filter(({ reason }) => reason.includes('hours have data'));
    expect(told).toHaveLength(1);
    expect(told[0]?.reason).toMatch(/95 % are needed, which there can be from 2026-06-07T23:\S+Z on\. Looks again at /);
  });

  it('says once a day what hourly looks come to, and at once when that is another', async () => {
    const relieving = await relieved(40);
    await relieving.resolve();
    relieving.reconciling.pass(48 * 3_600);
    const before = (await relieving.journal()).length;
    const hours = async (count: number) => {
      for (let hour = 0; hour < count; hour++) {
        expect(await relieving.timer()).toBe(true);
        expect(await relieving.decide()).toEqual({ next: 'end' });
        relieving.reconciling.pass(3_600);
      }
      return (await relieving.journal()).slice(before).map(({ after }) => isJsonObject(after ?? null) && after);
    };

    expect(await hours(20)).toEqual([expect.objectContaining({ code: 'DemandTooHigh' })]);
    expect(await hours(20)).toHaveLength(2);
    relieving.gauge.utilizationPercent = 2;
    relieving.gauge.maximumPercent = 70;
    expect(await hours(2)).toHaveLength(3);
  });

  it('tells partners once a day, not at each look, that people are needed', async () => {
    const types: unknown[] = [];
    const relieving = await alerted({ events: topic((event) => types.push(Object(event).type)) });
    setState(relieving, 'Failed');
    await relieving.decide();

    for (let hour = 0; hour < 20; hour++) {
      relieving.reconciling.pass(3_600);
      expect(await relieving.timer()).toBe(true);
      await relieving.decide();
    }

    expect(types.filter((type) => type === EVENT_TYPE.helpNeeded)).toHaveLength(1);
    await relieving.alert();
    await relieving.decide();
    expect(types.filter((type) => type === EVENT_TYPE.helpNeeded)).toHaveLength(2);
  });

  it('rests for a day after addresses that did not help', async () => {
    // The firewall has lost an instance: five addresses on one serve less than three on two.
    const relieving = await relieved(85, 1);
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('help needed');

    relieving.reconciling.pass(12 * 3_600);
    expect(await relieving.timer()).toBe(false);
    relieving.reconciling.pass(12 * 3_600);
    expect(await relieving.timer()).toBe(true);
  });

  it('rests for no more than a quarter of an hour after a gap in the metric', async () => {
    const relieving = await alerted({ utilizationPercent: 100 });
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = Number.NaN;
    relieving.reconciling.pass(720);
    for (let looks = 0; looks < 2; looks++) {
      expect(await relieving.verify()).toMatchObject({ next: 'verify' });
      relieving.reconciling.pass(300);
    }
    expect(await relieving.verify()).toEqual({ next: 'end' });
    expect(await relieving.timer()).toBe(false);

    relieving.gauge.utilizationPercent = 100;
    relieving.reconciling.pass(900);
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBeGreaterThan(8);
  });

  it('asks for help where the same traffic still fills single minutes with more than twice the ports', async () => {
    const relieving = await alerted({ utilizationPercent: 60 });
    relieving.gauge.maximumPercent = 99;
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    await relieving.followed();
    expect(relieving.addresses()).toBe(8);
    // The same ports are used on average: more there are, and that alone makes the average fall.
    relieving.gauge.utilizationPercent = 22.5;
    relieving.reconciling.pass(1_200);

    expect(await relieving.verify()).toEqual({ next: 'end' });

    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line?.reason).toContain('one destination');
    expect(await relieving.timer()).toBe(false);
    expect(relieving.addresses()).toBe(8);
  });

  it('goes on adding where the average is low enough and single minutes are not', async () => {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 52;
    relieving.gauge.maximumPercent = 97;
    relieving.reconciling.pass(1_200);

    expect(await relieving.verify()).toEqual({ next: 'decide', seconds: 0 });
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBeGreaterThan(5);
  });

  it('runs each of its steps under an operation of its own', async () => {
    const relieving = await alerted();
    const operations: (string | undefined)[] = [];
    for (let steps = 0; steps < 4; steps++) {
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
      const [reaction] = (await relieving.reconciling.head()).reactions ?? [];
      operations.push(reaction?.relief?.action?.operationId);
      await relieving.reconciling.settle();
      await relieving.followed();
      relieving.gauge.utilizationPercent = 84;
      relieving.reconciling.pass(1_200);
      expect(await relieving.verify()).toEqual({ next: 'decide', seconds: 0 });
    }

    expect(new Set(operations).size).toBe(4);
    expect(relieving.addresses()).toBe(14);
  });

  it('withdraws a step back that an alert overtakes', async () => {
    const relieving = await relieved(40);
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(30 * 24 * 3_600);
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('scale in');

    relieving.gauge.utilizationPercent = 92;
    await relieving.alert();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBeGreaterThan(5);
    expect((await relieving.reconciling.head()).adjustments).toEqual([
      expect.objectContaining({ value: relieving.addresses() }),
    ]);
  });
});

describe('what people ask for while the relief of a firewall goes on', () => {
  it('is a spec of more addresses: the firewall gets them', async () => {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);

    await relieving.put({ mode: 'act' }, [], { count: 8 });

    expect(relieving.addresses()).toBe(8);
  });

  it('is an address that stays off: the next alert takes others', async () => {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 50;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toEqual({ next: 'end' });
    const [, , , listed = ''] = relieving.names();
    await relieving.adjustByHand({ count: 4, detached: [listed] });
    expect(relieving.addresses()).toBe(4);
    relieving.gauge.utilizationPercent = 88;
    relieving.reconciling.pass(3_600);

    await relieving.alert();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(6);
    expect(relieving.names()).not.toContain(listed);
  });
});

describe('an address of ours that somebody takes off the firewall', () => {
  it('comes back with the next step when an adjustment declares it', async () => {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 52;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toEqual({ next: 'end' });
    relieving.detach(4);
    relieving.gauge.utilizationPercent = 88;
    relieving.reconciling.pass(3_600);
    await relieving.alert();

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(6);
    expect((await relieving.reconciling.head()).adjustments).toMatchObject([{ value: 6 }]);
  });

  it('keeps the reaction from writing when the spec declares it and drift only observes: people are asked', async () => {
    const relieving = await alerted();
    const { writes } = relieving.dependencies.arm;
    relieving.detach(2);

    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(relieving.addresses()).toBe(2);
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line).toMatchObject({ after: { code: 'SpecAddressMissing' } });
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
  });

  it('comes back although the spec declares it where drift may act', async () => {
    const relieving = await alerted({ driftMode: 'act' });
    relieving.detach(2);

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(3);
  });

  it('is waited for while a run is about to bring it', async () => {
    const relieving = await alerted();
    relieving.detach(2);
    await relieving.reconciling.record('reconcile', 'author');

    expect(await relieving.decide()).toMatchObject({ next: 'decide' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(3);
    relieving.reconciling.pass(900);

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  });
});

describe('an address that a DNAT rule names', () => {
  it('does not leave the firewall, whoever asks', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { count: 5 }), 'author');
    await relieving.reconciling.settle();
    const before = relieving.names();
    relieving.publish(before.at(-1) ?? '');

    const operationId = await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { count: 4 }), 'author');
    await relieving.reconciling.settle();

    expect(relieving.names()).toEqual(before);
    const { rows } = await relieving.reconciling.run(operationId);
    expect(Object.values(rows).flatMap(({ problem }) => problem?.code ?? [])).toContain('AddressNamedByDnat');
    // One that no rule names may go.
    await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { count: 5 }), 'author');
    await relieving.reconciling.settle();
    relieving.publish(before[0] ?? '');
    await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { count: 4 }), 'author');
    await relieving.reconciling.settle();
    expect(relieving.names()).toHaveLength(4);
  });
});

describe('addresses that a spec has just added', () => {
  it('count as a change whose effect is waited for', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { count: 6 }), 'author');
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(6);
    relieving.reconciling.pass(60);
    await relieving.alert();

    expect(await relieving.decide()).toMatchObject({ next: 'decide', seconds: expect.any(Number) });

    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(6);
    const line = (await relieving.journal()).find(({ decision }) => decision === 'waits');
    expect(line?.after).toMatchObject({ code: 'CoolingDown' });
    // By then the gauge shows what they do.
    relieving.gauge.utilizationPercent = 44;
    relieving.reconciling.pass(900);
    expect(await relieving.decide()).toEqual({ next: 'end' });
    expect(relieving.addresses()).toBe(6);
  });
});

describe('a number of addresses that somebody else changes while a step is under way', () => {
  /** A step out that has been decided: three addresses are to become five. */
  async function decided(options: RelievingOptions = {}): Promise<Relieving> {
    const relieving = await alerted(options);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    return relieving;
  }

  /** The firewall has its five addresses, and their effect is waited for. */
  async function written(): Promise<Relieving> {
    const relieving = await decided();
    await relieving.reconciling.settle();
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(5);
    return relieving;
  }

  const declaredCount = async (relieving: Relieving) => (await relieving.reconciling.head()).adjustments[0]?.value;
  const told = async (relieving: Relieving) => (await relieving.journal()).map(({ decision }) => decision);

  it('keeps what they added before the write, beside all that was decided', async () => {
    const relieving = await decided();
    relieving.attachForeign('pip-theirs');

    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.names()).toContain('pip-theirs');
    expect(relieving.addresses()).toBe(6);
    relieving.gauge.utilizationPercent = 44;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toEqual({ next: 'end' });
    const done = (await relieving.journal()).find(({ decision }) => decision === 'action done');
    expect(done?.reason).toContain('with 6');
    expect(await declaredCount(relieving)).toBe(5);
  });

  it('puts back with the write what they took off before it, where drift may act', async () => {
    const relieving = await decided({ driftMode: 'act' });
    relieving.detach(2);

    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(5);
  });

  it('adds its own beside what they took off before it, where drift only observes', async () => {
    const relieving = await decided();
    const before = relieving.names();
    relieving.detach(2);

    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.names()).toHaveLength(4);
    expect(relieving.names()).not.toContain(before[2]);
    expect((await relieving.reconciling.head()).adjustments).toHaveLength(1);
    relieving.gauge.utilizationPercent = 66;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toMatchObject({ next: expect.stringMatching(/^(decide|end)$/) });
    expect((await relieving.reconciling.head()).adjustments).toHaveLength(1);
    expect(relieving.names()).toHaveLength(4);
  });

  it('finds nothing to do any more where they added enough before the look', async () => {
    const relieving = await alerted();
    relieving.attachForeign('pip-one');
    relieving.attachForeign('pip-two');
    relieving.gauge.utilizationPercent = 53;

    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(relieving.names().slice(3)).toEqual(['pip-one', 'pip-two']);
    expect(relieving.addresses()).toBe(5);
  });

  it('does not take what they took off again for addresses that did not help: it looks anew', async () => {
    const relieving = await written();
    relieving.detach(4);
    relieving.detach(3);
    relieving.reconciling.pass(1_200);

    expect(await relieving.verify()).toEqual({ next: 'decide', seconds: 0 });

    expect(await told(relieving)).not.toContain('help needed');
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it.each<[string, (relieving: Relieving) => Promise<void>, number]>([
    ['ending its adjustment', (relieving) => relieving.endAdjustments(), 3],
    ['adjusting it to fewer', (relieving) => relieving.adjustByHand(4), 4],
    ['putting a spec with a lower maximum', (relieving) => relieving.put({ mode: 'act' }, [], { maximum: 4 }), 4],
  ])('is taken back, and no failure, when a person does so in Hubkeeper by %s', async (_, takeBack, left) => {
    const relieving = await written();
    await takeBack(relieving);
    expect(relieving.addresses()).toBe(left);
    relieving.reconciling.pass(1_200);

    expect(await relieving.verify()).toEqual({ next: 'end' });

    const decisions = await told(relieving);
    expect(decisions).toContain('action taken back');
    expect(decisions).not.toContain('help needed');
    const [reaction] = (await relieving.reconciling.head()).reactions ?? [];
    expect(reaction?.relief).toMatchObject({ action: null, attempts: [] });
    // It is not disputed before somebody or something asks again.
    relieving.reconciling.pass(12 * 3_600);
    expect(await relieving.timer()).toBe(false);
    expect(relieving.addresses()).toBe(left);
  });

  it('is taken back, and no failure, when a person ends its adjustment before the write', async () => {
    const relieving = await decided();
    await relieving.endAdjustments();
    expect(relieving.addresses()).toBe(3);

    expect(await relieving.followed()).toEqual({ next: 'end' });

    expect(await told(relieving)).toContain('action taken back');
    expect(await told(relieving)).not.toContain('addresses changed');
    const [reaction] = (await relieving.reconciling.head()).reactions ?? [];
    expect(reaction?.relief).toMatchObject({ action: null, attempts: [], changes: [] });
  });

  it('asks people instead of disputing with who takes addresses off each time', async () => {
    const relieving = await written();
    const strip = async () => {
      relieving.detach(4);
      relieving.detach(3);
      relieving.reconciling.pass(1_200);
      return relieving.verify();
    };
    await strip();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    const { writes } = relieving.dependencies.arm;

    expect(await strip()).toEqual({ next: 'decide', seconds: 0 });
    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect((await told(relieving)).filter((decision) => decision === 'help needed')).toHaveLength(1);
    relieving.reconciling.pass(12 * 3_600);
    expect(await relieving.timer()).toBe(false);
  });

  it('takes away only what it decided, whatever they add meanwhile', async () => {
    const relieving = await written();
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(30 * 24 * 3_600);
    const [, , , kept, newest] = relieving.names();
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    relieving.attachForeign('pip-theirs');

    await relieving.reconciling.settle();

    expect(await relieving.followed()).toEqual({ next: 'end' });
    expect(relieving.names()).toEqual([...relieving.names().slice(0, 3), kept, 'pip-theirs']);
    expect(relieving.names()).not.toContain(newest);
    expect(await told(relieving)).toContain('action done');
  });

  it('takes nothing away in their stead when the one that was to go has gone', async () => {
    const relieving = await written();
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(30 * 24 * 3_600);
    const before = relieving.names();
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    relieving.detach(4);

    await relieving.reconciling.settle();

    expect(await relieving.followed()).toEqual({ next: 'end' });
    expect(relieving.names()).toEqual(before.slice(0, 4));
    expect(await declaredCount(relieving)).toEqual(expect.objectContaining({ count: 4 }));
  });
});

describe('an alert that comes while a step back is followed', () => {
  it('is looked at when the step is left to wait', async () => {
    const relieving = await alerted();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(30 * 24 * 3_600);
    const hold = { owner: 'on call', reason: 'incident', scope: 'everything', since: '', by: 'on call' };
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    // Everything is held before the reconciler begins, so that the step waits.
    const until = new Date(Date.parse(relieving.reconciling.nowIso) + 86_400_000).toISOString();
    await relieving.reconciling.change((head) => ({ ...head, hold: { ...hold, until } }));
    await relieving.reconciling.settle();
    relieving.gauge.utilizationPercent = 92;
    await relieving.alert();

    expect(await relieving.followed()).toEqual({ next: 'decide', seconds: 0 });
    await relieving.reconciling.change((head) => ({ ...head, hold: null }));
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBeGreaterThan(5);
  });
});

describe('a change that does not come to its end', () => {
  /** The firewall has its addresses and hangs in this state. */
  async function hanging(events?: RelievingOptions['events']): Promise<Relieving> {
    const relieving = await alerted(events === undefined ? {} : { events });
    await relieving.decide();
    await relieving.reconciling.settle();
    setState(relieving, 'Updating');
    return relieving;
  }

  /** Follows as the orchestration does. @returns how often it looked before it went on to something else. */
  async function looks(relieving: Relieving): Promise<{ readonly count: number; readonly next: string }> {
    for (let count = 1; ; count++) {
      const step = await relieving.follow();
      if (step.next !== 'follow') return { count, next: step.next };
      relieving.reconciling.pass(step.seconds);
    }
  }

  const helpAsked = async (relieving: Relieving) =>
    (await relieving.journal()).filter(({ decision }) => decision === 'help needed');

  it('is told once after a bounded number of looks, is kept, and goes on when the firewall recovers', async () => {
    const types: unknown[] = [];
    const relieving = await hanging(topic((event) => types.push(Object(event).type)));

    const first = await looks(relieving);

    expect(first.next).toBe('end');
    expect(first.count).toBeLessThanOrEqual(132);
    const counts: number[] = [];
    for (let hour = 0; hour < 24; hour++) {
      relieving.reconciling.pass(3_600);
      expect(await relieving.timer()).toBe(true);
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
      counts.push((await looks(relieving)).count);
      expect(await relieving.timer()).toBe(false);
    }
    expect(new Set(counts)).toEqual(new Set([1]));
    expect(await helpAsked(relieving)).toHaveLength(1);
    expect(types.filter((type) => type === EVENT_TYPE.helpNeeded)).toHaveLength(1);
    expect((await relieving.reconciling.head()).adjustments).toMatchObject([{ value: 5 }]);

    setState(relieving, 'Succeeded');
    relieving.reconciling.pass(1_800);
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    expect((await looks(relieving)).next).toBe('verify');
    relieving.gauge.utilizationPercent = 52;
    relieving.reconciling.pass(1_200);
    expect(await relieving.verify()).toEqual({ next: 'end' });
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('action done');
  });

  it('answers a further alert with the same, and changes nothing for it', async () => {
    const relieving = await hanging();
    await looks(relieving);
    const { writes } = relieving.dependencies.arm;
    await relieving.alert();

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect(await looks(relieving)).toEqual({ count: 1, next: 'end' });

    expect(relieving.dependencies.arm.writes).toEqual(writes);
    const [reaction] = (await relieving.reconciling.head()).reactions ?? [];
    expect(reaction).toMatchObject({ handled: 2, instance: null });
    expect(reaction?.relief?.outcomes).toMatchObject([{ state: 'failed', code: 'ChangeOverdue' }]);
    expect(await helpAsked(relieving)).toHaveLength(2);
  });
});

describe('a relief while somebody else’s operation waits', () => {
  const DAY_MS = 24 * 3_600_000;

  async function heldSpoke(relieving: Relieving): Promise<void> {
    const until = new Date(Date.parse(relieving.reconciling.nowIso) + 5 * DAY_MS).toISOString();
    const hold = { owner: 'bob', reason: 'incident', until, scope: 'spoke:web', since: '', by: 'bob' };
    await relieving.reconciling.change((head) => withGeneration({ ...head, hold }));
  }

  /** A spec with a new spoke that has to wait for the end of a hold. */
  async function waitingPut(): Promise<Relieving> {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100 });
    await heldSpoke(relieving);
    await relieving.put({ mode: 'act' }, ['web']);
    await expectWaiting(relieving);
    return relieving;
  }

  async function expectWaiting(relieving: Relieving): Promise<void> {
    const { currentOperationId } = await relieving.reconciling.head();
    expect(await relieving.reconciling.run(currentOperationId ?? '')).toMatchObject({ state: 'waiting' });
  }

  it('adds what is needed, step after step, while a spec waits for a hold of something else', async () => {
    const relieving = await waitingPut();
    await relieving.alert();

    for (const addresses of [8, 14]) {
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
      await relieving.reconciling.settle();
      expect(await relieving.followed()).toMatchObject({ next: 'verify' });
      expect(relieving.addresses()).toBe(addresses);
      relieving.reconciling.pass(1_200);
      expect(await relieving.verify()).toMatchObject({ next: 'decide' });
    }
    await expectWaiting(relieving);
    expect((await relieving.journal()).map(({ decision }) => decision)).not.toContain('help needed');
  });

  it('takes back what the firewall refuses, though the operation goes on waiting', async () => {
    const relieving = await waitingPut();
    await relieving.alert();
    await relieving.decide();
    relieving.edit(relieving.firewallId, (body) => ({ ...body, tags: { 'hubkeeper-ignore': 'true' } }));
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.follow()).toEqual({ next: 'end' });
    expect(relieving.addresses()).toBe(3);
    expect(madeAddresses(relieving)).toHaveLength(3);
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('action refused');
    await expectWaiting(relieving);
  });

  it('steps in before one that is about something else, and that goes on waiting', async () => {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100 });
    await heldSpoke(relieving);
    await relieving.reconciling.put(relievingSpec({ mode: 'act' }, { spokes: ['web'] }), 'author');
    await relieving.reconciling.change((head) => ({ ...head, requests: [] }));
    const ahead = await relieving.reconciling.record('reconcile', 'alice', { scope: 'spoke:web' });
    await relieving.reconciling.settle();
    await expectWaiting(relieving);
    const before = await relieving.reconciling.run(ahead);

    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(8);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    const decisions = (await relieving.journal()).map(({ decision }) => decision);
    expect(decisions).toContain('stepped in');
    expect(decisions).not.toContain('help needed');
    const { state, rows, wakeAt, planHash } = await relieving.reconciling.run(ahead);
    expect({ state, rows, wakeAt, planHash }).toEqual({
      state: 'waiting',
      rows: before.rows,
      wakeAt: before.wakeAt,
      planHash: before.planHash,
    });
    await expectWaiting(relieving);
  });

  it('says at once behind which teardown it is queued and what that waits for, and begins when that has ended', async () => {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100 });
    await relieving.alert();
    await relieving.decide();
    const ahead = await relieving.reconciling.record('delete', 'alice', {}, (one) =>
      withGeneration({ ...one, teardown: true }),
    );
    await relieving.reconciling.settle();
    await expectWaiting(relieving);
    expect(await relieving.followed()).toEqual({ next: 'end' });

    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line?.reason).toContain(`${ahead} of alice, which waits: A teardown needs an approval`);
    const head = await relieving.reconciling.head();
    const { action } = reliefOf(reactionOf(head, RELIEF_KIND, relieving.firewallId));
    if (action === null) throw new Error('The change is not recorded any more.');
    expect(await waitsForOutsiders(relieving.dependencies, head, relieving.firewallId, action)).toBe(true);

    await relieving.reconciling.record('resume', 'alice', { operationId: ahead }, (one) =>
      withGeneration({ ...one, stops: [ahead] }),
    );
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(8);
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
  });
});

describe('a relief in mode propose', () => {
  async function proposed(): Promise<Relieving> {
    const relieving = await alerted({ mode: 'propose' });
    const { writes } = relieving.dependencies.arm;
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    const head = await relieving.reconciling.head();
    expect(relieving.dependencies.arm.writes).toEqual(writes);
    expect(head.approvals).toEqual([expect.objectContaining({ requestedBy: 'hubkeeper' })]);
    // Nothing holds an orchestration while people make up their minds.
    expect(await relieving.followed()).toEqual({ next: 'end' });
    expect(await relieving.timer(new Set([head.approvals[0]?.operationId ?? '']))).toBe(false);
    return relieving;
  }

  it('waits for it also when somebody puts the spec for something else', async () => {
    const relieving = await proposed();

    await relieving.put({ mode: 'propose' }, ['web']);
    expect(relieving.addresses()).toBe(3);
    expect((await relieving.reconciling.head()).approvals).toHaveLength(1);

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
  });

  it('takes no address away either because somebody puts the spec for something else', async () => {
    const relieving = await proposed();
    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    await relieving.timer();
    await relieving.decide();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 10;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(10 * 24 * 3_600);
    await relieving.timer();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    await relieving.put({ mode: 'propose' }, ['web']);

    expect(relieving.addresses()).toBe(5);
    expect((await relieving.reconciling.head()).approvals).toHaveLength(1);
  });

  it.each(['off', 'observe'])('is not carried out by the spec that turns it %s, and is taken back', async (mode) => {
    const relieving = await proposed();

    await relieving.put({ mode });
    expect(relieving.addresses()).toBe(3);

    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    expect(await relieving.followed()).toEqual({ next: 'end' });
    const head = await relieving.reconciling.head();
    expect(head.adjustments).toEqual([]);
    expect(head.lastResult).toMatchObject({ state: 'succeeded' });
  });

  it('says why it waits, what for, until when, and how to approve it', async () => {
    const relieving = await proposed();

    const [approval] = (await relieving.reconciling.head()).approvals;
    const line = (await relieving.journal()).find(({ decision }) => decision === 'waits');
    expect(line?.reason).toContain("egress.mode is 'propose' (until ");
    expect(line?.reason).toContain(`hubkeeper approve ${approval?.planHash.slice(0, 16)}.`);
    expect(line?.reason).toContain(`Until ${approval?.expiresAt} `);
    expect(line?.reason).toContain('is 88 % on average');
  });

  it('waits for an approval, then writes', async () => {
    const relieving = await proposed();

    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
  });

  it('is not late for the time that it waited', async () => {
    const relieving = await proposed();
    relieving.reconciling.pass(20 * 3_600);
    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    setState(relieving, 'Updating');

    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    expect(await relieving.follow()).toMatchObject({ next: 'follow' });
    expect((await relieving.journal()).map(({ decision }) => decision)).not.toContain('help needed');
  });

  it('takes its adjustment back when it is rejected, and asks nobody for help', async () => {
    const relieving = await proposed();
    expect((await relieving.reconciling.head()).adjustments).toHaveLength(1);

    await relieving.decideApproval('reject');
    await relieving.reconciling.settle();
    expect(await relieving.timer()).toBe(true);
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    expect(await relieving.followed()).toEqual({ next: 'end' });

    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    expect(relieving.addresses()).toBe(3);
    const decisions = (await relieving.journal()).map(({ decision }) => decision);
    expect(decisions).toContain('action refused');
    expect(decisions).not.toContain('help needed');
  });

  describe('that somebody has rejected', () => {
    async function rejected(): Promise<Relieving> {
      const relieving = await proposed();
      await relieving.decideApproval('reject');
      await relieving.reconciling.settle();
      expect(await relieving.timer()).toBe(true);
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
      expect(await relieving.followed()).toEqual({ next: 'end' });
      return relieving;
    }

    /** Looks as often as the timer asks for it. @returns after how many hours something was proposed; null: never. */
    async function hoursUntilProposed(relieving: Relieving, maximumHours: number): Promise<number | null> {
      for (let hours = 0; hours <= maximumHours; hours++) {
        if ((await relieving.timer()) && (await relieving.decide()).next === 'poke') return hours;
        relieving.reconciling.pass(3_600);
      }
      return null;
    }

    it('does not come back for a day, as its line says, however long the alert is open', async () => {
      const relieving = await rejected();

      const line = (await relieving.journal()).find(({ decision }) => decision === 'action refused');
      expect(line?.reason.match(/approver rejected it at \S+Z\./g)).toHaveLength(1);
      expect(line?.reason).toMatch(/not proposed again before 2026-06-02T\S+Z, unless a new alert comes, more than 5 /);
      expect(line?.reason).toMatch(/ Looks again at 2026-06-01T\S+Z\.$/);
      expect(await hoursUntilProposed(relieving, 30)).toBe(24);
    });

    it('comes back at once for a new alert', async () => {
      const relieving = await rejected();
      expect(await hoursUntilProposed(relieving, 2)).toBeNull();

      await relieving.alert();

      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    });

    it('comes back for an alert that came after the no, before that was read', async () => {
      const relieving = await proposed();
      await relieving.decideApproval('reject');
      await relieving.reconciling.settle();
      relieving.reconciling.pass(60);
      await relieving.alert();
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });

      expect(await relieving.followed()).toEqual({ next: 'decide', seconds: 0 });

      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    });

    it('comes back when more addresses are wanted than were rejected', async () => {
      const relieving = await rejected();
      relieving.gauge.utilizationPercent = 89;
      expect(await hoursUntilProposed(relieving, 2)).toBeNull();

      relieving.gauge.utilizationPercent = 99;

      expect(await hoursUntilProposed(relieving, 2)).not.toBeNull();
    });

    it('comes back under a new spec', async () => {
      const relieving = await rejected();
      await relieving.reconciling.change((head) => ({ ...head, specVersion: head.specVersion + 1 }));

      expect(await hoursUntilProposed(relieving, 2)).not.toBeNull();
    });
  });
});

describe('the topic that partners listen to', () => {
  it('hears of addresses before the first write, once however often the step is repeated', async () => {
    const told: { readonly event: unknown; readonly writes: number }[] = [];
    const relieving: Relieving = await alerted({
      events: topic((event) => told.push({ event, writes: relieving.dependencies.arm.writes.length })),
    });
    const before = relieving.dependencies.arm.writes.length;

    await relieving.decide();
    await relieving.decide();
    await relieving.reconciling.settle();

    expect(told).toEqual([
      {
        event: expect.objectContaining({
          type: EVENT_TYPE.addressesAboutToBeUsed,
          subject: relieving.firewallId,
          data: expect.objectContaining({
            addresses: [expect.objectContaining({ state: 'aboutToBeUsed' }), expect.anything()],
          }),
        }),
        writes: before,
      },
    ]);
    expect(relieving.addresses()).toBe(5);
    expect((await relieving.journal()).map(({ decision }) => decision)).toContain('event published');
  });

  it('hears afterwards from which addresses egress leaves', async () => {
    const told: { readonly type: unknown; readonly data: Readonly<Record<string, unknown>> }[] = [];
    const relieving = await alerted({ events: topic((event) => told.push(Object(event))) });
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 52;
    relieving.reconciling.pass(1_200);

    expect(await relieving.verify()).toEqual({ next: 'end' });

    const done = told.filter(({ type }) => type === EVENT_TYPE.actionDone);
    expect(done).toHaveLength(1);
    expect(done[0]?.data).toMatchObject({
      code: 'Relieved',
      addressesBefore: 3,
      addressesNow: 5,
      egress: { addresses: Array.from({ length: 5 }, () => ({ state: 'inUse', through: relieving.firewallId })) },
      reservedUntil: {},
    });
  });

  it('hears what was done even where Azure cannot be read just then', async () => {
    const relieving = await alerted({ events: topic(() => {}) });
    const { dependencies, firewallId } = relieving;
    const list = async (target: string) => {
      throw new ArmUnreachableError('GET', target, new Error('connection reset'));
    };
    const unreachable = { ...dependencies, arm: { ...dependencies.arm, list } };
    const request = { baseline: 'x', target: firewallId, instanceId: 'y', nowIso: '2026-11-20T00:00:00Z' };

    expect(await egressNow(unreachable, await relieving.reconciling.head(), request)).toEqual({
      egressUnknown: expect.stringMatching(/^AzureUnreachable: /),
    });
  });

  it('is no reason to leave a firewall without ports when it fails', async () => {
    const relieving = await alerted({
      events: topic(() => {
        throw new Error('The topic is gone.');
      }),
    });

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.addresses()).toBe(5);
    const line = (await relieving.journal()).find(({ decision }) => decision === 'event not published');
    expect(line?.reason).toContain('The topic is gone.');
  });

  it('hears of two reasons for help under two ids where both are about one alert', async () => {
    const told: { readonly id: unknown; readonly type: unknown; readonly data: { readonly code: string } }[] = [];
    const relieving = await alerted({ events: topic((event) => told.push(Object(event))) });
    const network = await networkIdOf(relieving);
    const without = relieving.dependencies.arm.body(network) ?? {};
    relieving.edit(network, withNatGateway);
    // A further alert comes during the look, which therefore begins again under the same operation.
    relieving.dependencies.arm.beforeNext('GET', () => relieving.alert());
    expect(await relieving.decide()).toEqual({ next: 'decide', seconds: 0 });
    relieving.edit(network, () => without);
    setState(relieving, 'Failed');

    expect(await relieving.decide()).toEqual({ next: 'end' });

    const help = told.filter(({ type }) => type === EVENT_TYPE.helpNeeded);
    expect(help.map(({ data }) => data.code)).toEqual(['NatGatewayOnSubnet', 'FirewallFailed']);
    expect(new Set(help.map(({ id }) => id)).size).toBe(2);
  });

  it.each([
    ['observe', [], 'ModeForbidsWrites'],
    ['create-only', [], 'ModeForbidsUpdate'],
    ['full', ['/subscriptions/00000000-0000-4000-8000-000000000002'], 'NotOnAllowList'],
  ] as const)('hears of no address that the guard refuses anyway: %s %j', async (baselineMode, allowedScopes, code) => {
    const types: unknown[] = [];
    const relieving = await alerted({ baselineMode, events: topic((event) => types.push(Object(event).type)) });
    Object.assign(relieving.dependencies, { settings: { ...relieving.dependencies.settings, allowedScopes } });

    expect(await relieving.decide()).toEqual({ next: 'end' });

    await expectUntouched(relieving, 'refused', code);
    expect(types).toEqual([EVENT_TYPE.actionRefused]);
    // The timer does not repeat it every hour either.
    relieving.reconciling.pass(12 * 3_600);
    expect(await relieving.timer()).toBe(false);
  });

  it('hears of a refusal', async () => {
    const types: unknown[] = [];
    const relieving = await alerted({
      mode: 'observe',
      events: topic((event) => types.push(Object(event).type)),
    });

    await relieving.decide();

    expect(types).toEqual([EVENT_TYPE.actionRefused]);
  });
});

/** Names of the public addresses that Azure has for the firewall, attached or not. */
function madeAddresses({ dependencies, firewallId }: Relieving): readonly string[] {
  const group = firewallId.slice(0, firewallId.indexOf('/providers/'));
  const id = (index: number) =>
    `${group}/providers/Microsoft.Network/publicIPAddresses/pip-fw-westeurope-${String(index).padStart(2, '0')}`;
  return Array.from({ length: 20 }, (_, index) => id(index)).filter((one) => dependencies.arm.body(one) !== undefined);
}

function setState(relieving: Relieving, provisioningState: string): void {
  relieving.edit(relieving.firewallId, (body) => ({
    ...body,
    properties: { ...(isJsonObject(body.properties) ? body.properties : {}), provisioningState },
  }));
}

async function networkIdOf(relieving: Relieving): Promise<string> {
  const entries = await relieving.dependencies.ledger.all('small');
  return entries.find(({ kind }) => kind === 'virtualNetwork')?.id ?? '';
}

function withNatGateway(body: JsonObject): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const subnets = Array.isArray(properties.subnets) ? properties.subnets.filter(isJsonObject) : [];
  const carried = subnets.map((subnet) => {
    const own = isJsonObject(subnet.properties) ? subnet.properties : {};
    return { ...subnet, properties: { ...own, natGateway: { id: '/subscriptions/x/natGateways/theirs' } } };
  });
  return { ...body, properties: { ...properties, subnets: carried } };
}
