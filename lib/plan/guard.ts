import { otherSides, withinBudget } from './change-groups.ts';
import type { ChangeWindow } from './change-windows.ts';
import { type Contested, contestedPaths, refusalByConflict } from './contested.ts';
import { FAILED_CODE } from './failed-state.ts';
import { type FreeAddition, isFreeAddition } from './free-additions.ts';
import { normaliseId, sameId } from './graph.ts';
import { changeHash } from './hash.ts';
import type { Risk } from './kind.ts';
import { refusalOfLeft } from './left-changes.ts';
import { RISKS, someOf } from './node-changes.ts';
import type { Change, Plan, Refusal } from './plan.ts';
import { bindingRule, isAskedFor, type ReactionRule, type Rules, refusalByRule } from './reaction-rules.ts';
import { isAtOrIn, isInScope } from './scope.ts';

/** What a baseline permits, strictest first. */
export const MODES = ['observe', 'create-only', 'no-delete', 'full'] as const;
export type Mode = (typeof MODES)[number];

export interface Hold {
  readonly owner: string;
  readonly reason: string;
  readonly untilIso: string;
  /** Absent: everything. */
  readonly scope?: string;
}

export interface Approval {
  readonly planHash: string;
  readonly approver: string;
  readonly expiresIso: string;
  readonly decidedIso: string;
  /** Hashes, of the plan or of changes, for which it does not count any more. */
  readonly usedUp?: readonly string[];
  /** `changeHash` of each approved change: what is left of an approved plan after a part of it is done stays approved. */
  readonly changeHashes?: readonly string[];
}

/** A change that a person has said no to, by its `changeHash`. */
export interface RejectedChange {
  readonly changeHash: string;
  readonly why: string;
}

/** A change that has failed without a person, by its `changeHash`, and is not tried now. */
export interface FailingChange {
  readonly changeHash: string;
  /** True: not until something moves. False: only until a pause is over. */
  readonly parked: boolean;
  /** Since when: an approval that is not newer says nothing about it. */
  readonly sinceIso: string;
  readonly why: string;
}

/** Of the rules, those about drift that ignore or report bind attended changes too; budgets bind none of these. */
export interface Circumstances extends Rules {
  readonly nowMs: number;
  readonly mode: Mode;
  /** The whole plan tears the baseline down. */
  readonly teardown?: boolean;
  readonly requestedBy: string;
  readonly pause: { readonly owner: string; readonly reason: string; readonly untilIso: string | null } | null;
  readonly holds: readonly Hold[];
  /**
   * From `openIntervals`; null or empty: any time. They bind attended changes too. A change waits if windows are there
   * for its risk and none of those is open.
   */
  readonly changeWindows: readonly ChangeWindow[] | null;
  /** Changes that wait for no window and take from no budget, whatever their risk; everything else binds them. */
  readonly freeAdditions?: readonly FreeAddition[];
  readonly approvals: {
    /** Changes of this risk and above need an approved hash. */
    readonly requiredFrom: Risk | 'never';
    readonly selfApproval: boolean;
    /** When an unanswered request ends. */
    readonly untilIso: string | null;
    readonly granted: readonly Approval[];
    /** `changeHash` of what somebody has said no to before: only an approval that was asked for it is one. */
    readonly rejectedHashes?: readonly string[];
  };
  /** Unattended updates and deletes of existing resources. Null: no limit. */
  readonly budget: {
    readonly perRun: number;
    readonly perDay: number;
    /** Besides: in percent of `managedCount`, rounded down, yet never less than one but for 0. */
    readonly percentPerRun?: number;
    readonly percentPerDay?: number;
    /** How many resources are ours; absent: percents bind nothing. */
    readonly managedCount?: number;
    readonly usedInRun: number;
    readonly usedToday: number;
    readonly dayEndsIso: string;
    /** When the next scheduled run brings a budget of its own; absent: not known. */
    readonly nextRunIso?: string;
    /** `changeHash` of what this run has begun already: it is paid for. */
    readonly paid?: readonly string[];
    /** Ids of what this run is writing: whatever differs there meanwhile, nothing is begun by this plan. */
    readonly underWay?: readonly string[];
  } | null;
  /** Locked, opted out, or otherwise not to be touched: the resource and everything below it. */
  readonly protectedIds?: readonly {
    readonly id: string;
    readonly why: string;
    /** True: only deletes are refused. */
    readonly deleteOnly: boolean;
    /** True: only unattended changes are refused. */
    readonly unattendedOnly?: boolean;
  }[];
  /** When present, unattended changes may touch only these resources and what is below them. */
  readonly allowList?: readonly string[];
  /**
   * Binds unattended changes that nobody has approved, nor, where it was stopped, since then: those that hold what could
   * not be taken out of the plan, such as a resource that others delete again and again.
   */
  readonly contested?: readonly Contested[];
  /** Changes that a person has said no to. Binds unattended ones: an approval of another part of a plan is none of them. */
  readonly rejected?: readonly RejectedChange[];
  /** Binds unattended changes that nobody has approved since. */
  readonly failing?: readonly FailingChange[];
}

export interface Waiting {
  readonly id: string;
  readonly for: 'approval' | 'hold' | 'changeWindow' | 'pause' | 'budget' | 'backOff';
  readonly who: string;
  /** Null: no end is known. */
  readonly untilIso: string | null;
  readonly why: string;
  /** Id of the change whose wait it shares. */
  readonly cause?: string;
  /** Of a budget: which one is used up. */
  readonly budget?: 'run' | 'day';
  /** Of the budget of a run: when the request ends that lets it go on before the next run. */
  readonly askedUntilIso?: string | null;
}

/** Every change of the plan is in exactly one of the first three. */
export interface Verdict {
  readonly allowed: readonly string[];
  readonly refused: readonly Refusal[];
  readonly waiting: readonly Waiting[];
  /** The allowed changes that take from the budget. */
  readonly budgeted: readonly string[];
}

type Judgement =
  | { readonly verdict: 'allowed' }
  | { readonly verdict: 'refused'; readonly code: string; readonly why: string; readonly cause?: string }
  | ({ readonly verdict: 'waiting' } & Omit<Waiting, 'id'>);

const ALLOWED: Judgement = { verdict: 'allowed' };

/**
 * Which changes of a plan may be made now.
 *
 * A change is refused where an operation that is set aside has yet to make it, or one that was called off has not made it;
 * where its resource has failed so that only people have it written; where a mode, a lock, an opt-out or the allow-list forbids it, a person has rejected it, another writer keeps undoing it,
 * or it has failed before. It waits for the end of a pause or a hold, for a change window, for the end of a back-off, for an approval, for the
 * budget, in that order. Whatever depends on it shares its fate, and of a connection that is made so does the other side.
 * Budgets count unattended, unapproved updates and deletes; a change is admitted together with all that it depends on,
 * with the other side of a pair and with what replaces it, or not at all. A free addition takes from no budget, and what
 * it builds on need not be up to date for it, only there. Pure.
 */
export function guard(plan: Plan, circumstances: Circumstances): Verdict {
  const judged = new Map<string, Judgement>();
  const approved = new Set<string>();
  for (const change of plan.changes) {
    const key = normaliseId(change.id);
    const approvedIso = approvedAt(change, plan, circumstances);
    if (approvedIso !== undefined) approved.add(key);
    judged.set(key, judge(change, circumstances, approvedIso));
  }
  const { budget, approvals, freeAdditions = [] } = circumstances;
  const isAsked = (change: Change) => isAskedFor(change, circumstances);
  const isFree = (change: Change) => isFreeAddition(change, freeAdditions);
  shareFates(plan.changes, judged, { isAsked, isFree });
  if (budget === null || plan.changes.every(isAsked)) return verdictOf(plan.changes, judged, () => false);
  const paid = new Set(budget.paid);
  const underWay = new Set(budget.underWay?.map(normaliseId));
  const isCovered = ({ id }: Change) => approved.has(normaliseId(id)) || underWay.has(normaliseId(id));
  const counts = (change: Change) =>
    !isAsked(change) &&
    change.action !== 'create' &&
    !isCovered(change) &&
    !isFree(change) &&
    !paid.has(changeHash(change));
  applyBudget(plan.changes, judged, { counts, isFree }, budget, approvals.untilIso);
  return verdictOf(plan.changes, judged, counts);
}

function verdictOf(
  changes: readonly Change[],
  judged: ReadonlyMap<string, Judgement>,
  counts: (change: Change) => boolean,
): Verdict {
  const allowed: string[] = [];
  const budgeted: string[] = [];
  const refused: Refusal[] = [];
  const waiting: Waiting[] = [];
  for (const change of changes) {
    const { id } = change;
    const judgement = judged.get(normaliseId(id)) ?? ALLOWED;
    switch (judgement.verdict) {
      case 'allowed':
        allowed.push(id);
        if (counts(change)) budgeted.push(id);
        break;
      case 'refused':
        refused.push({ id, code: judgement.code, why: judgement.why, ...causeOf(judgement) });
        break;
      case 'waiting': {
        const { verdict: _, ...waits } = judgement;
        waiting.push({ id, ...waits });
        break;
      }
    }
  }
  return { allowed, refused, waiting, budgeted };
}

function causeOf({ cause }: { readonly cause?: string }): { readonly cause?: string } {
  return cause === undefined ? {} : { cause };
}

function judge(change: Change, circumstances: Circumstances, approvedIso: string | undefined): Judgement {
  const reaction = bindingRule(change, circumstances);
  const contested = contestedBy(change, circumstances, approvedIso);
  const approved = approvedIso !== undefined;
  return (
    refusalByOther(change, circumstances) ??
    refusalByFailedState(change, circumstances, reaction) ??
    refusalByMode(change, circumstances, reaction, approved) ??
    refusalByProtection(change, circumstances) ??
    refusalByRejection(change, circumstances) ??
    refusalOfContested(contested) ??
    refusalByFailures(change, circumstances, approvedIso) ??
    waitForPause(circumstances) ??
    waitForHold(change, circumstances) ??
    waitForWindow(change, circumstances) ??
    waitForBackOff(contested) ??
    waitForApproval(change, circumstances, reaction, approved) ??
    ALLOWED
  );
}

function refusal(code: string, why: string): Judgement {
  return { verdict: 'refused', code, why };
}

function refusalByOther(change: Change, { left }: Circumstances): Judgement | undefined {
  const other = refusalOfLeft(left, change);
  return other === undefined ? undefined : refusal(other.code, other.why);
}

/** Told also where drift is only reported: a person has to look. */
function refusalByFailedState(
  change: Change,
  circumstances: Circumstances,
  reaction: ReactionRule | undefined,
): Judgement | undefined {
  const { forPeople } = change;
  if (forPeople === undefined || reaction?.mode === 'off' || isAskedFor(change, circumstances)) return undefined;
  return refusal(FAILED_CODE, forPeople);
}

/**
 * When somebody approved a change, the latest time; undefined: nobody did, or what was approved is over or has moved. The
 * approval of a plan is none of a change in it that a person has rejected.
 */
function approvedAt(change: Change, plan: Plan, { approvals, requestedBy, nowMs }: Circumstances): string | undefined {
  const hash = changeHash(change);
  const isRejected = approvals.rejectedHashes?.includes(hash) === true;
  return approvals.granted
    .filter(({ planHash, approver, expiresIso, changeHashes, usedUp = [] }) => {
      const isOther = approvals.selfApproval || approver.toLowerCase() !== requestedBy.toLowerCase();
      if (!isOther || Date.parse(expiresIso) <= nowMs || usedUp.includes(hash)) return false;
      const isOfPlan = planHash === plan.hash && !isRejected && !usedUp.includes(planHash);
      return isOfPlan || (changeHashes?.includes(hash) ?? false);
    })
    .map(({ decidedIso }) => decidedIso)
    .sort()
    .at(-1);
}

function refusalByMode(
  change: Change,
  { mode, teardown }: Circumstances,
  reaction: ReactionRule | undefined,
  approved: boolean,
): Judgement | undefined {
  const byRule = reaction === undefined ? undefined : refusalByRule(reaction);
  if (byRule !== undefined) return refusal(byRule.code, byRule.why);
  switch (mode) {
    case 'observe':
      return refusal('ModeForbidsWrites', "The mode in force is 'observe': nothing is written.");
    case 'create-only':
      if (change.action === 'create') return undefined;
      return refusal(
        change.action === 'delete' ? 'ModeForbidsDelete' : 'ModeForbidsUpdate',
        "The mode in force is 'create-only': what exists is left as it is.",
      );
    case 'no-delete': {
      if (teardown === true) return undefined;
      if (change.takesAway !== undefined) {
        const why = `The mode in force is 'no-delete', and ${someOf(change.takesAway)} would go: apply a spec with the mode 'full' to let this go.`;
        return refusal('ModeForbidsDelete', why);
      }
      if (change.action !== 'delete') return undefined;
      // What an adjustment made for a time goes with it: that is no delete of the operator's.
      const mayUndo = reaction === undefined || reaction.mode === 'act' || approved;
      if (change.owner === 'adjustment' && change.owners === undefined && mayUndo) return undefined;
      return refusal(
        'ModeForbidsDelete',
        "The mode in force is 'no-delete': apply a spec with the mode 'full' to let this go.",
      );
    }
    case 'full':
      return undefined;
  }
}

function refusalByProtection(change: Change, circumstances: Circumstances): Judgement | undefined {
  const isAsked = isAskedFor(change, circumstances);
  for (const { id, why, deleteOnly, unattendedOnly } of circumstances.protectedIds ?? []) {
    if (unattendedOnly === true && isAsked) continue;
    const deletes = change.action === 'delete' || change.replaces === true;
    const isMeant = isAtOrIn(change.id, id) || (deletes && isAtOrIn(id, change.id));
    // Another code where a person may still write it: what leads on is another step.
    if (isMeant && (!deleteOnly || deletes))
      return refusal(unattendedOnly === true ? 'LeftToPeople' : 'Protected', `It is left alone: ${why}.`);
  }
  const { allowList } = circumstances;
  if (isAsked || allowList === undefined || allowList.some((id) => isAtOrIn(change.id, id))) return undefined;
  return refusal('NotOnAllowList', 'It is not on the list of what Hubkeeper may change by itself.');
}

function refusalByRejection(change: Change, circumstances: Circumstances): Judgement | undefined {
  const { rejected = [] } = circumstances;
  if (rejected.length === 0 || isAskedFor(change, circumstances)) return undefined;
  const hash = changeHash(change);
  const rejection = rejected.find((one) => one.changeHash === hash);
  return rejection === undefined ? undefined : refusal('ApprovalRejected', rejection.why);
}

/** What of an unattended change another writer has changed back, and nobody has approved since; the latest end first. */
function contestedBy(
  change: Change,
  circumstances: Circumstances,
  approvedIso: string | undefined,
): readonly Contested[] {
  const { contested = [] } = circumstances;
  if (contested.length === 0 || isAskedFor(change, circumstances)) return [];
  return contested
    .filter(({ id, path, stopped, sinceIso }) => {
      if (!sameId(id, change.id)) return false;
      const isSettled = approvedIso !== undefined && (!stopped || (sinceIso !== undefined && approvedIso > sinceIso));
      if (isSettled) return false;
      return change.action === 'update' ? change.diff.some((one) => one.path === path) : path === '';
    })
    .toSorted((one, other) => Date.parse(other.untilIso) - Date.parse(one.untilIso));
}

function refusalOfContested(contested: readonly Contested[]): Judgement | undefined {
  const conflict = refusalByConflict(contested);
  return conflict === undefined ? undefined : refusal(conflict.code, conflict.why);
}

function refusalByFailures(
  change: Change,
  circumstances: Circumstances,
  approvedIso: string | undefined,
): Judgement | undefined {
  const { failing = [] } = circumstances;
  if (failing.length === 0 || isAskedFor(change, circumstances)) return undefined;
  const hash = changeHash(change);
  const failure = failing.find((one) => one.changeHash === hash);
  if (failure === undefined || (approvedIso !== undefined && approvedIso > failure.sinceIso)) return undefined;
  return refusal(failure.parked ? 'RepairParked' : 'RepairDelayed', failure.why);
}

function waitForBackOff(contested: readonly Contested[]): Judgement | undefined {
  const [last] = contested;
  if (last === undefined) return undefined;
  const why = `Somebody changed ${contestedPaths(contested)} back after Hubkeeper had put it right.`;
  return { verdict: 'waiting', for: 'backOff', who: 'the time', untilIso: last.untilIso, why };
}

function waitForPause({ pause, nowMs }: Circumstances): Judgement | undefined {
  if (pause === null || (pause.untilIso !== null && Date.parse(pause.untilIso) <= nowMs)) return undefined;
  const why = `Everything is paused: ${pause.reason}`;
  return { verdict: 'waiting', for: 'pause', who: pause.owner, untilIso: pause.untilIso, why };
}

function waitForHold(change: Change, { holds, nowMs }: Circumstances): Judgement | undefined {
  const hold = holds
    .filter(({ scope, untilIso }) => Date.parse(untilIso) > nowMs && (scope === undefined || isInScope(change, scope)))
    .toSorted((a, b) => Date.parse(b.untilIso) - Date.parse(a.untilIso))[0];
  if (hold === undefined) return undefined;
  return {
    verdict: 'waiting',
    for: 'hold',
    who: hold.owner,
    untilIso: hold.untilIso,
    why: `It is held: ${hold.reason}`,
  };
}

function waitForWindow(
  change: Change,
  { changeWindows, freeAdditions = [], nowMs }: Circumstances,
): Judgement | undefined {
  if (isFreeAddition(change, freeAdditions)) return undefined;
  const windows = (changeWindows ?? []).filter(({ from }) => isAtLeast(change.risk, from));
  if (windows.length === 0) return undefined;
  const intervals = windows.flatMap(({ open }) => open);
  const isOpen = intervals.some(
    ({ fromIso, untilIso }) => Date.parse(fromIso) <= nowMs && nowMs < Date.parse(untilIso),
  );
  if (isOpen) return undefined;
  const next = intervals
    .filter(({ fromIso }) => Date.parse(fromIso) > nowMs)
    .toSorted((a, b) => Date.parse(a.fromIso) - Date.parse(b.fromIso))[0];
  const why = `A ${change.risk} change runs in a change window only.`;
  return { verdict: 'waiting', for: 'changeWindow', who: 'change window', untilIso: next?.fromIso ?? null, why };
}

function isAtLeast(risk: Risk, threshold: Risk): boolean {
  return RISKS.indexOf(risk) >= RISKS.indexOf(threshold);
}

function waitForApproval(
  change: Change,
  circumstances: Circumstances,
  reaction: ReactionRule | undefined,
  approved: boolean,
): Judgement | undefined {
  if (approved) return undefined;
  const { approvals, teardown } = circumstances;
  const isAsked = isAskedFor(change, circumstances);
  const why = whyApproval(change, approvals.requiredFrom, isAsked, teardown === true, reaction);
  if (why === undefined) return undefined;
  const who = approvals.selfApproval ? 'an approver' : 'an approver other than the requester';
  return { verdict: 'waiting', for: 'approval', who, untilIso: approvals.untilIso, why };
}

function whyApproval(
  change: Change,
  requiredFrom: Risk | 'never',
  isAsked: boolean,
  teardown: boolean,
  reaction: ReactionRule | undefined,
): string | undefined {
  if (teardown) return 'A teardown needs an approval of exactly this plan.';
  if (reaction?.mode === 'propose') return `${reaction.source} is '${reaction.policy ?? reaction.mode}'.`;
  if (change.recreates === true && (!isAsked || requiredFrom !== 'never'))
    return 'Somebody deleted it: making it again needs an approval.';
  if (requiredFrom !== 'never' && isAtLeast(change.risk, requiredFrom)) return `The change is ${change.risk}.`;
  if (!isAsked && change.risk === 'destructive') return 'The change is destructive, and nobody asked for it.';
  return undefined;
}

/** What is known of single changes when fates are shared. */
interface Nature {
  readonly isAsked: (change: Change) => boolean;
  readonly isFree: (change: Change) => boolean;
}

/** Whether a resource that is to be changed is there all the time. */
function staysThere(base: Change | undefined): base is Change {
  return base?.action === 'update' && base.replaces !== true;
}

/** Whether a change needs no more of a resource that it builds on than that it is there. */
function isIndifferentTo(change: Change, base: Change | undefined, { isFree }: Pick<Nature, 'isFree'>): boolean {
  return change.action === 'update' && isFree(change) && staysThere(base);
}

/**
 * Whether a change can do with a resource as it is that is not changed now: it is there, and nothing would be added to it
 * (a subnet, a rule) that may be needed; a free addition needs none of that. In `create-only` new things are built on it
 * so. What nobody asks for was as declared once: one property that waits must not keep others from being put right.
 */
function canDoWith(change: Change, base: Change | undefined, judgement: Judgement, nature: Nature): boolean {
  if (!staysThere(base)) return false;
  if (isIndifferentTo(change, base, nature)) return true;
  if (base.diff.some(({ path, before }) => before === undefined && path.endsWith(']'))) return false;
  return !nature.isAsked(base) || (judgement.verdict === 'refused' && judgement.code === 'ModeForbidsUpdate');
}

/** Also through the pairs that are made whole or not at all, and what builds on their sides, until nothing more follows. */
function shareFates(changes: readonly Change[], judged: Map<string, Judgement>, nature: Nature): void {
  const sides = otherSides(changes);
  do shareFate(changes, judged, nature);
  while (shareFateOfPairs(sides, judged));
}

/** @returns whether anything was added. */
function shareFateOfPairs(sides: ReadonlyMap<string, Change>, judged: Map<string, Judgement>): boolean {
  let isMore = false;
  for (const [key, other] of sides) {
    const own = judged.get(key) ?? ALLOWED;
    const theirs = judged.get(normaliseId(other.id)) ?? ALLOWED;
    const shared = fateShared(own, other.id, theirs);
    if (shared === undefined) continue;
    judged.set(key, shared);
    isMore = true;
  }
  return isMore;
}

/** What becomes of a change that cannot do without another one; undefined: what was judged already. */
function fateShared(own: Judgement, id: string, theirs: Judgement): Judgement | undefined {
  if (own.verdict === 'refused') return undefined;
  if (theirs.verdict === 'refused')
    return { verdict: 'refused', code: 'DependsOnRefused', why: `Because ${id} is refused.`, cause: id };
  if (own.verdict === 'waiting' || theirs.verdict !== 'waiting') return undefined;
  return { ...theirs, why: `Because ${id} waits: ${firstCause(theirs.why)}`, cause: id };
}

/** In the plan's order, so that a fate goes through whole chains. */
function shareFate(changes: readonly Change[], judged: Map<string, Judgement>, nature: Nature): void {
  const byId = new Map(changes.map((change) => [normaliseId(change.id), change]));
  for (const change of changes) {
    const key = normaliseId(change.id);
    const own = judged.get(key);
    if (own === undefined || own.verdict === 'refused') continue;
    const bases = change.dependsOn
      .map((id) => ({ id, judgement: judged.get(normaliseId(id)) ?? ALLOWED }))
      .filter(({ id, judgement }) => !canDoWith(change, byId.get(normaliseId(id)), judgement, nature));
    const base =
      bases.find(({ judgement }) => judgement.verdict === 'refused') ??
      bases.find(({ judgement }) => judgement.verdict === 'waiting');
    const shared = base === undefined ? undefined : fateShared(own, base.id, base.judgement);
    if (shared !== undefined) judged.set(key, shared);
  }
}

/** A chain names the change next to it and the first cause, not everything between. */
function firstCause(why: string): string {
  const marker = ' waits: ';
  const at = why.lastIndexOf(marker);
  return at < 0 ? why : why.slice(at + marker.length);
}

function applyBudget(
  changes: readonly Change[],
  judged: Map<string, Judgement>,
  { counts, isFree }: { readonly counts: (change: Change) => boolean } & Pick<Nature, 'isFree'>,
  budget: NonNullable<Circumstances['budget']>,
  approvalUntilIso: string | null,
): void {
  const perRun = strictestLimit(budget.perRun, budget.percentPerRun, budget.managedCount);
  const perDay = strictestLimit(budget.perDay, budget.percentPerDay, budget.managedCount);
  const perRunLeft = Math.max(0, perRun.most - budget.usedInRun);
  const perDayLeft = Math.max(0, perDay.most - budget.usedToday);
  const open = changes.filter(({ id }) => judged.get(normaliseId(id))?.verdict === 'allowed');
  const byId = new Map(changes.map((change) => [normaliseId(change.id), change]));
  const needsOf = (change: Change) =>
    change.dependsOn.filter((id) => !isIndifferentTo(change, byId.get(normaliseId(id)), { isFree }));
  const admitted = withinBudget(open, counts, Math.min(perRunLeft, perDayLeft), needsOf);
  const used = perDayLeft <= perRunLeft ? 'day' : 'run';
  const limit = used === 'day' ? `${perDay.words} a day` : `${perRun.words} in one run`;
  const next = used === 'day' ? 'tomorrow (UTC)' : 'with the next scheduled run';
  const why = `The budget of unattended changes (${limit}) does not hold all that belongs to it. It goes on by itself ${next}, and at once when somebody approves the plan.`;
  const ends =
    used === 'day'
      ? { untilIso: budget.dayEndsIso }
      : { untilIso: budget.nextRunIso ?? null, askedUntilIso: approvalUntilIso };
  for (const change of open) {
    if (admitted.has(change)) continue;
    const waits = { for: 'budget', who: 'an approver, or the next budget', ...ends, why, budget: used } as const;
    judged.set(normaliseId(change.id), { verdict: 'waiting', ...waits });
  }
}

/** The smaller of a number and of a share of what is ours, and how it is told. */
function strictestLimit(
  count: number,
  percent: number | undefined,
  managedCount: number | undefined,
): { readonly most: number; readonly words: string } {
  const byCount = { most: count, words: String(count) };
  if (percent === undefined || managedCount === undefined) return byCount;
  const share = percent === 0 ? 0 : Math.max(1, Math.floor((percent * managedCount) / 100));
  return share >= count
    ? byCount
    : { most: share, words: `${share}, which is ${percent} % of ${managedCount} resources,` };
}
