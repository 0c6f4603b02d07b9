import { compare } from './compare.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from './graph.ts';
import { withKeptDifferences } from './kept-differences.ts';
import type { KindRules, PropertyDifference, Risk } from './kind.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';
import { isLeftDifference, refusalsOfLeft } from './left-changes.ts';
import { ownedBeforeOf } from './merge.ts';
import { isLeftOut, ownersOfDifferences, RISKS, someOf } from './node-changes.ts';
import type { Observed, Refusal } from './plan.ts';
import { conditionOf } from './provisioning-state.ts';
import { bindingRule, isAskedFor, type ReactionRule, type Rules, refusalByRule, strictness } from './reaction-rules.ts';

/** What decides about each difference by itself. */
export interface DifferenceRules extends Rules {
  /** Risk from which on somebody has to approve. */
  readonly approvalFrom: Risk | 'never';
}

/** A difference that stays as it is since a rule says so. */
export interface KeptDifference extends PropertyDifference {
  readonly id: string;
  readonly kind: string;
  readonly policy: 'report' | 'ignore';
  readonly why: string;
}

/** A graph in which each resource differs only in what may be put right together. */
export interface RuledGraph {
  readonly graph: DesiredGraph;
  readonly kept: readonly KeptDifference[];
  /** One for each resource and rule. */
  readonly refused: readonly Refusal[];
  /** Ids of the resources of which something waits until the rest is written: a later plan has it. */
  readonly postponed: readonly string[];
}

interface RuledNode {
  readonly node: DesiredNode;
  readonly kept: readonly KeptDifference[];
  /** What another operation is to settle. */
  readonly left: readonly PropertyDifference[];
  readonly isPostponed: boolean;
}

interface Judged {
  readonly difference: PropertyDifference;
  readonly rule: ReactionRule | undefined;
  /** As of `strictness`. */
  readonly freedom: number;
  /** Another operation is to settle it. */
  readonly isLeft: boolean;
}

const APPROVAL = strictness('propose');
const FREE = strictness('act');
/** What a person asked for is written alone: what else may be put right comes under rules and budgets of its own. */
const ASKED_FOR = FREE + 1;

/**
 * Applies the rules to every difference of what exists. What a rule about drift reports or ignores stays as it is,
 * whatever else of the resource is written. Of the rest of a resource only that is left to be written which needs the
 * least: first what nobody has to allow, in a later plan what needs an approval. What another operation is to settle
 * stays as it is. Pure.
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
  const postponed: string[] = [];
  const nodes = graph.nodes.map((node) => {
    const ruled = ruledNode(node, observed, ledger, kinds(node.kind), rules);
    kept.push(...ruled.kept);
    refused.push(...refusalsOf(ruled.kept), ...refusalsOfLeft(rules.left, node.id, ruled.left));
    if (ruled.isPostponed) postponed.push(node.id);
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
    return { node, kept: [], left: [], isPostponed: false };
  const owned = ownedBeforeOf(entry);
  const judged = judgedDifferences(node, actual, kind, owned, rules);
  const most = Math.max(...judged.filter(({ isLeft }) => !isLeft).map(({ freedom }) => freedom));
  const staying = judged.filter(({ rule, freedom, isLeft }) => isLeft || freedom < most || isByPolicy(rule));
  const result = withKeptDifferences(
    node,
    actual,
    kind.comparison,
    owned,
    staying.map(({ difference }) => difference.path),
  );
  const standing = staying.filter(({ difference }) => result.kept.includes(difference.path));
  const ruled = standing.filter(({ isLeft }) => !isLeft);
  const kept = ruled.flatMap((one) => keptDifference(node, one));
  const left = standing.filter(({ isLeft }) => isLeft).map(({ difference }) => difference);
  return { node: result.node, kept, left, isPostponed: kept.length < ruled.length };
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
    const needsApproval = !isAsked && isAtLeast(kind.riskOf('update', diff), rules.approvalFrom);
    const isLeft = isLeftDifference(rules.left, id, difference.path);
    return { difference, rule, freedom: needsApproval ? Math.min(byRule, APPROVAL) : byRule, isLeft };
  };
  // What cannot change in place is no candidate for anything but staying as it is.
  const fixed = immutable
    .map(({ why: _, ...difference }) => judge(difference))
    .filter(({ rule, isLeft }) => isLeft || isByPolicy(rule));
  return [...differences.map(judge), ...fixed];
}

/** Nobody approves what is destructive by letting something else through. */
function isAtLeast(risk: Risk, from: Risk | 'never'): boolean {
  return risk === 'destructive' || (from !== 'never' && RISKS.indexOf(risk) >= RISKS.indexOf(from));
}

function isByPolicy(rule: ReactionRule | undefined): rule is ReactionRule & { readonly policy: 'report' | 'ignore' } {
  return rule?.policy === 'report' || rule?.policy === 'ignore';
}

/** Nothing for what is only postponed. */
function keptDifference(node: DesiredNode, { difference, rule }: Judged): readonly KeptDifference[] {
  const refusal = rule === undefined ? undefined : refusalByRule(rule);
  if (rule === undefined || refusal === undefined) return [];
  const policy = rule.mode === 'off' ? 'ignore' : 'report';
  return [{ id: node.id, kind: node.kind, ...difference, policy, why: refusal.why }];
}

function refusalsOf(kept: readonly KeptDifference[]): readonly Refusal[] {
  const byReason = new Map<string, KeptDifference[]>();
  for (const one of kept) byReason.set(one.why, [...(byReason.get(one.why) ?? []), one]);
  return [...byReason].flatMap(([why, [first, ...others]]): readonly Refusal[] => {
    if (first === undefined) return [];
    const paths = someOf([first, ...others].map(({ path }) => path));
    const code = first.policy === 'ignore' ? 'DriftIgnored' : 'DriftReported';
    return [{ id: first.id, code, why: `It differs from what is declared in ${paths} and stays so. ${why}` }];
  });
}
