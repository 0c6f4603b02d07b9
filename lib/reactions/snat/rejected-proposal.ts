import { addressesText } from '../../count-text.ts';
import type { SnatDecision } from '../../egress/snat-decision.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { type Reaction, reliefOf } from '../../state/reactions.ts';
import type { RejectedProposal, ReliefAction } from '../../state/snat-relief.ts';
import { afterRest } from '../rest.ts';

/** Code of a person's no, when it comes and for as long as it counts. */
export const REJECTED_CODE = 'ProposalRejected';

/** What is remembered of a change that a person has just rejected; `sequence`: the last signal that it answers. Pure. */
export function rejectedNow(
  { specVersion }: BaselineHead,
  { direction, toAddresses, wantedAddresses = toAddresses }: ReliefAction,
  sequence: number,
  nowIso: string,
): RejectedProposal {
  return { until: afterRest(nowIso), direction, wantedAddresses, sequence, specVersion };
}

/**
 * The person's no that a decision is about: until its rest is over, the spec is another or, of more addresses, a new
 * alert comes or more are wanted than were rejected. Undefined: none. Pure.
 */
export function rejectionOf(
  { specVersion }: BaselineHead,
  reaction: Reaction,
  { decision, change, figures }: Pick<SnatDecision, 'decision' | 'change' | 'figures'>,
  nowIso: string,
): RejectedProposal | undefined {
  const { rejected } = reliefOf(reaction);
  if (!rejected || change === null || rejected.until <= nowIso) return undefined;
  if (rejected.specVersion !== specVersion || (decision === 'scaleIn') !== (rejected.direction === 'in'))
    return undefined;
  if (decision === 'scaleIn') return rejected;
  const isNewAlert = reaction.sequence !== rejected.sequence;
  const wantsMore = (figures.wantedAddresses ?? change.toAddresses) > rejected.wantedAddresses;
  return isNewAlert || wantsMore ? undefined : rejected;
}

/** Until when a person's no counts, as a sentence. Pure. */
export function rejectionText({ until, direction, wantedAddresses }: RejectedProposal): string {
  const unless =
    direction === 'out'
      ? `unless a new alert comes, more than ${addressesText(wantedAddresses)} are wanted, or the spec changes`
      : 'unless the spec changes';
  return `It is not proposed again before ${until}, ${unless}.`;
}
