import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { compare, differences } from '../../../lib/plan/compare.ts';
import type { OwnedFields } from '../../../lib/plan/ledger.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { getAt, isAtOrBelow } from '../../../lib/plan/property-path.ts';
import { body, leaves, NO_RULES, RULES } from './bodies.ts';

function ownedOf(declared: JsonObject): OwnedFields {
  return ownedFieldsOf({ body: declared, owner: 'spec' }, RULES);
}

const SERVICE_SETS = /"(state|etag|id|type|systemData)"\]$/;

/** Lists that are ours as a whole. */
const REPLACED = /"properties","(strict|ranked|set|list)"/;

/** What an entry says of itself. */
function scalarsOf(entry: JsonObject): unknown {
  const { level, ref, box } = entry as Readonly<Record<string, JsonObject>>;
  return { level, ref, box: box === undefined ? undefined : { x: box.x } };
}

/** Places of the named entries and of the set members of a body. */
function entryPlaces(of: JsonObject): ReadonlySet<string> {
  const places = [...leaves(of).keys()].flatMap((path) =>
    [...path.matchAll(/"#/g)].map((at) => path.slice(0, path.indexOf('"', at.index + 1) + 1)),
  );
  return new Set(places);
}

/** What is in `actual` and neither declared nor, as a leaf or in an entry, ours before. */
function foreignLeaves(
  actual: JsonObject,
  desired: JsonObject,
  before: JsonObject = {},
): readonly (readonly [string, string])[] {
  const ours = [desired, before];
  const declaredEntries = entryPlaces(desired);
  const goneEntries = [...entryPlaces(before)].filter((place) => !declaredEntries.has(place));
  const touched = ours.flatMap((one) => [...leaves(one).keys()].map((path) => path.slice(1, -1)));
  const oursAtOrAround = (path: string) => {
    const inner = path.slice(1, -1);
    return touched.some(
      (one) => inner === '' || one === inner || one.startsWith(`${inner},`) || inner.startsWith(`${one},`),
    );
  };
  const inGoneEntry = (path: string) => goneEntries.some((place) => path.startsWith(place));
  return [...leaves(actual)].filter(
    ([path]) => !inGoneEntry(path) && !SERVICE_SETS.test(path) && !oursAtOrAround(path) && !REPLACED.test(path),
  );
}

describe('mergeForWrite', () => {
  it('leaves nothing to differ', () => {
    fc.assert(
      fc.property(body, fc.option(body), body, (desired, actual, before) => {
        const owned = ownedOf(before);

        const merged = mergeForWrite(desired, actual, RULES, owned);

        expect(differences(desired, merged, RULES, owned)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(body, body, body, (desired, actual, before) => {
        const owned = ownedOf(before);

        const once = mergeForWrite(desired, actual, RULES, owned);

        expect(mergeForWrite(desired, once, RULES, owned)).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps every leaf that is neither declared nor was ours', () => {
    fc.assert(
      fc.property(body, body, body, (desired, actual, before) => {
        const merged = leaves(mergeForWrite(desired, actual, RULES, ownedOf(before)));

        for (const [path, value] of foreignLeaves(actual, desired, before))
          expect([path, merged.get(path)]).toEqual([path, value]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps every entry of others, at any depth, and every member that they added to a shared set', () => {
    fc.assert(
      fc.property(body, body, body, (desired, actual, before) => {
        const ours = new Set([...entryPlaces(desired), ...entryPlaces(before)]);
        const theirs = [...entryPlaces(actual)].filter((place) => !ours.has(place) && !REPLACED.test(place));
        const merged = leaves(mergeForWrite(desired, actual, RULES, ownedOf(before)));

        for (const [path, value] of leaves(actual)) {
          const isTheirs = theirs.some((place) => path.startsWith(place)) && !SERVICE_SETS.test(path);
          if (isTheirs) expect([path, merged.get(path)]).toEqual([path, value]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes only what was ours out of an entry that goes where others have entries, and leaves it to them', () => {
    fc.assert(
      fc.property(body, body, body, (desired, before, added) => {
        const actual = mergeForWrite(before, added, RULES, {});
        const owned = ownedOf(before);
        const { staying } = compare(desired, actual, RULES, owned);
        const merged = mergeForWrite(desired, actual, RULES, owned);
        const forgotten = ownedFieldsOf({ body: desired, owner: 'spec' }, RULES, { actual, owned });

        for (const path of staying) {
          const [was, is] = [getAt(actual, path), getAt(merged, path)] as [JsonObject, JsonObject];
          expect(scalarsOf(is)).toEqual(scalarsOf(was));
          expect(Object.keys(forgotten).filter((field) => isAtOrBelow(field, path))).toEqual([]);
        }
        const left = compare({}, merged, RULES, forgotten).staying;
        expect(left.filter((path) => staying.includes(path))).toEqual([]);
        expect(compare(desired, merged, RULES, forgotten).differences).toEqual([]);
        expect(compare(desired, merged, RULES, owned).differences).toEqual([]);
        expect(mergeForWrite(desired, merged, RULES, forgotten)).toEqual(merged);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves a rule of others alone in its collection, with the scalars of that', () => {
    const collection = (...rules: readonly string[]) => ({
      name: 'ours',
      level: 2,
      shared: ['a', ...(rules.includes('theirs') ? ['b'] : [])],
      rules: rules.map((name) => ({ name, x: 1 })),
    });
    const owned = ownedOf({ properties: { items: [collection('one', 'two')] } });
    const actual = { properties: { items: [collection('one', 'theirs', 'two')] } };

    const merged = mergeForWrite({ properties: { items: [] } }, actual, RULES, owned);

    expect(merged).toEqual({ properties: { items: [{ ...collection('theirs'), shared: ['b'] }] } });
    expect(mergeForWrite({ properties: {} }, actual, RULES, owned)).toEqual(merged);
    expect(compare({ properties: {} }, actual, RULES, owned)).toMatchObject({
      differences: [
        { path: 'properties.items[ours].shared', before: ['a', 'b'], after: ['b'] },
        { path: 'properties.items[ours].rules[one]', before: { name: 'one', x: 1 } },
        { path: 'properties.items[ours].rules[two]', before: { name: 'two', x: 1 } },
      ],
      staying: ['properties.items[ours]'],
    });
  });

  it('keeps foreign entries in their order and byte for byte', () => {
    const actual = {
      properties: {
        queue: [
          { name: 'theirs', z: 1, unknown: { b: [1, null], a: 'x' } },
          { name: 'ours', x: 1 },
          { name: 'last', x: 2 },
        ],
      },
    };
    const desired = {
      properties: {
        queue: [
          { name: 'new', x: 4 },
          { name: 'OURS', x: 3 },
        ],
      },
    };

    const merged = mergeForWrite(desired, actual, RULES, {});

    expect(JSON.stringify(merged)).toBe(
      '{"properties":{"queue":[{"name":"theirs","z":1,"unknown":{"b":[1,null],"a":"x"}},{"name":"ours","x":3},{"name":"last","x":2},{"name":"new","x":4}]}}',
    );
  });

  it('is what is there already where nothing differs', () => {
    fc.assert(
      fc.property(body, body, (desired, actual) => {
        const settled = mergeForWrite(desired, actual, RULES, {});

        const again = mergeForWrite(desired, settled, RULES, {});

        expect(JSON.stringify(again)).toBe(JSON.stringify(settled));
      }),
    );
  });

  it('takes away what we made and no more', () => {
    fc.assert(
      fc.property(body, body, (declared, actual) => {
        const owned = ownedFieldsOf({ body: declared, owner: 'spec' }, RULES, { actual, owned: {} });
        const written = mergeForWrite(declared, actual, RULES, {});

        const left = leaves(mergeForWrite({}, written, RULES, owned));

        for (const [path, value] of foreignLeaves(actual, declared))
          expect([path, left.get(path)]).toEqual([path, value]);
        const before = leaves(actual);
        const after = leaves(written);
        const added = [...leaves(declared).keys()].filter((path) => !before.has(path) && !/"(map|set)"/.test(path));
        for (const path of added) {
          const wasWritten = after.has(path) && after.get(path) !== '{}';
          expect([path, wasWritten && left.has(path)]).toEqual([path, false]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('sends a secret that the service does not give back', () => {
    const desired = { properties: { password: 'hunter2', plain: 'a' } };

    const merged = mergeForWrite(desired, { properties: { plain: 'b' } }, RULES, { 'properties.password': 'spec' });

    expect(merged).toEqual({ properties: { plain: 'a', password: 'hunter2' } });
  });

  it('removes a reference whole when its id was all that was in it', () => {
    const actual = { properties: { routeTable: { id: '/t' }, other: 1 } };

    const merged = mergeForWrite({}, actual, NO_RULES, { 'properties.routeTable.id': 'spec' });

    expect(merged).toEqual({ properties: { other: 1 } });
  });

  it('neither reads nor writes a prototype', () => {
    const desired = JSON.parse('{"tags":{"__proto__":"ours","constructor":"c"}}') as JsonObject;

    const merged = mergeForWrite(desired, { tags: { a: '1' } }, NO_RULES, {});

    expect(JSON.stringify(merged)).toBe('{"tags":{"a":"1","__proto__":"ours","constructor":"c"}}');
    expect(Object.getPrototypeOf(merged.tags)).toBe(Object.prototype);
  });
});

describe('ownedFieldsOf', () => {
  it('records leaves, whole sets, members of shared sets and entries, each with its owner', () => {
    const node = {
      body: {
        tags: { 'a.b': '1' },
        properties: {
          set: ['a', 'b'],
          shared: ['c'],
          items: [{ name: 'one', level: 2, ref: { id: '/x' } }],
          state: 'ignored',
          plain: null,
        },
      },
      owner: 'spec',
      fieldOwners: { 'properties.items[one]': 'adjustment' },
    } as const;

    expect(ownedFieldsOf(node, RULES)).toEqual({
      'tags.a\\.b': 'spec',
      'properties.set': 'spec',
      'properties.shared[c]': 'spec',
      'properties.items[one]': 'adjustment',
      'properties.items[one].level': 'adjustment',
      'properties.items[one].ref.id': 'adjustment',
    });
  });

  it('leaves to others what they had made as we want it', () => {
    const desired = {
      properties: { plain: 'a', mode: 'Standard', items: [{ name: 'theirs', level: 2 }, { name: 'ours' }] },
    };
    const actual = { properties: { plain: 'a', mode: 'premium', items: [{ name: 'Theirs', level: 1 }] } };

    const owned = ownedFieldsOf({ body: desired, owner: 'spec' }, RULES, { actual, owned: {} });

    expect(Object.keys(owned)).toEqual(['properties.mode', 'properties.items[theirs].level', 'properties.items[ours]']);
  });

  it('keeps what was ours before, as a repeat of the same write finds its own values there', () => {
    fc.assert(
      fc.property(body, fc.option(body), (declared, actual) => {
        const first = ownedFieldsOf({ body: declared, owner: 'spec' }, RULES, { actual, owned: {} });
        const written = mergeForWrite(declared, actual, RULES, {});

        const second = ownedFieldsOf({ body: declared, owner: 'spec' }, RULES, { actual: written, owned: first });

        for (const path of Object.keys(first)) expect(Object.hasOwn(second, path)).toBe(true);
      }),
    );
  });
});

describe('ownedBeforeOf', () => {
  it('counts a write that may be under way', () => {
    const entry = {
      id: '/r',
      kind: 'k',
      state: 'intended',
      created: true,
      confirmed: { a: 'spec' },
      intended: { b: 'adjustment' },
      lanes: [],
      dependsOn: [],
      scope: 'hub',
      operationId: 'o',
      at: '2026-01-01T00:00:00Z',
    } as const;

    expect(ownedBeforeOf(entry)).toEqual({ a: 'spec', b: 'adjustment' });
    expect(ownedBeforeOf(null)).toEqual({});
  });
});
