import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { frameOf, holdsEntriesOfOthers } from './entries-of-others.ts';
import type { Owner } from './graph.ts';
import type { NamedEntries, PropertyDifference } from './kind.ts';
import { keyOf, memberText, setKey } from './member-keys.ts';
import { PathTree } from './path-tree.ts';
import { entryPath, propertyPath, setAt } from './property-path.ts';
import {
  atEntry,
  atProperty,
  defaultValue,
  ignoresCase,
  immutableReason,
  isOursUnsaid,
  isReadOnly,
  isSecret,
  isSet,
  keepsForeignMembers,
  namedEntries,
  type RulePlace,
} from './rule-tree.ts';
import { redacted, withoutReadOnly } from './shown-values.ts';
import { isAbsent, isIdLike, isJsonArray, mapKey, objectOf } from './values.ts';

/** A difference that cannot be put right in place. */
export interface ImmutableDifference extends PropertyDifference {
  readonly why: string;
}

type Owned = PathTree<Owner> | undefined;

/** Of a value that is ours as a whole, whoever wrote it. */
const OURS: Owned = PathTree.of<Owner>({ '': 'spec' });

/** Where the walk is, and what holds for everything below. */
interface Place {
  readonly path: string;
  readonly rules: RulePlace;
  readonly secret: boolean;
  readonly immutable: string | undefined;
  /** Name of the property that leads here. */
  readonly name: string;
}

/** What a walk found. */
interface Findings {
  readonly differences: PropertyDifference[];
  readonly immutable: ImmutableDifference[];
  /** Paths of entries of ours that are no longer declared and stay, since others have entries in them. */
  readonly staying: string[];
}

export interface ThreeWay extends Findings {
  /** The body to write. */
  readonly merged: JsonObject;
}

/**
 * One walk over a body as declared, as it is, and what we own in it. It answers both what differs and what to write, so
 * that the two can never disagree: comparing with `merged` finds no difference.
 */
export function threeWay(desired: JsonObject, actual: JsonObject | null, rules: RulePlace, owned: Owned): ThreeWay {
  const found: Findings = { differences: [], immutable: [], staying: [] };
  const root: Place = { path: '', rules, secret: false, immutable: undefined, name: '' };
  const merged = inObject(desired, actual ?? {}, owned, root, found);
  return { ...found, merged };
}

function propertyPlace(parent: Place, name: string): Place {
  const rules = atProperty(parent.rules, name);
  return placeAt(parent, propertyPath(parent.path, name), rules, name);
}

function entryPlace(parent: Place, key: string): Place {
  return placeAt(parent, entryPath(parent.path, key), atEntry(parent.rules, key), '');
}

function placeAt(parent: Place, path: string, rules: RulePlace, name: string): Place {
  return {
    path,
    rules,
    secret: parent.secret || isSecret(rules),
    immutable: parent.immutable ?? immutableReason(rules),
    name,
  };
}

function report(found: Findings, place: Place, before: Json | undefined, after: Json | undefined): void {
  // What the service sets by itself would make two plans of one difference look different.
  const was = withoutReadOnly(before, place.rules, 'dropNull');
  const difference: PropertyDifference = {
    path: place.path,
    ...(isAbsent(was) ? {} : { before: redacted(was, place.rules, place.secret) }),
    ...(isAbsent(after) ? {} : { after: redacted(after, place.rules, place.secret) }),
  };
  if (place.immutable === undefined) found.differences.push(difference);
  else found.immutable.push({ ...difference, why: place.immutable });
}

/** What to write at a place; undefined: nothing. */
function reconcile(
  desired: Json | undefined,
  actual: Json | undefined,
  owned: Owned,
  place: Place,
  found: Findings,
): Json | undefined {
  if (isReadOnly(place.rules)) return undefined;
  if (desired === undefined) return undeclared(actual, owned, place, found);
  if (desired === null) {
    if (isAbsent(actual) || equalsDefault(actual, place)) return withoutReadOnly(actual, place.rules);
    report(found, place, actual, undefined);
    return undefined;
  }
  if (isJsonObject(desired) && (isAbsent(actual) || isJsonObject(actual))) {
    return declaredObject(desired, actual, owned, place, found);
  }
  if (isJsonArray(desired) && (isAbsent(actual) || isJsonArray(actual))) {
    const named = namedEntries(place.rules);
    if (named !== undefined) return inEntries(desired, actual, named, owned, place, found);
    if (isSet(place.rules)) return inSet(desired, actual, owned, place, found);
  }
  return leaf(desired, actual, owned, place, found);
}

function declaredObject(
  desired: JsonObject,
  actual: JsonObject | null | undefined,
  owned: Owned,
  place: Place,
  found: Findings,
): Json | undefined {
  if (isAbsent(actual)) {
    if (equalsDefault(desired, place)) return undefined;
    // A key that stands for a thing (`userAssignedIdentities./subscriptions/…: {}`) says something by being there;
    // any other empty object says no more than its absence, and services drop it (`tags: {}`).
    if (isEmpty(desired) && isIdLike(place.name)) report(found, place, undefined, desired);
    const fresh = inObject(desired, {}, owned, place, found);
    return isEmpty(fresh) && !isEmpty(desired) ? undefined : fresh;
  }
  return inObject(desired, actual, owned, place, found);
}

function inObject(desired: JsonObject, actual: JsonObject, owned: Owned, place: Place, found: Findings): JsonObject {
  const declared = new Map<string, Json>();
  for (const [name, value] of Object.entries(desired)) {
    if (value !== undefined) declared.set(mapKey(place.path, name), value);
  }
  const merged: [string, Json | undefined][] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(actual)) {
    const key = mapKey(place.path, name);
    seen.add(key);
    const below = propertyPlace(place, name);
    const unsaid = declared.size > 0 && isOursUnsaid(below.rules) ? OURS : undefined;
    merged.push([name, reconcile(declared.get(key), value, owned?.property(key) ?? unsaid, below, found)]);
  }
  for (const [name, value] of Object.entries(desired)) {
    const key = mapKey(place.path, name);
    if (value === undefined || seen.has(key)) continue;
    const below = propertyPlace(place, name);
    merged.push([name, reconcile(value, undefined, owned?.property(key), below, found)]);
  }
  return objectOf(merged);
}

/** What was ours and is no longer declared goes back to what the service assumes; everything else stays. */
function undeclared(actual: Json | undefined, owned: Owned, place: Place, found: Findings): Json | undefined {
  if (actual === undefined) return undefined;
  const asItIs = withoutReadOnly(actual, place.rules);
  // What cannot change in place is not taken back either: nothing demands it.
  if (owned === undefined || actual === null || place.immutable !== undefined) return asItIs;
  if (isJsonObject(actual)) {
    if (owned.value !== undefined && isJsonObject(asItIs) && isEmpty(asItIs)) {
      report(found, place, asItIs, undefined);
      return undefined;
    }
    const before = found.differences.length;
    const left = inObject({}, actual, owned, place, found);
    // A reference that lost its id (`routeTable: {}`) is no valid value: the whole of it was ours.
    return isEmpty(left) && found.differences.length > before ? undefined : left;
  }
  if (isJsonArray(actual) && owned.value === undefined) {
    const named = namedEntries(place.rules);
    if (named !== undefined) return inEntries([], actual, { ...named, foreign: 'keep' }, owned, place, found);
    return keepsForeignMembers(place.rules) ? inSet([], actual, owned, place, found) : asItIs;
  }
  if (owned.value === undefined || equalsDefault(actual, place)) return asItIs;
  report(found, place, actual, undefined);
  return undefined;
}

function inEntries(
  desired: readonly Json[],
  actual: readonly Json[] | null | undefined,
  named: NamedEntries,
  owned: Owned,
  place: Place,
  found: Findings,
): Json | undefined {
  const declared = new Map<string, { readonly key: string; readonly entry: Json; readonly rank: number }>();
  desired.forEach((entry, rank) => {
    const key = keyOf(entry, named);
    if (!declared.has(key.toLowerCase())) declared.set(key.toLowerCase(), { key, entry, rank });
  });
  const merged: { readonly value: Json; readonly rank: number }[] = [];
  const seen = new Set<string>();
  const ranks: number[] = [];

  for (const member of actual ?? []) {
    const actualKey = keyOf(member, named);
    const ours = declared.get(actualKey.toLowerCase());
    const ownedEntry = owned?.entry(actualKey);
    const below = entryPlace(place, ours?.key ?? actualKey);
    if (ours !== undefined && !seen.has(actualKey.toLowerCase())) {
      seen.add(actualKey.toLowerCase());
      ranks.push(ours.rank);
      const value = reconcile(respelled(ours.entry, ours.key, actualKey, named), member, ownedEntry, below, found);
      if (value !== undefined) merged.push({ value, rank: ours.rank });
      continue;
    }
    const wasOurs = ours === undefined && ownedEntry?.value !== undefined;
    const stays = wasOurs && named.foreign === 'keep' && holdsEntriesOfOthers(member, ownedEntry, below);
    if (named.foreign === 'replace' || (wasOurs && !stays)) {
      report(found, below, member, undefined);
      continue;
    }
    if (stays) found.staying.push(below.path);
    const value = stays
      ? reconcile(frameOf(member, below.rules), member, ownedEntry, below, found)
      : undeclared(member, ours === undefined ? ownedEntry : undefined, below, found);
    if (value !== undefined) merged.push({ value, rank: merged.length });
  }

  for (const [key, { key: spelling, entry, rank }] of declared) {
    if (seen.has(key)) continue;
    const below = entryPlace(place, spelling);
    const value = withoutReadOnly(entry, below.rules, 'dropNull');
    if (value === undefined) continue;
    report(found, below, undefined, value);
    merged.push({ value, rank });
  }

  if (named.ordered && named.foreign === 'replace') {
    const inOrder = ranks.every((rank, index) => index === 0 || rank > (ranks[index - 1] ?? -1));
    if (!inOrder) {
      report(
        found,
        place,
        (actual ?? []).map((member) => keyOf(member, named)),
        desired.map((member) => keyOf(member, named)),
      );
    }
    merged.sort((a, b) => a.rank - b.rank);
  }
  if (merged.length === 0 && isAbsent(actual)) return undefined;
  return merged.map(({ value }) => value);
}

/** An entry keeps the spelling of its key that is there: another case is no difference. */
function respelled(entry: Json, key: string, actualKey: string, named: NamedEntries): Json {
  return key === actualKey ? entry : setAt(entry, named.key, actualKey);
}

function inSet(
  desired: readonly Json[],
  actual: readonly Json[] | null | undefined,
  owned: Owned,
  place: Place,
  found: Findings,
): Json | undefined {
  const wanted = new Map(desired.map((member) => [setKey(member, place), member] as const));
  const present = new Set<string>();
  const kept: Json[] = [];
  let differs = false;
  for (const member of actual ?? []) {
    const key = setKey(member, place);
    const foreignStays = keepsForeignMembers(place.rules) && owned?.entry(memberText(member))?.value === undefined;
    if (wanted.has(key) || foreignStays) {
      present.add(key);
      kept.push(member);
    } else {
      differs = true;
    }
  }
  for (const [key, member] of wanted) {
    if (present.has(key)) continue;
    kept.push(member);
    differs = true;
  }
  const inDefault = isAbsent(actual) && equalsDefault(desired, place);
  if (!differs || inDefault) return withoutReadOnly(actual, place.rules);
  report(found, place, actual ?? undefined, kept);
  return kept;
}

function leaf(desired: Json, actual: Json | undefined, owned: Owned, place: Place, found: Findings): Json | undefined {
  const value = withoutReadOnly(desired, place.rules, 'dropNull');
  // Services do not give secrets back. One that we wrote counts as still there, and is sent again with each write.
  if (place.secret && isAbsent(actual) && owned?.value !== undefined) return value;
  if (sameValue(desired, actual, place)) return place.secret ? value : withoutReadOnly(actual, place.rules);
  report(found, place, actual, value);
  return value;
}

/** Whether what is there is as declared, for a value that is compared as a whole. */
export function sameValue(desired: Json, actual: Json | undefined, place: Pick<Place, 'rules' | 'name'>): boolean {
  if (isAbsent(actual)) {
    const assumed = defaultValue(place.rules);
    if (assumed !== undefined && sameScalarOrArray(desired, assumed.value, place)) return true;
    return isJsonArray(desired) && desired.length === 0;
  }
  return sameScalarOrArray(desired, actual, place);
}

function sameScalarOrArray(desired: Json, actual: Json, place: Pick<Place, 'rules' | 'name'>): boolean {
  if (typeof desired === 'string' && typeof actual === 'string') return sameText(desired, actual, place);
  if (isJsonArray(desired) && isJsonArray(actual)) {
    return (
      desired.length === actual.length &&
      desired.every((member, index) => holds(member, actual[index], atEntry(place.rules, String(index)), place.name))
    );
  }
  if (isJsonObject(desired) && isJsonObject(actual)) return holds(desired, actual, place.rules, place.name);
  return desired === actual;
}

/** Whether `actual` has everything that `desired` says; it may have more. */
function holds(desired: Json, actual: Json | undefined, rules: RulePlace, name: string): boolean {
  const found: Findings = { differences: [], immutable: [], staying: [] };
  reconcile(desired, actual, undefined, { path: '', rules, secret: false, immutable: undefined, name }, found);
  return found.differences.length === 0 && found.immutable.length === 0;
}

function sameText(desired: string, actual: string, place: Pick<Place, 'rules' | 'name'>): boolean {
  if (desired === actual) return true;
  if (place.name === 'location') return locationName(desired) === locationName(actual);
  if (ignoresCase(place.rules) || (isIdLike(desired) && isIdLike(actual))) {
    return desired.toLowerCase() === actual.toLowerCase();
  }
  return false;
}

/** "West Europe" and "westeurope" are one place. */
function locationName(location: string): string {
  return location.replaceAll(' ', '').toLowerCase();
}

function equalsDefault(value: Json | undefined, place: Place): boolean {
  const assumed = defaultValue(place.rules);
  return assumed !== undefined && value !== undefined && sameScalarOrArray(assumed.value, value, place);
}

function isEmpty(object: JsonObject): boolean {
  for (const name in object) if (Object.hasOwn(object, name)) return false;
  return true;
}
