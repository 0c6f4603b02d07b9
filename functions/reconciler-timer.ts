import { type Watched, watchHead } from '../lib/reconcile/watch.ts';
import type { App } from './composition.ts';
import { type BaselineLook, registerBaselineTimer } from './each-baseline.ts';
import { orchestrationHealth } from './orchestration-health.ts';
import { poke } from './poke.ts';
import { startPlanners } from './start-planners.ts';
import { watchReactions } from './watch-reactions.ts';

/**
 * Restarts reconcilers and reactions that have died with work left, and wakes what has waited long enough: holds,
 * approvals and adjustments that end, change windows that open.
 */
export function registerReconcilerTimer(appOf: () => App): void {
  registerBaselineTimer(appOf, {
    name: 'reconcilerTimer',
    scheduleSetting: 'HUBKEEPER_RECONCILER_SCHEDULE',
    complaint: 'baseline not watched',
    look: async (look) => {
      await watchBaseline(look);
      await watchReactions(look);
    },
    afterwards: ({ application, nowIso }) => application.alerts.sweep(nowIso),
  });
}

async function watchBaseline({ application, client, context, name, nowIso }: BaselineLook): Promise<void> {
  const stored = await application.baselines.read(name);
  if (stored === null) return;
  const health =
    stored.head.reconciler === null ? 'none' : await orchestrationHealth(client, stored.head.reconciler.instanceId);
  const isPaused = application.settings.stopped || (await application.baselines.readPause()).paused;
  const changed = await application.baselines.change<Watched['result']>(name, (head) =>
    watchHead(head, stored.head.reconciler?.instanceId, health, isPaused, nowIso),
  );
  const { givenUp } = changed.result;
  if (givenUp !== undefined) context.error('operation given up', { baseline: name, operationId: givenUp.operationId });
  await poke(application, client, context, changed.head, changed.result.start);
  await startPlanners(application, client, context, changed.head);
}
