import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../../lib/baseline/compile.ts';
import { kindOf, kinds } from '../../../../lib/baseline/kinds/index.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import { compare } from '../../../../lib/plan/compare.ts';
import type { DesiredNode } from '../../../../lib/plan/graph.ts';
import { withKeptDifferences } from '../../../../lib/plan/kept-differences.ts';
import type { ComparisonRules, PropertyDifference } from '../../../../lib/plan/kind.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import {
  entryPath,
  getAt,
  isAtOrBelow,
  matchesPattern,
  propertyPath,
  removeAt,
  setAt,
  touches,
} from '../../../../lib/plan/property-path.ts';
import { azureAnswer } from '../../../support/azure-answers.ts';
import { sample } from '../../../support/sample.ts';

const nodes = (['aks-baseline', 'two-regions'] as const)
  .flatMap((name) => compile(sample(name).resolved, [], '2026-11-20T00:00:00Z').nodes)
  .filter(({ presence }) => presence !== 'reference');

const matchesAny = (path: string, patterns: readonly string[]) =>
  patterns.some((pattern) => matchesPattern(path, pattern));

/** The same body with each value replaced by what `change` says about it, from the leaves up. */
function mapped(
  value: Json,
  rules: ComparisonRules,
  change: (value: Json, path: string) => Json | undefined,
  path = '',
): Json | undefined {
  if (isJsonObject(value)) {
    const members = Object.entries(value).flatMap(([name, member]) => {
      const next = member === undefined ? undefined : mapped(member, rules, change, propertyPath(path, name));
      return next === undefined ? [] : [[name, next] as const];
    });
    return change(Object.fromEntries(members), path);
  }
  if (Array.isArray(value)) {
    const key = rules.entries.find((entries) => matchesPattern(path, entries.path))?.key ?? 'name';
    const members = (value as readonly Json[]).flatMap((member, index) => {
      const name = getAt(member, key);
      const below = entryPath(path, typeof name === 'string' ? name : String(index));
      const next = mapped(member, rules, change, below);
      return next === undefined ? [] : [next];
    });
    return change(members, path);
  }
  return change(value, path);
}

function respelled(body: JsonObject, rules: ComparisonRules, change: (value: Json, path: string) => Json | undefined) {
  const next = mapped(body, rules, change);
  if (!isJsonObject(next)) throw new Error('A body stays a body.');
  return next;
}

const setsOf = (rules: ComparisonRules) => [...rules.sets, ...(rules.keepForeignMembers ?? [])];
const membersOf = (rules: ComparisonRules) => setsOf(rules).map((set) => `${set}[]`);

/** Lists whose order means something: a machine asks its DNS servers in that order. */
const IN_ORDER = ['properties.dhcpOptions.dnsServers'];

/** What Azure, the portal and other tools do to a body without any meaning. */
const cosmetic: Readonly<Record<string, (body: JsonObject, rules: ComparisonRules) => JsonObject>> = {
  'ids in capitals': (body, rules) =>
    respelled(body, rules, (value) =>
      typeof value === 'string' && value.startsWith('/subscriptions/') ? value.toUpperCase() : value,
    ),
  'enums in another case': (body, rules) =>
    respelled(body, rules, (value, path) =>
      typeof value === 'string' && matchesAny(path, rules.ignoreCase)
        ? value === value.toUpperCase()
          ? value.toLowerCase()
          : value.toUpperCase()
        : value,
    ),
  'sets in another order': (body, rules) =>
    respelled(body, rules, (value, path) =>
      Array.isArray(value) && matchesAny(path, setsOf(rules)) ? value.toReversed() : value,
    ),
  'members of sets with their properties in another order': (body, rules) =>
    respelled(body, rules, (value, path) =>
      isJsonObject(value) && matchesAny(path, membersOf(rules))
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    ),
  'entries in another order': (body, rules) =>
    respelled(body, rules, (value, path) => {
      const entries = rules.entries.find((one) => matchesPattern(path, one.path));
      return Array.isArray(value) && entries !== undefined && entries.ordered !== true ? value.toReversed() : value;
    }),
  'what is the default left out': (body, rules) =>
    respelled(body, rules, (value, path) => {
      const assumed = Object.entries(rules.defaults).find(([pattern]) => matchesPattern(path, pattern));
      return assumed !== undefined && JSON.stringify(assumed[1]) === JSON.stringify(value) ? undefined : value;
    }),
  'what is absent as null': (body) => ({
    ...body,
    zones: body.zones ?? null,
    identity: null,
    properties: isJsonObject(body.properties) ? { ...body.properties, somethingNew: null } : body.properties,
  }),
  'what the service sets': (body, rules) => {
    const own = rules.readOnly.filter((path) => !path.includes('[]') && !path.includes('*'));
    const next = own.reduce<Json>((before, path) => setAt(before, path, 'set by the service'), body);
    return isJsonObject(next) ? next : body;
  },
  'tags of the portal': (body, rules) =>
    rules.readOnly.includes('tags')
      ? body
      : { ...body, tags: { ...(isJsonObject(body.tags) ? body.tags : {}), 'hidden-link:/x': 'Resource' } },
  'names of tags in another case': (body) => ({
    ...body,
    ...(isJsonObject(body.tags)
      ? { tags: Object.fromEntries(Object.entries(body.tags).map(([name, tag]) => [name.toUpperCase(), tag])) }
      : {}),
  }),
  'the location in words': (body) => ({
    ...body,
    ...(typeof body.location === 'string' ? { location: body.location.replace(/europe$/, ' Europe') } : {}),
  }),
};

function answerOf(node: DesiredNode): JsonObject {
  const body = mergeForWrite(node.body, null, kindOf(node.kind).comparison, {});
  return azureAnswer({ id: node.id, kind: node.kind, body });
}

/** Another value of the same form. */
function another(value: Json): Json {
  switch (typeof value) {
    case 'boolean':
      return !value;
    case 'number':
      return value + 1;
    case 'string':
      return value.startsWith('/') ? `${value}-other` : 'other';
    default:
      return Array.isArray(value) ? ['other'] : { other: 'other' };
  }
}

interface Tampered {
  readonly path: string;
  readonly actual: JsonObject;
}

/** For each value that we own: the resource with only that one changed, and with only that one gone. */
function tampered(node: DesiredNode, rules: ComparisonRules): readonly Tampered[] {
  const answer = answerOf(node);
  const keyOf = (path: string) => rules.entries.find((entries) => matchesPattern(path, entries.path))?.key ?? 'name';
  return Object.keys(ownedFieldsOf(node, rules)).flatMap((path) => {
    const isMember = (rules.keepForeignMembers ?? []).some((set) => isAtOrBelow(path, `${set}[]`));
    const value = isMember ? undefined : getAt(answer, path, keyOf);
    const declared = getAt(node.body, path, keyOf);
    // An empty object declares nothing that could be otherwise.
    const isEmpty = isJsonObject(declared) && Object.keys(declared).length === 0;
    if (value === undefined || value === null || isEmpty) return [];
    const isEntry = path.endsWith(']');
    const changed = isEntry ? removeAt(answer, path, keyOf) : setAt(answer, path, another(value), keyOf);
    return isJsonObject(changed) ? [{ path, actual: changed }] : [];
  });
}

const all = ({ differences, immutable }: ReturnType<typeof compare>): readonly PropertyDifference[] => [
  ...differences,
  ...immutable,
];

describe.each(kinds.map(({ name }) => name))('%s', (name) => {
  const { comparison } = kindOf(name);
  const own = nodes.filter(({ kind }) => kind === name);

  it.each(Object.keys(cosmetic))('shows no drift for %s', (variation) => {
    for (const node of own) {
      const actual = cosmetic[variation]?.(answerOf(node), comparison) ?? {};

      const found = compare(node.body, actual, comparison, ownedFieldsOf(node, comparison));

      expect({ id: node.id, ...found }).toEqual({ id: node.id, differences: [], immutable: [], staying: [] });
    }
  });

  it('has a rule for each list that it declares: whether its members are named, and whether their order says something', () => {
    const known = [...setsOf(comparison), ...comparison.entries.map(({ path }) => path), ...IN_ORDER];
    for (const node of own) {
      respelled(node.body, comparison, (value, path) => {
        if (Array.isArray(value)) expect({ path, isKnown: matchesAny(path, known) }).toEqual({ path, isKnown: true });
        return value;
      });
    }
  });

  it('shows each value of ours that others changed, there and nowhere else', () => {
    for (const node of own) {
      const owned = ownedFieldsOf(node, comparison);
      for (const { path, actual } of tampered(node, comparison)) {
        const found = all(compare(node.body, actual, comparison, owned));

        expect({ path, found: found.length > 0 }).toEqual({ path, found: true });
        for (const one of found) expect(touches(one.path, path)).toBe(true);
      }
    }
  });

  it('can let each of these stand and would then write nothing', () => {
    for (const node of own) {
      const owned = ownedFieldsOf(node, comparison);
      for (const { path, actual } of tampered(node, comparison)) {
        const paths = all(compare(node.body, actual, comparison, owned)).map((one) => one.path);

        const result = withKeptDifferences(node, actual, comparison, owned, paths);

        expect({ path, kept: result.kept }).toEqual({ path, kept: paths });
        const left = all(compare(result.node.body, actual, comparison, owned));
        expect({ path, left }).toEqual({ path, left: [] });
      }
    }
  });

  it('has something of ours that can be changed', () => {
    expect(own.some((node) => tampered(node, comparison).length > 0)).toBe(true);
  });
});
