import { adjusted } from '../../baseline/adjustments.ts';
import { readFirewallPublicIpValue } from '../../baseline/firewall-public-ip-value.ts';
import type { ResolvedBaseline } from '../../baseline/resolved.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { SnatDecision } from '../../egress/snat-decision.ts';
import { stepStillHolds } from '../../egress/step-still-holds.ts';
import { sameId } from '../../plan/graph.ts';
import type { Problem } from '../../problem.ts';
import type { AdvanceRequest } from '../../reconcile/advance.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import { runOf } from '../../reconcile/run-of.ts';
import type { StartRequest } from '../../reconcile/start-write.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { type Reaction, reactionOf, reactionsOf, reliefOf, withRelief } from '../../state/reactions.ts';
import { areFiguresOld, type ReliefAction } from '../../state/snat-relief.ts';
import { BLIND_CODES, decide } from './decide-snat-relief.ts';
import { withdrawn } from './end-relief.ts';
import { attachedNames, observeFirewall, problemOfReading } from './observe-egress.ts';
import { RELIEF_ADJUSTMENT, RELIEF_KIND } from './relief-names.ts';
import { type TakenBack, withTakenBack } from './take-back.ts';

/** What the figures of now say of a step that was decided on earlier ones. */
export type Recheck =
  | { readonly verdict: 'holds' }
  | { readonly verdict: 'over'; readonly why: TakenBack }
  /** It cannot be told yet. */
  | { readonly verdict: 'unknown'; readonly problem: Problem };

/** What it says about a firewall that is busy or whose metrics are late goes by. */
const PASSING_CODES: readonly string[] = [...BLIND_CODES, 'FirewallBusy'];
const CODE = 'FiguresChanged';

/** Decides a recorded step once more, on the metrics, the addresses and the DNAT rules of now. */
export async function recheckRelief(
  dependencies: Dependencies,
  head: BaselineHead,
  reaction: Reaction,
  action: ReliefAction,
  nowIso: string,
): Promise<Recheck> {
  const { target } = reaction;
  const over = async (reason: string): Promise<Recheck> => {
    const run = await runOf(dependencies, action.operationId);
    const operationId = run?.operationId ?? action.operationId;
    return { verdict: 'over', why: { reason, outcome: { operationId, code: CODE } } };
  };
  try {
    const before = withdrawn(head, action);
    const seen = await observeFirewall(dependencies, before, target, nowIso);
    if (seen === null) return await over('The baseline declares no such firewall any more, or Azure has none.');
    // Written already, whichever run did it: the effect is judged, not the figures.
    if (isWritten(action, adjusted(seen.declared, head.adjustments, nowIso), attachedNames(seen.body)))
      return { verdict: 'holds' };
    const now = await decide(dependencies, before, reaction, seen, { nowIso, target }, action.direction);
    if (holds(now, head, action)) return { verdict: 'holds' };
    const reason = now.reasons.join(' ');
    if (now.decision === 'wait' && PASSING_CODES.includes(now.code))
      return { verdict: 'unknown', problem: notYet(now.code, reason, target) };
    return await over(
      `What was decided at ${action.decidedAt} is not what the figures say now (${now.code}): ${reason}`,
    );
  } catch (error) {
    const problem = problemOfReading(error, target);
    if (problem.actor === 'azure-temporary') return { verdict: 'unknown', problem };
    return over(`It cannot be looked at once more before the write: ${problem.message} ${problem.remedy}`);
  }
}

/** Whether the firewall has all that is declared with the step, however many others have put there. */
function isWritten(
  { direction, removedName = '' }: ReliefAction,
  { firewall }: ResolvedBaseline,
  attached: readonly string[],
): boolean {
  if (direction === 'in') return !attached.includes(removedName.toLowerCase());
  const wanted = firewall?.publicIps.map(({ id }) => id.slice(id.lastIndexOf('/') + 1).toLowerCase()) ?? [];
  return wanted.every((name) => attached.includes(name));
}

function holds(now: SnatDecision, { adjustments }: BaselineHead, { decidedAt, direction, removedName }: ReliefAction) {
  const ours = adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
  const count = ours === undefined ? undefined : readFirewallPublicIpValue(ours.value)?.count;
  if (count === undefined) return false;
  return stepStillHolds(now, { direction, count, ...(removedName === undefined ? {} : { removedName }) });
}

function notYet(code: string, reason: string, resource: string): Problem {
  return {
    code,
    actor: 'azure-temporary',
    message: `The step cannot be looked at once more before the write: ${reason}`,
    remedy: 'Hubkeeper tries again by itself; look at the firewall and its metrics in Azure if it lasts.',
    resource,
  };
}

/**
 * Looks once more at steps whose figures are old before a reconciler goes on with them: what waited for an approval, a
 * change window or somebody else's operation may be over. What is over is taken back, which makes every plan and
 * approval with it stale. Run twice it finds its own record. Without `id` all firewalls are looked at, else that one.
 * @returns why it cannot be told yet; undefined: nothing stands in the way.
 */
export async function refreshReliefs(
  dependencies: Dependencies,
  { baseline, nowIso, id }: Pick<AdvanceRequest, 'baseline' | 'nowIso'> & Partial<Pick<StartRequest, 'id'>>,
): Promise<Problem | undefined> {
  const stored = await dependencies.baselines.read(baseline);
  if (stored === null || stored.head.specVersion === 0 || stored.head.teardown) return undefined;
  const { head } = stored;
  let problem: Problem | undefined;
  for (const reaction of reactionsOf(head)) {
    const { action } = reliefOf(reaction);
    const isAsked = id === undefined || sameId(id, reaction.target);
    if (reaction.kind !== RELIEF_KIND || !isAsked || action === null || action.appliedAt !== null) continue;
    if (!areFiguresOld(action, nowIso, 'write') || (await isSent(dependencies, head, reaction, action))) continue;
    const recheck = await recheckRelief(dependencies, head, reaction, action, nowIso);
    if (recheck.verdict === 'unknown') problem = recheck.problem;
    else await note(dependencies, { baseline, nowIso, target: reaction.target }, action, recheck);
  }
  return problem;
}

/** Whether the write may be under way: then it is followed, whatever the figures say. */
async function isSent(
  { ledger }: Dependencies,
  { name }: BaselineHead,
  { target }: Reaction,
  { decidedAt }: ReliefAction,
): Promise<boolean> {
  const entry = await ledger.read(name, target);
  return entry !== null && entry.state === 'intended' && entry.at >= decidedAt;
}

async function note(
  dependencies: Dependencies,
  request: { readonly baseline: string; readonly target: string; readonly nowIso: string },
  action: ReliefAction,
  recheck: Exclude<Recheck, { verdict: 'unknown' }>,
): Promise<void> {
  const changed = await dependencies.baselines.change(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    const relief = reliefOf(reaction);
    if (reaction === undefined || relief.action?.decidedAt !== action.decidedAt)
      return { head: null, result: undefined };
    const next =
      recheck.verdict === 'holds'
        ? withRelief(head, reaction, { ...relief, action: { ...relief.action, confirmedAt: request.nowIso } })
        : withTakenBack(head, reaction, request, action, recheck.why);
    return { head: next, result: undefined };
  });
  await flushOutbox(dependencies, changed.head);
}
