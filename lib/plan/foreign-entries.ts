import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type DesiredGraph, type DesiredNode, normaliseId, type Owner } from './graph.ts';
import { canonicalJson, hashOf } from './hash.ts';
import type { ComparisonRules, KindRules, NamedEntries } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { ownedBeforeOf } from './merge.ts';
import { ownedTree } from './owned-tree.ts';
import type { PathTree } from './path-tree.ts';
import type { Observed } from './plan.ts';
import { entryPath, formatPath, getAt, matchesPattern, parsePath, propertyPath } from './property-path.ts';
import { conditionOf } from './provisioning-state.ts';
import { ignoresEntry, type Rules } from './reaction-rules.ts';
import {
  atEntry,
  atProperty,
  isChildren,
  isReadOnly,
  keepsForeignMembers,
  namedEntries,
  type RulePlace,
  rulesAtRoot,
} from './rule-tree.ts';
import { keyOf, memberText, redacted, setKey, withoutReadOnly } from './three-way.ts';
import { isJsonArray, mapKey, memberKey, own } from './values.ts';

/** Longest key of an entry in its path: Azure's names have 80 characters, ids that serve as names about 300. */
const LONGEST_KEY = 400;
const LONGEST_DESCRIPTION = 300;
/** Digits of a hash that tell two contents of one entry apart. */
const HASH_DIGITS = 16;

/** An entry of a collection in a resource of ours that nobody declared and Hubkeeper did not write. */
export interface ForeignEntry {
  /** ARM id of the resource that has it. */
  readonly id: string;
  readonly kind: string;
  /** Path of the entry, such as `properties.securityRules[theirs]`. */
  readonly path: string;
  /** What it is in a few words, without secrets; empty where the path says all. */
  readonly description: string;
  /** Another one means that the entry has changed. */
  readonly contentHash: string;
  /** A rule of the spec says to look away from it. */
  readonly isIgnored: boolean;
}

/** The same without whose resource it is in. */
type EntryOfBody = Pick<ForeignEntry, 'path' | 'description' | 'contentHash'>;

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

/** The entries of others in one body. `isKnown`: whether a child resource is declared or in the ledger. */
export function foreignEntriesOf(
  desired: JsonObject,
  actual: JsonObject,
  rules: ComparisonRules,
  owned: Owned,
  isKnown: (id: string) => boolean,
): readonly EntryOfBody[] {
  const found: EntryOfBody[] = [];
  walk(desired, actual, owned, { path: '', rules: rulesAtRoot(rules), readOnly: false, isKnown, found });
  return found;
}

type Owned = PathTree<Owner> | undefined;

interface Walk {
  readonly path: string;
  readonly rules: RulePlace;
  /** The service sets what is here: only child resources in it are anybody's. */
  readonly readOnly: boolean;
  readonly isKnown: (id: string) => boolean;
  readonly found: EntryOfBody[];
}

function walk(desired: Json | undefined, actual: Json | undefined, owned: Owned, at: Walk): void {
  // Below a place without rules there are no collections.
  if (at.rules.length === 0) return;
  if (isJsonArray(actual) && isChildren(at.rules)) {
    inChildren(actual, at);
    return;
  }
  if (isJsonObject(actual)) {
    inProperties(desired, actual, owned, { ...at, readOnly: at.readOnly || isReadOnly(at.rules) });
    return;
  }
  if (!isJsonArray(actual) || at.readOnly || isReadOnly(at.rules)) return;
  const named = namedEntries(at.rules);
  const declared = isJsonArray(desired) ? desired : [];
  if (named !== undefined) inEntries(declared, actual, named, owned, at);
  else if (keepsForeignMembers(at.rules)) inSet(declared, actual, owned, at);
}

function inProperties(desired: Json | undefined, actual: JsonObject, owned: Owned, at: Walk): void {
  const declared = new Map(
    isJsonObject(desired) ? Object.entries(desired).map(([name, value]) => [mapKey(at.path, name), value]) : [],
  );
  for (const [name, value] of Object.entries(actual)) {
    const key = mapKey(at.path, name);
    const below: Walk = { ...at, path: propertyPath(at.path, name), rules: atProperty(at.rules, name) };
    walk(declared.get(key), value, owned?.property(key), below);
  }
}

function inEntries(
  desired: readonly Json[],
  actual: readonly Json[],
  named: NamedEntries,
  owned: Owned,
  at: Walk,
): void {
  // The whole array is ours: nothing of others stays in it.
  if (named.foreign === 'replace') return;
  const declared = new Map(desired.map((member) => [keyOf(member, named).toLowerCase(), member]));
  for (const member of actual) {
    const key = keyOf(member, named);
    const ours = declared.get(key.toLowerCase());
    const below: Walk = { ...at, path: entryPath(at.path, key), rules: atEntry(at.rules, key) };
    if (ours !== undefined) walk(ours, member, owned?.entry(key), below);
    else if (owned?.entry(key)?.value === undefined && named.isOfService?.(member) !== true) {
      const shownKey = memberKey(member, named.key) ?? canonicalJson(redacted(member, below.rules));
      at.found.push(entryAt(shownKey, member, below.rules, at.path, named.describe));
    }
  }
}

function inSet(desired: readonly Json[], actual: readonly Json[], owned: Owned, at: Walk): void {
  const wanted = new Set(desired.map((member) => setKey(member, at)));
  for (const member of actual) {
    const text = memberText(member);
    if (wanted.has(setKey(member, at)) || owned?.entry(text)?.value !== undefined) continue;
    at.found.push(entryAt(text, member, atEntry(at.rules, text), at.path));
  }
}

function inChildren(actual: readonly Json[], at: Walk): void {
  const named = namedEntries(at.rules);
  for (const member of actual) {
    const id = isJsonObject(member) ? own(member, 'id') : undefined;
    if (typeof id !== 'string' || at.isKnown(id)) continue;
    const name = id.slice(id.lastIndexOf('/') + 1);
    at.found.push(entryAt(name, member, atEntry(at.rules, name), at.path, named?.describe));
  }
}

function entryAt(
  key: string,
  member: Json,
  rules: RulePlace,
  path: string,
  describe?: NamedEntries['describe'],
): EntryOfBody {
  const shown = redacted(withoutReadOnly(member, rules, 'dropNull') ?? null, rules);
  const contentHash = hashOf(shown).slice(0, HASH_DIGITS);
  const isShort = key.length <= LONGEST_KEY;
  return {
    path: entryPath(path, isShort ? key : `${key.slice(0, LONGEST_KEY)}… ${hashOf(key).slice(0, HASH_DIGITS)}`),
    description: describe?.(shown).slice(0, LONGEST_DESCRIPTION) ?? '',
    contentHash,
  };
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
