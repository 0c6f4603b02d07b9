import type { JsonObject } from '../json.ts';
import { compare } from './compare.ts';
import { whyForPeople } from './failed-state.ts';
import { type DesiredNode, normaliseId, type Owner } from './graph.ts';
import type { KindRules, PropertyDifference, Risk } from './kind.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';
import { ownedBeforeOf } from './merge.ts';
import { ownedTree } from './owned-tree.ts';
import { PathTree } from './path-tree.ts';
import type { Refusal } from './plan.ts';
import type { DraftChange, PlanInput } from './plan-input.ts';
import { isAtOrBelow } from './property-path.ts';
import { conditionOf, PROVISIONING_STATE } from './provisioning-state.ts';
import { brokenState, isBeingReplaced, replacedState } from './replacement.ts';

/** What the plan does about one desired node. */
export interface NodeOutcome {
  readonly node: DesiredNode;
  readonly change?: DraftChange;
  readonly refusal?: Refusal;
  /** What dependents find: the resource as wanted, as it happens to be, or nothing. */
  readonly dependentsFind: 'wanted' | 'asItIs' | 'nothing';
  /** Absent in a scoped run that did not look for it. */
  readonly actual?: JsonObject | null;
}

/** Decides about each node by itself, then refuses what would build on something that will not be there. */
export function nodeOutcomes(input: PlanInput, ledger: ReadonlyMap<string, LedgerEntry>): readonly NodeOutcome[] {
  const outcomes = input.graph.nodes.map((node) => outcomeOf(node, input, ledger.get(normaliseId(node.id))));
  return withoutBaseless(outcomes);
}

function outcomeOf(node: DesiredNode, input: PlanInput, entry: LedgerEntry | undefined): NodeOutcome {
  const key = normaliseId(node.id);
  const actual = input.observed.get(key);
  if (actual === undefined) return { node, dependentsFind: 'wanted' };
  const holder = input.claimedByOthers?.get(key);
  if (holder !== undefined && node.presence !== 'reference') {
    const why = `It belongs to the baseline '${holder}'; only one baseline can own a resource.`;
    return refused(node, actual, 'BelongsToAnotherBaseline', why);
  }
  if (actual === null) return outcomeOfAbsent(node, input.kinds(node.kind), entry);
  if (node.presence === 'reference') return { node, actual, dependentsFind: 'wanted' };
  return outcomeOfPresent(node, actual, input.kinds(node.kind), entry);
}

function refused(
  node: DesiredNode,
  actual: JsonObject | null,
  code: string,
  why: string,
  more: Pick<Refusal, 'cause' | 'diff'> = {},
): NodeOutcome {
  const isThere = actual !== null && conditionOf(actual).condition !== 'deleting';
  return { node, actual, refusal: { id: node.id, code, why, ...more }, dependentsFind: isThere ? 'asItIs' : 'nothing' };
}

function outcomeOfAbsent(node: DesiredNode, rules: KindRules, entry: LedgerEntry | undefined): NodeOutcome {
  switch (node.presence) {
    case 'adopt':
      return refused(node, null, 'AdoptedResourceMissing', 'The spec adopts it, and it does not exist.');
    case 'reference':
      return refused(node, null, 'ReferencedResourceMissing', 'The spec refers to it, and it does not exist.');
    case 'create': {
      const replaced = isBeingReplaced(entry) ? replacedState(rules) : undefined;
      if (replaced !== undefined) {
        const reason = `${replaced.before}: Hubkeeper has deleted it so as to make it anew.`;
        const change = { ...draftChange(node, rules, 'update', [replaced], {}, reason), recreates: true };
        return { node, actual: null, change, dependentsFind: 'wanted' };
      }
      const { differences } = compare(node.body, null, rules.comparison, {});
      const wasThere = entry?.state === 'confirmed' && entry.created;
      const reason = wasThere
        ? 'Hubkeeper made it and somebody deleted it; it is declared still.'
        : `It is declared${byOwner(node.owner)} and does not exist.`;
      const change = draftChange(node, rules, 'create', differences, {}, reason);
      return {
        node,
        actual: null,
        change: wasThere ? { ...change, recreates: true } : change,
        dependentsFind: 'wanted',
      };
    }
  }
}

function outcomeOfPresent(
  node: DesiredNode,
  actual: JsonObject,
  rules: KindRules,
  entry: LedgerEntry | undefined,
): NodeOutcome {
  const { condition, state } = conditionOf(actual);
  if (condition === 'deleting') {
    return refused(
      node,
      actual,
      'ResourceIsBeingDeleted',
      'It is being deleted; it can be made again when it is gone.',
    );
  }
  const owned = ownedBeforeOf(entry);
  const { differences, immutable, staying } = compare(node.body, actual, rules.comparison, owned);
  const [fixed] = immutable;
  if (fixed !== undefined) {
    const others = immutable.length > 1 ? ` (and ${immutable.length - 1} more)` : '';
    const why = `${fixed.path}${others} cannot change in place: ${fixed.why}`;
    const diff = immutable.map(({ why: _, ...difference }) => difference);
    return refused(node, actual, 'ImmutableProperty', why, { diff });
  }
  const broken = brokenState(rules, actual);
  if (broken !== undefined) return outcomeOfBroken(node, actual, rules, entry, [broken, ...differences]);
  const isForeign = entry === undefined && node.presence === 'create';
  const overwritten = isForeign ? differences.filter(({ before }) => before !== undefined) : [];
  if (overwritten.length > 0) {
    const why = `It exists already, Hubkeeper did not make it, and it differs in ${someOf(overwritten.map(({ path }) => path))}: adopt it by its id, or choose another name.`;
    return refused(node, actual, 'ExistsAlready', why);
  }
  if (differences.length > 0) {
    const reason = `${reasonOfUpdate(differences, isForeign)}${stayingText(staying)}`;
    const change = draftChange(node, rules, 'update', differences, owned, reason);
    return { node, actual, change: changeOfFailed(change, rules, actual), dependentsFind: 'wanted' };
  }
  const wrote = entry !== undefined && Object.keys(owned).length > 0;
  const mayBeOurs = condition === 'underWay' && entry?.state === 'intended';
  if (wrote && (condition === 'failed' || mayBeOurs)) {
    const reason = mayBeOurs
      ? `The write before is still under way (${state}); it is followed to its end.`
      : `Its last operation ended ${state}; writing the same body again clears that.`;
    const diff = [{ path: PROVISIONING_STATE, before: state, after: 'Succeeded' }];
    const change = draftChange(node, rules, 'update', diff, owned, reason);
    return { node, actual, change: changeOfFailed(change, rules, actual), dependentsFind: 'wanted' };
  }
  return { node, actual, dependentsFind: 'wanted' };
}

/** A change of a resource that may be one which only people have written. */
export function changeOfFailed(change: DraftChange, rules: KindRules, actual: JsonObject): DraftChange {
  const forPeople = whyForPeople(rules, actual);
  if (forPeople === undefined) return change;
  return {
    ...change,
    reason: `${change.reason} Since its last operation failed, only what a person asks for is written there.`,
    forPeople,
  };
}

/** Only what we made is deleted and made anew; deleting what is somebody else's is theirs to do. */
function outcomeOfBroken(
  node: DesiredNode,
  actual: JsonObject,
  rules: KindRules,
  entry: LedgerEntry | undefined,
  differences: readonly PropertyDifference[],
): NodeOutcome {
  const why = rules.broken?.why ?? '';
  if (entry?.created !== true || node.presence !== 'create') {
    return refused(
      node,
      actual,
      'BrokenAndForeign',
      `${why} Hubkeeper did not make it: delete it, and it is made anew.`,
    );
  }
  const reason = `${why} Hubkeeper deletes it and makes it anew.`;
  const change = draftChange(node, rules, 'update', differences, ownedBeforeOf(entry), reason);
  const { durationMinutes } = rules;
  return {
    node,
    actual,
    change: {
      ...change,
      risk: riskier(change.risk, 'disruptive'),
      estimatedMinutes: durationMinutes.delete + durationMinutes.create,
      replaces: true,
      // As with what somebody deleted: both sides of a pair are made anew together, or neither.
      recreates: true,
    },
    dependentsFind: 'wanted',
  };
}

function byOwner(owner: Owner): string {
  switch (owner) {
    case 'spec':
      return ' by the spec';
    case 'adjustment':
      return ' by an adjustment';
    case 'ingress':
      return ' by the cluster’s ingress';
  }
}

function reasonOfUpdate(differences: readonly PropertyDifference[], isForeign: boolean): string {
  const gone = differences.filter(({ after }) => after === undefined).map(({ path }) => path);
  const other = differences.filter(({ after }) => after !== undefined).map(({ path }) => path);
  const parts = [
    other.length > 0 ? `differs from what is declared in ${someOf(other)}` : '',
    gone.length > 0 ? `still has ${someOf(gone)}, which is no longer declared` : '',
  ];
  const sentence = `It ${parts.filter((part) => part !== '').join(' and ')}.`;
  if (!isForeign) return sentence;
  return `${sentence} The resource was there before Hubkeeper, which only adds this and will not delete it.`;
}

/** What a change leaves of entries that we made, as a sentence after others; empty: there is nothing to say. */
export function stayingText(staying: readonly string[]): string {
  if (staying.length === 0) return '';
  const [itself, it] = staying.length === 1 ? ['itself stays', 'it'] : ['themselves stay', 'them'];
  return ` ${someOf(staying)} ${itself}: others have put something into ${it}.`;
}

/** Names a few and counts the others. */
export function someOf(names: readonly string[], shown = 3): string {
  const first = names.slice(0, shown).join(', ');
  return names.length > shown ? `${first} and ${names.length - shown} more` : first;
}

/** Least first. */
export const RISKS: readonly Risk[] = ['safe', 'disruptive', 'destructive'];

export function riskier(a: Risk, b: Risk): Risk {
  return RISKS.indexOf(a) >= RISKS.indexOf(b) ? a : b;
}

/** Who answers for a difference of a node. */
export function ownersOfDifferences(
  node: Pick<DesiredNode, 'owner' | 'fieldOwners'>,
  owned: OwnedFields,
): (difference: PropertyDifference) => Owner {
  const declared = PathTree.of<Owner>({ '': node.owner, ...node.fieldOwners });
  const before = ownedTree(owned);
  return ({ path, after }) => {
    // Whoever is named for what is not in the body takes it away; else it goes back to who put it there.
    const former = after === undefined ? (node.fieldOwners?.[path] ?? before.nearest(path)) : undefined;
    return former ?? declared.nearest(path) ?? node.owner;
  };
}

/** A change of a desired node with the risk and the owners of what differs. */
export function draftChange(
  node: DesiredNode,
  rules: KindRules,
  action: 'create' | 'update',
  diff: readonly PropertyDifference[],
  owned: OwnedFields,
  reason: string,
): DraftChange {
  const ownerOf = ownersOfDifferences(node, owned);
  const owners = new Set(diff.map(ownerOf));
  const takesAway = entriesTakenAway(diff, owned, node.fieldOwners);
  const leftOut = diff.filter((one) => isLeftOut(one, owned));
  const givesBack = leftOut.length > 0 && diff.every((one) => leftOut.includes(one) || ownerOf(one) === 'adjustment');
  const undoesAdjustment = diff.some((one) => one.after === undefined && ownerOf(one) === 'adjustment');
  const risk = rules.riskOf(action, diff);
  const [only] = owners;
  const owner = owners.size === 1 && only !== undefined ? only : node.owner;
  return {
    id: node.id,
    kind: node.kind,
    action,
    // Taking back what an adjustment gave narrows what traffic may use at this moment.
    risk: undoesAdjustment ? riskier(risk, 'disruptive') : risk,
    owner,
    reason,
    diff,
    estimatedMinutes: rules.durationMinutes[action],
    lanes: node.lanes,
    ...(action === 'update' && node.carriedLanes !== undefined ? { carriedLanes: node.carriedLanes } : {}),
    scope: node.scope,
    ...(owners.size > 1 ? { owners: [...owners].sort() } : {}),
    ...(takesAway.length > 0 ? { takesAway } : {}),
    ...(givesBack ? { givesBack } : {}),
    ...(action === 'update' && steersTraffic(rules, diff) ? { steersTraffic: true } : {}),
  };
}

function steersTraffic({ steersTraffic: places = [] }: KindRules, diff: readonly PropertyDifference[]): boolean {
  return diff.some(({ path }) => places.some((place) => isAtOrBelow(path, place)));
}

/**
 * Whether a difference is an entry that is declared, not there, and not of our last write either: nobody else took it
 * away. An adjustment had, or the spec declares it for the first time.
 */
export function isLeftOut({ path, before, after }: PropertyDifference, owned: OwnedFields): boolean {
  if (before !== undefined || after === undefined || !path.endsWith(']')) return false;
  const paths = Object.keys(owned);
  return paths.length > 0 && !paths.some((own) => isAtOrBelow(own, path));
}

/** Entries that the spec had declared and that a change removes. What an adjustment or the cluster made may go by itself. */
export function entriesTakenAway(
  diff: readonly PropertyDifference[],
  owned: OwnedFields,
  fieldOwners: DesiredNode['fieldOwners'],
): readonly string[] {
  const before = ownedTree(owned);
  return diff.flatMap(({ path, after }) =>
    after === undefined && path.endsWith(']') && (fieldOwners?.[path] ?? before.nearest(path)) === 'spec' ? [path] : [],
  );
}

/** Refuses changes that build on a resource which will not be there, or, when new, on one that is not as it should be. */
function withoutBaseless(outcomes: readonly NodeOutcome[]): readonly NodeOutcome[] {
  const byId = new Map(outcomes.map((outcome) => [normaliseId(outcome.node.id), outcome]));
  const settled = new Map<string, NodeOutcome>();
  const settle = (start: NodeOutcome): void => {
    // Depth first without recursion: chains of dependencies may be long.
    const walk = [{ outcome: start, at: 0 }];
    const onWay = new Set([normaliseId(start.node.id)]);
    for (let frame = walk.at(-1); frame !== undefined; frame = walk.at(-1)) {
      const { node } = frame.outcome;
      const dependency = node.dependsOn[frame.at++];
      if (dependency === undefined) {
        settled.set(normaliseId(node.id), based(frame.outcome, settled));
        onWay.delete(normaliseId(node.id));
        walk.pop();
        continue;
      }
      const key = normaliseId(dependency.id);
      const next = byId.get(key);
      if (next === undefined || settled.has(key) || onWay.has(key)) continue;
      onWay.add(key);
      walk.push({ outcome: next, at: 0 });
    }
  };
  for (const [key, outcome] of byId) if (!settled.has(key)) settle(outcome);
  return [...byId.keys()].flatMap((key) => settled.get(key) ?? []);
}

function based(outcome: NodeOutcome, settled: ReadonlyMap<string, NodeOutcome>): NodeOutcome {
  const { node, change } = outcome;
  if (change === undefined) return outcome;
  for (const { id, when } of node.dependsOn) {
    if (when === 'existing' && change.action === 'create') continue;
    const base = settled.get(normaliseId(id));
    if (base === undefined || base.dependentsFind === 'wanted') continue;
    if (base.dependentsFind === 'asItIs' && change.action !== 'create') continue;
    const why = `It depends on ${id}, which is refused: ${base.refusal?.why ?? 'it will not be there'}`;
    return refused(node, outcome.actual ?? null, 'DependsOnRefused', why, { cause: id });
  }
  return outcome;
}
