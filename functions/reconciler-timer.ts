import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { timerPath } from '../lib/health.ts';
import { type ReconcilerHealth, type Watched, watchHead } from '../lib/reconcile/watch.ts';
import type { App } from './composition.ts';
import { poke } from './poke.ts';
import { startPlanners } from './start-planners.ts';

/**
 * Restarts reconcilers that have died with work left, and wakes what has waited long enough: holds, approvals and
 * adjustments that end, change windows that open.
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
        } catch (error) {
          // One baseline that cannot be read must not keep the others from being watched.
          context.error('baseline not watched', {
            baseline: name,
            reason: error instanceof Error ? error.message : String(error),
          });
        }
      }
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
    stored.head.reconciler === null ? 'none' : await reconcilerHealth(client, stored.head.reconciler.instanceId);
  const isPaused = application.settings.stopped || (await application.baselines.readPause()).paused;
  const changed = await application.baselines.change<Watched['result']>(name, (head) =>
    watchHead(head, stored.head.reconciler?.instanceId, health, isPaused, nowIso),
  );
  const { givenUp } = changed.result;
  if (givenUp !== undefined) context.error('operation given up', { baseline: name, operationId: givenUp.operationId });
  await poke(application, client, context, changed.head, changed.result.start);
  await startPlanners(application, client, context, changed.head);
}

async function reconcilerHealth(client: df.DurableClient, instanceId: string): Promise<ReconcilerHealth> {
  try {
    const { runtimeStatus } = await client.getStatus(instanceId);
    const isAlive =
      runtimeStatus === df.OrchestrationRuntimeStatus.Running ||
      runtimeStatus === df.OrchestrationRuntimeStatus.Pending ||
      runtimeStatus === df.OrchestrationRuntimeStatus.ContinuedAsNew ||
      runtimeStatus === df.OrchestrationRuntimeStatus.Suspended;
    return isAlive ? 'alive' : 'dead';
  } catch (error) {
    // The SDK throws for an id that the host does not know.
    if (error instanceof Error && /404|not found|No instance/i.test(error.message)) return 'unknown';
    throw error;
  }
}
