import { compare } from './compare.ts';
import { type Contested, refusalByConflict } from './contested.ts';
import { type DesiredGraph, type DesiredNode, normaliseId, type Owner, sameId } from './graph.ts';
import { withKeptDifferences } from './kept-differences.ts';
import type { KindRules, PropertyDifference, Risk } from './kind.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';
import { isLeftDifference, refusalsOfLeft } from './left-changes.ts';
import { ownedBeforeOf } from './merge.ts';
import { entriesTakenAway, isLeftOut, ownersOfDifferences, RISKS, someOf } from './node-changes.ts';
import type { Observed, Refusal } from './plan.ts';
import { conditionOf } from './provisioning-state.ts';
import { bindingRule, isAskedFor, type ReactionRule, type Rules, refusalByRule, strictness } from './reaction-rules.ts';

/** What decides about each difference by itself. */
export interface DifferenceRules extends Rules {
  /** Risk from which on somebody has to approve. */
  readonly approvalFrom: Risk | 'never';
  /** What nobody asks for leaves those that are stopped to the other writer. */
  readonly contested?: readonly Contested[];
}

/** A difference that stays as it is since a rule says so, or that another writer keeps changing back. */
export interface KeptDifference extends PropertyDifference {
  readonly id: string;
  readonly kind: string;
  readonly policy: 'report' | 'ignore' | 'contested';
  readonly why: string;
}

/** A difference that a later plan has, when the rest of its resource is written. */
export interface PostponedDifference extends PropertyDifference {
  readonly id: string;
  readonly kind: string;
  readonly owner: Owner;
  /** An entry that the spec has dropped goes with it. */
  readonly takesAway: boolean;
  /** Somebody is to be asked then. */
  readonly needsApproval: boolean;
}

/** A graph in which each resource differs only in what may be put right together. */
export interface RuledGraph {
  readonly graph: DesiredGraph;
  readonly kept: readonly KeptDifference[];
  /** One for each resource and rule, or writer. */
  readonly refused: readonly Refusal[];
  readonly postponed: readonly PostponedDifference[];
}

interface RuledNode extends Omit<RuledGraph, 'graph'> {
  readonly node: DesiredNode;
}

interface Judged {
  readonly difference: PropertyDifference;
  readonly owner: Owner;
  readonly rule: ReactionRule | undefined;
  /** Of another writer that it is left to. */
  readonly contest: Contested | undefined;
  /** As of `strictness`. */
  readonly freedom: number;
  /** Another operation is to settle it. */
  readonly isLeft: boolean;
}

const OBSERVED = strictness('observe');
const APPROVAL = strictness('propose');
const FREE = strictness('act');
/** What a person asked for is written alone: what else may be put right comes under rules and budgets of its own. */
const ASKED_FOR = FREE + 1;

/**
 * Applies the rules to every difference of what exists. What a rule about drift reports or ignores stays as it is,
 * what is left to another writer and what another operation is to settle, whatever else of the resource is written. Of
 * the rest of a resource only that is left to be written which needs the least: first what nobody has to allow, in a
 * later plan what needs an approval. Pure.
 */
export function ruledGraph(
  graph: DesiredGraph,
  observed: Observed,
  ledger: ReadonlyMap<string, LedgerEntry>,
  kinds: (name: string) => KindRules,
  rules: DifferenceRules,
): RuledGraph {
  const kept: KeptDifference[] = [];
  const refused: Refusal[] = [];
  const postponed: PostponedDifference[] = [];
  const nodes = graph.nodes.map((node) => {
    const ruled = ruledNode(node, observed, ledger, kinds(node.kind), rules);
    kept.push(...ruled.kept);
    refused.push(...ruled.refused);
    postponed.push(...ruled.postponed);
    return ruled.node;
  });
  return { graph: { ...graph, nodes }, kept, refused, postponed };
}

function ruledNode(
  node: DesiredNode,
  observed: Observed,
  ledger: ReadonlyMap<string, LedgerEntry>,
  kind: KindRules,
  rules: DifferenceRules,
): RuledNode {
  const actual = observed.get(normaliseId(node.id));
  const entry = ledger.get(normaliseId(node.id));
  // What others made under a name of ours is theirs as a whole.
  const isTheirs = entry === undefined && node.presence === 'create';
  if (!actual || node.presence === 'reference' || isTheirs || conditionOf(actual).condition === 'deleting')
    return { node, kept: [], refused: [], postponed: [] };
  const owned = ownedBeforeOf(entry);
  const judged = judgedDifferences(node, actual, kind, owned, rules);
  const most = Math.max(...judged.filter(({ isLeft }) => !isLeft).map(({ freedom }) => freedom));
  const staying = judged.filter((one) => one.freedom < most || isToStay(one));
  const result = withKeptDifferences(
    node,
    actual,
    kind.comparison,
    owned,
    staying.map(({ difference }) => difference.path),
  );
  const standing = staying.filter(({ difference }) => result.kept.includes(difference.path));
  const ruled = standing.filter(({ isLeft }) => !isLeft);
  const left = standing.filter(({ isLeft }) => isLeft).map(({ difference }) => difference);
  const kept = ruled.flatMap((one) => keptDifference(node, one));
  const keptPaths = new Set(kept.map(({ path }) => path));
  const postponed = ruled.filter(({ difference }) => !keptPaths.has(difference.path));
  return {
    node: result.node,
    kept,
    refused: [
      ...refusalsByRules(kept),
      ...refusalOfContests(node, ruled),
      ...refusalsOfLeft(rules.left, node.id, left),
    ],
    postponed: postponed.map((one) => postponedDifference(node, owned, one)),
  };
}

function judgedDifferences(
  node: DesiredNode,
  actual: NonNullable<ReturnType<Observed['get']>>,
  kind: KindRules,
  owned: OwnedFields,
  rules: DifferenceRules,
): readonly Judged[] {
  const { differences, immutable } = compare(node.body, actual, kind.comparison, owned);
  const ownerOf = ownersOfDifferences(node, owned);
  const judge = (difference: PropertyDifference): Judged => {
    const { id, scope } = node;
    const diff = [difference];
    const givesBack = isLeftOut(difference, owned);
    const owner = ownerOf(difference);
    const change = { id, kind: kind.name, action: 'update', scope, owner, diff, givesBack } as const;
    const rule = bindingRule(change, rules);
    const isAsked = isAskedFor(change, rules);
    const byRule = rule !== undefined ? strictness(rule.mode) : isAsked && !rules.attended ? ASKED_FOR : FREE;
    const contest = isAsked || byRule <= OBSERVED ? undefined : contestOf(node, difference, rules);
    const needsApproval = !isAsked && isAtLeast(kind.riskOf('update', diff), rules.approvalFrom);
    const most = contest !== undefined ? OBSERVED : needsApproval ? APPROVAL : ASKED_FOR;
    const isLeft = isLeftDifference(rules.left, id, difference.path);
    return { difference, owner, rule, contest, freedom: Math.min(byRule, most), isLeft };
  };
  // What cannot change in place is no candidate for anything but staying as it is.
  const fixed = immutable.map(({ why: _, ...difference }) => judge(difference)).filter(isToStay);
  return [...differences.map(judge), ...fixed];
}

/** Nobody approves what is destructive by letting something else through. */
function isAtLeast(risk: Risk, from: Risk | 'never'): boolean {
  return risk === 'destructive' || (from !== 'never' && RISKS.indexOf(risk) >= RISKS.indexOf(from));
}

function contestOf(
  { id }: DesiredNode,
  { path }: PropertyDifference,
  { contested = [] }: DifferenceRules,
): Contested | undefined {
  return contested.find((one) => one.stopped && one.path === path && sameId(one.id, id));
}

function isToStay({ rule, contest, isLeft }: Judged): boolean {
  return isLeft || contest !== undefined || rule?.policy === 'report' || rule?.policy === 'ignore';
}

/** Nothing for what is only postponed. */
function keptDifference({ id, kind }: DesiredNode, { difference, rule, contest }: Judged): readonly KeptDifference[] {
  const conflict = contest === undefined ? undefined : refusalByConflict([contest]);
  if (conflict !== undefined) return [{ id, kind, ...difference, policy: 'contested', why: conflict.why }];
  const refusal = rule === undefined ? undefined : refusalByRule(rule);
  if (rule === undefined || refusal === undefined) return [];
  const policy = rule.mode === 'off' ? 'ignore' : 'report';
  return [{ id, kind, ...difference, policy, why: refusal.why }];
}

function postponedDifference(
  { id, kind, fieldOwners }: DesiredNode,
  owned: OwnedFields,
  { difference, owner, freedom }: Judged,
): PostponedDifference {
  const takesAway = entriesTakenAway([difference], owned, fieldOwners).length > 0;
  return { id, kind, ...difference, owner, takesAway, needsApproval: freedom === APPROVAL };
}

function refusalOfContests({ id }: DesiredNode, standing: readonly Judged[]): readonly Refusal[] {
  const conflict = refusalByConflict(standing.flatMap(({ contest }) => contest ?? []));
  return conflict === undefined ? [] : [{ id, ...conflict }];
}

function refusalsByRules(kept: readonly KeptDifference[]): readonly Refusal[] {
  const byReason = new Map<string, KeptDifference[]>();
  for (const one of kept.filter(({ policy }) => policy !== 'contested'))
    byReason.set(one.why, [...(byReason.get(one.why) ?? []), one]);
  return [...byReason].flatMap(([why, [first, ...others]]): readonly Refusal[] => {
    if (first === undefined) return [];
    const paths = someOf([first, ...others].map(({ path }) => path));
    const code = first.policy === 'ignore' ? 'DriftIgnored' : 'DriftReported';
    return [{ id: first.id, code, why: `It differs from what is declared in ${paths} and stays so. ${why}` }];
  });
}
