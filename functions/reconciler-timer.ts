import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { timerPath } from '../lib/health.ts';
import { type Watched, watchHead } from '../lib/reconcile/watch.ts';
import type { App } from './composition.ts';
import { orchestrationHealth } from './orchestration-health.ts';
import { poke } from './poke.ts';
import { startPlanners } from './start-planners.ts';
import { watchReactions } from './watch-reactions.ts';

/**
 * Restarts reconcilers and reactions that have died with work left, and wakes what has waited long enough: holds,
 * approvals and adjustments that end, change windows that open.
 */
export function registerReconcilerTimer(appOf: () => App): void {
  app.timer('reconcilerTimer', {
    schedule: '%HUBKEEPER_RECONCILER_SCHEDULE%',
    extraInputs: [df.input.durableClient()],
    handler: async (_timer, context) => {
      const application = appOf();
      const client = df.getClient(context);
      const nowIso = (await application.time()).toISOString();
      for (const name of await application.baselines.names()) {
        try {
          await watchBaseline(application, client, context, name, nowIso);
          await watchReactions(application, client, context, name, nowIso);
        } catch (error) {
          // One baseline that cannot be read must not keep the others from being watched.
          context.error('baseline not watched', {
            baseline: name,
            reason: error instanceof Error ? error.message : String(error),
          });
        }
      }
      await application.alerts.sweep(nowIso);
      await application.documents.write(timerPath('reconcilerTimer'), { at: nowIso }, { if: 'any' });
    },
  });
}

async function watchBaseline(
  application: App,
  client: df.DurableClient,
  context: InvocationContext,
  name: string,
  nowIso: string,
): Promise<void> {
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
