import { waitsForOutsiders } from '../lib/reactions/snat/relief-operation.ts';
import { type EgressFacts, type WatchedEgress, watchEgress } from '../lib/reactions/snat/watch-egress.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { reactionsOf, reliefOf } from '../lib/state/reactions.ts';
import type { App } from './composition.ts';
import { type BaselineLook, registerBaselineTimer } from './each-baseline.ts';
import { poke, startReaction } from './poke.ts';
import { watchReactions } from './watch-reactions.ts';

/**
 * Asks for looks at firewalls that have more addresses than their spec, so that those go when demand has been low for
 * long enough; gives back addresses that were kept for a while; restarts reactions that have died.
 */
export function registerEgressTimer(appOf: () => App): void {
  registerBaselineTimer(appOf, {
    name: 'egressTimer',
    scheduleSetting: 'HUBKEEPER_EGRESS_SCHEDULE',
    complaint: 'egress not looked at',
    look: async (look) => {
      await watchReactions(look);
      await watchBaseline(look);
    },
  });
}

async function watchBaseline({ application, client, context, name, nowIso }: BaselineLook): Promise<void> {
  const stored = await application.baselines.read(name);
  if (stored === null) return;
  const facts = await factsOf(application, stored.head);
  if (watchEgress(stored.head, facts, nowIso).head === null) return;
  const changed = await application.baselines.change<Omit<WatchedEgress, 'head'>>(name, (head) => {
    const { head: next, ...result } = watchEgress(head, facts, nowIso);
    return { head: next, result };
  });
  for (const started of changed.result.reactions) await startReaction(client, context, started);
  await poke(application, client, context, changed.head, changed.result.start);
}

/** The spec is read only where an adjustment may say no more than it. */
async function factsOf(application: App, head: BaselineHead): Promise<EgressFacts> {
  const waiting = new Set<string>();
  for (const reaction of reactionsOf(head)) {
    const { action } = reliefOf(reaction);
    if (action === null) continue;
    if (await waitsForOutsiders(application, head, reaction.target, action)) waiting.add(action.operationId);
  }
  if (head.adjustments.length === 0 || head.specVersion === 0) return { waiting };
  const { resolved } = await readResolved(application, head);
  const { firewall } = resolved;
  if (firewall === undefined) return { waiting };
  return {
    waiting,
    declared: {
      count: firewall.publicIps.length,
      names: firewall.publicIps.map(({ id }) => id.slice(id.lastIndexOf('/') + 1)),
    },
  };
}
