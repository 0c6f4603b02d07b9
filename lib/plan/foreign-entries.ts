import type { JsonObject } from '../json.ts';
import { type EntryOfOthers, foreignEntriesOf } from './entries-of-others.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from './graph.ts';
import type { ComparisonRules, KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { memberText } from './member-keys.ts';
import { ownedBeforeOf } from './merge.ts';
import { ownedTree } from './owned-tree.ts';
import type { Observed } from './plan.ts';
import { formatPath, getAt, matchesPattern, parsePath } from './property-path.ts';
import { conditionOf } from './provisioning-state.ts';
import { ignoresEntry, type Rules } from './reaction-rules.ts';
import { isJsonArray, memberKey } from './values.ts';

/** An entry of others in a resource of ours. */
export interface ForeignEntry extends EntryOfOthers {
  /** ARM id of the resource that has it. */
  readonly id: string;
  readonly kind: string;
  /** A rule of the spec says to look away from it. */
  readonly isIgnored: boolean;
}

export interface ForeignInput {
  readonly graph: DesiredGraph;
  readonly observed: Observed;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  readonly kinds: (name: string) => KindRules;
  readonly rules: Pick<Rules, 'reactionRules'>;
  /** Resources of other baselines, by normalised id: what is in these is not ours to tell of. */
  readonly claimedByOthers: ReadonlyMap<string, string>;
}

/**
 * What others have put into the collections of our resources, as far as these were observed: the entries and set members
 * that every write keeps. What a service keeps there by itself is none. Pure.
 */
export function foreignEntries({
  graph,
  observed,
  ledger,
  kinds,
  rules,
  claimedByOthers,
}: ForeignInput): readonly ForeignEntry[] {
  const known = new Set([...graph.nodes.map(({ id }) => normaliseId(id)), ...ledger.keys()]);
  const isKnown = (id: string) => known.has(normaliseId(id));
  return graph.nodes.flatMap((node) => {
    const key = normaliseId(node.id);
    const actual = observed.get(key);
    const entry = ledger.get(key);
    if (!actual || !isOurs(node, entry) || claimedByOthers.has(key)) return [];
    if (conditionOf(actual).condition === 'deleting') return [];
    const { comparison } = kinds(node.kind);
    return foreignEntriesOf(node.body, actual, comparison, ownedTree(ownedBeforeOf(entry)), isKnown).map((one) => ({
      id: node.id,
      kind: node.kind,
      ...one,
      isIgnored: ignoresEntry(node, one.path, rules),
    }));
  });
}

/** What others made under a name of ours is theirs as a whole, and what is only referred to as well. */
function isOurs({ presence }: DesiredNode, entry: LedgerEntry | undefined): boolean {
  return presence === 'adopt' || (presence === 'create' && entry !== undefined);
}

/** Whether a body says nothing of the collection of an entry: child resources of which no list was read. */
export function isUnlisted(actual: JsonObject, path: string, { listedChildren = [] }: ComparisonRules): boolean {
  const collection = formatPath(parsePath(path).slice(0, -1));
  return listedChildren.includes(collection) && getAt(actual, collection) === undefined;
}

/** Whether the entry at a path is declared: in the body of the resource, or as a child resource of the graph. */
export function declaresEntry(
  node: Pick<DesiredNode, 'id' | 'body'>,
  path: string,
  rules: ComparisonRules,
  isDeclared: (id: string) => boolean,
): boolean {
  const segments = parsePath(path);
  const last = segments.at(-1);
  if (last?.type !== 'entry') return false;
  const around = segments.slice(0, -1);
  const collection = around.at(-1);
  if (collection?.type === 'property' && isDeclared(`${node.id}/${collection.name}/${last.key}`)) return true;
  const keyAt = (at: string) => rules.entries.find((entries) => matchesPattern(at, entries.path))?.key ?? 'name';
  const members = getAt(node.body, formatPath(around), keyAt);
  if (!isJsonArray(members)) return false;
  const key = last.key.toLowerCase();
  return members.some((member) =>
    [memberKey(member, keyAt(formatPath(around))), memberText(member)].some((one) => one?.toLowerCase() === key),
  );
}
