import { describe, expect, it } from '@jest/globals';
import { decideSnatRelief } from '../../../../lib/reactions/snat/decide-snat-relief.ts';
import { followSnatRelief } from '../../../../lib/reactions/snat/follow-snat-relief.ts';
import { RELIEF_KIND } from '../../../../lib/reactions/snat/relief-names.ts';
import type { ReliefRequest, ReliefStep } from '../../../../lib/reactions/snat/relief-step.ts';
import { verifySnatRelief } from '../../../../lib/reactions/snat/verify-snat-relief.ts';
import { flushOutbox } from '../../../../lib/reconcile/conclude.ts';
import { reactionOf } from '../../../../lib/state/reactions.ts';
import { StorageError } from '../../../../lib/state/storage.ts';
import { createFailingStorage, type FailurePoint } from '../../../support/failing-storage.ts';
import { createMemoryStorage } from '../../../support/memory-storage.ts';
import { Relieving } from '../../../support/relieving.ts';

const NAME = 'small';
type Activity = typeof decideSnatRelief;
const ACTIVITIES = { decide: decideSnatRelief, follow: followSnatRelief, verify: verifySnatRelief } as const;
/** More steps than a relief takes: one that needs more hangs. */
const MOST_STEPS = 60;
/** How often it is planned, tried and published depends on what does not answer. */
const TOLD_AS_OFTEN_AS_DONE = new Set(['planned', 'retry', 'event published']);

interface Outcome {
  readonly addresses: readonly string[];
  readonly writes: readonly string[];
  readonly journal: readonly string[];
  readonly adjustments: readonly unknown[];
  readonly isOver: boolean;
}

interface Played {
  readonly outcome: Outcome;
  readonly writes: number;
}

/** An alert relieved to its end, with each activity played again, with the same input, until it answers. */
async function relieved(failure?: { readonly write: number; readonly point: FailurePoint }): Promise<Played> {
  const failing = createFailingStorage(createMemoryStorage());
  const relieving = await Relieving.provisioned({ storage: failing.storage });
  const { reconciling, dependencies, firewallId } = relieving;
  await relieving.alert();
  failing.failAt(failure?.write ?? 0, failure?.point ?? 'before');
  const untilAnswered = async <Result>(activity: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await failing.during(activity);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
    }
  };
  const reconciled = async () => {
    for (let turns = 0; turns < MOST_STEPS; turns++) {
      const decision = await untilAnswered(() => reconciling.turn());
      reconciling.pass(1);
      if (decision.next === 'end') return;
    }
    throw new Error('The run does not come to its end.');
  };

  let step: ReliefStep = { next: 'decide', seconds: 0 };
  for (let steps = 0; steps < MOST_STEPS && step.next !== 'end'; steps++) {
    reconciling.pass(1 + ('seconds' in step ? step.seconds : 0));
    if (step.next === 'poke') {
      await reconciled();
      // The addresses take effect.
      relieving.gauge.utilizationPercent = 53;
      step = { next: 'follow', seconds: 30 };
      continue;
    }
    const request: ReliefRequest = {
      baseline: NAME,
      target: firewallId,
      instanceId: reactionOf(await reconciling.head(), RELIEF_KIND, firewallId)?.instance?.id ?? 'nobody',
      nowIso: reconciling.nowIso,
    };
    const activity: Activity = ACTIVITIES[step.next];
    step = await untilAnswered(() => activity(dependencies, request));
    await reconciled();
  }
  const head = await reconciling.head();
  // As the timer does.
  await flushOutbox(dependencies, head);
  const journal = await relieving.journal();
  return {
    writes: failing.writes,
    outcome: {
      addresses: relieving.names(),
      writes: dependencies.arm.writes.toSorted(),
      journal: journal
        .filter(({ decision }) => !TOLD_AS_OFTEN_AS_DONE.has(decision))
        .map(({ operationId, resource, decision }) => `${operationId} ${decision} ${resource}`)
        .toSorted(),
      adjustments: head.adjustments.map(({ id, value }) => ({ id, value })),
      isOver: step.next === 'end',
    },
  };
}

describe('a relief whose activities break off', () => {
  it('comes to the same wherever they do', async () => {
    const undisturbed = await relieved();
    expect(undisturbed.outcome).toMatchObject({ isOver: true, adjustments: [{ value: 5 }] });
    expect(undisturbed.outcome.addresses).toHaveLength(5);
    expect(undisturbed.writes).toBeGreaterThan(20);
    for (let write = 1; write <= undisturbed.writes; write++) {
      const { outcome } = await relieved({ write, point: 'after' });
      expect({ write, ...outcome }).toEqual({ write, ...undisturbed.outcome });
    }
  });
});
