import type { InvocationContext } from '@azure/functions';
import { tellWorld } from '../lib/reactions/snat/relief-events.ts';
import { type GivenUpReaction, watchReaction } from '../lib/reactions/watch-reactions.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { type Reaction, reactionOf, reactionsOf } from '../lib/state/reactions.ts';
import type { App } from './composition.ts';
import type { BaselineLook } from './each-baseline.ts';
import { orchestrationHealth } from './orchestration-health.ts';
import { startReaction } from './poke.ts';

/** Starts reactions of a baseline that were named and do not run, and tells of those that keep dying. */
export async function watchReactions({ application, client, context, name, nowIso }: BaselineLook): Promise<void> {
  const stored = await application.baselines.read(name);
  if (stored === null) return;
  for (const seen of reactionsOf(stored.head)) {
    if (seen.instance === null) continue;
    const health = await orchestrationHealth(client, seen.instance.id);
    if (health === 'alive') continue;
    const changed = await application.baselines.change(name, (head) => {
      const { head: next, ...result } = watchReaction(head, currentOf(head, seen), health, nowIso);
      return { head: next, result };
    });
    const { start, givenUp } = changed.result;
    if (start !== undefined) await startReaction(client, context, start);
    if (givenUp !== undefined) await tellGivenUp(application, context, name, givenUp, nowIso);
  }
}

async function tellGivenUp(
  application: Pick<App, 'journal' | 'events'>,
  context: InvocationContext,
  baseline: string,
  { target, instanceId, operationId, code, reason }: GivenUpReaction,
  nowIso: string,
): Promise<void> {
  context.error('reaction given up', { baseline, target, instanceId });
  const request = { baseline, target, instanceId, nowIso };
  const cause = { operationId, trigger: 'timer' } as const;
  await tellWorld(application, request, 'helpNeeded', cause, { code, reason }, instanceId);
}

/** The reaction as it is now, unless another orchestration is named by now: that one has not been looked at. */
function currentOf(head: BaselineHead, seen: Reaction): Reaction {
  const current = reactionOf(head, seen.kind, seen.target);
  return current?.instance?.id === seen.instance?.id && current !== undefined ? current : { ...seen, instance: null };
}
