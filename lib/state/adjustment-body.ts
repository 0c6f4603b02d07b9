import type { AdjustmentBody } from '../api/adjustment.ts';
import { adjusted, overriding, PUBLIC_IP_COUNT } from '../baseline/adjustments.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import { keptAddresses } from '../egress/adjustment-effect.ts';
import { type Adjustment, NEVER_ENDS } from './baseline-head.ts';

/** An adjustment as the API shows it. */
export function adjustmentBody(adjustment: Adjustment): AdjustmentBody {
  return adjustment.until === NEVER_ENDS ? { ...adjustment, until: null } : adjustment;
}

/**
 * The adjustments that have not ended, each with the one that counts in its place, if there is one. With the spec in force
 * also with the addresses that they keep. Pure.
 */
export function adjustmentBodies(
  adjustments: readonly Adjustment[],
  nowIso: string,
  resolved?: ResolvedBaseline,
): readonly AdjustmentBody[] {
  const overridden = overriding(adjustments, nowIso);
  const keeps = resolved === undefined ? [] : keptAddresses(adjusted(resolved, adjustments, nowIso));
  return adjustments
    .filter(({ until }) => until > nowIso)
    .map((adjustment) => {
      const body = adjustmentBody(adjustment);
      const by = overridden.get(adjustment.id);
      if (by !== undefined) return { ...body, overriddenBy: by.id };
      return adjustment.kind === PUBLIC_IP_COUNT && keeps.length > 0 ? { ...body, keeps } : body;
    });
}
