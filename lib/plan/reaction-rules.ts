import { normaliseId, type Owner, sameId } from './graph.ts';
import type { LeftChanges } from './left-changes.ts';
import type { Change } from './plan.ts';
import { isAtOrBelow, touches } from './property-path.ts';
import { isInScope } from './scope.ts';

/** What a reaction, drift or a field's policy permits without a person, strictest first. */
export const REACTION_MODES = ['off', 'observe', 'propose', 'act'] as const;
export type ReactionMode = (typeof REACTION_MODES)[number];

/** What an operator says about a drift, strictest first; each stands for the reaction mode at the same place. */
export const DRIFT_POLICIES = ['ignore', 'report', 'approve', 'enforce'] as const;
export type DriftPolicy = (typeof DRIFT_POLICIES)[number];

/**
 * A mode for the unattended changes that match everything it names; the strictest of all that match counts, and where none
 * matches, `observe`.
 */
export interface ReactionRule {
  readonly mode: ReactionMode;
  /** Who set it, for the reason shown: `drift.mode`, `egress.mode`, `drift.policies[0]`. */
  readonly source: string;
  /** Of a rule about drift, what it says: `ignore` and `report` bind attended changes too, as far as these undo a drift. */
  readonly policy?: DriftPolicy;
  readonly owner?: Owner;
  readonly scope?: string;
  readonly kind?: string;
  /** Matches updates that touch a property under this path pattern, and deletes. */
  readonly path?: string;
  /** Binds attended changes too: a person's request for something else is no word on what a reaction has decided. */
  readonly bindsAttended?: boolean;
}

/** A property that somebody has changed; path as in the difference, empty: the resource itself is gone. */
export interface DriftedProperty {
  readonly id: string;
  readonly path: string;
}

/** Under what rules a change is made. */
export interface Rules {
  readonly reactionRules: readonly ReactionRule[];
  /** True for an operator's own request (PUT, reconcile by hand). */
  readonly attended: boolean;
  /** Of an otherwise unattended run: a person asked for what this owner declares, and for nothing else. */
  readonly attendedOwner?: Owner;
  /** The spec in force was brought about whole before: what differs from it now has been changed by others. */
  readonly specIsApplied?: boolean;
  /** The same of one resource, by its id: it is known to have been as the spec in force declares it. */
  readonly wasAsDeclared?: (id: string) => boolean;
  /**
   * Drifts on which the person's request is no word: those found after the plan that was asked for, or, of a request for one
   * owner's sake, whatever of others is known as one.
   */
  readonly drifted?: readonly DriftedProperty[];
  /**
   * Normalised ids of what that plan was to change: whatever differs elsewhere has been changed since. Absent: a person
   * asks for all that differs.
   */
  readonly asked?: ReadonlySet<string>;
  /** What an operation that is set aside for this run has yet to do, and what one that was called off has not done. */
  readonly left?: readonly LeftChanges[];
}

/** What of a change, or of one difference of it, decides which rules are meant. */
export type RuledChange = Pick<
  Change,
  'id' | 'kind' | 'action' | 'scope' | 'owner' | 'owners' | 'diff' | 'recreates' | 'givesBack'
>;

/** Nobody said that Hubkeeper may do this by itself. */
const NO_RULE: ReactionRule = { mode: 'observe', source: 'the default of reactions' };

/** The strictest rule for a change; undefined: one that a person asks for and that no rule about drift binds. */
export function bindingRule(change: RuledChange, rules: Rules): ReactionRule | undefined {
  const meant = rules.reactionRules.filter((rule) => isMeant(change, rule));
  return isAskedFor(change, rules)
    ? strictestOf(meant.filter((rule) => bindsAttended(rule, change, rules)))
    : (strictestOf(meant) ?? NO_RULE);
}

/**
 * Whether a person asks for a change, or for the settling of one difference. What has drifted since is not asked for. Of
 * a run that is for one owner's sake, what touches anything of another owner is not either; what an adjustment had taken
 * away comes back with its end: under a spec that is there whole nothing else is left out.
 */
export function isAskedFor(change: RuledChange, rules: Rules): boolean {
  const { attended, attendedOwner, specIsApplied = false } = rules;
  const isDrift = isOfDrift(change, rules);
  if (attended) return !isDrift && (isAmongAsked(change, rules) || !undoesOthers(change));
  if (attendedOwner === undefined) return false;
  const { owner, owners, givesBack = false } = change;
  return (owners === undefined && owner === attendedOwner) || (givesBack && specIsApplied && !isDrift);
}

function isAmongAsked({ id }: RuledChange, { asked }: Rules): boolean {
  return asked === undefined || asked.has(normaliseId(id));
}

/** What an adjustment gives, takes or gives back, and what is no longer declared, is nobody's drift. */
function undoesOthers({ action, owner, owners = [owner], recreates, givesBack = false }: RuledChange): boolean {
  switch (action) {
    case 'update':
      return !givesBack && owners.some((one) => one !== 'adjustment');
    case 'create':
      return recreates === true;
    case 'delete':
      return false;
  }
}

function isOfDrift({ id, action, diff }: RuledChange, { drifted = [] }: Rules): boolean {
  return drifted.some((one) => {
    if (!sameId(one.id, id)) return false;
    return action === 'update' ? diff.some(({ path }) => path === one.path) : action === 'create' && one.path === '';
  });
}

/**
 * An ignored property of what exists is the operator's business elsewhere, whoever asks. What is reported, or deleted by
 * somebody, stays so only as a drift: what a spec declares otherwise than it was is yet to be brought about.
 */
function bindsAttended(rule: ReactionRule, change: RuledChange, rules: Rules): boolean {
  if (rule.bindsAttended === true) return true;
  const { policy } = rule;
  if (policy !== 'ignore' && policy !== 'report') return false;
  if (change.action !== 'update') return change.recreates === true && isDrift(change, rules);
  return policy === 'ignore' || isDrift(change, rules);
}

function isDrift({ id }: RuledChange, { specIsApplied = false, wasAsDeclared }: Rules): boolean {
  return specIsApplied || wasAsDeclared?.(id) === true;
}

function strictestOf(rules: readonly ReactionRule[]): ReactionRule | undefined {
  let strictest: ReactionRule | undefined;
  for (const rule of rules) {
    if (strictest === undefined || strictness(rule.mode) < strictness(strictest.mode)) strictest = rule;
  }
  return strictest;
}

/** 0: the strictest. */
export function strictness(mode: ReactionMode): number {
  return REACTION_MODES.indexOf(mode);
}

function isMeant(change: RuledChange, { owner, scope, kind, path }: ReactionRule): boolean {
  if (owner !== undefined && !(change.owners ?? [change.owner]).includes(owner)) return false;
  if (scope !== undefined && !isInScope(change, scope)) return false;
  if (kind !== undefined && kind !== change.kind) return false;
  if (path === undefined) return true;
  switch (change.action) {
    case 'create':
      return false;
    case 'update':
      return change.diff.some((one) => touches(one.path, path));
    case 'delete':
      // Every property goes.
      return true;
  }
}

/** Why a rule does not let a change be made, and how to let it; undefined: it does, perhaps with an approval. */
export function refusalByRule({ mode, policy, source }: ReactionRule): { code: string; why: string } | undefined {
  if (mode !== 'off' && mode !== 'observe') return undefined;
  const does = mode === 'off' ? 'does nothing' : 'only reports';
  const why = `${source} is '${policy ?? mode}': Hubkeeper ${does}.`;
  switch (policy) {
    case 'ignore':
      return { code: 'DriftIgnored', why: `${why} Change or remove that rule of the spec to have it put right.` };
    case 'report':
      return { code: 'DriftReported', why: `${why} Change or remove that rule of the spec to have it put right.` };
    default:
      return { code: 'ReactionModeForbids', why };
  }
}

/**
 * Whether the operator said to look away from an entry of a resource, whoever put it there: a rule that ignores it, or
 * what it lies in. One about a property of entries says nothing of an entry as a whole.
 */
export function ignoresEntry(
  { id, kind, scope }: Pick<RuledChange, 'id' | 'kind' | 'scope'>,
  path: string,
  { reactionRules }: Pick<Rules, 'reactionRules'>,
): boolean {
  const change: RuledChange = { id, kind, scope, owner: 'spec', action: 'update', diff: [{ path }] };
  return reactionRules.some(
    (rule) =>
      rule.policy === 'ignore' && (rule.path === undefined || isAtOrBelow(path, rule.path)) && isMeant(change, rule),
  );
}
