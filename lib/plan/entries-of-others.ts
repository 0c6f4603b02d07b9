import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { Owner } from './graph.ts';
import { canonicalJson, hashOf } from './hash.ts';
import type { ComparisonRules, NamedEntries } from './kind.ts';
import { keyOf, memberText, setKey } from './member-keys.ts';
import type { PathTree } from './path-tree.ts';
import { entryPath, propertyPath } from './property-path.ts';
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
import { redacted, withoutReadOnly } from './shown-values.ts';
import { isJsonArray, mapKey, memberKey, objectOf, own } from './values.ts';

/** Longest key of an entry in its path: Azure's names have 80 characters, ids that serve as names about 300. */
const LONGEST_KEY = 400;
const LONGEST_DESCRIPTION = 300;
/** Digits of a hash that tell two contents of one entry apart. */
const HASH_DIGITS = 16;

/** An entry of a collection that nobody declared and Hubkeeper did not write. */
export interface EntryOfOthers {
  /** Path of the entry, such as `properties.securityRules[theirs]`. */
  readonly path: string;
  /** What it is in a few words, without secrets; empty where the path says all. */
  readonly description: string;
  /** Another one means that the entry has changed. */
  readonly contentHash: string;
}

/**
 * The entries of others in one body: those, and the members of shared sets, that every write keeps. An entry of ours that
 * is not declared any more has them too. `isKnown`: whether a child resource is declared or in the ledger.
 */
export function foreignEntriesOf(
  desired: JsonObject,
  actual: JsonObject,
  rules: ComparisonRules,
  owned: Owned,
  isKnown: (id: string) => boolean,
): readonly EntryOfOthers[] {
  const found: EntryOfOthers[] = [];
  walk(desired, actual, owned, { path: '', rules: rulesAtRoot(rules), readOnly: false, isKnown, found });
  return found;
}

/**
 * Whether others have entries, or members of a shared set, in a member of a collection, at any depth. Child resources in it
 * do not count: they are not written with it, and Azure lets nothing go that they are in.
 */
export function holdsEntriesOfOthers(
  member: Json,
  owned: Owned,
  { path, rules }: { readonly path: string; readonly rules: RulePlace },
): boolean {
  const found: EntryOfOthers[] = [];
  walk(undefined, member, owned, { path, rules, readOnly: false, isKnown: () => true, found });
  return found.length > 0;
}

/** A value without the collections in which others may have entries: what these need around them. */
export function frameOf(value: Json, rules: RulePlace): Json {
  if (!isJsonObject(value)) return value;
  return objectOf(
    Object.entries(value).flatMap(([name, member]) => {
      const below = atProperty(rules, name);
      const isShared = keepsForeignMembers(below) || namedEntries(below)?.foreign === 'keep';
      return member === undefined || isShared || isReadOnly(below) ? [] : [[name, frameOf(member, below)] as const];
    }),
  );
}

type Owned = PathTree<Owner> | undefined;

interface Walk {
  readonly path: string;
  readonly rules: RulePlace;
  /** The service sets what is here: only child resources in it are anybody's. */
  readonly readOnly: boolean;
  readonly isKnown: (id: string) => boolean;
  readonly found: EntryOfOthers[];
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
    const ownedEntry = owned?.entry(key);
    if (ours !== undefined || ownedEntry?.value !== undefined) walk(ours, member, ownedEntry, below);
    else if (named.isOfService?.(member) !== true) {
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
): EntryOfOthers {
  const shown = redacted(withoutReadOnly(member, rules, 'dropNull') ?? null, rules);
  const contentHash = hashOf(shown).slice(0, HASH_DIGITS);
  const isShort = key.length <= LONGEST_KEY;
  return {
    path: entryPath(path, isShort ? key : `${key.slice(0, LONGEST_KEY)}… ${hashOf(key).slice(0, HASH_DIGITS)}`),
    description: describe?.(shown).slice(0, LONGEST_DESCRIPTION) ?? '',
    contentHash,
  };
}
