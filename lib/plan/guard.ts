import { withinBudget } from './change-groups.ts';
import { type ChangeWindow, isExemptFromWindows, type WindowExemption } from './change-windows.ts';
import { normaliseId, type Owner } from './graph.ts';
import { changeHash } from './hash.ts';
import type { Risk } from './kind.ts';
import { someOf } from './node-changes.ts';
import type { Change, Plan, Refusal } from './plan.ts';
import { touches } from './property-path.ts';
import { isAtOrIn, isInScope } from './scope.ts';

/** What a baseline permits, strictest first. */
export const MODES = ['observe', 'create-only', 'no-delete', 'full'] as const;
export type Mode = (typeof MODES)[number];

/** What a reaction, drift or a field's policy permits without a person, strictest first. */
export const REACTION_MODES = ['off', 'observe', 'propose', 'act'] as const;
export type ReactionMode = (typeof REACTION_MODES)[number];

const RISKS: readonly Risk[] = ['safe', 'disruptive', 'destructive'];

/**
 * A mode for the unattended changes that match everything it names; the strictest of all that match counts, and where none
 * matches, `observe`.
 */
export interface ReactionRule {
  readonly mode: ReactionMode;
  /** Who set it, for the reason shown: `drift`, `reactions.egress`, `policy of properties.x`. */
  readonly source: string;
  readonly owner?: Owner;
  readonly scope?: string;
  readonly kind?: string;
  /** Matches changes that touch a property under this path pattern. */
  readonly path?: string;
  /** Binds attended changes too: a person's request for something else is no word on what a reaction has decided. */
  readonly bindsAttended?: boolean;
}

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
  /** `changeHash` of each approved change: what is left of an approved plan after a part of it is done stays approved. */
  readonly changeHashes?: readonly string[];
}

export interface Circumstances {
  readonly nowMs: number;
  readonly mode: Mode;
  readonly reactionRules: readonly ReactionRule[];
  /**
   * True for an operator's own request (PUT, reconcile by hand); budgets, and reaction rules without `bindsAttended`, do not
   * apply to it.
   */
  readonly attended: boolean;
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
  /** Changes that wait for no window, whatever their risk; everything else binds them. */
  readonly windowExemptions?: readonly WindowExemption[];
  readonly approvals: {
    /** Changes of this risk and above need an approved hash. */
    readonly requiredFrom: Risk | 'never';
    readonly selfApproval: boolean;
    /** When an unanswered request ends. */
    readonly untilIso: string | null;
    readonly granted: readonly Approval[];
  };
  /** Unattended updates and deletes of existing resources. Null: no limit. */
  readonly budget: {
    readonly perRun: number;
    readonly perDay: number;
    readonly usedInRun: number;
    readonly usedToday: number;
    readonly dayEndsIso: string;
    /** `changeHash` of what this run has begun already: it is paid for. */
    readonly paid?: readonly string[];
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
}

export interface Waiting {
  readonly id: string;
  readonly for: 'approval' | 'hold' | 'changeWindow' | 'pause' | 'budget';
  readonly who: string;
  /** Null: no end is known. */
  readonly untilIso: string | null;
  readonly why: string;
  /** Id of the change whose wait it shares. */
  readonly cause?: string;
  /** Of a budget: which one is used up. */
  readonly budget?: 'run' | 'day';
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
 * A change is refused where a mode, a lock, an opt-out or the allow-list forbids it, and waits for the end of a pause or
 * a hold, for a change window, for an approval, for the budget, in that order. Whatever depends on it shares its fate.
 * Budgets count unattended, unapproved updates and deletes; a change is admitted together with all that it depends on,
 * with the other side of a pair and with what replaces it, or not at all. Pure.
 */
export function guard(plan: Plan, circumstances: Circumstances): Verdict {
  const judged = new Map<string, Judgement>();
  const approved = new Set<string>();
  for (const change of plan.changes) {
    const key = normaliseId(change.id);
    if (isApproved(change, plan, circumstances)) approved.add(key);
    judged.set(key, judge(change, circumstances, approved.has(key)));
  }
  shareFate(plan.changes, judged);
  const { budget, attended, approvals } = circumstances;
  if (budget === null || attended) return verdictOf(plan.changes, judged, () => false);
  const paid = new Set(budget.paid);
  const counts = (change: Change) =>
    change.action !== 'create' && !approved.has(normaliseId(change.id)) && !paid.has(changeHash(change));
  applyBudget(plan.changes, judged, counts, budget, approvals.untilIso);
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

function judge(change: Change, circumstances: Circumstances, approved: boolean): Judgement {
  const reaction = strictestReaction(change, circumstances);
  return (
    refusalByMode(change, circumstances, reaction, approved) ??
    refusalByProtection(change, circumstances) ??
    waitForPause(circumstances) ??
    waitForHold(change, circumstances) ??
    waitForWindow(change, circumstances) ??
    waitForApproval(change, circumstances, reaction, approved) ??
    ALLOWED
  );
}

function refusal(code: string, why: string): Judgement {
  return { verdict: 'refused', code, why };
}

function isApproved(change: Change, plan: Plan, { approvals, requestedBy, nowMs }: Circumstances): boolean {
  return approvals.granted.some(({ planHash, approver, expiresIso, changeHashes }) => {
    const isOther = approvals.selfApproval || approver.toLowerCase() !== requestedBy.toLowerCase();
    if (!isOther || Date.parse(expiresIso) <= nowMs) return false;
    return planHash === plan.hash || (changeHashes?.includes(changeHash(change)) ?? false);
  });
}

/** Nobody said that Hubkeeper may do this by itself. */
const NO_RULE: ReactionRule = { mode: 'observe', source: 'the default of reactions' };

/** The strictest rule for a change; none for an attended one that no reaction has decided. */
function strictestReaction(change: Change, { attended, reactionRules }: Circumstances): ReactionRule | undefined {
  let strictest: ReactionRule | undefined;
  for (const rule of reactionRules) {
    if ((attended && rule.bindsAttended !== true) || !isMeant(change, rule)) continue;
    const isStricter =
      strictest === undefined || REACTION_MODES.indexOf(rule.mode) < REACTION_MODES.indexOf(strictest.mode);
    if (isStricter) strictest = rule;
  }
  return strictest ?? (attended ? undefined : NO_RULE);
}

function isMeant(change: Change, { owner, scope, kind, path }: ReactionRule): boolean {
  if (owner !== undefined && !(change.owners ?? [change.owner]).includes(owner)) return false;
  if (scope !== undefined && !isInScope(change, scope)) return false;
  if (kind !== undefined && kind !== change.kind) return false;
  // A delete takes every property away.
  return path === undefined || change.action === 'delete' || change.diff.some((one) => touches(one.path, path));
}

function refusalByMode(
  change: Change,
  { mode, teardown }: Circumstances,
  reaction: ReactionRule | undefined,
  approved: boolean,
): Judgement | undefined {
  if (reaction?.mode === 'off' || reaction?.mode === 'observe') {
    const does = reaction.mode === 'off' ? 'does nothing' : 'only reports';
    return refusal('ReactionModeForbids', `${reaction.source} is '${reaction.mode}': Hubkeeper ${does}.`);
  }
  switch (mode) {
    case 'observe':
      return refusal('ModeForbidsWrites', "The baseline's mode is 'observe': nothing is written.");
    case 'create-only':
      if (change.action === 'create') return undefined;
      return refusal(
        change.action === 'delete' ? 'ModeForbidsDelete' : 'ModeForbidsUpdate',
        "The baseline's mode is 'create-only': what exists is left as it is.",
      );
    case 'no-delete': {
      if (teardown === true) return undefined;
      if (change.takesAway !== undefined) {
        const why = `The baseline's mode is 'no-delete', and ${someOf(change.takesAway)} would go: set it to 'full' to let this go.`;
        return refusal('ModeForbidsDelete', why);
      }
      if (change.action !== 'delete') return undefined;
      // What an adjustment made for a time goes with it: that is no delete of the operator's.
      const mayUndo = reaction === undefined || reaction.mode === 'act' || approved;
      if (change.owner === 'adjustment' && change.owners === undefined && mayUndo) return undefined;
      return refusal('ModeForbidsDelete', "The baseline's mode is 'no-delete': set it to 'full' to let this go.");
    }
    case 'full':
      return undefined;
  }
}

function refusalByProtection(change: Change, circumstances: Circumstances): Judgement | undefined {
  for (const { id, why, deleteOnly, unattendedOnly } of circumstances.protectedIds ?? []) {
    if (unattendedOnly === true && circumstances.attended) continue;
    const isMeant = isAtOrIn(change.id, id) || (change.action === 'delete' && isAtOrIn(id, change.id));
    if (isMeant && (!deleteOnly || change.action === 'delete'))
      return refusal('Protected', `It is left alone: ${why}.`);
  }
  const { allowList, attended } = circumstances;
  if (attended || allowList === undefined || allowList.some((id) => isAtOrIn(change.id, id))) return undefined;
  return refusal('NotOnAllowList', 'It is not on the list of what Hubkeeper may change by itself.');
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
  { changeWindows, windowExemptions = [], nowMs }: Circumstances,
): Judgement | undefined {
  if (isExemptFromWindows(change, windowExemptions)) return undefined;
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
  { approvals, attended, teardown }: Circumstances,
  reaction: ReactionRule | undefined,
  approved: boolean,
): Judgement | undefined {
  if (approved) return undefined;
  const why = whyApproval(change, approvals.requiredFrom, attended, teardown === true, reaction);
  if (why === undefined) return undefined;
  const who = approvals.selfApproval ? 'an approver' : 'an approver other than the requester';
  return { verdict: 'waiting', for: 'approval', who, untilIso: approvals.untilIso, why };
}

function whyApproval(
  change: Change,
  requiredFrom: Risk | 'never',
  attended: boolean,
  teardown: boolean,
  reaction: ReactionRule | undefined,
): string | undefined {
  if (teardown) return 'A teardown needs an approval of exactly this plan.';
  if (reaction?.mode === 'propose') return `${reaction.source} is 'propose'.`;
  if (change.recreates === true && (!attended || requiredFrom !== 'never'))
    return 'Somebody deleted it: making it again needs an approval.';
  if (requiredFrom !== 'never' && isAtLeast(change.risk, requiredFrom)) return `The change is ${change.risk}.`;
  return undefined;
}

/**
 * In `create-only`, what exists stays as it is and new things are built on it; only an update that would have added
 * something (a subnet, a rule) may be what they need.
 */
function staysUsable(code: string, base: Change | undefined): boolean {
  return (
    code === 'ModeForbidsUpdate' && !base?.diff.some(({ path, before }) => before === undefined && path.endsWith(']'))
  );
}

/** In the plan's order, so that a fate goes through whole chains. */
function shareFate(changes: readonly Change[], judged: Map<string, Judgement>): void {
  const byId = new Map(changes.map((change) => [normaliseId(change.id), change]));
  for (const change of changes) {
    const key = normaliseId(change.id);
    const own = judged.get(key);
    if (own === undefined || own.verdict === 'refused') continue;
    const bases = change.dependsOn.map((id) => ({ id, judgement: judged.get(normaliseId(id)) }));
    const refused = bases.find(
      ({ id, judgement }) =>
        judgement?.verdict === 'refused' && !staysUsable(judgement.code, byId.get(normaliseId(id))),
    );
    if (refused !== undefined) {
      const why = `Because ${refused.id} is refused.`;
      judged.set(key, { verdict: 'refused', code: 'DependsOnRefused', why, cause: refused.id });
      continue;
    }
    if (own.verdict === 'waiting') continue;
    const waiting = bases.find(({ judgement }) => judgement?.verdict === 'waiting');
    if (waiting?.judgement?.verdict !== 'waiting') continue;
    const why = `Because ${waiting.id} waits: ${firstCause(waiting.judgement.why)}`;
    judged.set(key, { ...waiting.judgement, why, cause: waiting.id });
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
  counts: (change: Change) => boolean,
  budget: NonNullable<Circumstances['budget']>,
  approvalUntilIso: string | null,
): void {
  const perRunLeft = Math.max(0, budget.perRun - budget.usedInRun);
  const perDayLeft = Math.max(0, budget.perDay - budget.usedToday);
  const open = changes.filter(({ id }) => judged.get(normaliseId(id))?.verdict === 'allowed');
  const admitted = withinBudget(open, counts, Math.min(perRunLeft, perDayLeft));
  const used = perDayLeft <= perRunLeft ? 'day' : 'run';
  const limit = used === 'day' ? `${budget.perDay} a day` : `${budget.perRun} in one run`;
  const why = `The budget of unattended changes (${limit}) does not hold all that belongs to it; approve the plan to go on at once.`;
  // A day's budget comes back by itself; a run's with the next scheduled run, or with the end of this one.
  const untilIso = used === 'day' ? budget.dayEndsIso : approvalUntilIso;
  for (const change of open) {
    if (admitted.has(change)) continue;
    const waits = { for: 'budget', who: 'an approver, or the next budget', untilIso, why, budget: used } as const;
    judged.set(normaliseId(change.id), { verdict: 'waiting', ...waits });
  }
}
