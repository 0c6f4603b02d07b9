import { RELIEF_KIND } from '../../lib/reactions/snat/relief-names.ts';
import { type BaselineHead, newHead } from '../../lib/state/baseline-head.ts';
import { reactionOf, reliefOf, withRelief, withSignal } from '../../lib/state/reactions.ts';
import type { ReliefAction } from '../../lib/state/snat-relief.ts';

/** A head whose firewall has a change under way that adds two addresses. */
export function relievingHead(
  name: string,
  target: string,
  action: Pick<ReliefAction, 'decidedAt' | 'appliedAt'> & Partial<ReliefAction>,
): BaselineHead {
  const nowIso = action.decidedAt;
  const signal = {
    alertId: '/alerts/1',
    alertRule: 'snat',
    condition: 'Fired',
    severity: 'Sev1',
    at: nowIso,
    thresholdPercent: 80,
    valuePercent: 88,
  } as const;
  const { head } = withSignal({ ...newHead(name), specVersion: 1 }, { kind: RELIEF_KIND, target, signal, nowIso });
  const reaction = reactionOf(head, RELIEF_KIND, target);
  if (reaction === undefined) throw new Error('The signal was not recorded.');
  return withRelief(head, reaction, {
    ...reliefOf(reaction),
    action: {
      direction: 'out',
      operationId: `${name}-1`,
      trigger: 'alert',
      reason: 'r',
      fromAddresses: 3,
      toAddresses: 5,
      previous: null,
      blindLooks: 0,
      ...action,
    },
  });
}
