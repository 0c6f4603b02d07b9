import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { timerPath } from '../lib/health.ts';
import { watchReaction } from '../lib/reactions/watch-reactions.ts';
import { type ReconcilerHealth, watchHead } from '../lib/reconcile/watch.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { type Reaction, reactionOf, reactionsOf } from '../lib/state/reactions.ts';
import type { App } from './composition.ts';
import { poke, startReaction } from './poke.ts';

/**
 * Restarts reconcilers and reactions that have died with work left, and wakes what has waited long enough: holds, approvals and
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
  const changed = await application.baselines.change<{ readonly start?: string; readonly givenUp?: string }>(
    name,
    (head) => watchHead(head, stored.head.reconciler?.instanceId, health, nowIso),
  );
  if (changed.result.givenUp !== undefined)
    context.error('operation given up', { baseline: name, operationId: changed.result.givenUp });
  await poke(application, client, context, changed.head, changed.result.start);
}

async function watchReactions(
  application: App,
  client: df.DurableClient,
  context: InvocationContext,
  name: string,
  nowIso: string,
): Promise<void> {
  const stored = await application.baselines.read(name);
  if (stored === null) return;
  for (const seen of reactionsOf(stored.head)) {
    if (seen.instance === null) continue;
    const health = await orchestrationHealth(client, seen.instance.id);
    if (health === 'alive') continue;
    const changed = await application.baselines.change(name, (head) => {
      const { head: next, start } = watchReaction(head, currentOf(head, seen), health, nowIso);
      return { head: next, result: start };
    });
    if (changed.result !== undefined) await startReaction(client, context, changed.result);
  }
}

/** The reaction as it is now, unless another orchestration is named by now: that one has not been looked at. */
function currentOf(head: BaselineHead, seen: Reaction): Reaction {
  const current = reactionOf(head, seen.kind, seen.target);
  return current?.instance?.id === seen.instance?.id && current !== undefined ? current : { ...seen, instance: null };
}

async function orchestrationHealth(client: df.DurableClient, instanceId: string): Promise<ReconcilerHealth> {
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
