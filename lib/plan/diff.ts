import { ordered } from './change-order.ts';
import { withStaleCopies } from './copied-values.ts';
import { leastMinutes } from './critical-path.ts';
import { forgettable, leavings } from './deletions.ts';
import { normaliseId } from './graph.ts';
import { planHash } from './hash.ts';
import { nodeOutcomes } from './node-changes.ts';
import type { Plan } from './plan.ts';
import type { PlanInput } from './plan-input.ts';

export type { PlanInput } from './plan-input.ts';

/**
 * The change set that makes Azure as desired, before any guard. Pure and deterministic.
 *
 * What is declared and absent is created, what differs is updated, what we made and nobody declares any more is deleted
 * after everything that used it. What is already so, or already gone, is no change, and rows of what is gone are to be
 * forgotten. Every refusal says why.
 */
export function planChanges(input: PlanInput): Plan {
  const ledger = new Map(input.ledger.map((entry) => [normaliseId(entry.id), entry]));
  const outcomes = withStaleCopies(nodeOutcomes(input, ledger), input, ledger);
  const leaving = leavings(input, ledger, outcomes);
  const forget = forgettable(input, ledger, leaving);
  const changes = ordered(outcomes, leaving, input, ledger);
  return {
    hash: planHash(input.specVersion, changes),
    changes,
    criticalPathMinutes: Math.round(leastMinutes(changes) * 10) / 10,
    refused: [...outcomes, ...leaving].flatMap(({ refusal }) => refusal ?? []),
    ...(forget.length === 0 ? {} : { forget }),
  };
}
