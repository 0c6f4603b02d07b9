import { isLive } from '../../baseline/adjustments.ts';
import { sameId } from '../../plan/graph.ts';
import type { Adjustment, BaselineHead } from '../../state/baseline-head.ts';

/** The live adjustments that persons made of the number of a firewall's addresses. Pure. */
export function personsAdjustments(
  { adjustments }: Pick<BaselineHead, 'adjustments'>,
  target: string,
  nowIso: string,
): readonly Adjustment[] {
  return adjustments.filter(
    (one) =>
      one.by !== 'hubkeeper' &&
      one.kind === 'firewallPublicIpCount' &&
      sameId(one.target, target) &&
      isLive(one, nowIso),
  );
}
