import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { openReactions } from '../../../lib/reactions/open-reactions.ts';
import { watchReaction } from '../../../lib/reactions/watch-reactions.ts';
import { type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';
import {
  RELIEF_KIND,
  reactionsOf,
  withEvaluation,
  withHandled,
  withReactionEnded,
  withSignal,
} from '../../../lib/state/reactions.ts';
import { Relieving, type RelievingOptions } from '../../support/relieving.ts';
import { relievingHead } from '../../support/relieving-head.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const FIREWALL = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/fw';
const IN_FORCE: BaselineHead = { ...newHead('north'), specVersion: 1 };

function signalled(head: BaselineHead, alert: number, condition: 'Fired' | 'Resolved', at: string): BaselineHead {
  const figures = { severity: 'Sev1', thresholdPercent: 80, valuePercent: 86.8 } as const;
  const signal = { alertId: `/alerts/${alert}`, alertRule: 'snat', condition, at, ...figures };
  return withSignal(head, { kind: RELIEF_KIND, target: FIREWALL, signal, nowIso: NOW }).head;
}

/** The orchestration has looked at everything, and has ended. */
function looked(head: BaselineHead): BaselineHead {
  const [reaction] = reactionsOf(head);
  const handled = withHandled(head, RELIEF_KIND, FIREWALL, reaction?.sequence ?? 0);
  return withReactionEnded(handled, RELIEF_KIND, FIREWALL, reaction?.instance?.id ?? '').head;
}

async function alerted(options: RelievingOptions): Promise<Relieving> {
  const relieving = await Relieving.provisioned(options);
  await relieving.alert();
  return relieving;
}

async function openOf({ reconciling }: Relieving) {
  return openReactions(await reconciling.head(), reconciling.nowIso);
}

describe('what a reaction has not come to the end of', () => {
  it('is nothing where no alert came', async () => {
    expect(await openOf(await Relieving.provisioned())).toEqual([]);
  });

  it.each(['observe', 'off'] as const)('is an alert that mode %s does not act on, with why', async (mode) => {
    const relieving = await Relieving.provisioned({ mode });
    const openSince = relieving.reconciling.nowIso;
    await relieving.alert();
    const common = { kind: RELIEF_KIND, target: relieving.firewallId, openAlertCount: 1, openSince, valuePercent: 88 };

    expect(await openOf(relieving)).toMatchObject([{ ...common, state: 'looking', code: '', at: null }]);

    await relieving.decide();

    const operationId = 'small-2';
    const [open] = await openOf(relieving);
    expect(open).toMatchObject({ ...common, state: 'nothingUnderWay', operationId, at: relieving.reconciling.nowIso });
    expect(open).toMatchObject({ code: mode === 'off' ? 'ModeOff' : 'ModeObserve' });
    expect(open?.why).toMatch(/nothing is changed\. 2 addresses would be added .* 88 % on average/);
    expect(Date.parse(open?.until ?? '')).toBeGreaterThan(Date.parse(relieving.reconciling.nowIso));
  });

  it('is ports that are short, also when the alert has ended', async () => {
    const relieving = await alerted({ mode: 'observe' });
    await relieving.decide();
    await relieving.resolve();

    expect(await openOf(relieving)).toMatchObject([{ openAlertCount: 0, openSince: null, code: 'ModeObserve' }]);
  });

  it('is a change until it is known to help, and nothing when the alert has ended too', async () => {
    const relieving = await alerted({ mode: 'act' });
    await relieving.decide();

    const why = expect.stringMatching(/^2 addresses are added/);
    expect(await openOf(relieving)).toMatchObject([{ state: 'acting', operationId: 'small-2', why }]);

    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.gauge.utilizationPercent = 53;
    relieving.reconciling.pass(900);
    await relieving.verify();

    expect(await openOf(relieving)).toMatchObject([{ state: 'nothingUnderWay', code: 'Relieved' }]);

    await relieving.resolve();

    expect(await openOf(relieving)).toEqual([]);
  });

  it('is what waits for the metrics', async () => {
    const relieving = await alerted({ mode: 'act' });
    relieving.gauge.isBlind = true;
    await relieving.decide();

    expect(await openOf(relieving)).toMatchObject([{ state: 'waiting', at: relieving.reconciling.nowIso }]);
  });

  it.each([RELIEF_KIND, 'remediateDrift'] as const)('is what was given up until it has rested: %s', (kind) => {
    const { head } = withEvaluation(IN_FORCE, kind, FIREWALL, NOW);
    const [reaction] = reactionsOf(head);
    if (reaction?.instance == null) throw new Error('Nothing looks.');
    const died = { ...reaction, instance: { ...reaction.instance, restarts: 5 } };
    const given = watchReaction({ ...head, reactions: [died] }, died, 'dead', NOW).head ?? head;
    const [open] = openReactions(given, NOW);

    expect(open).toMatchObject({ kind, target: FIREWALL, state: 'givenUp', code: 'ReactionGivenUp' });
    expect(open?.why).not.toBe('');
    expect(openReactions(given, open?.until ?? '')).toEqual([]);
  });

  it('is nothing of a baseline that is torn down', () => {
    const head = relievingHead('north', FIREWALL, { decidedAt: NOW, appliedAt: null });

    expect(openReactions(head, NOW)).toHaveLength(1);
    expect(openReactions({ ...head, specVersion: 0 }, NOW)).toEqual([]);
  });

  it('is every alert that has fired and not ended, and none besides, when all was looked at', () => {
    const signals = fc.array(
      fc.record({
        alert: fc.integer({ min: 1, max: 4 }),
        fires: fc.boolean(),
        minute: fc.integer({ min: 0, max: 59 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(signals, (sent) => {
        const atOf = (minute: number) => new Date(Date.parse(NOW) - minute * 60_000).toISOString();
        const head = sent.reduce(
          (before, { alert, fires, minute }) => signalled(before, alert, fires ? 'Fired' : 'Resolved', atOf(minute)),
          IN_FORCE,
        );
        const ends = (alert: number, fires: boolean) =>
          Math.min(...sent.filter((one) => one.alert === alert && one.fires === fires).map(({ minute }) => minute));
        const open = [1, 2, 3, 4].filter((alert) => ends(alert, true) < ends(alert, false));
        const shown = openReactions(looked(head), NOW);

        expect(shown.map(({ openAlertCount }) => openAlertCount)).toEqual(open.length === 0 ? [] : [open.length]);
      }),
    );
  });
});
