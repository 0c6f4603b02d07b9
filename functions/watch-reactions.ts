import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { watchReaction } from '../lib/reactions/watch-reactions.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { type Reaction, reactionOf, reactionsOf } from '../lib/state/reactions.ts';
import type { App } from './composition.ts';
import { orchestrationHealth } from './orchestration-health.ts';
import { startReaction } from './poke.ts';

/** Starts reactions of a baseline that were named and do not run. */
export async function watchReactions(
  application: Pick<App, 'baselines'>,
  client: DurableClient,
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
