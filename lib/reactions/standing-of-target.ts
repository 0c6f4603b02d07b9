import type { TargetStanding } from '../alerts/route-alert.ts';
import { isInsideAny } from '../reconcile/preflight-rules.ts';
import type { BaselineHead } from '../state/baseline-head.ts';

/**
 * Whether a reaction may look at a resource that the baseline has claimed. `id` is spelled as the baseline does.
 * Holds, pauses and modes do not count here: the reaction's own steps obey them.
 */
export function standingOfTarget(head: BaselineHead, id: string, allowedScopes: readonly string[]): TargetStanding {
  if (head.specVersion === 0) return { standing: 'unmanaged' };
  const optedOut = (why: string): TargetStanding => ({ standing: 'optedOut', baseline: head.name, why });
  if (head.teardown) return optedOut('The baseline is being torn down.');
  if (allowedScopes.length > 0 && !isInsideAny(id, allowedScopes))
    return optedOut('The app setting HUBKEEPER_ALLOWED_SCOPES does not cover this resource.');
  return { standing: 'managed', baseline: head.name, id };
}
