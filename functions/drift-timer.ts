import { type ScheduledScan, scheduleScan } from '../lib/reactions/drift/schedule-scan.ts';
import type { App } from './composition.ts';
import { type BaselineLook, registerBaselineTimer } from './each-baseline.ts';
import { poke, startReaction } from './poke.ts';
import { purgeInstances } from './purge-instances.ts';

/**
 * Asks for comparisons of whole baselines with their specs, so that a change is found of which no event ever told; purges
 * the histories of orchestrations that ended long ago.
 */
export function registerDriftTimer(appOf: () => App): void {
  registerBaselineTimer(appOf, {
    name: 'driftTimer',
    scheduleSetting: 'HUBKEEPER_DRIFT_SCHEDULE',
    complaint: 'scan not scheduled',
    look: scanBaseline,
    // Here, since each scan is an orchestration: the oftener it scans, the more there are to go.
    afterwards: purgeInstances,
  });
}

async function scanBaseline({ application, client, context, name, nowIso, nextIso }: BaselineLook): Promise<void> {
  const { baselines, runs, driftIsOff } = application;
  const stored = await baselines.read(name);
  if (stored === null || stored.head.specVersion === 0 || (await driftIsOff(stored.head))) return;
  const { currentOperationId } = stored.head;
  const live = currentOperationId === null ? null : ((await runs.read(currentOperationId))?.run ?? null);
  const { head, result } = await baselines.change<Omit<ScheduledScan, 'head'>>(name, (current) => {
    const { head: next, ...started } = scheduleScan(current, live, nowIso, nextIso);
    return { head: next, result: started };
  });
  if (result.reaction !== undefined) await startReaction(client, context, result.reaction);
  await poke(application, client, context, head, result.start);
}
