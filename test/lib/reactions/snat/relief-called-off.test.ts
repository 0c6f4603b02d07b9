import { describe, expect, it } from '@jest/globals';
import { stopOperation } from '../../../../lib/reconcile/stop-operation.ts';
import { Relieving, type RelievingOptions, relievingSpec } from '../../../support/relieving.ts';

const HOUR = 3_600;
/** Whatever tells that somebody else has changed something, or that people have to help. */
const ALARMS = ['drift found', 'drift reported', 'help needed', 'action refused'];

interface Stopped extends RelievingOptions {
  readonly driftMode: 'observe' | 'act';
  /** How many addresses the stopped spec declares instead of three. */
  readonly count?: number;
  readonly spokes?: readonly string[];
  /** Before anything of it is made; else once its addresses are made and not yet on the firewall. */
  readonly atOnce?: boolean;
}

/** A firewall of three addresses whose baseline has had another spec, which somebody has stopped an hour ago. */
async function stopped({ driftMode, count, spokes, atOnce, ...options }: Stopped): Promise<Relieving> {
  const relieving = await Relieving.provisioned({ ...options, driftMode });
  const more = {
    driftMode,
    ...options.publicIps,
    ...(spokes === undefined ? {} : { spokes }),
    ...(count === undefined ? {} : { count }),
  };
  const { reconciling } = relieving;
  const id = await reconciling.put(relievingSpec({ mode: 'act' }, more), 'author');
  if (atOnce !== true) await reconciling.settle(({ next }) => next !== 'end');
  await reconciling.change((head) => {
    const ending = stopOperation(head, id, 'author', reconciling.nowIso);
    if (ending.outcome === 'notLive') throw new Error(`${id} is not live.`);
    return ending.head;
  });
  await reconciling.settle();
  expect(await reconciling.head()).toMatchObject({ calledOff: { specVersion: 2 }, appliedSpecVersion: 1 });
  expect(relieving.addresses()).toBe(3);
  reconciling.pass(HOUR);
  return relieving;
}

async function relieve(relieving: Relieving): Promise<void> {
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();
  await relieving.followed();
}

async function alarms(relieving: Relieving): Promise<readonly string[]> {
  return (await relieving.journal()).flatMap(({ decision }) => (ALARMS.includes(decision) ? [decision] : []));
}

describe('a relief under a spec that somebody has stopped', () => {
  it.each<readonly [string, Omit<Stopped, 'driftMode'>, number]>([
    ['a spec about something else', { spokes: ['a'], atOnce: true, utilizationPercent: 88 }, 5],
    ['a spec with more addresses, stopped at once', { count: 5, atOnce: true, utilizationPercent: 88 }, 5],
    ['a spec with as many addresses as are needed', { count: 5, utilizationPercent: 88 }, 5],
    ['a spec with fewer addresses than are needed', { count: 5, utilizationPercent: 120 }, 8],
    ['a spec with more addresses than are needed', { count: 7, utilizationPercent: 88 }, 5],
  ])('adds what is needed: %s', async (_, over, expected) => {
    for (const driftMode of ['observe', 'act'] as const) {
      const relieving = await stopped({ ...over, driftMode });
      await relieve(relieving);

      expect(relieving.addresses()).toBe(expected);
      expect(await alarms(relieving)).toEqual([]);
      const { calledOff, adjustments } = await relieving.reconciling.head();
      expect([calledOff?.specVersion, adjustments]).toEqual([2, [expect.objectContaining({ value: expected })]]);
    }
  });

  it('still leaves to drift.mode an address of the spec before that somebody has taken off', async () => {
    const relieving = await stopped({ driftMode: 'observe', count: 5, utilizationPercent: 88 });
    relieving.detach(2);
    await relieve(relieving);

    expect(relieving.addresses()).toBe(2);
    const [line] = (await relieving.journal()).filter(({ decision }) => decision === 'help needed');
    expect(line?.reason).toContain('The spec declares pip-fw-westeurope-02, somebody has taken that off');
  });

  it('does not take away what the spec before declares', async () => {
    const relieving = await stopped({ driftMode: 'act', count: 2, publicIps: { minimum: 1 }, atOnce: true });
    await relieve(relieving);
    expect(relieving.addresses()).toBe(5);
    await relieving.resolve();
    relieving.gauge.utilizationPercent = 1;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    for (let days = 0; days < 40; days++) {
      relieving.reconciling.pass(24 * HOUR);
      if (!(await relieving.timer())) continue;
      await relieving.decide();
      await relieving.reconciling.settle();
      await relieving.followed();
    }

    expect(relieving.names()).toEqual(['00', '01', '02'].map((ordinal) => `pip-fw-westeurope-${ordinal}`));
    expect(await alarms(relieving)).toEqual([]);
  });
});

describe('a person’s number of addresses under a spec that somebody has stopped', () => {
  it('is made, and goes with its end', async () => {
    const relieving = await stopped({ driftMode: 'observe', spokes: ['a'], atOnce: true });
    await relieving.adjustByHand(5);
    expect(relieving.addresses()).toBe(5);

    await relieving.endAdjustments();
    expect(relieving.addresses()).toBe(3);
    expect(await alarms(relieving)).toEqual([]);
  });
});
