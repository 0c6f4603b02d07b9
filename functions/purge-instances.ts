import * as df from 'durable-functions';
import { isJsonObject } from '../lib/json.ts';
import {
  type EndedInstance,
  instancesToPurge,
  type KnownInstances,
  keptSinceMs,
  namedInstances,
} from '../lib/reconcile/prune-instances.ts';
import type { App } from './composition.ts';
import type { TimerCall } from './each-baseline.ts';
import { reasonOf } from './reason-of.ts';

/** Azure purges no other ones, and an orchestration in one of these states never goes on. */
const ENDED = [
  df.OrchestrationRuntimeStatus.Completed,
  df.OrchestrationRuntimeStatus.Failed,
  df.OrchestrationRuntimeStatus.Canceled,
  df.OrchestrationRuntimeStatus.Terminated,
];
/**
 * With Azure Storage each costs about six calls (status, instance, history, large messages, two deletes), and those of
 * orchestrations at work go to the same account.
 */
const PURGED_IN_PARALLEL = 8;

/**
 * Purges the histories of orchestrations that ended long ago: Durable Functions keeps them for ever. One by one, since a
 * purge by time takes whatever it finds, for as long as that lasts. Never throws: what is left goes with a later call.
 */
export async function purgeInstances({
  application,
  client,
  context,
  nowIso,
}: {
  readonly application: Pick<App, 'baselines'>;
} & Pick<TimerCall, 'client' | 'context' | 'nowIso'>): Promise<void> {
  try {
    const ended = await endedInstances(client, nowIso);
    if (ended.length === 0) return;
    // Read after the list: one that was named meanwhile is seen.
    const leaving = instancesToPurge(ended, await knownInstances(application), nowIso);
    const failures = await purge(client, leaving);
    context.info('ended orchestrations purged', { purged: leaving.length - failures.length });
    if (failures.length > 0) {
      context.warn('ended orchestrations not purged', { count: failures.length, reason: reasonOf(failures[0]) });
    }
  } catch (error) {
    context.warn('ended orchestrations not looked for', { reason: reasonOf(error) });
  }
}

/** Those that may have to go. The list is what Durable says, as it came: times are texts in it. */
async function endedInstances(client: df.DurableClient, nowIso: string): Promise<readonly EndedInstance[]> {
  const createdTimeTo = new Date(keptSinceMs(nowIso));
  const listed = await client.getStatusBy({ createdTimeTo, runtimeStatus: ENDED });
  return listed
    .filter(({ runtimeStatus }) => ENDED.includes(runtimeStatus))
    .map(({ instanceId, lastUpdatedTime, input }) => ({
      instanceId,
      endedAtMs: new Date(lastUpdatedTime).getTime(),
      ...(isJsonObject(input) && typeof input.baseline === 'string' ? { baseline: input.baseline } : {}),
    }));
}

async function knownInstances({ baselines }: Pick<App, 'baselines'>): Promise<KnownInstances> {
  const named = new Set<string>();
  const unreadBaselines = new Set<string>();
  for (const name of await baselines.names()) {
    try {
      const stored = await baselines.read(name);
      for (const id of stored === null ? [] : namedInstances(stored.head)) named.add(id);
    } catch {
      // Its timers tell of it each time they look: here only its orchestrations have to stay.
      unreadBaselines.add(name);
    }
  }
  return { named, unreadBaselines };
}

/** @returns what went wrong, one for each that is still there. */
async function purge(client: df.DurableClient, instanceIds: readonly string[]): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (let from = 0; from < instanceIds.length; from += PURGED_IN_PARALLEL) {
    const some = instanceIds.slice(from, from + PURGED_IN_PARALLEL);
    const results = await Promise.allSettled(some.map((id) => client.purgeInstanceHistory(id)));
    failures.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
  }
  return failures;
}
