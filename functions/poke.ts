import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { StartedReaction } from '../lib/reactions/record-reaction.ts';
import { flushOutbox } from '../lib/reconcile/conclude.ts';
import { settleEnded } from '../lib/reconcile/settle-ended.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { ORCHESTRATION } from '../orchestrations/names.ts';
import type { ReactionInput } from '../orchestrations/reaction-input.ts';
import type { ReconcileInput } from '../orchestrations/reconcile-baseline.ts';
import type { App } from './composition.ts';
import { reasonOf } from './reason-of.ts';

/**
 * Starts the reconciler that a recorded request has named, and brings home what else was decided: the ends of
 * operations into their documents, the journal lines into the journal. Whatever fails here is made good by the timer within a minute: the truth is in the baseline's row.
 */
export async function poke(
  app: Pick<App, 'journal' | 'baselines' | 'runs' | 'drift' | 'events'>,
  client: DurableClient,
  context: InvocationContext,
  head: BaselineHead,
  instanceId: string | undefined,
): Promise<void> {
  if (instanceId !== undefined) {
    try {
      const input: ReconcileInput = { version: 1, baseline: head.name, turn: 1, outcomes: [] };
      await client.startNew(ORCHESTRATION.reconcile, { instanceId, input });
    } catch (error) {
      // "Exists already" means that somebody else has started it.
      context.warn('reconciler not started by this call', {
        instanceId,
        reason: reasonOf(error),
      });
    }
  }
  try {
    await settleEnded(app, head);
  } catch (error) {
    context.warn('ended operations not told by this call', { baseline: head.name, reason: reasonOf(error) });
  }
  try {
    await flushOutbox(app, head);
  } catch (error) {
    // What the call asked for is stored: its caller must not be told otherwise. The lines stay with the baseline.
    context.warn('journal lines not brought home by this call', { baseline: head.name, reason: reasonOf(error) });
  }
}

/**
 * Starts the orchestration that a signal has named in state. Never throws: the signal is recorded, and the timer
 * starts what was named and does not run.
 */
export async function startReaction(
  client: DurableClient,
  context: InvocationContext,
  { kind, baseline, target, instanceId }: StartedReaction,
): Promise<void> {
  try {
    const input: ReactionInput = { version: 1, baseline, target, instanceId };
    await client.startNew(ORCHESTRATION[kind], { instanceId, input });
  } catch (error) {
    // "Exists already" means that somebody else has started it.
    context.warn('reaction not started by this call', {
      instanceId,
      reason: reasonOf(error),
    });
  }
}
