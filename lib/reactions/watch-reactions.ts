import type { ReconcilerHealth } from '../reconcile/watch.ts';
import { type BaselineHead, withJournal } from '../state/baseline-head.ts';
import { type Reaction, withReactionGivenUp, withReactionRestarted } from '../state/reactions.ts';
import type { StartedReaction } from './record-reaction.ts';
import { afterRest } from './rest.ts';

/** An orchestration that dies so often over the same signals is not started again: it would die for ever. */
const MOST_RESTARTS = 5;

/** A reaction that is not started again by itself for now; people have to be told. */
export interface GivenUpReaction {
  readonly target: string;
  /** The orchestration that died last. */
  readonly instanceId: string;
  /** Operation that it was to answer; empty: a timer's look. */
  readonly operationId: string;
  readonly code: string;
  readonly reason: string;
}

/** Code of a reaction that is not started again by itself for now. */
export const GIVEN_UP_CODE = 'ReactionGivenUp';

/**
 * What the timer has to change for one reaction whose orchestration it has looked at: a dead one is replaced, a named
 * one that never ran is started, one that keeps dying is given up, said so, and rests. Pure.
 */
export function watchReaction(
  head: BaselineHead,
  { kind, target, instance, operationId }: Reaction,
  health: ReconcilerHealth,
  nowIso: string,
): { readonly head: BaselineHead | null; readonly start?: StartedReaction; readonly givenUp?: GivenUpReaction } {
  if (instance === null || health === 'alive' || health === 'none') return { head: null };
  const startOf = (instanceId: string): StartedReaction => ({ kind, baseline: head.name, target, instanceId });
  // Named by a call that died before it could start it: the same id is still free.
  if (health === 'unknown') return { head: null, start: startOf(instance.id) };
  if (instance.restarts >= MOST_RESTARTS) {
    const restsUntil = afterRest(nowIso);
    const reason = `${kind} died ${instance.restarts + 1} times over the same signals. Report this with the logs of the app; the next alert or event starts it again at once, the timer not before ${restsUntil}.`;
    const told = { code: GIVEN_UP_CODE, message: reason, at: nowIso, restsUntil };
    const over = withReactionGivenUp(head, kind, target, instance.id, told);
    if (over === head) return { head: null };
    return {
      givenUp: { target, instanceId: instance.id, operationId: operationId ?? '', code: GIVEN_UP_CODE, reason },
      head: withJournal(over, {
        at: nowIso,
        baseline: head.name,
        operationId: operationId ?? '',
        trigger: 'timer',
        // What looks after a whole baseline is named after it.
        resource: target === head.name ? '' : target,
        decision: 'given up',
        reason,
        by: 'hubkeeper',
        discriminator: instance.id,
      }),
    };
  }
  const restarted = withReactionRestarted(head, kind, target, instance.id, nowIso);
  if (restarted.start === undefined) return { head: null };
  return { head: restarted.head, start: startOf(restarted.start) };
}
