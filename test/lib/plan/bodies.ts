import fc from 'fast-check';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { ComparisonRules } from '../../../lib/plan/kind.ts';

/** Rules with one of everything. */
export const RULES: ComparisonRules = {
  readOnly: ['properties.state', 'properties.items[].etag', 'properties.list[].state'],
  entries: [
    { path: 'properties.items', key: 'name', foreign: 'keep' },
    { path: 'properties.items[].rules', key: 'name', foreign: 'keep' },
    { path: 'properties.items[].rules[].parts', key: 'name', foreign: 'keep' },
    { path: 'properties.items[].box.parts', key: 'name', foreign: 'keep' },
    { path: 'properties.strict', key: 'name', foreign: 'replace' },
    { path: 'properties.queue', key: 'name', foreign: 'keep', ordered: true },
    { path: 'properties.ranked', key: 'name', foreign: 'replace', ordered: true },
  ],
  sets: ['properties.set'],
  keepForeignMembers: ['properties.shared', 'properties.items[].shared'],
  ignoreCase: ['properties.mode'],
  defaults: { 'properties.flag': false, 'properties.items[].level': 1, 'properties.set': ['a'] },
  immutable: {},
  secret: ['properties.password'],
};

export const NO_RULES: ComparisonRules = {
  readOnly: [],
  entries: [],
  sets: [],
  ignoreCase: [],
  defaults: {},
  immutable: {},
  secret: [],
};

const scalar: fc.Arbitrary<Json> = fc.constantFrom<Json>('a', 'A', 'b', 1, 2, true, false, '');
const NAMES = ['n1', 'n.2', 'n[3]', '__proto__', 'constructor', ''];

function maybe<T extends Json>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

function objectFrom(members: Readonly<Record<string, fc.Arbitrary<Json | undefined>>>): fc.Arbitrary<JsonObject> {
  return fc.record(members).map((object) => {
    const present = Object.entries(object).filter(([, value]) => value !== undefined);
    return Object.fromEntries(present);
  });
}

function entriesOf(
  members: Readonly<Record<string, fc.Arbitrary<Json | undefined>>>,
): fc.Arbitrary<readonly JsonObject[]> {
  return fc
    .array(fc.tuple(fc.constantFrom(...NAMES, 'other', 'Upper'), objectFrom(members)), { maxLength: 4 })
    .map((pairs) => {
      const byName = new Map(pairs.map(([name, rest]) => [name, { name, ...rest }]));
      return [...byName.values()];
    });
}

const map = fc.dictionary(fc.constantFrom(...NAMES, '/subscriptions/S/x'), fc.oneof(scalar, fc.constant({})), {
  maxKeys: 3,
  noNullPrototype: true,
});

/** Bodies over a small vocabulary, so that any two of them overlap. */
export const body: fc.Arbitrary<JsonObject> = objectFrom({
  location: maybe(fc.constantFrom('West Europe', 'westeurope', 'northeurope')),
  tags: maybe(
    fc.dictionary(fc.constantFrom('team', 'a.b', 'x[y]', '*', '__proto__'), fc.constantFrom('1', '2'), { maxKeys: 3 }),
  ),
  properties: maybe(
    objectFrom({
      state: maybe(scalar),
      flag: maybe(fc.boolean()),
      mode: maybe(fc.constantFrom('Standard', 'standard', 'Premium')),
      plain: maybe(scalar),
      nested: maybe(objectFrom({ x: maybe(scalar), y: maybe(scalar), deep: maybe(objectFrom({ z: maybe(scalar) })) })),
      map: maybe(map),
      set: maybe(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })),
      shared: maybe(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 })),
      list: maybe(fc.array(objectFrom({ x: maybe(scalar), state: maybe(scalar) }), { maxLength: 2 })),
      items: maybe(
        entriesOf({
          level: maybe(fc.constantFrom(1, 2)),
          etag: maybe(scalar),
          ref: maybe(fc.constantFrom({ id: '/a/B' }, { id: '/A/b' }, { id: '/c' })),
          rules: maybe(entriesOf({ x: maybe(scalar), parts: maybe(entriesOf({ x: maybe(scalar) })) })),
          box: maybe(objectFrom({ x: maybe(scalar), parts: maybe(entriesOf({ x: maybe(scalar) })) })),
          shared: maybe(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 })),
        }),
      ),
      strict: maybe(entriesOf({ x: maybe(scalar) })),
      queue: maybe(entriesOf({ x: maybe(scalar) })),
      ranked: maybe(entriesOf({ x: maybe(scalar) })),
      password: maybe(fc.constantFrom('hunter2', 'hunter3')),
    }),
  ),
});

const LISTS_OF_ENTRIES = new Set(['items', 'rules', 'parts', 'strict', 'queue', 'ranked']);

/** Every leaf with its place, as an independent reading of the same document: entries by lower-case name, sets by member. */
export function leaves(value: Json | undefined, place: readonly string[] = []): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (below: ReadonlyMap<string, string>) => {
    for (const [path, leaf] of below) found.set(path, leaf);
  };
  const last = place.at(-1) ?? '';
  if (value === undefined || value === null) return found;
  if (isJsonObject(value)) {
    const mapOfNames = place.length === 1 && last === 'tags';
    for (const [name, member] of Object.entries(value)) {
      add(leaves(member, [...place, mapOfNames || name.startsWith('/') ? name.toLowerCase() : name]));
    }
    if (Object.keys(value).length === 0) found.set(JSON.stringify(place), '{}');
    return found;
  }
  if (Array.isArray(value)) {
    const members = value as readonly Json[];
    if (LISTS_OF_ENTRIES.has(last)) {
      for (const member of members) {
        const name = isJsonObject(member) && typeof member.name === 'string' ? member.name : '';
        add(leaves(member, [...place, `#${name.toLowerCase()}`]));
      }
      return found;
    }
    if (last === 'set' || last === 'shared') {
      for (const member of members) found.set(JSON.stringify([...place, `#${String(member)}`]), 'in');
      return found;
    }
  }
  found.set(JSON.stringify(place), JSON.stringify(value));
  return found;
}
