import { addressesText } from '../../count-text.ts';
import type { Dependencies } from '../../dependencies.ts';
import { normaliseId } from '../../plan/graph.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import { runOf } from '../../reconcile/run-of.ts';
import { type BaselineHead, withNextOperation, withRequest } from '../../state/baseline-head.ts';
import {
  type Reaction,
  reactionOf,
  reliefOf,
  withHandled,
  withReactionEnded,
  withRelief,
} from '../../state/reactions.ts';
import { isFinalState, isInFlight, type RunDocument } from '../../state/run.ts';
import {
  areFiguresOld,
  type ReliefAction,
  type SnatRelief,
  withAddressChange,
  withAttempt,
  withRefusal,
} from '../../state/snat-relief.ts';
import { afterRefusals } from '../rest.ts';
import { progressWith, rowOf } from './change-under-way.ts';
import { egressRequest } from './egress-request.ts';
import { withdrawn, withReliefEnd, withReliefLine } from './end-relief.ts';
import {
  attachedNames,
  type ObservedFirewall,
  observeFirewall,
  problemOfReading,
  provisioningStateOf,
} from './observe-egress.ts';
import { recheckRelief } from './recheck-relief.ts';
import { REJECTED_CODE, rejectedNow, rejectionText } from './rejected-proposal.ts';
import { egressNow, tellWorld } from './relief-events.ts';
import { RELIEF_KIND } from './relief-names.ts';
import { reasonsText, waitingAhead, waitingText, waitsOf, whyNotBegun, whyUnended } from './relief-operation.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';
import { goOnWith, readShortage, SHORT_OF_ADDRESSES } from './short-of-addresses.ts';
import { takenBack } from './take-back.ts';
import { EFFECT_SHOWS_AFTER_MINUTES, endedByPerson, isTakenBack } from './verify-snat-relief.ts';
import { whyMissed } from './why-missed.ts';

/** Between looks at the operation: Azure documents 3 to 5 minutes for a change of a firewall. */
const FOLLOW_SECONDS = 30;
/** What takes longer than any documented change of a firewall is looked at less often. */
const LATE_AFTER_MINUTES = 60;
const FOLLOW_LATE_SECONDS = 300;
/**
 * Until people are told. A change takes 3 to 5 minutes; a run tries for up to 53 minutes while somebody else's operation
 * is in the way, and gives its own operation half an hour. What has not ended after twice that hangs, as Azure's
 * operations can for hours. Until then there are at most 132 looks: 120 in the first hour, 12 in the second.
 */
const OVERDUE_AFTER_MINUTES = 120;
/** From then on there is one look each time that the timer comes back for it: at most 48 a day. */
const LOOK_AT_OVERDUE_MINUTES = 30;
const OVERDUE_CODE = 'ChangeOverdue';
const SCALED_IN_CODE = 'ScaledIn';
const QUEUED_CODE = 'QueuedBehindWaiting';
const HELD_UP_CODE = 'HeldUpByOtherChanges';
/** Enough of a plan's hash to approve it by. */
const HASH_LENGTH = 16;
const MINUTE_MS = 60_000;

/**
 * Looks how far the operation is that a change was recorded under. At its end the firewall itself says whether it has
 * its addresses. What waits for outsiders is not waited for here: the timer comes back to it.
 */
export async function followSnatRelief(dependencies: Dependencies, request: ReliefRequest): Promise<ReliefStep> {
  const stored = await dependencies.baselines.read(request.baseline);
  const reaction = stored === null ? undefined : reactionOf(stored.head, RELIEF_KIND, request.target);
  if (stored === null || reaction?.instance?.id !== request.instanceId) return { next: 'end' };
  const { action } = reliefOf(reaction);
  if (action === null) return { next: 'decide', seconds: 0 };
  if (action.appliedAt !== null) return { next: 'verify', seconds: 0 };
  const { head } = stored;
  const run = await runOf(dependencies, action.operationId);
  const ahead = run === null ? await waitingAhead(dependencies, head, action) : null;
  const again = (why: string, isInAzure: boolean) =>
    lookedInVain(dependencies, request, action, run, { why, isInAzure });
  if (run === null && ahead === null) return again(whyNotBegun(head, action), false);
  if (run?.teardown === true && run.state === 'waiting')
    return leaveOrTakeBack(dependencies, request, head, reaction, action, overtakenBy(action, run));
  if (run !== null) {
    const progress = progressWith(run, request.target);
    if (progress === 'waits')
      return leaveOrTakeBack(dependencies, request, head, reaction, action, heldUp(action, run, request.target));
    if (progress === 'underWay') return again(whyUnended(run), isInFlightWith(run, request.target));
  }
  // The firewall counts, not the run: it may be done with the firewall and wait for something else.
  try {
    const seen = await observeFirewall(dependencies, head, request.target, request.nowIso);
    if (seen !== null && isTakenBack(head, action, seen.resolved.publicIps.length))
      return await endedByPerson(dependencies, request, action, seen);
    const attached = seen === null ? [] : attachedNames(seen.body);
    const wanted = seen === null ? [] : namesOf(addedBySteps(seen.resolved.publicIps));
    if (!isAttached(action, attached, wanted)) {
      if (run === null)
        return await leaveOrTakeBack(dependencies, request, head, reaction, action, queuedBehind(action, ahead));
      if (run.state === 'running') return again(whyUnended(run), false);
      if (seen !== null && run.teardown) return await askedAgain(dependencies, request, action, run);
      return seen === null
        ? await missed(dependencies, request, action, run)
        : await endedWithout(dependencies, request, head, action, run, seen);
    }
    const state = seen === null ? 'gone' : provisioningStateOf(seen.body);
    // Listed on a firewall whose update failed, they may serve nobody; what is declared is what is there, so it stays.
    if (run !== null && /^(failed|canceled)$/i.test(state))
      return await missed(dependencies, request, action, run, { keep: true });
    if (!/^succeeded$/i.test(state)) return again(`The firewall has its addresses and is still ${state}.`, true);
    return await applied(dependencies, request, action, run, attached);
  } catch (error) {
    const problem = problemOfReading(error, request.target);
    if (problem.actor === 'azure-temporary' || run === null) return again(problem.message, true);
    return missed(dependencies, request, action, run, { more: `${problem.message} ${problem.remedy}` });
  }
}

/** What to tell of a change that another operation keeps from beginning by waiting itself: people can end that. */
function queuedBehind({ operationId }: ReliefAction, ahead: RunDocument | null): Left {
  const what = ahead === null ? '' : waitingText(ahead);
  return {
    reason: `The operation ${operationId} is queued behind ${what} Let that operation go on, or stop it: the change then begins by itself.`,
    code: QUEUED_CODE,
  };
}

/** What to tell of a change whose operation a teardown has overtaken, and that nobody can be asked about meanwhile. */
function overtakenBy({ operationId }: ReliefAction, teardown: RunDocument): Left {
  return {
    reason: `The teardown ${teardown.operationId} of ${teardown.requestedBy} has overtaken the operation ${operationId}, and waits: ${waitsOf(teardown)} When somebody rejects or stops it, the change is asked for again by itself.`,
    code: QUEUED_CODE,
  };
}

/**
 * What to tell of a change that waits. People are called where addresses are wanted and something else keeps them: other
 * changes of the firewall, or the operation that they are a part of. What waits for its own approver has asked already.
 */
function heldUp({ operationId, direction, proposes = false }: ReliefAction, run: RunDocument, target: string): Left {
  const isPart = run.operationId !== operationId;
  const reason = isPart
    ? `The change is a part of the operation ${waitingText(run, target)}`
    : `The change waits: ${waitsOf(run, target)}`;
  const waitsFor = rowOf(run, target)?.waiting?.for;
  const isKept = waitsFor === 'approval' ? isPart && !proposes : waitsFor === 'changeWindow' || waitsFor === 'budget';
  return {
    reason,
    operationId: run.operationId,
    ...(direction === 'out' && isKept ? { code: HELD_UP_CODE } : {}),
  };
}

function isInFlightWith(run: RunDocument, target: string): boolean {
  const row = rowOf(run, target);
  return row !== undefined && isInFlight(row);
}

/** When the change could begin at the latest: what waited for outsiders before is not late. */
function underWaySinceMs({ decidedAt }: ReliefAction, run: RunDocument | null): number {
  const starts = Object.values(run?.rows ?? {}).flatMap(({ startedAt }) => startedAt ?? []);
  return Math.max(...[decidedAt, ...starts].map((at) => Date.parse(at)));
}

/** Why a change has not ended. */
interface Unended {
  readonly why: string;
  /** Azure is at work on the firewall, or cannot be asked; else it has not begun with it. */
  readonly isInAzure: boolean;
}

/** The change has not come to its end: it is looked at again, and what is overdue is left to people and the timer. */
async function lookedInVain(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  run: RunDocument | null,
  found: Unended,
): Promise<ReliefStep> {
  const minutes = (Date.parse(request.nowIso) - underWaySinceMs(action, run)) / MINUTE_MS;
  if (minutes >= OVERDUE_AFTER_MINUTES) return overdue(dependencies, request, action, found);
  return { next: 'follow', seconds: minutes > LATE_AFTER_MINUTES ? FOLLOW_LATE_SECONDS : FOLLOW_SECONDS };
}

/**
 * A change that hangs is told once, and stays recorded: taking it back would write to the same firewall. The
 * orchestration ends, and the timer comes back, so that the change goes on to its verification when Azure has ended it.
 */
async function overdue(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  { why, isInAzure }: Unended,
): Promise<ReliefStep> {
  const isFirst = action.overdueToldAt === undefined;
  const reason =
    `The change from ${action.fromAddresses} to ${addressesText(action.toAddresses)}, decided at ${action.decidedAt}, does not come to its end. ${why} ` +
    (isInAzure
      ? "It stays recorded and goes on by itself when Azure has ended it. Look at the firewall's activity log in Azure, and ask Microsoft's support if an operation hangs."
      : 'It stays recorded and goes on by itself when what is before it has ended: see what that operation does, and stop it if it must not go first.');
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    return withReliefEnd(head, reaction, request, {
      relief: { ...relief, action: { ...action, overdueToldAt: action.overdueToldAt ?? request.nowIso } },
      sequence: answeredBy(action, reaction),
      line: { decision: 'help needed', reason, discriminator: OVERDUE_CODE },
      // A new alert is answered with the same; a look of the timer finds nothing new.
      isTold: !isFirst && reaction.handled === reaction.sequence,
      state: 'failed',
      code: OVERDUE_CODE,
      lookAgainAt: new Date(Date.parse(request.nowIso) + LOOK_AT_OVERDUE_MINUTES * MINUTE_MS).toISOString(),
    });
  });
  await flushOutbox(dependencies, changed.head);
  if (isFirst) {
    const data = { code: OVERDUE_CODE, reason };
    await tellWorld(dependencies, request, 'helpNeeded', action, data, OVERDUE_CODE);
  }
  return changed.result;
}

const nameOf = (id: string) => id.slice(id.lastIndexOf('/') + 1).toLowerCase();

const namesOf = (publicIps: readonly { readonly id: string }[]): readonly string[] =>
  publicIps.map(({ id }) => nameOf(id));

/** What steps have added; one of the spec that somebody has taken off is a drift, of which its own rules decide. */
function addedBySteps<Address extends { readonly owner: string }>(publicIps: readonly Address[]): readonly Address[] {
  const added = publicIps.filter(({ owner }) => owner === 'adjustment');
  return added.length === 0 ? publicIps : added;
}

/** Ours by name: somebody may have taken one of theirs off the firewall meanwhile. */
function isAttached(
  { direction, toAddresses, removedName }: ReliefAction,
  attached: readonly string[],
  wanted: readonly string[],
): boolean {
  if (direction === 'in')
    return removedName !== undefined && attached.length > 0 && !attached.includes(removedName.toLowerCase());
  return attached.length >= toAddresses || (wanted.length > 0 && wanted.every((name) => attached.includes(name)));
}

/** Signals that came meanwhile ask for what a step out is about already; a step back is no answer to any. */
function answeredBy({ direction }: ReliefAction, { sequence, handled }: Reaction): number {
  return direction === 'out' ? sequence : handled;
}

/** What keeps a change from going on. */
interface Left {
  readonly reason: string;
  /** Present: people have to be told, since nobody may know that it waits. */
  readonly code?: string;
  /** The operation that waits, whose plan somebody may be able to approve. */
  readonly operationId?: string;
}

/** How and until when a plan that waits can be approved; empty where none asks for it. */
function approvalText({ approvals }: BaselineHead, operationId: string | undefined): string {
  const asked = approvals.find((one) => one.operationId === operationId && one.decision === undefined);
  if (asked === undefined) return '';
  return `Until ${asked.expiresAt} somebody can approve it: hubkeeper approve ${asked.planHash.slice(0, HASH_LENGTH)}`;
}

/** What waits is left to whom it waits for, for as long as the figures say the same. */
async function leaveOrTakeBack(
  dependencies: Dependencies,
  request: ReliefRequest,
  head: BaselineHead,
  reaction: Reaction,
  action: ReliefAction,
  left: Left,
): Promise<ReliefStep> {
  if (!areFiguresOld(action, request.nowIso, 'wait')) return leave(dependencies, request, action, left);
  const recheck = await recheckRelief(dependencies, head, reaction, action, request.nowIso);
  if (recheck.verdict === 'over') return takenBack(dependencies, request, action, recheck.why);
  const confirmed = recheck.verdict === 'holds' ? { ...action, confirmedAt: request.nowIso } : action;
  return leave(dependencies, request, confirmed, left);
}

/** The orchestration ends; the change stays recorded. */
async function leave(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  { reason, code, operationId }: Left,
): Promise<ReliefStep> {
  const leftFor = code ?? 'outsiders';
  const isTold = action.leftFor === leftFor;
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    const told = isTold
      ? head
      : withReliefLine(head, reaction, request, action, {
          decision: code === undefined ? 'waits' : 'help needed',
          reason: reasonsText([reason, approvalText(head, operationId), action.reason]),
          discriminator: leftFor,
        });
    // The timer comes when the operation goes on, whatever rest there was before.
    const rested = withRelief(told, reaction, { ...relief, action: { ...action, leftFor }, lookAgainAt: null });
    const handled = withHandled(rested, RELIEF_KIND, request.target, answeredBy(action, reaction));
    const ended = withReactionEnded(handled, RELIEF_KIND, request.target, request.instanceId);
    const next: ReliefStep = ended.again ? { next: 'decide', seconds: 0 } : { next: 'end' };
    return { head: ended.head, result: next };
  });
  await flushOutbox(dependencies, changed.head);
  if (code !== undefined && !isTold)
    await tellWorld(dependencies, request, 'helpNeeded', action, { code, reason }, code);
  return changed.result;
}

async function applied(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  run: RunDocument | null,
  attached: readonly string[],
): Promise<ReliefStep> {
  const endedAt = run === null ? undefined : (rowOf(run, request.target)?.endedAt ?? run.endedAt);
  // Of a run that had written the firewall before for something else.
  const at = endedAt !== undefined && endedAt >= action.decidedAt ? endedAt : request.nowIso;
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    const known = new Set(relief.changes.flatMap(({ added }) => added.map((name) => name.toLowerCase())));
    const added = action.direction === 'out' ? attached.slice(-(action.toAddresses - action.fromAddresses)) : [];
    const remembered = withAddressChange(withInitial(relief, action), {
      at,
      direction: action.direction,
      addresses: attached.length,
      added: added.filter((name) => !known.has(name)),
    });
    if (action.direction === 'out') {
      const told = withReliefLine(head, reaction, request, action, {
        decision: 'addresses changed',
        reason: `The firewall has ${addressesText(attached.length)}. Whether that helps shows in ${EFFECT_SHOWS_AFTER_MINUTES} minutes.`,
        before: action.fromAddresses,
        after: attached.length,
      });
      const next = withRelief(told, reaction, { ...remembered, action: { ...action, appliedAt: at } });
      return { head: next, result: { next: 'verify', seconds: EFFECT_SHOWS_AFTER_MINUTES * 60 } };
    }
    return withReliefEnd(head, reaction, request, {
      relief: { ...withAttempt(remembered, { at, outcome: 'succeeded' }), action: null },
      sequence: reaction.handled,
      line: {
        decision: 'action done',
        reason: `${action.removedName ?? ''} has left the firewall, which has ${addressesText(attached.length)}.`,
        before: action.fromAddresses,
        after: attached.length,
      },
      state: 'succeeded',
      code: SCALED_IN_CODE,
      lookAgainAt: null,
    });
  });
  await flushOutbox(dependencies, changed.head);
  if (action.direction === 'in')
    await tellWorld(
      dependencies,
      request,
      'actionDone',
      action,
      {
        code: SCALED_IN_CODE,
        reason: action.reason,
        addressesBefore: action.fromAddresses,
        addressesNow: attached.length,
        ...(action.removedName === undefined ? {} : { removed: action.removedName }),
        ...(await egressNow(dependencies, changed.head, request)),
      },
      SCALED_IN_CODE,
    );
  return changed.result;
}

/** How many there were before the first change, so that the look-back is right about that time. */
function withInitial(relief: SnatRelief, { direction, decidedAt, fromAddresses }: ReliefAction): SnatRelief {
  if (relief.changes.length > 0) return relief;
  // The epoch: nothing is known of earlier changes.
  const at = new Date(0).toISOString();
  return Date.parse(decidedAt) > 0
    ? { ...relief, changes: [{ at, direction, addresses: fromAddresses, added: [] }] }
    : relief;
}

/** Its run is over and the firewall has not all of its addresses: those that there are suffice for a smaller step, or none. */
async function endedWithout(
  dependencies: Dependencies,
  request: ReliefRequest,
  head: BaselineHead,
  action: ReliefAction,
  run: RunDocument,
  seen: ObservedFirewall,
): Promise<ReliefStep> {
  const attached = attachedNames(seen.body);
  const { why, isRefused } = await whyMissed(dependencies, run, request);
  const shortage = isRefused ? null : await readShortage(dependencies, head, seen, action, run, request);
  if (shortage !== null && shortage.usable > 0)
    return goOnWith(dependencies, request, action, shortage, attached.length, why);
  const leavesUnused = hasUnused(seen, attached);
  return missed(dependencies, request, action, run, { isShort: shortage !== null, leavesUnused });
}

/** Whether Azure has addresses that only the adjustment declares and that are not attached. */
function hasUnused({ resolved, observed }: ObservedFirewall, attached: readonly string[]): boolean {
  return resolved.publicIps.some(
    ({ id, owner }) =>
      owner === 'adjustment' && Boolean(observed.get(normaliseId(id))) && !attached.includes(nameOf(id)),
  );
}

/** A teardown that did not take place says nothing of the change that it had overtaken: that goes on under another operation. */
async function askedAgain(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  teardown: RunDocument,
): Promise<ReliefStep> {
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    // Somebody was faster: what is recorded now is looked at.
    if (relief.action?.operationId !== action.operationId || head.teardown)
      return { head: null, result: { next: 'follow', seconds: FOLLOW_SECONDS } };
    const { head: numbered, operationId } = withNextOperation(head);
    const { leftFor: _, ...again } = { ...relief.action, operationId };
    const told = withReliefLine(numbered, reaction, request, again, {
      decision: 'asked again',
      reason: `The teardown ${teardown.operationId} had overtaken the operation ${action.operationId}, and ended ${teardown.state}: the change goes on in ${operationId}.`,
    });
    const next = withRelief(told, reaction, { ...relief, action: again });
    const requested = withRequest(next, egressRequest(operationId, request));
    return { head: requested.head, result: { next: 'poke', instanceId: requested.start ?? null } };
  });
  await flushOutbox(dependencies, changed.head);
  return changed.result;
}

interface Miss {
  readonly more?: string;
  /** The adjustment stays: what it declares is what is there. */
  readonly keep?: boolean;
  /** Azure gives no address: the firewall itself has not failed. */
  readonly isShort?: boolean;
  /** Addresses were made that nothing declares when the adjustment is put back: a run deletes them. */
  readonly leavesUnused?: boolean;
}

/** The operation is over and the firewall has not changed as it should: what was adjusted is put back as it was. */
async function missed(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  run: RunDocument,
  { more = '', keep = false, isShort = false, leavesUnused = false }: Miss = {},
): Promise<ReliefStep> {
  const { why, isRefused, isRejected } = await whyMissed(dependencies, run, request, more);
  const refusedCode = isRejected ? REJECTED_CODE : 'ChangeRefused';
  const code = isRefused ? refusedCode : isShort ? SHORT_OF_ADDRESSES : 'ChangeFailed';
  const isFailure = !isRefused && !isShort;
  const reason =
    `The operation ${run.operationId} ${isFinalState(run.state) ? `ended ${run.state}` : 'does nothing more for it'} and the firewall ${keep ? 'is not well with' : 'has not'} the addresses that were asked for. ${why}`.trim();
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    const tried = isFailure ? withAttempt(relief, { at: request.nowIso, outcome: 'failed' }) : withRefusal(relief);
    // Who rejects a change does not know of what comes after: an alert of then is looked at.
    const isAlertLater = reaction.signal !== null && reaction.signal.receivedAt > (run.endedAt ?? request.nowIso);
    const sequence = isRejected && isAlertLater ? reaction.handled : answeredBy(action, reaction);
    const rejected = isRejected ? rejectedNow(head, action, sequence, request.nowIso) : null;
    const ended = withReliefEnd(keep ? head : withdrawn(head, action), reaction, request, {
      relief: { ...tried, action: null, rejected },
      sequence,
      line: {
        decision: isRefused ? 'action refused' : 'help needed',
        reason: rejected === null ? reason : `${reason} ${rejectionText(rejected)}`,
        before: action.fromAddresses,
        after: action.toAddresses,
      },
      state: 'failed',
      code,
      lookAgainAt: afterRefusals(request.nowIso, isFailure ? 1 : (tried.refusals ?? 0)),
    });
    if (keep || !leavesUnused) return ended;
    const numbered = withNextOperation(ended.head);
    const requested = withRequest(numbered.head, egressRequest(numbered.operationId, request));
    return { head: requested.head, result: { next: 'poke', instanceId: requested.start ?? null } };
  });
  await flushOutbox(dependencies, changed.head);
  const kind = isRefused ? 'actionRefused' : 'helpNeeded';
  await tellWorld(dependencies, request, kind, action, { code, reason }, code);
  return changed.result;
}
